"""Whether a line still says of golden bulbs what it said at release; `docs/verify.md`."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bulbinspect.bulb import Prediction, Verdict
from bulbinspect.data.table import write_rows
from bulbinspect.files import whole_file, write_json
from bulbinspect.inspection.predict import result_folder
from bulbinspect.inspection.text import for_spreadsheet
from bulbinspect.inspection.verification.record import Expected, Record, Seen

FORMAT_VERSION = 1
_Pictures = Sequence[tuple[str, str, str]]

COLUMNS = (
    "bulb_id",
    "label",
    "differs",
    "expected_verdict",
    "verdict",
    "reason",
    "expected_probability",
    "defect_probability",
    "detail",
)


class Difference(StrEnum):
    """What is not as recorded."""

    MISSING = "missing"
    SURPLUS = "surplus"
    UNJUDGED = "unjudged"
    VERDICT = "changed_verdict"
    PROBABILITY = "changed_probability"
    VIEWS = "changed_views"
    PICTURE = "changed_picture"
    NOT_RETAKEN = "not_retaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One bulb, recorded or found: what differs, nothing if it is as recorded."""

    bulb_id: str
    label: str = ""
    differs: tuple[Difference, ...] = ()
    expected_verdict: Verdict | None = None
    verdict: Verdict | None = None
    reason: str = ""
    expected_probability: float | None = None
    defect_probability: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Every bulb that was recorded or found, and what concerns them all (`problems`)."""

    rows: tuple[Row, ...]
    problems: tuple[str, ...]

    @property
    def as_recorded(self) -> bool:
        """Say whether nothing at all differs."""
        return not self.problems and not self.num_different

    @property
    def num_different(self) -> int:
        """Count the bulbs that are not as recorded."""
        return sum(bool(row.differs) for row in self.rows)

    @property
    def largest_change(self) -> float | None:
        """Return how far a defect probability moved at most, None without any to compare."""
        changes = [
            abs(row.defect_probability - row.expected_probability)
            for row in self.rows
            if row.defect_probability is not None and row.expected_probability is not None
        ]
        return max(changes, default=None)


def verify(
    record: Record,
    seen: Sequence[Seen],
    *,
    model: str,
    gate_overrides: Sequence[str] = (),
    tolerance: float,
    retaken: bool = False,
) -> Verification:
    """Hold what was seen against the record: a row for every bulb of either.

    `tolerance` is of the defect probability. With `retaken` the pictures are new ones of the same
    bulbs: then a probability may differ, and a picture must.
    """
    problems = []
    if model != record.model:
        problems.append(f"another bundle: recorded with {record.model}, judged with {model}")
    if tuple(gate_overrides) != record.gate_overrides:
        told = [", ".join(some) or "none" for some in (record.gate_overrides, gate_overrides)]
        problems.append(f"other limits of the gate: recorded with {told[0]}; now {told[1]}")
    now = {one.bulb.bulb_id: one for one in seen}
    expected = {one.bulb_id: one for one in record.bulbs}
    recorded = {digest for one in record.bulbs for _, digest, _ in one.pictures}
    rows = []
    for bulb_id, one in expected.items():
        if bulb_id in now:
            found = [
                *_differences_of_pictures(
                    one.pictures, now[bulb_id].pictures, recorded if retaken else None
                ),
                *_differences_of_answer(
                    one, now[bulb_id].prediction, None if retaken else tolerance
                ),
            ]
            rows.append(_compared(one, now[bulb_id].prediction, found))
        else:
            rows.append(
                Row(
                    bulb_id=bulb_id,
                    label=one.label,
                    differs=(Difference.MISSING,),
                    expected_verdict=one.verdict,
                    expected_probability=one.defect_probability,
                    detail="it was recorded, and is not there",
                )
            )
    rows += [_surplus(one) for bulb_id, one in now.items() if bulb_id not in expected]
    return Verification(rows=tuple(rows), problems=tuple(problems))


def _surplus(seen: Seen) -> Row:
    answer = seen.prediction
    return Row(
        bulb_id=seen.bulb.bulb_id,
        label=seen.bulb.label,
        differs=(Difference.SURPLUS,),
        verdict=answer.verdict,
        reason=answer.reason,
        defect_probability=answer.defect_probability,
        detail="it was not recorded",
    )


def _compared(
    expected: Expected, answer: Prediction, found: Sequence[tuple[Difference, str]]
) -> Row:
    return Row(
        bulb_id=expected.bulb_id,
        label=expected.label,
        differs=tuple(difference for difference, _ in found),
        expected_verdict=expected.verdict,
        verdict=answer.verdict,
        reason=answer.reason,
        expected_probability=expected.defect_probability,
        defect_probability=answer.defect_probability,
        detail="; ".join(text for _, text in found),
    )


def _differences_of_pictures(
    expected: _Pictures, found: _Pictures, recorded: Set[str] | None
) -> list[tuple[Difference, str]]:
    """Compare the pictures of a bulb; with all that were `recorded`, none of them may come back."""
    if [view for view, _, _ in expected] != [view for view, _, _ in found]:
        told = [", ".join(repr(view) for view, _, _ in some) for some in (expected, found)]
        return [(Difference.VIEWS, f"its views were {told[0]}, and are {told[1] or 'none'}")]
    if recorded is not None:
        old = [repr(view) for view, digest, _ in found if digest in recorded]
        text = f"the picture of view {', '.join(old)} is a recorded one: it was not taken anew"
        return [(Difference.NOT_RETAKEN, text)] if old else []
    other = [repr(now[0]) for then, now in zip(expected, found, strict=True) if then != now]
    text = f"view {', '.join(other)} is another picture than that recorded, or unreadable"
    return [(Difference.PICTURE, text)] if other else []


def _differences_of_answer(
    expected: Expected, answer: Prediction, tolerance: float | None
) -> list[tuple[Difference, str]]:
    """Compare the answer for a bulb; without a tolerance its probability may differ."""
    if answer.verdict is Verdict.UNJUDGED or answer.defect_probability is None:
        return [(Difference.UNJUDGED, f"{answer.reason}: {answer.detail}")]
    found = []
    if answer.verdict is not expected.verdict:
        text = f"it was {expected.verdict}, and is {answer.verdict}"
        found.append((Difference.VERDICT, text))
    change = abs(answer.defect_probability - expected.defect_probability)
    # whatever does not compare is a difference
    if tolerance is not None and not change <= tolerance:
        text = f"its defect probability moved by {change:.3g}, more than {tolerance:g}"
        found.append((Difference.PROBABILITY, text))
    return found


def write_verification(out: Path, result: Verification, facts: Mapping[str, Any]) -> None:
    """Write `verify.json`, with `facts` in front, and `verify.csv` to the new folder `out`."""
    with result_folder(out) as folder:
        values = {
            "format_version": FORMAT_VERSION,
            **facts,
            "as_recorded": result.as_recorded,
            "problems": list(result.problems),
            "num_bulbs": len(result.rows),
            "num_different": result.num_different,
            "largest_change": result.largest_change,
            "bulbs": [asdict(row) for row in result.rows],
        }
        write_json(folder / "verify.json", values)
        with whole_file(folder / "verify.csv") as file:
            write_rows(file, [COLUMNS, *map(_cells, result.rows)])


def _cells(row: Row) -> list[str]:
    numbers = [
        "" if one is None else repr(one)
        for one in (row.expected_probability, row.defect_probability)
    ]
    return [
        for_spreadsheet(row.bulb_id),
        for_spreadsheet(row.label),
        " ".join(row.differs),
        row.expected_verdict or "",
        row.verdict or "",
        row.reason,
        *numbers,
        for_spreadsheet(row.detail),
    ]
