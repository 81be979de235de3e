"""What people answered: a table with a row for each bulb, and a column for each look of each."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bulbinspect.bulb import Verdict
from bulbinspect.data.table import numbered_rows, read_header, read_table
from bulbinspect.errors import DataError
from bulbinspect.inspection.msa.appraisers import ANSWERS, LINE, Answer, Appraiser
from bulbinspect.inspection.reshots import ReshotBulb

_KEY = "bulb_id"
_LOOK = re.compile(r"(.+)-([0-9]{1,6})")

_Looks = Mapping[int, tuple[str, int]]
"""Who looked, and for which time, by the place of the column."""


def read_people(path: Path, bulbs: Sequence[ReshotBulb]) -> list[Appraiser]:
    """Read the columns `bulb_id` and NAME-TRIAL (`anna-1`, `anna-2`), of as many people as given.

    A row is about a bulb, named by its group or by any of its shots. Cells are pass, reject or
    review, empty where somebody did not look. DataError with all problems at once.
    """
    rows = numbered_rows(read_table(path))
    columns, problems = read_header(rows, (_KEY,), ("anna-1", "anna-2"))
    looks, strange = _looks(columns)
    problems += [f"line 1: {text}" for text in strange]
    if problems:
        raise _not_in_order(path, problems)
    names = _names(bulbs)
    first: dict[str, int] = {}
    found: dict[str, dict[str, list[Answer]]] = {name: {} for name, _ in looks.values()}
    for line, cells in rows:
        bulb, wrong = _bulb_of_row(cells, columns, names)
        if not wrong and first.setdefault(bulb, line) != line:
            wrong = [f"bulb {bulb!r} is already in line {first[bulb]}"]
        if not wrong:
            wrong = _take(found, bulb, cells, looks)
        problems += [f"line {line}: {text}" for text in wrong]
    problems += [f"{name!r} answered nothing" for name, some in found.items() if not some]
    if problems:
        raise _not_in_order(path, problems)
    return [Appraiser(name, answers) for name, answers in found.items()]


def _looks(columns: Sequence[str]) -> tuple[_Looks, list[str]]:
    """Return who looked in which column, earlier trials first, and what is wrong with the names."""
    found: dict[int, tuple[str, int]] = {}
    problems = []
    for at, column in enumerate(columns):
        match = _LOOK.fullmatch(column)
        if match is None and column != _KEY:
            problems.append(f"column {column!r} is not NAME-TRIAL, such as anna-1")
        elif match is not None:
            look = match[1], int(match[2])
            if look[0] == LINE:
                problems.append(f"column {column!r}: {LINE} is what the bundle is called")
            if look in found.values():
                problems.append(f"trial {look[1]} of {look[0]!r} stands there twice")
            found[at] = look
    if not found and not problems:
        problems.append("no column NAME-TRIAL, such as anna-1")
    return dict(sorted(found.items(), key=lambda one: one[1][1])), problems


def _names(bulbs: Sequence[ReshotBulb]) -> dict[str, str]:
    """Return the bulb by each name that it has; "" for a name that two have."""
    names: dict[str, str] = {}
    for bulb in bulbs:
        for name in (bulb.name, *(shot.bulb_id for shot in bulb.shots)):
            names[name] = bulb.name if names.get(name, bulb.name) == bulb.name else ""
    return names


def _bulb_of_row(
    cells: Sequence[str] | str, columns: Sequence[str], names: Mapping[str, str]
) -> tuple[str, list[str]]:
    """Return which bulb a row is about, and what is wrong with the row as a whole."""
    if isinstance(cells, str):
        return "", [cells]
    if len(cells) != len(columns):
        return "", [f"{len(cells)} cells, the header has {len(columns)}"]
    bulb_id = cells[columns.index(_KEY)]
    if bulb_id not in names:
        return "", [f"bulb {bulb_id!r} is not in the manifest"]
    if not names[bulb_id]:
        return "", [f"{bulb_id!r} is a group, and a shot of another group"]
    return names[bulb_id], []


def _take(
    found: Mapping[str, dict[str, list[Answer]]],
    bulb: str,
    cells: Sequence[str],
    looks: _Looks,
) -> list[str]:
    """Keep the answers of a row; return what is wrong with its cells."""
    problems = []
    for at, (name, trial) in looks.items():
        answer = cells[at].lower()
        if answer and answer not in ANSWERS:
            expected = ", ".join(ANSWERS)
            problems.append(f"{name}-{trial} is {cells[at]!r}, expected {expected} or nothing")
        elif answer:
            found[name].setdefault(bulb, []).append(Answer(trial, Verdict(answer)))
    return problems


def _not_in_order(path: Path, problems: Sequence[str]) -> DataError:
    return DataError(f"the answers of people in {path} are not in order:", problems)
