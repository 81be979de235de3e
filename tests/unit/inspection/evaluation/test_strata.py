"""Rates by kind, group and side, against a table made by hand, and their sums."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from bulbinspect.bulb import Bulb, Prediction, Verdict, View
from bulbinspect.inspection.evaluation.strata import (
    MOST_GROUPS,
    STRATUM_COLUMNS,
    named_side,
    shown_strata,
    stratum_figures,
    stratum_row,
)

# label, kind, group, verdict, named side, sides that show the defect
TABLE = [
    ("good", "", "lot1", Verdict.PASS, "", None),
    ("good", "", "lot1", Verdict.REJECT, "left", None),
    ("good", "", "lot2", Verdict.REVIEW, "left", None),
    ("defect", "crack", "lot1", Verdict.PASS, "", {"left"}),
    ("defect", "crack", "lot2", Verdict.REJECT, "left", {"left", "right"}),
    ("defect", "crack", "", Verdict.UNJUDGED, "", {"right"}),
    ("defect", "dent", "lot3", Verdict.REVIEW, "right", {"left"}),
    ("defect", "dent", "", Verdict.REJECT, "right", None),
]


def bulb(place, label, kind, group):
    views = (View(name, Path(f"{place}_{name}.png"), (("kind", kind),)) for name in SIDES)
    return Bulb(str(place), tuple(views), label, group)


SIDES = ("left", "right")
BULBS = [bulb(place, *row[:3]) for place, row in enumerate(TABLE)]
PREDICTIONS = [
    Prediction(str(place), row[3], "m", defective_view=row[4], defect_probability=0.5)
    for place, row in enumerate(TABLE)
]
KNOWN = {str(place): frozenset(row[5]) for place, row in enumerate(TABLE) if row[5] is not None}


@pytest.fixture
def strata():
    found = stratum_figures(BULBS, PREDICTIONS, KNOWN)
    return {(one["of"], one["name"]): one for one in found}


@pytest.mark.parametrize(
    ("of", "name", "bulbs", "unjudged", "escaped", "defective", "overkilled", "good"),
    [
        ("kind", "crack", 3, 1, 1, 2, 0, 0),
        ("kind", "dent", 2, 0, 0, 2, 0, 0),
        ("sides", "1", 3, 1, 1, 2, 0, 0),
        ("sides", "2", 1, 0, 0, 1, 0, 0),
        ("side", "left", 3, 0, 1, 3, 0, 0),
        ("side", "right", 2, 1, 0, 1, 0, 0),
        ("group", "lot1", 3, 0, 1, 1, 1, 2),
        ("group", "lot2", 2, 0, 0, 1, 0, 1),
    ],
)
def test_rates_are_those_counted_by_hand(
    strata, of, name, bulbs, unjudged, escaped, defective, overkilled, good
):
    one = strata[of, name]
    assert (one["num_bulbs"], one["num_unjudged"]) == (bulbs, unjudged)
    assert (one["num_escape"], one["num_defective"]) == (escaped, defective)
    assert (one["num_overkill"], one["num_good"]) == (overkilled, good)
    assert one["escape_rate"] == (escaped / defective if defective else None)
    assert one["overkill_rate"] == (overkilled / good if good else None)
    if defective:
        ends = proportion_confint(escaped, defective, alpha=0.05, method="beta")
        np.testing.assert_allclose(one["escape_interval"], np.nan_to_num(ends))


def test_strata_come_in_order_and_a_group_of_one_bulb_is_none(strata):
    assert list(strata) == [
        ("kind", "crack"), ("kind", "dent"), ("sides", "1"), ("sides", "2"),
        ("side", "left"), ("side", "right"), ("group", "lot1"), ("group", "lot2"),
    ]  # fmt: skip


def test_the_label_is_the_kind_where_there_is_no_other():
    views = (View("0", Path("a.png")),)
    bulbs = [Bulb("a", views, "crack"), Bulb("b", views, "good")]
    passed = [Prediction(one.bulb_id, Verdict.PASS, "m") for one in bulbs]
    (one,) = stratum_figures(bulbs, passed, {})
    assert (one["of"], one["name"], one["escape_rate"]) == ("kind", "crack", 1)


VERDICTS = st.sampled_from(Verdict)
ROWS = st.lists(st.tuples(st.sampled_from(["good", "crack", "dent"]), VERDICTS), max_size=30)


@given(ROWS)
@settings(deadline=None)
def test_every_defective_bulb_is_in_the_stratum_of_its_kind(rows):
    bulbs = [Bulb(str(n), (), label) for n, (label, _) in enumerate(rows)]
    answers = [Prediction(str(n), verdict, "m") for n, (_, verdict) in enumerate(rows)]
    kinds = stratum_figures(bulbs, answers, {})
    defective = [verdict for label, verdict in rows if label != "good"]
    assert sum(one["num_bulbs"] for one in kinds) == len(defective)
    assert sum(one["num_escape"] for one in kinds) == defective.count(Verdict.PASS)
    assert sum(one["num_unjudged"] for one in kinds) == defective.count(Verdict.UNJUDGED)


def test_of_very_many_groups_those_with_the_most_errors_are_shown():
    bulbs = [Bulb(str(n), (), "crack", group=f"g{n // 2:03}") for n in range(200)]
    verdicts = [Verdict.PASS if n in (151, 160, 161) else Verdict.REJECT for n in range(200)]
    answers = [Prediction(str(n), verdict, "m") for n, verdict in enumerate(verdicts)]
    strata = stratum_figures(bulbs, answers, {})
    shown = [one["name"] for one in shown_strata(strata) if one["of"] == "group"]
    assert len(strata) == 101
    assert shown[:3] == ["g080", "g075", "g000"]
    assert len(shown) == MOST_GROUPS


def test_a_row_of_the_table_holds_the_ends_and_harmless_names(strata):
    row = dict(zip(STRATUM_COLUMNS, stratum_row(strata["kind", "crack"]), strict=True))
    low, high = strata["kind", "crack"]["escape_interval"]
    assert (float(row["escape_rate_low"]), float(row["escape_rate_high"])) == (low, high)
    assert (row["escape_rate"], row["overkill_rate"], row["overkill_rate_low"]) == ("0.5", "", "")
    formula = stratum_row({**strata["kind", "crack"], "name": "=cmd()"})
    assert formula[1] == "'=cmd()"


def test_the_named_side_is_right_where_it_shows_the_defect():
    """Of bulbs 4 (left, of both) and 6 (right, but it is left) the truth is known."""
    named = named_side(BULBS, PREDICTIONS, KNOWN)
    assert (named["num_bulbs"], named["num_right"], named["share_right"]) == (2, 1, 0.5)
    np.testing.assert_allclose(
        named["interval"], proportion_confint(1, 2, alpha=0.05, method="beta")
    )
    assert named["by_view"] == {
        "left": {"defective": 1, "good": 2},
        "right": {"defective": 2, "good": 0},
    }


def test_without_any_truth_no_share_is_claimed():
    named = named_side(BULBS, PREDICTIONS, {})
    assert (named["num_bulbs"], named["share_right"], named["interval"]) == (0, None, None)
