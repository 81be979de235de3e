"""Costs against those computed by hand; see also tests/unit/metrics/test_cost_curve.py."""

import pytest

from bulbinspect.errors import UsageError
from bulbinspect.inspection.evaluation.costs import Line, cost_figures, curve_rows, read_line
from bulbinspect.metrics.cost_curve import operating_curve

# good: 0.1, 0.2, 0.6; defective: 0.4, 0.8
CURVE = operating_curve([False, False, False, True, True], [0.1, 0.2, 0.6, 0.4, 0.8])
LINE = Line(cost_escape=100, cost_overkill=2, prevalence=0.01)
AT_POINT = {"escape_rate": 0.5, "overkill_rate": 1 / 3}


def test_costs_of_a_line_are_those_computed_by_hand():
    """Errors on every bulb would cost 0.01 x 100 + 0.99 x 2 = 2.98 each."""
    line = cost_figures(CURVE, AT_POINT, LINE)["line"]
    assert line["probability_cost"] == pytest.approx(1 / 2.98)
    assert line["cost_per_bulb"] == pytest.approx(0.5 + 0.66)
    assert line["lowest"] == pytest.approx(
        {"threshold": 0.8, "escape_rate": 0.5, "overkill_rate": 0, "cost_per_bulb": 0.5}
    )
    assert (line["reject_all"], line["pass_all"]) == pytest.approx((1.98, 1))


def test_a_threshold_that_rejects_nothing_has_no_number():
    rare = Line(cost_escape=1, cost_overkill=1, prevalence=1e-6)
    parted_wrongly = operating_curve([True, False], [0.2, 0.8])
    figures = cost_figures(parted_wrongly, AT_POINT, rare)
    assert figures["line"]["lowest"]["threshold"] is None
    assert [one["threshold"] for one in figures["cheapest_thresholds"]] == [None, 0.2]


def test_without_a_line_the_cheapest_thresholds_are_told_alone():
    figures = cost_figures(CURVE, AT_POINT, None)
    assert figures["line"] is None
    assert [one["threshold"] for one in figures["cheapest_thresholds"]] == [0.8, 0.4]


def test_rows_of_the_curve_have_costs_where_there_is_a_line():
    rows = list(curve_rows(CURVE, None))
    assert rows[0] == ["threshold", "escape_rate", "overkill_rate"]
    assert rows[1] == ["0.1", "0.0", "1.0"]
    assert rows[-1] == ["inf", "1.0", "0.0"]
    rows = list(curve_rows(CURVE, LINE))
    assert rows[0][-1] == "cost_per_bulb"
    assert [float(row[-1]) for row in rows[1:]] == pytest.approx([1.98, 1.32, 0.66, 1.16, 0.5, 1])


def test_a_line_needs_all_three_or_none():
    assert read_line(None, None, None) is None
    assert read_line(100, 2, 0.01) == LINE
    for one in [(1, 1, None), (None, 1, 0.1), (1, None, None)]:
        with pytest.raises(UsageError, match="need all three"):
            read_line(*one)


@pytest.mark.parametrize("one", [(0, 1, 0.1), (1, float("nan"), 0.1), (1, 1, 0), (1, 1, 1)])
def test_a_senseless_line_is_refused(one):
    with pytest.raises(UsageError, match="expected a number"):
        read_line(*one)
