"""The table that the README shows of a committed `results.json`."""

from collections.abc import Mapping
from typing import Any

from bulbinspect.report.sections import Cell, Table
from bulbinspect.study.numbers import ABSENT, area_with_ends, percent, text
from bulbinspect.study.tables import best_first, mean, shared_sizes

Row = Mapping[str, Any]


def readme_table(result: Mapping[str, Any]) -> Table:
    """Return a row for each arm as it is credited, the best first; the reference is bold.

    Of the sizes that most arms have, the smallest and the largest.
    """
    credited = [row for row in result["arms"] if row["credited"]]
    shared = shared_sizes(credited)
    sizes = list(dict.fromkeys([shared[0], shared[-1]]))
    by_place = {(row["arm"], row["num_train"]): row for row in credited}
    rows = [(arm, [by_place.get((arm, size)) for size in sizes]) for arm in best_first(credited)]
    columns = (
        "arm",
        *(f"AUROC, {size} bulbs" for size in sizes),
        *(f"escape rate at 2 % overkill, {size} bulbs" for size in sizes),
        "verdicts that change with the order of the views",
    )
    cells = tuple(
        (
            text(arm),
            *(area_with_ends(row["figures"]["auroc"]) if row else text(ABSENT) for row in found),
            *(_percent(row, "escape_rate_at_overkill") for row in found),
            _percent(found[-1], "orders_mean_changed"),
        )
        for arm, found in rows
    )
    reference = result["settings"]["reference"]
    strong = frozenset(at for at, (arm, _) in enumerate(rows) if arm == reference)
    return Table(columns, cells, strong)


def _percent(row: Row | None, column: str) -> Cell:
    return percent(mean(row, column)) if row else text(ABSENT)
