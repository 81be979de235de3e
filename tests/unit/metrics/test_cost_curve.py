"""Operating and cost curves against scikit-learn, brute force and a table made by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from bulbinspect.errors import DataError
from bulbinspect.metrics.cost_curve import cheapest_thresholds, operating_curve, probability_cost
from bulbinspect.metrics.promise import lowest_cost_per_bulb

# few levels, so that there are ties
BULBS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 10).map(lambda level: level / 10)), min_size=2
).filter(lambda bulbs: len({defective for defective, _ in bulbs}) == 2)

# good: 0.1, 0.2, 0.6; defective: 0.4, 0.8
TRUTH = [False, False, False, True, True]
PROBABILITY = [0.1, 0.2, 0.6, 0.4, 0.8]


def test_the_curve_is_that_of_a_table_made_by_hand():
    curve = operating_curve(TRUTH, PROBABILITY)
    assert curve.threshold.tolist() == [0.1, 0.2, 0.4, 0.6, 0.8, np.inf]
    assert curve.escaped.tolist() == [0, 0, 0, 1, 1, 2]
    assert curve.overkilled.tolist() == [3, 2, 1, 1, 0, 0]
    np.testing.assert_allclose(curve.escape_rate, [0, 0, 0, 0.5, 0.5, 1])
    np.testing.assert_allclose(curve.overkill_rate, [1, 2 / 3, 1 / 3, 1 / 3, 0, 0])


@given(BULBS)
@settings(deadline=None)  # the first call of scikit-learn is slow
def test_the_curve_is_that_of_scikit_learn(bulbs):
    truth, values = zip(*bulbs, strict=True)
    curve = operating_curve(truth, values)
    overkill, found, threshold = roc_curve(truth, values, drop_intermediate=False)
    np.testing.assert_allclose(curve.threshold, threshold[::-1])
    np.testing.assert_allclose(curve.overkill_rate, overkill[::-1])
    np.testing.assert_allclose(curve.escape_rate, 1 - found[::-1], atol=1e-12)


def test_the_costs_are_those_computed_by_hand():
    costs = operating_curve(TRUTH, PROBABILITY).costs(
        cost_escape=100, cost_overkill=2, prevalence=0.01
    )
    # 0.01 x 100 = 1 for the escape rate, 0.99 x 2 = 1.98 for the overkill rate
    np.testing.assert_allclose(costs, [1.98, 1.32, 0.66, 0.5 + 0.66, 0.5, 1.0])


def test_the_cheapest_thresholds_are_those_found_by_hand():
    """Half of the defective escape, or a third of the good are rejected: equal at 2/5 : 3/5."""
    cheapest = cheapest_thresholds(operating_curve(TRUTH, PROBABILITY))
    assert [one.threshold for one in cheapest] == [0.8, 0.4]
    assert [(one.escape_rate, one.overkill_rate) for one in cheapest] == [(0.5, 0), (0, 1 / 3)]
    np.testing.assert_allclose([one.low for one in cheapest], [0, 0.4])
    np.testing.assert_allclose([one.high for one in cheapest], [0.4, 1])


@given(BULBS)
def test_nothing_is_cheaper_than_the_cheapest_threshold(bulbs):
    truth, values = zip(*bulbs, strict=True)
    curve = operating_curve(truth, values)
    cheapest = cheapest_thresholds(curve)
    assert [one.low for one in cheapest[1:]] == [one.high for one in cheapest[:-1]]
    assert (cheapest[0].low, cheapest[-1].high) == (0, 1)
    for at in np.linspace(0, 1, 101):
        lowest = np.min(at * curve.escape_rate + (1 - at) * curve.overkill_rate)
        (first, *_) = [one for one in cheapest if one.low <= at <= one.high]
        cost = at * first.escape_rate + (1 - at) * first.overkill_rate
        assert cost == pytest.approx(lowest, abs=1e-12)


@given(BULBS, st.floats(0.1, 1000), st.floats(0.1, 1000), st.floats(0.001, 0.999))
def test_costs_and_probability_cost_say_the_same(bulbs, cost_escape, cost_overkill, prevalence):
    truth, values = zip(*bulbs, strict=True)
    line = {"cost_escape": cost_escape, "cost_overkill": cost_overkill, "prevalence": prevalence}
    curve = operating_curve(truth, values)
    costs = curve.costs(**line)
    assert costs.min() == pytest.approx(lowest_cost_per_bulb(truth, values, **line))
    at = probability_cost(**line)
    scale = prevalence * cost_escape + (1 - prevalence) * cost_overkill
    np.testing.assert_allclose(
        costs, scale * (at * curve.escape_rate + (1 - at) * curve.overkill_rate), atol=1e-9
    )


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_one_class_has_no_curve(truth):
    with pytest.raises(DataError, match="without good and defective bulbs"):
        operating_curve(truth, [0.1, 0.2])


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_has_no_curve(value):
    with pytest.raises(DataError, match="not from 0 to 1"):
        operating_curve([True, False], [0.5, value])


@pytest.mark.parametrize(
    ("line", "match"),
    [((0, 1, 0.1), "costs"), ((1, np.inf, 0.1), "costs"), ((1, 1, 0), "prevalence")],
)
def test_senseless_costs_are_refused(line, match):
    names = ("cost_escape", "cost_overkill", "prevalence")
    with pytest.raises(ValueError, match=match):
        operating_curve(TRUTH, PROBABILITY).costs(**dict(zip(names, line, strict=True)))
