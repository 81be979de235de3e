"""Against scipy's exact interval, the definition of Korn and Graubard, and simulated bulbs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bulbinspect.metrics.clustered_rate import clustered_rate


def exact(hits, trials, confidence=0.95):
    interval = stats.binomtest(hits, trials).proportion_ci(confidence, method="exact")
    return pytest.approx((interval.low, interval.high), abs=1e-12)


def ends(rate):
    return rate.low, rate.high


ONE_EACH = st.lists(st.booleans(), min_size=1, max_size=60)


@given(ONE_EACH, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_with_one_trial_of_each_bulb_it_is_the_exact_interval(hits, confidence):
    rate = clustered_rate(hits, np.ones(len(hits), int), confidence=confidence)
    assert rate.share == pytest.approx(np.mean(hits))
    assert ends(rate) == exact(sum(hits), len(hits), confidence)


@given(ONE_EACH, st.integers(2, 7))
def test_trials_that_only_repeat_the_first_are_worth_one(hits, times):
    hits = np.array(hits, int)
    rate = clustered_rate(hits * times, np.full(len(hits), times))
    assert (rate.num_trials, rate.num_bulbs) == (times * len(hits), len(hits))
    assert ends(rate) == exact(int(hits.sum()), len(hits))


def test_of_a_share_without_spread_the_bulbs_count_and_not_the_shots():
    rate = clustered_rate(np.zeros(20, int), np.full(20, 5))
    assert (rate.share, rate.low) == (0, 0)
    assert rate.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_the_published_example_of_48_of_50_and_96_of_100():
    for hits, trials, low, high in ((48, 50, 0.8629, 0.9951), (96, 100, 0.901, 0.989)):
        rate = clustered_rate(np.arange(trials) < hits, np.ones(trials, int))
        assert ends(rate) == pytest.approx((low, high), abs=5e-4)


def test_the_definition_step_by_step():
    hits, trials = np.array([0, 1, 0, 3, 0, 0, 2, 0, 0, 1]), np.array([3] * 8 + [2, 4])
    total = trials.sum()
    share = hits.sum() / total
    # the linearised variance of a ratio over clusters, and the design effect
    residuals = hits - share * trials
    variance = 10 / 9 * np.sum((residuals / total) ** 2)
    design_effect = variance / (share * (1 - share) / (total - 1))
    worth = total / design_effect
    worth *= (stats.t.ppf(0.975, total - 1) / stats.t.ppf(0.975, 9)) ** 2
    worth = max(worth, total**2 / np.sum(trials**2))
    assert 10 <= worth < total
    expected = (
        stats.beta.ppf(0.025, share * worth, (1 - share) * worth + 1),
        stats.beta.ppf(0.975, share * worth + 1, (1 - share) * worth),
    )
    assert ends(clustered_rate(hits, trials)) == pytest.approx(expected)


def coverage(num_bulbs, num_shots, share, alike, *, repeats):
    """Return how often the interval holds the truth; `alike` 0…1 is how much shots resemble."""
    random = np.random.default_rng(0)
    held = naive = 0
    for _ in range(repeats):
        of_bulb = random.beta(share / alike - share, (1 - share) * (1 / alike - 1), num_bulbs)
        hits = random.binomial(num_shots, of_bulb)
        rate = clustered_rate(hits, np.full(num_bulbs, num_shots))
        held += rate.low <= share <= rate.high
        plain = stats.binomtest(int(hits.sum()), num_bulbs * num_shots).proportion_ci()
        naive += plain.low <= share <= plain.high
    return held / repeats, naive / repeats


@pytest.mark.parametrize(
    ("num_bulbs", "share", "alike"), [(30, 0.1, 0.3), (50, 0.04, 0.6), (40, 0.5, 0.9)]
)
def test_the_interval_holds_the_truth_where_shots_taken_for_bulbs_do_not(num_bulbs, share, alike):
    held, naive = coverage(num_bulbs, 5, share, alike, repeats=400)
    assert held >= 0.90  # in 2,000 repeats at least 0.926; less two standard errors of 400
    assert naive < 0.90


def test_bulbs_without_trials_do_not_count():
    rate = clustered_rate([1, 0, 0], [1, 1, 0])
    assert (rate.num_trials, rate.num_bulbs) == (2, 2)
    assert clustered_rate([], []) is None
    assert clustered_rate([0, 0], [0, 0]) is None


@pytest.mark.parametrize(
    ("hits", "trials", "message"),
    [([1], [1, 1], "two arrays"), ([[1]], [[1]], "two arrays"), ([2], [1], "hits")],
)
def test_what_cannot_be_counts_is_refused(hits, trials, message):
    with pytest.raises(ValueError, match=message):
        clustered_rate(hits, trials)


def test_a_confidence_that_is_none_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        clustered_rate([1], [1], confidence=1)
