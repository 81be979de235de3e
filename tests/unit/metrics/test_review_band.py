import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from bulbinspect.errors import DataError
from bulbinspect.metrics.promise import highest_pass_threshold, lowest_reject_threshold
from bulbinspect.metrics.review_band import (
    Band,
    between_promises,
    conformal_band,
    off_the_bulbs,
    review_rates,
    review_share,
)


def drawn(random, num_good, num_bad, *, apart=4.0):
    truth = np.repeat([False, True], [num_good, num_bad])
    return truth, expit(random.normal(np.where(truth, apart / 2, -apart / 2), 1.0))


RATES = {"max_escape": 0.05, "max_overkill": 0.1}


def test_a_band_lies_between_the_two_promises():
    truth, values = drawn(np.random.default_rng(0), 300, 200, apart=1.0)
    band = between_promises(truth, values, **RATES)
    assert band.pass_threshold == highest_pass_threshold(values[truth], max_escape=0.05)
    assert band.reject_threshold == lowest_reject_threshold(values[~truth], max_overkill=0.1)
    assert band.pass_threshold < band.reject_threshold


@given(st.integers(0, 1000), st.floats(3, 8))
def test_where_one_threshold_keeps_both_promises_it_is_the_best_of_them(seed, apart):
    truth, values = drawn(np.random.default_rng(seed), 120, 90, apart=apart)
    low = lowest_reject_threshold(values[~truth], max_overkill=0.1)
    high = highest_pass_threshold(values[truth], max_escape=0.05)
    band = between_promises(truth, values, **RATES)
    if low > high:
        assert band == Band(pass_threshold=high, reject_threshold=low)
        return
    assert band.pass_threshold == band.reject_threshold
    assert low <= band.pass_threshold <= high

    def balanced(cut):
        return np.mean(values[truth] >= cut) + np.mean(values[~truth] < cut)

    inside = [one for one in [low, high, *np.nextafter(values, 1)] if low <= one <= high]
    assert balanced(band.pass_threshold) >= max(map(balanced, inside)) - 1e-12


def test_the_threshold_within_a_gap_is_its_middle():
    truth = np.repeat([False, True], 100)
    values = np.where(truth, 0.75, 0.25)
    band = between_promises(truth, values, **RATES)
    assert band == Band(pass_threshold=0.5, reject_threshold=0.5)


def sets_by_p_values(truth, values, value, *, max_escape, max_overkill):
    """Return the prediction set of a bulb as conformal prediction defines it, by counting."""
    bad, good = values[truth], values[~truth]
    is_bad = (np.sum(bad <= value) + 1) / (len(bad) + 1)
    is_good = (np.sum(good >= value) + 1) / (len(good) + 1)
    found = set()
    if is_bad > max_escape + 1e-9:
        found.add("defective")
    if is_good > max_overkill + 1e-9:
        found.add("good")
    return found


@given(st.integers(0, 1000), st.floats(0, 6), st.floats(0.03, 0.3), st.floats(0.03, 0.3))
def test_the_conformal_band_is_that_of_the_prediction_sets(seed, apart, escape, overkill):
    random = np.random.default_rng(seed)
    truth, values = drawn(random, 60, 50, apart=apart)
    values = np.round(values, 2)  # many are equal
    wanted = {"max_escape": escape, "max_overkill": overkill}
    if np.mean(values[~truth] == 1) > overkill / 2:
        return
    band = conformal_band(truth, values, **wanted)
    for value in [*values, *random.random(20), 0.0, 1.0]:
        held = sets_by_p_values(truth, values, value, **wanted)
        if value < band.pass_threshold:
            assert held == {"good"}
        elif value >= band.reject_threshold:
            assert held == {"defective"}
        else:
            assert len(held) != 1


@pytest.mark.parametrize("apart", [0.5, 2.0, 6.0])
def test_on_average_the_conformal_band_keeps_both_rates(apart):
    random = np.random.default_rng(1)
    escapes, overkill = [], []
    for _ in range(400):
        truth, values = drawn(random, 150, 80, apart=apart)
        band = conformal_band(truth, values, **RATES)
        cuts = np.log([band.pass_threshold, band.reject_threshold]) - np.log1p(
            [-band.pass_threshold, -band.reject_threshold]
        )
        escapes.append(stats.norm.cdf(cuts[0], apart / 2))
        overkill.append(stats.norm.sf(cuts[1], -apart / 2))
    for rates, most in ((escapes, 0.05), (overkill, 0.1)):
        assert np.mean(rates) <= most + 4 * np.std(rates) / np.sqrt(len(rates))


def test_too_few_bulbs_for_an_average_are_refused_with_the_number_that_is_needed():
    truth, values = drawn(np.random.default_rng(0), 99, 98)
    with pytest.raises(DataError, match="at most 1 % on average needs 99 defective bulbs, there"):
        conformal_band(truth, values, max_escape=0.01, max_overkill=0.01)
    assert conformal_band(truth, values, max_escape=0.02, max_overkill=0.01)
    with pytest.raises(DataError, match="not from 0 to 1"):
        conformal_band([0, 1], [0.5, math.nan], **RATES)
    with pytest.raises(ValueError, match="a rate is 0"):
        conformal_band(truth, values, max_escape=0, max_overkill=0.1)


def test_rates_of_review_by_hand():
    band = Band(pass_threshold=0.25, reject_threshold=0.75)
    truth = [0, 0, 0, 0, 1, 1]
    values = [0.1, 0.25, 0.5, 0.75, 0.2, 0.7]
    assert review_rates(truth, values, band) == (0.5, 0.5)
    assert review_share(0.04, 0.5, prevalence=0.1) == pytest.approx(0.9 * 0.04 + 0.1 * 0.5)
    with pytest.raises(ValueError, match="prevalence is 2"):
        review_share(0, 0, prevalence=2)


@given(st.integers(0, 1000), st.floats(0, 8))
def test_off_the_bulbs_every_verdict_and_promise_is_kept(seed, apart):
    truth, values = drawn(np.random.default_rng(seed), 120, 90, apart=apart)
    band = between_promises(truth, values, **RATES)
    moved = off_the_bulbs(band, values)
    for name in ("pass_threshold", "reject_threshold"):
        before, after = getattr(band, name), getattr(moved, name)
        np.testing.assert_array_equal(values < after, values < before)
        assert np.abs(values - after).min() >= 0.25 * np.diff(np.unique(values)).min()
    assert moved.pass_threshold <= highest_pass_threshold(values[truth], max_escape=0.05)
    assert moved.reject_threshold >= lowest_reject_threshold(values[~truth], max_overkill=0.1)


@pytest.mark.parametrize(
    ("values", "threshold", "moved"),
    [
        ([0.25, 0.75], 0.75, 0.5),
        ([0.25, 0.75], math.nextafter(0.25, 1), 0.5),
        ([0.25, 0.75], math.nextafter(0.75, 1), 0.875),
        ([0.25, 0.75], 0.25, 0.125),
        ([0.0, 0.75], 0.0, 0.0),
        ([0.5, math.nextafter(0.5, 1)], math.nextafter(0.5, 1), math.nextafter(0.5, 1)),
    ],
)
def test_off_the_bulbs_is_midway(values, threshold, moved):
    band = Band(pass_threshold=threshold, reject_threshold=threshold)
    assert off_the_bulbs(band, values) == Band(pass_threshold=moved, reject_threshold=moved)
