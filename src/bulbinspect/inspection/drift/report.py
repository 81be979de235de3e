"""What was found about drift, as sentences, tables and files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bulbinspect.bulb import Verdict
from bulbinspect.bundle.reference import MEASURES
from bulbinspect.data.table import write_rows
from bulbinspect.files import whole_file, write_json
from bulbinspect.inspection.drift.course import course_sections
from bulbinspect.inspection.drift.drift import PROBABILITY, Finding, State, first_sign
from bulbinspect.inspection.drift.observe import Observed
from bulbinspect.inspection.predict import result_folder
from bulbinspect.inspection.text import for_spreadsheet
from bulbinspect.report.sections import Cell, Section, Table
from bulbinspect.report.study_page import write_study_page

FORMAT_VERSION = 1
FINDING_COLUMNS = tuple(field.name for field in fields(Finding))
VIEW_COLUMNS = (
    "bulb_id",
    "at",
    "verdict",
    "bulb_reason",
    PROBABILITY,
    "camera",
    "reason",
    *MEASURES,
)
_COLUMNS = ("camera", "measure", "", "reference", "now", "p, adjusted", "index", "since", "at")
_ABSENT = Cell("–")


def write_drift(
    out: Path, findings: Sequence[Finding], observed: Sequence[Observed], facts: Mapping[str, Any]
) -> None:
    """Write `drift.json`, `drift.csv`, `views.csv` and `report.html` to the new folder `out`."""
    with result_folder(out) as folder:
        values = {
            "format_version": FORMAT_VERSION,
            **facts,
            "drift": is_drift(findings),
            "num_bulbs": len(observed),
            "num_unjudged": sum(one.verdict is Verdict.UNJUDGED for one in observed),
            "findings": [asdict(one) for one in findings],
        }
        write_json(folder / "drift.json", values)
        with whole_file(folder / "drift.csv") as file:
            write_rows(file, [FINDING_COLUMNS, *map(_finding_cells, findings)])
        with whole_file(folder / "views.csv") as file:
            write_rows(file, [VIEW_COLUMNS, *_view_rows(observed)])
        courses, plots = course_sections(findings, observed)
        write_study_page(
            folder / "report.html",
            title="Drift",
            facts={
                "bulbs": str(values["num_bulbs"]),
                "unjudged": str(values["num_unjudged"]),
                "model": str(facts["model"])[:12],
                "reference": f"{facts['reference_bulbs']} bulbs of {facts['reference']}",
                "false alarm": f"at most {facts['alpha']:g} for all tests together",
            },
            sections=[
                Section("drift", "What moved", lead=tuple(sentences(findings))),
                *courses,
                Section("measures", "All that was looked at", table=table(findings)),
            ],
            plots=plots,
        )


def is_drift(findings: Sequence[Finding]) -> bool:
    """Say whether anything moved, or could not be looked at."""
    return any(one.state is not State.STEADY for one in findings)


def sentences(findings: Sequence[Finding]) -> list[str]:
    """Return what is not steady, a sentence for each camera, or that all is."""
    said = []
    for camera in dict.fromkeys(one.camera for one in findings):
        who = f"Camera {camera!r}" if camera else "The network's answers"
        own = [one for one in findings if one.camera == camera]
        moved = [one for one in own if one.state is State.MOVED]
        if any(one.state is State.NOT_KNOWN for one in own):
            said.append(f"{who}: too few values ({own[0].num_values}) to say anything.")
        first = first_sign(findings, camera)
        if first is not None:
            what = ", ".join(one.measure.replace("_", " ") for one in moved)
            at = f", {first.since_at}" if first.since_at else ""
            said.append(
                f"{who} moved: {what}; since bulb {first.since!r} (number {first.since_number}{at})"
                f", by its {first.measure.replace('_', ' ')}."
            )
    return said or ["No drift was found."]


def table(findings: Sequence[Finding]) -> Table:
    """Return a row for each camera and measure; those that are not steady stand out."""
    rows = [
        (
            Cell(one.camera or "–"),
            Cell(one.measure.replace("_", " ")),
            Cell(one.state.replace("_", " ")),
            _number(one.reference_median, ".4g"),
            _number(one.median, ".4g"),
            _number(one.adjusted, ".2g"),
            _number(None if one.psi is None else one.psi - (one.psi_by_chance or 0.0), ".2f"),
            Cell(one.since or "–", one.since_number),
            Cell(one.since_at or "–"),
        )
        for one in findings
    ]
    strong = [at for at, one in enumerate(findings) if one.state is not State.STEADY]
    return Table(_COLUMNS, tuple(rows), frozenset(strong))


def _number(value: float | None, how: str) -> Cell:
    return _ABSENT if value is None else Cell(f"{value:{how}}".replace("-", "−"), value)


def _finding_cells(finding: Finding) -> list[str]:
    return [for_spreadsheet(_text(value)) for value in asdict(finding).values()]


def _view_rows(observed: Sequence[Observed]) -> Iterator[list[str]]:
    """Yield a row for every camera of every bulb, measured or not."""
    for one in observed:
        answer = [one.verdict or "", one.reason, _text(one.defect_probability)]
        for view in one.views:
            numbers = [_text(view.measures.get(name)) for name in MEASURES]
            yield [
                for_spreadsheet(one.bulb_id),
                for_spreadsheet(one.at),
                *answer,
                for_spreadsheet(view.camera),
                view.reason,
                *numbers,
            ]


def _text(value: object) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)
