import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from scipy.special import expit, logit, logsumexp
from scipy.special import softmax as scipy_softmax
from tests.calibrations import calibration_of
from torchmetrics.functional.classification import binary_calibration_error

from bulbinspect.errors import DataError, SpecError
from bulbinspect.metrics.calibration import (
    LOWEST_TEMPERATURE,
    Calibration,
    defect_log_odds,
    expected_calibration_error,
    fit_calibration,
    reliability_table,
    reweight,
)
from bulbinspect.metrics.probability import defect_probability

PLAIN = calibration_of()
FITTED = replace(PLAIN, temperature=2.5, bias=-0.75, prevalence=0.25, production_prevalence=0.01)
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
LOGITS = hnp.arrays(np.float32, (3, 4), elements=FINITE)
USUAL = hnp.arrays(np.float32, (3, 4), elements=st.floats(-20, 20, width=32))
SHARE = st.floats(0.001, 0.999)


@given(USUAL, st.integers(0, 3), st.floats(0.1, 10), st.floats(-5, 5), SHARE, SHARE)
def test_probability_is_the_formula_computed_with_scipy(logits, good, warm, bias, fitted, line):
    calibration = replace(
        PLAIN, temperature=warm, bias=bias, prevalence=fitted, production_prevalence=line
    )
    wide = logits.astype(float)
    odds = logsumexp(np.delete(wide, good, 1), axis=1) - wide[:, good]
    expected = expit(odds / warm + bias + logit(line) - logit(fitted))
    found = calibration.apply(logits, good)
    np.testing.assert_allclose(defect_probability(found, good), expected, rtol=1e-9)
    np.testing.assert_allclose(found[:, good], 1 - expected, rtol=1e-6, atol=1e-14)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


@given(LOGITS, st.integers(0, 3))
def test_without_temperature_bias_and_shift_it_is_the_softmax(logits, good):
    expected = scipy_softmax(logits.astype(float), axis=-1)
    np.testing.assert_allclose(PLAIN.apply(logits, good), expected, rtol=1e-6, atol=1e-300)


@given(LOGITS, st.integers(0, 3))
def test_the_other_classes_keep_their_proportions(logits, good):
    shares = np.delete(FITTED.apply(logits, good), good, axis=1)
    expected = scipy_softmax(np.delete(logits.astype(float), good, axis=1), axis=1)
    np.testing.assert_allclose(
        shares, expected * shares.sum(axis=1, keepdims=True), rtol=1e-9, atol=1e-300
    )


@given(LOGITS, st.integers(0, 3), st.sampled_from([1e-300, 1e-3, 1.0, 1e300]))
def test_no_finite_logits_are_too_large_or_too_small(logits, good, temperature):
    found = replace(FITTED, temperature=temperature).apply(logits, good)
    assert np.isfinite(found).all()
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=1e-9)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_not_finite_stays_so_and_touches_no_other_bulb(odd, place):
    logits = np.zeros((2, 4, 3), np.float32)  # views of bulbs
    logits[1, 2, place] = odd
    found = FITTED.apply(logits, 0)
    assert np.isnan(found[1, 2]).all()
    found[1, 2] = 1 / 3
    assert np.isfinite(found).all()
    assert not defect_probability(FITTED.apply(logits[1], 0), 0)[2] < 2  # so it never passes


@pytest.mark.parametrize("shape", [(3,), (1, 3), (5, 3), (2, 4, 3), (0, 3)])
def test_shapes_are_kept_and_each_bulb_is_by_itself(shape):
    logits = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = FITTED.apply(logits, 1)
    assert found.shape == shape
    assert found.dtype == np.float64
    for place in np.ndindex(shape[:-1]):
        np.testing.assert_array_equal(found[place], FITTED.apply(logits[place], 1))


@given(st.floats(-30, 30, width=32), st.floats(-30, 30, width=32))
def test_the_order_of_the_bulbs_is_kept(one, other):
    found = FITTED.apply(np.array([[0, one], [0, other]], np.float32), 0)[:, 1]
    if one + 1e-3 < other:  # nearer ones may be rounded to the same
        assert found[0] < found[1]


def test_a_network_that_is_three_times_too_sure_is_cooled():
    random = np.random.default_rng(0)
    honest = random.normal(-0.5, 2, 40_000)
    defective = random.random(len(honest)) < expit(honest)
    logits = np.stack([np.zeros_like(honest), 3 * (honest + 0.4)], axis=1).astype(np.float32)
    fitted = fit_calibration(logits, defective.astype(int), good=0, chosen_on="val")
    assert fitted.temperature == pytest.approx(3, rel=0.05)
    assert fitted.bias == pytest.approx(-0.4, abs=0.05)
    assert fitted.prevalence == defective.mean()
    assert (fitted.num_good, fitted.num_defective) == ((~defective).sum(), defective.sum())
    assert (fitted.chosen_on, fitted.production_prevalence) == ("val", None)
    probability = defect_probability(fitted.apply(logits, 0), 0)
    np.testing.assert_allclose(probability, expit(honest), atol=0.02)


def test_differences_as_small_as_rounding_are_not_blown_up():
    generator = np.random.default_rng(0)
    defective = np.arange(60) % 2 == 1
    odds = 0.3 + 1e-3 * (defective + generator.normal(size=60))
    logits = np.stack([np.zeros(60), odds], 1)
    fitted = fit_calibration(logits, defective.astype(int), good=0, chosen_on="val")
    assert fitted.temperature == LOWEST_TEMPERATURE
    probability = fitted.apply(logits.astype(np.float32), 0)[:, 1]
    assert probability.mean() == pytest.approx(defective.mean(), abs=1e-3)  # the bias is fitted on
    moved = fitted.apply((logits + np.array([0, 3e-7])).astype(np.float32), 0)[:, 1]
    assert np.abs(moved - probability).max() < 1e-5


def test_every_kind_of_defect_counts_as_defective():
    random = np.random.default_rng(1)
    logits = random.normal(size=(500, 4)).astype(np.float32)
    target = random.integers(0, 4, 500)
    fitted = fit_calibration(logits, target, good=2, chosen_on="val")
    odds = defect_log_odds(logits, 2)
    joined = np.stack([np.zeros_like(odds), odds], axis=1)
    same = fit_calibration(joined, (target != 2).astype(int), good=0, chosen_on="val")
    assert fitted.temperature == pytest.approx(same.temperature)
    assert fitted.bias == pytest.approx(same.bias)


@pytest.mark.parametrize("target", [[], [0, 0, 0], [1, 1, 1]])
def test_one_class_alone_cannot_be_calibrated(target):
    with pytest.raises(DataError, match="calibrated on val: it needs good and defective"):
        fit_calibration(np.zeros((len(target), 2)), target, good=0, chosen_on="val")


def test_logits_that_are_not_finite_cannot_be_calibrated():
    with pytest.raises(DataError, match="not finite"):
        fit_calibration([[0, 1], [0, np.nan]], [0, 1], good=0, chosen_on="val")
    with pytest.raises(ValueError, match=r"got \(2,\) and \(2,\)"):
        fit_calibration([0, 1], [0, 1], good=0, chosen_on="val")


@given(LOGITS, SHARE)
def test_a_stated_prevalence_reweights_as_bayes_does(logits, line):
    mixed = replace(FITTED, production_prevalence=None)
    stated = replace(FITTED, production_prevalence=line)
    moved = reweight(
        defect_probability(mixed.apply(logits, 0), 0),
        from_prevalence=FITTED.prevalence,
        to_prevalence=line,
    )
    np.testing.assert_allclose(
        defect_probability(stated.apply(logits, 0), 0), moved, rtol=1e-9, atol=1e-12
    )


def test_reweighting_is_that_of_counted_bulbs():
    """Of 100 defective and 100 good, 90 and 10 look alike; of good ones then 99 times as many."""
    assert reweight(0.9, from_prevalence=0.5, to_prevalence=0.01) == pytest.approx(90 / (90 + 990))
    ends = reweight([0, 1, math.nan], from_prevalence=0.5, to_prevalence=0.01)
    np.testing.assert_array_equal(ends, [0, 1, math.nan])
    with pytest.raises(ValueError, match="to_prevalence is 0"):
        reweight(0.5, from_prevalence=0.5, to_prevalence=0)


def test_dict_round_trip_through_json():
    for one in (PLAIN, FITTED):
        assert Calibration.from_dict(json.loads(json.dumps(one.to_dict()))) == one


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0),
        ("temperature", -1.0),
        ("temperature", math.inf),
        ("temperature", math.nan),
        ("temperature", True),
        ("temperature", "1"),
        ("bias", math.nan),
        ("bias", None),
        ("prevalence", 0),
        ("prevalence", 1.0),
        ("prevalence", None),
        ("production_prevalence", 0.0),
        ("production_prevalence", 1),
        ("production_prevalence", "0.1"),
        ("chosen_on", ""),
        ("chosen_on", None),
        ("num_good", 0),
        ("num_good", 1.0),
        ("num_defective", True),
    ],
)
def test_a_senseless_value_is_refused_by_name(name, value):
    with pytest.raises(SpecError, match=f"calibration: {name} must be"):
        replace(FITTED, **{name: value})


def test_other_keys_are_refused():
    values = FITTED.to_dict()
    for wrong in (values | {"extra": 1}, {"bias": 0.0}, [1]):
        with pytest.raises(SpecError, match="expected the keys"):
            Calibration.from_dict(wrong)


BULBS = st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=1, max_size=60)


@given(BULBS, st.integers(1, 20))
def test_calibration_error_is_counted_bulb_by_bulb(bulbs, num_bins):
    truth, values = map(list, zip(*bulbs, strict=True))
    error = 0.0
    for one in range(num_bins):
        low, high = one / num_bins, (one + 1) / num_bins
        inside = [
            place
            for place, value in enumerate(values)
            if low <= value and (value < high or one == num_bins - 1)
        ]
        if inside:
            share = sum(truth[place] for place in inside) / len(inside)
            mean = sum(values[place] for place in inside) / len(inside)
            error += len(inside) / len(bulbs) * abs(share - mean)
    found = expected_calibration_error(truth, values, num_bins=num_bins)
    assert found == pytest.approx(error, abs=1e-12)


def test_calibration_error_is_that_of_torchmetrics():
    random = np.random.default_rng(3)
    values = random.random(2000).astype(np.float32)
    truth = random.random(2000) < values**2
    expected = binary_calibration_error(
        torch.from_numpy(values), torch.from_numpy(truth).int(), n_bins=15
    )
    assert expected_calibration_error(truth, values) == pytest.approx(float(expected), rel=1e-5)
    assert expected_calibration_error(truth, values) > 0.1


@pytest.mark.parametrize("values", [[], [0.5, math.nan], [0.5, 1.5], [-0.1]])
def test_there_is_no_calibration_error_without_probabilities(values):
    assert expected_calibration_error([True] * len(values), values) is None


@given(BULBS)
def test_reliability_table_holds_every_bulb_once(bulbs):
    truth, values = map(np.array, zip(*bulbs, strict=True))
    table = reliability_table(truth, values)
    assert sum(row.count for row in table) == len(bulbs)
    assert sum(row.count * row.mean_probability for row in table) == pytest.approx(values.sum())
    for row in table:
        inside = (values >= row.low) & ((values < row.high) | (row.high == 1))
        assert row.count == inside.sum() > 0
        assert row.low <= row.mean_probability + 1e-12
        assert row.mean_probability <= row.high
        assert row.share_defective == pytest.approx(truth[inside].mean())
        exact = stats.binomtest(int(truth[inside].sum()), row.count).proportion_ci(0.95, "exact")
        np.testing.assert_allclose((row.low_share, row.high_share), exact, rtol=1e-6, atol=1e-9)


def test_reliability_by_hand():
    table = reliability_table([0, 1, 1, 0], [0.05, 0.15, 0.1, 1.0])
    assert [(row.low, row.high, row.count, row.share_defective) for row in table] == [
        (0.0, 0.1, 1, 0.0),
        (0.1, 0.2, 2, 1.0),
        (0.9, 1.0, 1, 0.0),
    ]


def test_what_cannot_be_tabled_is_refused():
    with pytest.raises(DataError, match="not from 0 to 1"):
        reliability_table([0], [math.nan])
    with pytest.raises(ValueError, match=r"\(2,\) and \(1,\)"):
        reliability_table([0, 1], [0.5])
    with pytest.raises(ValueError, match="num_bins is 0"):
        reliability_table([0, 1], [0.5, 0.5], num_bins=0)
