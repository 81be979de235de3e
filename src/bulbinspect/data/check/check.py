"""The check of a data set: every picture looked at once, every problem named at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bulbinspect.data.check.copies import find_copies
from bulbinspect.data.check.finding import Finding
from bulbinspect.data.check.kinds import KINDS, Severity
from bulbinspect.data.check.labels import find_label_problems
from bulbinspect.data.check.look import Look, Refusal, look, plain_spec
from bulbinspect.data.check.notes import note_cameras, note_classes, note_sample_sizes
from bulbinspect.data.check.pictures import find_picture_problems
from bulbinspect.data.check.places import Places
from bulbinspect.data.check.rows import find_row_problems
from bulbinspect.data.check.source import Source
from bulbinspect.data.check.splits import find_split_problems
from bulbinspect.data.check.views import find_view_problems
from bulbinspect.imaging.preprocess import PreprocessSpec


@dataclass(frozen=True)
class CheckResult:
    """All findings, by kind in the order of `KINDS`; `model` is the SHA-256 of a bundle, or ""."""

    source: Source
    spec: PreprocessSpec
    num_pictures: int
    findings: tuple[Finding, ...]
    model: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each kind that was found."""
        return dict(Counter(finding.code for finding in self.findings))

    @property
    def num_problems(self) -> int:
        """How many findings are more than a note."""
        return sum(finding.kind.severity is Severity.PROBLEM for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: what `--json` writes, and the page is made of."""
        source = self.source
        return {
            "path": str(source.path),
            "root": str(source.root),
            "manifest_sha256": source.manifest_sha256,
            "model": self.model or None,
            "preprocess": self.spec.to_dict(),
            "num_bulbs": len(source.bulbs),
            "num_pictures": self.num_pictures,
            "num_problems": self.num_problems,
            "kinds": [
                {
                    "kind": code,
                    "severity": KINDS[code].severity.value,
                    "meaning": KINDS[code].meaning,
                    "advice": KINDS[code].advice,
                    "count": count,
                }
                for code, count in self.counts.items()
            ],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def check(
    source: Source,
    spec: PreprocessSpec | None = None,
    *,
    refusal: Refusal | None = None,
    view_names: Sequence[str] = (),
    model: str = "",
    threads: int | None = None,
) -> CheckResult:
    """Look at all pictures of a source and return what was found.

    With a model, `spec` and `view_names` are those of its bundle, and `refusal` is its gate.
    """
    spec = spec or plain_spec()
    seen = look(source.bulbs, spec, refusal=refusal, threads=threads)
    findings = find_all(source, seen, view_names)
    return CheckResult(source, spec, len(seen.pictures), tuple(findings), model)


def find_all(source: Source, seen: Look, view_names: Sequence[str] = ()) -> list[Finding]:
    """Return all findings that follow from what was seen, in the order of `KINDS`."""
    places = Places(source.root, source.lines)
    findings = [
        *find_row_problems(source.problems, source.bulbs, places),
        *find_view_problems(source.bulbs, places, view_names),
        *find_picture_problems(seen.pictures, places),
        *find_copies(seen, places),
        *find_split_problems(source.bulbs, places),
        *find_label_problems(source.bulbs, places),
        *note_classes(source.bulbs),
        *note_sample_sizes(source.bulbs),
        *note_cameras(seen.pictures),
        *(Finding("passed_over", note) for note in source.notes),
    ]
    order = {code: number for number, code in enumerate(KINDS)}
    return sorted(findings, key=lambda finding: (order[finding.code], finding.reason))
