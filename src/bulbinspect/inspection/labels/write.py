"""An audit of labels as files: a table, JSON, and a page to look at."""

import csv
from pathlib import Path

from bulbinspect.bulb import GOOD
from bulbinspect.files import whole_file, write_json
from bulbinspect.inspection.labels.audit import Audit, AuditRow, Finding
from bulbinspect.inspection.text import for_spreadsheet
from bulbinspect.report.audit_page import DoubtfulBulb, DoubtSection, write_audit_page

COLUMNS = (
    *("rank", "bulb_id", "label", "suggested_label", "finding", "confident"),
    *("normalized_margin", "self_confidence", "defect_probability", "suspicious_view"),
    *("verdict", "reason", "run"),
)

_SECTIONS = {
    Finding.NO_DEFECTIVE_SIDE: (
        "Defective bulbs without a defective side",
        "Labelled defective, but the answer is another label, and not one side would be rejected "
        "alone: the label may be wrong, the defect may face no camera, or the network misses it.",
    ),
    Finding.OTHER_LABEL: (
        "Other disagreements",
        "Another class is more probable than the label, or as probable as it is of bulbs that have "
        "that label. The frame marks the most suspicious side.",
    ),
}


def write_audit(folder: Path, audit: Audit, *, page_title: str, show: int) -> None:
    """Write `audit.csv`, `audit.json` and `report.html`, with `show` bulbs of a finding at most."""
    with whole_file(folder / "audit.csv") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(_cells(row) for row in audit.rows)
    write_json(folder / "audit.json", audit.to_dict())
    _write_page(folder / "report.html", audit, title=page_title, show=show)


def _write_page(path: Path, audit: Audit, *, title: str, show: int) -> None:
    sections = []
    for finding, (heading, text) in _SECTIONS.items():
        rows = audit.of(finding)
        shown = [_bulb(row, audit) for row in rows[:show]]
        if rows:
            more = len(rows) - len(shown)
            sections.append(DoubtSection(finding.value, heading, text, shown, more))
    form = audit.out_of_fold.form
    write_audit_page(path, title=title, facts=facts_of(audit), sections=sections, form=form)


def facts_of(audit: Audit) -> dict[str, str]:
    """Return what is said of the audit as a whole, in the order of importance."""
    values = audit.to_dict()
    found = values["findings"]
    judged = sum(row.rank is not None for row in audit.rows)
    facts = {
        "bulbs": f"{values['num_bulbs']}",
        "answered by a run that never saw them": f"{judged}",
        "label and answer disagree": f"{judged - found[Finding.AGREES]}",
        "confidently": f"{values['num_confident']}",
    }
    if values["estimated_wrong"] is not None:
        facts["labels taken to be wrong, by confident learning"] = (
            f"{values['estimated_wrong']:.0f}"
        )
    for finding, text in (
        (Finding.UNJUDGED, "unjudged, so not ranked"),
        (Finding.NO_FOLD, "in no run, so not ranked"),
    ):
        if found[finding]:
            facts[text] = f"{found[finding]}"
    return facts


def _bulb(row: AuditRow, audit: Audit) -> DoubtfulBulb:
    if row.answer is None or row.rank is None or row.self_confidence is None:
        raise ValueError(f"bulb {row.bulb.bulb_id!r} has no answer to show")
    prediction, classes = row.answer.prediction, audit.out_of_fold.classes
    tone = "none" if GOOD not in classes else "reject"
    return DoubtfulBulb(
        rank=row.rank,
        bulb=row.bulb,
        suggested_label=row.suggested_label,
        label_probability=row.self_confidence,
        suggested_probability=prediction.class_probabilities[classes.index(row.suggested_label)],
        prediction=prediction,
        tone="pass" if row.suggested_label == GOOD else tone,
        confident=row.confident,
        run=row.answer.run,
    )


def _cells(row: AuditRow) -> list[str]:
    said = row.answer.prediction if row.answer else None
    views = said.views if said else ()
    suspicious = next((view.view for view in views if view.suspicion_rank == 1), "")
    return [
        "" if row.rank is None else str(row.rank),
        for_spreadsheet(row.bulb.bulb_id),
        for_spreadsheet(row.bulb.label),
        for_spreadsheet(row.suggested_label),
        row.finding.value,
        "" if row.rank is None else "yes" if row.confident else "no",
        _number(row.normalized_margin),
        _number(row.self_confidence),
        _number(said.defect_probability if said else None),
        for_spreadsheet(suspicious),
        (said.verdict or "") if said else "",
        said.reason if said else "",
        for_spreadsheet(row.answer.run) if row.answer else "",
    ]


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)
