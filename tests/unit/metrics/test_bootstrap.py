"""The interval against scipy's on the same resamples, and against a truth that is known."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from bulbinspect.errors import DataError
from bulbinspect.metrics.bootstrap import (
    bca_interval,
    drop_undefined,
    resample,
    weighted_auroc,
)


def mean_of(table):
    """The mean of a table (groups, seeds) as a function of weights."""

    def statistic(groups, seeds):
        return np.einsum("rg,gs,rs->r", groups, table, seeds) / (groups.sum(1) * seeds.sum(1))

    return statistic


def scipy_ends(samples, statistic, distribution, confidence):
    """What scipy makes of resamples that are already drawn."""
    ends = stats.bootstrap(
        samples,
        statistic,
        n_resamples=0,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=distribution),
        vectorized=False,
        method="BCa",
        confidence_level=confidence,
    ).confidence_interval
    return [ends.low, ends.high]


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("num_seeds", [1, 2, 5])
def test_the_ends_are_those_scipy_finds_on_the_same_resamples(num_seeds, confidence):
    random = np.random.default_rng(num_seeds)
    table = random.exponential(size=(30, 1)) + random.exponential(size=(30, num_seeds)) ** 2
    interval = bca_interval(
        mean_of(table), num_groups=30, num_seeds=num_seeds, confidence=confidence, seed=3
    )
    distribution = mean_of(table)(*resample(30, num_seeds, 2000, seed=3))
    if num_seeds == 1:
        expected = scipy_ends((table[:, 0],), np.mean, distribution, confidence)
    else:
        samples = (np.arange(30), np.arange(num_seeds))
        expected = scipy_ends(
            samples, lambda i, j: table[np.ix_(i, j)].mean(), distribution, confidence
        )
    np.testing.assert_allclose([interval.low, interval.high], expected, rtol=1e-9)
    assert interval.estimate == pytest.approx(table.mean())


def test_resamples_equal_to_the_estimate_count_half_as_in_scipy():
    wrong = np.repeat([1, 0], [3, 37])  # three of forty: so are more than a fifth of the resamples

    distribution = mean_of(wrong[:, None])(*resample(40, 1, 2000))
    assert np.mean(distribution == 3 / 40) > 0.2
    interval = bca_interval(mean_of(wrong[:, None]), num_groups=40, num_seeds=1, confidence=0.65)
    expected = scipy_ends((wrong,), np.mean, distribution, 0.65)
    np.testing.assert_allclose([interval.low, interval.high], expected)


def test_what_differs_by_rounding_alone_is_a_tie():
    clean = mean_of(np.repeat([1, 0], [3, 37])[:, None])

    def rounded(groups, seeds):
        return clean(groups, seeds) - 1e-16 * (groups != 1).any(axis=1)

    one, other = (bca_interval(each, num_groups=40, num_seeds=1) for each in (clean, rounded))
    assert [one.low, one.high] == pytest.approx([other.low, other.high], abs=1e-12)


def test_with_its_own_resamples_scipy_comes_to_the_same_interval():
    values = np.random.default_rng(0).lognormal(size=60)
    ours = bca_interval(
        mean_of(values[:, None]), num_groups=60, num_seeds=1, num_resamples=40_000, seed=1
    )
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=40_000, method="BCa", rng=np.random.default_rng(2)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert [ours.low, ours.high] == pytest.approx([theirs.low, theirs.high], abs=0.03 * width)


def covered(num_trials, *, make, truth, **sizes):
    """Share of trials whose interval holds the truth."""
    hits = 0
    for trial in range(num_trials):
        interval = bca_interval(make(np.random.default_rng(trial)), seed=trial, **sizes)
        hits += interval.low <= truth <= interval.high
    return hits / num_trials


def one_seed_auroc(random):
    """AUROC of 60 bulbs of one network; its truth is Phi(1 / sqrt 2) = 0.760."""
    truth = np.arange(60) < 24
    probability = random.normal(size=60) + truth
    return lambda groups, _: weighted_auroc(truth, probability, groups)


def crossed_mean(random, *, num_seeds):
    """The mean of 0 over 40 groups and some seeds that both spread it, and over their own noise."""
    table = random.normal(size=(40, 1)) + 0.3 * random.normal(size=(1, num_seeds))
    return mean_of(table + 0.5 * random.normal(size=(40, num_seeds)))


def test_nine_of_ten_intervals_hold_the_true_auroc():
    sizes = {"num_groups": 60, "num_seeds": 1, "num_resamples": 400, "confidence": 0.9}
    share = covered(300, make=one_seed_auroc, truth=stats.norm.cdf(np.sqrt(0.5)), **sizes)
    assert share == pytest.approx(0.9, abs=0.05)  # 0.9 ± 3 standard errors of 300 trials


@pytest.mark.slow
@pytest.mark.parametrize(("num_seeds", "expected"), [(3, 0.91), (5, 0.92), (8, 0.94)])
def test_over_few_seeds_a_little_less_than_nineteen_of_twenty_hold_the_truth(num_seeds, expected):
    """The shares that docs/statistics.md names."""
    make = partial(crossed_mean, num_seeds=num_seeds)
    share = covered(2000, make=make, truth=0, num_groups=40, num_seeds=num_seeds)
    assert share == pytest.approx(expected, abs=0.01)


@pytest.mark.slow
def test_of_one_network_nineteen_of_twenty_hold_the_truth():
    truth = stats.norm.cdf(np.sqrt(0.5))
    share = covered(2000, make=one_seed_auroc, truth=truth, num_groups=60, num_seeds=1)
    assert share == pytest.approx(0.96, abs=0.01)


def test_without_seeds_resampled_the_interval_of_a_crossed_table_is_too_short():
    """Why seeds are resampled: over the groups alone, most intervals miss what the seeds shift."""

    def over_groups_alone(random):
        crossed = crossed_mean(random, num_seeds=8)
        return lambda groups, _: crossed(groups, np.ones((len(groups), 8)))

    sizes = {"num_groups": 40, "num_resamples": 400}
    alone = covered(200, make=over_groups_alone, truth=0, num_seeds=1, **sizes)
    make = partial(crossed_mean, num_seeds=8)
    both = covered(200, make=make, truth=0, num_seeds=8, **sizes)
    assert alone < both
    assert both > 0.88


def test_the_paired_difference_of_two_networks_is_narrower_than_either():
    random = np.random.default_rng(5)
    truth = np.arange(80) < 30
    shared = random.normal(size=80) + truth
    arms = [shared + 0.1 * random.normal(size=80) for _ in range(2)]
    a, b = (lambda groups, _, arm=arm: weighted_auroc(truth, arm, groups) for arm in arms)
    size = {"num_groups": 80, "num_seeds": 1}
    difference = bca_interval(lambda groups, seeds: a(groups, seeds) - b(groups, seeds), **size)
    alone = bca_interval(a, **size)
    assert difference.high - difference.low < (alone.high - alone.low) / 3


def test_the_interval_says_what_was_resampled():
    interval = bca_interval(mean_of(np.eye(4, 3)), num_groups=4, num_seeds=3, num_resamples=50)
    assert (interval.num_groups, interval.num_seeds, interval.num_resamples) == (4, 3, 50)
    assert (interval.confidence, interval.num_skipped) == (0.95, 0)
    assert interval.low <= interval.estimate <= interval.high


def test_the_same_seed_gives_the_same_interval_and_another_gives_another():
    values = mean_of(np.random.default_rng(0).normal(size=(20, 3)))
    first, again, other = (
        bca_interval(values, num_groups=20, num_seeds=3, seed=seed) for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_a_resample_draws_as_many_as_there_are():
    groups, seeds = resample(7, 3, 500, seed=0)
    assert np.all(groups.sum(axis=1) == 7)
    assert np.all(seeds.sum(axis=1) == 3)
    assert np.mean(groups == 0) == pytest.approx((6 / 7) ** 7, abs=0.03)
    independent = np.corrcoef(groups[:, 0], seeds[:, 0])[0, 1]
    assert abs(independent) < 0.15


def test_many_groups_are_judged_some_thousand_resamples_at_a_time():
    seen = []

    def statistic(groups, seeds):
        seen.append(len(groups))
        return mean_of(np.arange(3000.0)[:, None])(groups, seeds)

    bca_interval(statistic, num_groups=3000, num_seeds=1, num_resamples=1500)
    assert max(seen) * 3000 <= 1 << 21
    assert sum(seen) == 1 + 1500 + 3000  # the estimate, the resamples, one without each group


@pytest.mark.parametrize("noise", [0, 1e-16])
def test_where_every_resample_is_the_estimate_the_interval_has_no_width(noise):
    def statistic(groups, _):
        return 0.9 + noise * (np.arange(len(groups)) % 2)

    interval = bca_interval(statistic, num_groups=5, num_seeds=2)
    assert [interval.low, interval.high] == pytest.approx([0.9, 0.9], abs=1e-15)


@pytest.mark.parametrize("side", [-1, 1])
def test_where_all_resamples_lie_on_one_side_there_is_no_interval(side):
    def how_often_the_most_drawn(groups, _):
        return side * groups.max(axis=1)

    with pytest.raises(DataError, match="on one side of the estimate"):
        bca_interval(how_often_the_most_drawn, num_groups=20, num_seeds=1)


def only_with_the_first(groups, seeds):
    """Undefined in the resamples that lack the first of the groups thrice over."""
    lacking = np.all(groups[:, :3] == 0, axis=1)
    return np.where(lacking, np.nan, mean_of(np.arange(20.0)[:, None])(groups, seeds))


def test_resamples_without_a_value_are_left_out_and_counted():
    interval = bca_interval(only_with_the_first, num_groups=20, num_seeds=1)
    assert interval.num_skipped == np.isnan(only_with_the_first(*resample(20, 1, 2000))).sum()
    assert 0 < interval.num_skipped < 100
    assert np.isfinite([interval.low, interval.high]).all()


def test_too_many_resamples_without_a_value_are_refused():
    truth = np.arange(10) < 2
    with pytest.raises(DataError, match="of 2000 resamples have no value; a class lives in too"):
        bca_interval(
            lambda groups, _: weighted_auroc(truth, np.arange(10), groups),
            num_groups=10,
            num_seeds=1,
        )
    assert len(drop_undefined(np.array([np.nan] + [0.0] * 19))) == 19
    with pytest.raises(DataError, match="2 of 20"):
        drop_undefined(np.array([np.nan] * 2 + [0.0] * 18))


def test_a_number_that_is_undefined_is_refused():
    with pytest.raises(DataError, match="itself is undefined"):
        bca_interval(lambda groups, _: np.full(len(groups), np.nan), num_groups=3, num_seeds=1)
    with pytest.raises(DataError, match="without one of the groups or seeds"):
        bca_interval(
            lambda groups, _: np.where(groups.sum(axis=1) == 3, 1.0, np.nan),
            num_groups=3,
            num_seeds=1,
        )


@pytest.mark.parametrize("num_groups", [0, 1])
def test_fewer_than_two_groups_are_refused(num_groups):
    with pytest.raises(DataError, match=f"at least 2 groups of bulbs, got {num_groups}"):
        bca_interval(mean_of(np.eye(1)), num_groups=num_groups, num_seeds=3)


@pytest.mark.parametrize(
    "wrong", [{"num_seeds": 0}, {"num_resamples": 0}, {"confidence": 1}, {"confidence": np.nan}]
)
def test_senseless_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        bca_interval(mean_of(np.eye(4)), **{"num_groups": 4, "num_seeds": 4, **wrong})


def test_a_statistic_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"gave \(\) for 1 weightings"):
        bca_interval(lambda groups, _: groups.mean(), num_groups=4, num_seeds=1)
