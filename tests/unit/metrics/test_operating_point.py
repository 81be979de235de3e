import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from bulbinspect.errors import DataError, SpecError
from bulbinspect.metrics.operating_point import OperatingPoint, best_balanced_accuracy

PROBABILITY = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))
BULBS = st.lists(st.tuples(st.booleans(), PROBABILITY), min_size=2, max_size=30).filter(
    lambda bulbs: len({truth for truth, _ in bulbs}) == 2
)
POINT = OperatingPoint(0.4, "best_balanced_accuracy", "val", 10, 5, 0.2, 0.1)


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
    assert point == OperatingPoint(0.5, "best_balanced_accuracy", "val", 2, 2, 0.0, 0.0)


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
