"""What is wrong with the rows of a manifest, by what the reader of manifests says of them."""

import re
from collections.abc import Sequence

from bulbinspect.bulb import Bulb
from bulbinspect.data.check.finding import Finding, Place
from bulbinspect.data.check.places import Places

_LINE = re.compile(r"line (\d+): (.*)", re.DOTALL)
_KINDS = (
    ("labels_disagree", re.compile(r"label '.*' of bulb .* is '.*' in line \d+", re.DOTALL)),
    ("groups_disagree", re.compile(r"group '.*' of bulb .* is '.*' in line \d+", re.DOTALL)),
    ("splits_disagree", re.compile(r"split '.*' of bulb .* is '.*' in line \d+", re.DOTALL)),
    ("duplicate_view", re.compile(r"(view|picture|channel|page) .* is already in line \d+", re.S)),
)


def find_row_problems(
    problems: Sequence[str], bulbs: Sequence[Bulb], places: Places
) -> list[Finding]:
    """Turn the problems of a scanned manifest into findings at their lines."""
    at_line = {
        places.lines[bulb.bulb_id, view.name]: (bulb, view)
        for bulb in bulbs
        for view in bulb.views
        if (bulb.bulb_id, view.name) in places.lines
    }
    findings = []
    for problem in problems:
        match = _LINE.fullmatch(problem)
        line, text = (int(match[1]), match[2]) if match else (None, problem)
        known = at_line.get(line) if line is not None else None
        place = Place(line=line) if known is None else places.of(*known)
        findings.append(Finding(_kind_of(text), text, (place,)))
    return findings


def _kind_of(text: str) -> str:
    for code, expression in _KINDS:
        if expression.fullmatch(text):
            return code
    return "bad_row"
