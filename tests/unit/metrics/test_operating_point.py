import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from bulbinspect.errors import DataError, SpecError
from bulbinspect.metrics.operating_point import (
    OperatingPoint,
    best_balanced_accuracy,
    threshold_at_overkill,
)

PROBABILITY = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))
BULBS = st.lists(st.tuples(st.booleans(), PROBABILITY), min_size=2, max_size=30).filter(
    lambda bulbs: len({truth for truth, _ in bulbs}) == 2
)
POINT = OperatingPoint(0.4, 0.4, "best_balanced_accuracy", "val", 10, 5, 0.2, 0.1)


@given(BULBS)
def test_no_threshold_at_all_has_a_higher_balanced_accuracy(bulbs):
    truth, probability = map(np.array, zip(*bulbs, strict=True))
    point = best_balanced_accuracy(truth, probability, chosen_on="val")
    reached = balanced_accuracy_score(truth, probability >= point.reject_threshold)
    for threshold in [*probability, 0.0, 2.0]:  # every different way to cut is among these
        rejected = probability >= threshold
        other = balanced_accuracy_score(truth, rejected)
        assert reached >= other - 1e-12
        if math.isclose(reached, other):
            assert point.escape_rate <= np.mean(~rejected[truth]) + 1e-12


@given(BULBS)
def test_its_rates_are_those_measured_at_its_threshold(bulbs):
    truth, probability = map(np.array, zip(*bulbs, strict=True))
    point = best_balanced_accuracy(truth, probability, chosen_on="val")
    rejected = probability >= point.reject_threshold
    assert point.escape_rate == pytest.approx(np.mean(~rejected[truth]))
    assert point.overkill_rate == pytest.approx(np.mean(rejected[~truth]))
    assert (point.num_good, point.num_defective) == (np.sum(~truth), np.sum(truth))


@given(BULBS)
def test_the_threshold_is_no_bulbs_own_probability_where_floats_lie_between(bulbs):
    truth, probability = map(np.array, zip(*bulbs, strict=True))
    threshold = best_balanced_accuracy(truth, probability, chosen_on="val").reject_threshold
    gaps = [
        math.nextafter(low, 1) < high for low, high in itertools.pairwise(np.unique(probability))
    ]
    if threshold > 0 and all(gaps):
        assert threshold not in probability


def test_the_threshold_is_the_midpoint():
    point = best_balanced_accuracy([0, 0, 1, 1], [0.125, 0.25, 0.75, 1], chosen_on="val")
    assert point == OperatingPoint(0.5, 0.5, "best_balanced_accuracy", "val", 2, 2, 0.0, 0.0)


def test_a_network_that_knows_nothing_rejects_everything():
    point = best_balanced_accuracy([0, 1, 0], [0.5, 0.5, 0.5], chosen_on="val")
    assert (point.reject_threshold, point.escape_rate, point.overkill_rate) == (0, 0, 1)


@pytest.mark.parametrize("truth", [[], [0, 0], [1, 1]])
def test_one_class_alone_gives_no_threshold(truth):
    with pytest.raises(DataError, match="chosen on val: it needs good and defective"):
        best_balanced_accuracy(truth, [0.5] * len(truth), chosen_on="val")


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.1])
def test_a_probability_that_is_none_gives_no_threshold(value):
    with pytest.raises(DataError, match="not from 0 to 1"):
        best_balanced_accuracy([0, 1], [0.5, value], chosen_on="val")


def test_dict_round_trip():
    assert OperatingPoint.from_dict(POINT.to_dict()) == POINT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reject_threshold", math.nan),
        ("reject_threshold", math.inf),
        ("reject_threshold", -0.01),
        ("reject_threshold", 1.01),
        ("reject_threshold", "0.5"),
        ("reject_threshold", None),
        ("reject_threshold", True),
        ("escape_rate", math.nan),
        ("overkill_rate", 2),
        ("num_good", 0),
        ("num_good", 1.0),
        ("num_defective", True),
        ("rule", ""),
        ("chosen_on", 3),
    ],
)
def test_a_senseless_value_is_refused_by_name(name, value):
    with pytest.raises(SpecError, match=name):
        replace(POINT, **{name: value})


@pytest.mark.parametrize("change", [{"extra": 1}, {"rule": None}])
def test_other_keys_are_refused(change):
    values = POINT.to_dict()
    values.update(change)
    values = {name: value for name, value in values.items() if value is not None}
    with pytest.raises(SpecError, match="expected the keys"):
        OperatingPoint.from_dict(values)


def test_what_is_no_dict_is_refused():
    with pytest.raises(SpecError, match="expected the keys"):
        OperatingPoint.from_dict([1, 2])


ANY_BULBS = st.lists(st.tuples(st.booleans(), PROBABILITY), min_size=1, max_size=30).filter(
    lambda bulbs: not all(truth for truth, _ in bulbs)
)
SHARE = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.02, 0.1, 0.5, 1.0]))


@given(ANY_BULBS, SHARE)
def test_no_lower_threshold_keeps_to_the_overkill(bulbs, most):
    truth, probability = map(np.array, zip(*bulbs, strict=True))
    threshold = threshold_at_overkill(truth, probability, max_overkill=most)
    good = probability[~truth]
    assert np.mean(good >= threshold) <= most
    # every way to cut: at 0, and just above each probability
    cuts = sorted({0.0, *(math.nextafter(value, 2) for value in probability)})
    lowest = next(cut for cut in cuts if np.mean(good >= cut) <= most)
    np.testing.assert_array_equal(probability >= threshold, probability >= lowest)


@given(ANY_BULBS, SHARE)
def test_the_threshold_at_an_overkill_is_the_midpoint_of_a_gap(bulbs, most):
    truth, probability = map(np.array, zip(*bulbs, strict=True))
    threshold = threshold_at_overkill(truth, probability, max_overkill=most)
    edges = np.unique([*probability, 1.0])
    middles = [low + (high - low) / 2 for low, high in itertools.pairwise(edges)]
    no_float_between = [high for low, high in itertools.pairwise(edges) if low == (low + high) / 2]
    assert threshold in [0.0, *middles, *no_float_between, *edges, math.nextafter(1, 2)]
    if all(math.nextafter(low, 1) < high for low, high in itertools.pairwise(edges)):
        assert threshold not in probability or threshold == 0


@pytest.mark.parametrize(
    ("most", "threshold"),
    [(0, 0.875), (0.2, 0.875), (0.25, 0.5), (0.5, 0.5), (0.74, 0.5), (0.75, 0.1875), (1, 0)],
)
def test_equal_good_bulbs_are_rejected_together(most, threshold):
    """Of four good bulbs two share 0.25 and one lies above all, so that 1/4, 3/4 or all fall."""
    truth = [0, 0, 0, 0, 1]
    probability = [0.125, 0.25, 0.25, 0.75, 0.75]
    assert threshold_at_overkill(truth, probability, max_overkill=most) == threshold


def test_a_share_of_bulbs_that_is_no_binary_number_is_met():
    probability = np.arange(100) / 100
    threshold = threshold_at_overkill([0] * 100, probability, max_overkill=0.29)
    assert np.sum(probability >= threshold) == 29  # though 0.29 x 100 is a little less than 29


def test_a_good_bulb_at_one_passes_only_above_one():
    threshold = threshold_at_overkill([0, 1], [1.0, 1.0], max_overkill=0.02)
    assert threshold == math.nextafter(1, 2)


def test_without_good_bulbs_no_overkill_can_be_kept():
    with pytest.raises(DataError, match="there are no good bulbs"):
        threshold_at_overkill([1, 1], [0.5, 0.5], max_overkill=0.02)
    with pytest.raises(DataError, match="there are no good bulbs"):
        threshold_at_overkill([], [], max_overkill=0.02)


@pytest.mark.parametrize("value", [math.nan, -0.1, 1.1])
def test_senseless_shares_and_probabilities_are_refused(value):
    with pytest.raises(ValueError, match="from 0 to 1"):
        threshold_at_overkill([0, 1], [0.5, 0.5], max_overkill=value)
    with pytest.raises(DataError, match="not from 0 to 1"):
        threshold_at_overkill([0, 1], [0.5, value], max_overkill=0.02)
    with pytest.raises(ValueError, match=r"\(2,\) and \(1,\)"):
        threshold_at_overkill([0, 1], [0.5], max_overkill=0.02)
