"""The tables of a result that hold every arm against the reference."""

from collections.abc import Mapping
from typing import Any

from bulbinspect.report.sections import Cell, Table
from bulbinspect.study.numbers import (
    ABSENT,
    area_with_ends,
    count,
    p_value,
    percent_with_ends,
    text,
)

Result = Mapping[str, Any]
Row = Mapping[str, Any]


def differences(result: Result) -> Table:
    """Return how far each arm is from the reference."""
    columns = (
        "arm",
        "training bulbs",
        "seeds",
        "test bulbs",
        "AUROC difference (interval)",
        "escape rate difference (interval)",
        "McNemar p",
        "after Holm",
        "DeLong p",
        "after Holm",
    )
    rows = [
        (
            text(row["arm"]),
            count(row["num_train"]),
            count(len(row["seeds"])),
            count(row["num_bulbs"]),
            area_with_ends(row["auroc"], signed=True),
            percent_with_ends(row["escape_rate_at_overkill"], signed=True),
            *(
                p_value(row[f"{test}_{what}"])
                for test in ("mcnemar", "delong")
                for what in ("p", "holm")
            ),
        )
        for row in result["differences"]
    ]
    strong = (at for at, row in enumerate(result["differences"]) if _is_certain(row["auroc"]))
    return Table(columns, tuple(rows), frozenset(strong))


def more_bulbs(result: Result) -> Table:
    """Return how many times more bulbs each arm needs to reach what the reference reaches."""
    columns = (
        "arm",
        "training bulbs of the reference",
        "times more bulbs",
        "from",
        "to",
        "seeds",
        "interval over",
    )
    rows = [
        (
            text(row["arm"]),
            count(factor["num_bulbs"]),
            _factor(factor),
            _end(factor["low"]),
            _end(factor["high"]),
            count(len(row["seeds"])),
            text(row["over"]),
        )
        for row in result["sample_efficiency"]
        for factor in row["factors"]
    ]
    baseline = result["settings"]["baseline"]
    strong = (at for at, row in enumerate(rows) if row[0].text == baseline)
    return Table(columns, tuple(rows), frozenset(strong))


def strata(result: Result) -> Table:
    """Return the escape rates by kind of defect and by place."""
    columns = (
        "arm",
        "training bulbs",
        "by",
        "defect",
        "defective bulbs",
        "escape rate (interval)",
        "difference to the reference (interval)",
    )
    rows = [
        (
            text(row["arm"]),
            count(row["num_train"]),
            text(row["of"]),
            text(row["stratum"]),
            count(row["num_defective"]),
            percent_with_ends(row["escape_rate_at_overkill"]),
            percent_with_ends(row["difference"], signed=True)
            if row["difference"]
            else text(ABSENT),
        )
        for row in result["strata"]
    ]
    strong = (
        at
        for at, row in enumerate(result["strata"])
        if row["difference"] and _is_certain(row["difference"])
    )
    return Table(columns, tuple(rows), frozenset(strong))


def _is_certain(values: Row) -> bool:
    """Say whether an interval leaves out 0."""
    low, high = values["low"], values["high"]
    return low is not None and high is not None and (low > 0 or high < 0)


def _factor(factor: Row) -> Cell:
    if factor["factor"] is not None:
        return Cell(f"{factor['factor']:.2f}", factor["factor"])
    if factor["at_most"] is not None:
        return Cell(f"less than {factor['at_most']:.2f}", factor["at_most"])
    return Cell(f"not reached, more than {factor['at_least']:.2f}", 1e6 * factor["at_least"])


def _end(value: float | None) -> Cell:
    return Cell("open") if value is None else Cell(f"{value:.2f}", value)
