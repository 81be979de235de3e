from pathlib import Path

import pytest

from bulbinspect.bulb import Bulb, View
from bulbinspect.errors import DataError, UsageError
from bulbinspect.inspection.drift.observe import in_time


def bulbs_at(*cells):
    return [
        Bulb(name, (View("0", Path(name), (("taken", cell),)),))
        for name, cell in zip("abcdefg", cells, strict=False)
    ]


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (("2026-11-21", "2026-11-03", "2025-12-31"), "cba"),
        (("2026-11-21T10:00", "2026-11-21T09:59:59", "2026-11-21"), "cba"),
        (("2026-11-21T10:00+02:00", "2026-11-21T09:00Z", "2026-11-21T08:30"), "acb"),
        (("10", "9", "-1.5"), "cba"),
        (("2", "1", "2", "1"), "bdac"),
    ],
)
def test_bulbs_are_ordered_by_dates_or_numbers(cells, order):
    ordered = in_time(bulbs_at(*cells), "taken")
    assert "".join(bulb.bulb_id for _, bulb in ordered) == order
    assert [cell for cell, _ in ordered] == [cells["abcdefg".index(name)] for name in order]


def test_the_order_of_the_manifest_is_kept():
    assert [bulb.bulb_id for _, bulb in in_time(bulbs_at("3", "1", "2"), "order")] == [*"abc"]


@pytest.mark.parametrize("cell", ["", "21.11.2026", "nan", "yesterday"])
def test_cells_that_are_neither_are_named(cell):
    with pytest.raises(DataError, match="must hold a number") as error:
        in_time(bulbs_at("2026-11-20", cell), "taken")
    assert error.value.problems == (f"bulb 'b': {cell!r}",)


def test_a_column_that_nobody_has_is_refused():
    with pytest.raises(UsageError, match="no bulb has a column 'made'"):
        in_time(bulbs_at("1"), "made")
