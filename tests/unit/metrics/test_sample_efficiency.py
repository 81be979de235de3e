"""Curves with a known factor, and the slow way over the same resamples."""

import math

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from bulbinspect.errors import DataError
from bulbinspect.metrics.bootstrap import resample
from bulbinspect.metrics.sample_efficiency import (
    Factor,
    times_more_bulbs,
    times_more_bulbs_by_group,
)

SIZES = [25, 50, 100, 200, 400, 800]
LOGS = np.log2(np.array(SIZES) / 25)


def curve(times_more, *, num_seeds=3):
    """AUROC rising straight in the logarithm of the size, `times_more` to the right: (6, seeds)."""
    rising = 0.6 + 0.05 * (LOGS - math.log2(times_more))
    return np.repeat(rising[:, None], num_seeds, axis=1)


@pytest.mark.parametrize("times_more", [1, 2, 3, 4, 1.5])
def test_the_factor_is_by_how_much_the_curve_is_shifted(times_more):
    factors = times_more_bulbs(SIZES, curve(1), curve(times_more), num_resamples=50)
    inside = [one for one in factors if one.num_bulbs * times_more <= 800]
    assert [one.factor for one in inside] == pytest.approx([times_more] * len(inside))
    assert [one.low for one in inside] == pytest.approx([times_more] * len(inside))
    assert [one.high for one in inside] == pytest.approx([times_more] * len(inside))
    assert all(one.reached and one.at_least is one.at_most is None for one in inside)
    for beyond in factors[len(inside) :]:
        multiple = 800 / beyond.num_bulbs
        assert beyond == Factor(beyond.num_bulbs, None, multiple, None, False, multiple, None)
        assert beyond.at_least < times_more


@pytest.mark.parametrize("times_more", [2, 4, 3])
def test_a_better_baseline_has_a_factor_below_one_or_an_upper_bound(times_more):
    factors = times_more_bulbs(SIZES, curve(times_more), curve(1), num_resamples=50)
    for one in factors:
        if one.num_bulbs / times_more >= 25:
            assert one.factor == pytest.approx(1 / times_more)
        else:
            multiple = 25 / one.num_bulbs
            assert one == Factor(one.num_bulbs, None, None, multiple, True, None, multiple)
            assert one.at_most > 1 / times_more


@pytest.mark.parametrize("times_more", [2, 3, 8])
def test_b_may_have_larger_and_smaller_sizes_than_a(times_more):
    own = [12, 25, 50, 200, 400, 800, 1600, 6400]
    rising = 0.6 + 0.05 * (np.log2(np.array(own) / 25) - math.log2(times_more))
    b = np.repeat(rising[:, None], 3, axis=1)
    factors = times_more_bulbs(SIZES, curve(1), b, sizes_b=own, num_resamples=50)
    assert [one.num_bulbs for one in factors] == SIZES
    for one in factors:
        assert [one.factor, one.low, one.high] == pytest.approx([times_more] * 3)
    beyond = times_more_bulbs([100, 800], curve(1)[[2, 5]], b[:5], sizes_b=own[:5])[1]
    assert (beyond.reached, beyond.at_least) == (False, 0.5)  # B's 400 over A's 800


@pytest.mark.parametrize("num_seeds", [1, 4])
def test_an_arm_needs_as_many_bulbs_as_itself(num_seeds):
    noisy = (
        0.7 + 0.05 * LOGS[:, None] + 0.002 * np.random.default_rng(0).normal(size=(6, num_seeds))
    )
    factors = times_more_bulbs(SIZES, noisy, noisy)
    assert [one.factor for one in factors] == [1] * 6
    ends = (None, None) if num_seeds == 1 else (1, 1)  # each resample has the same seeds in both
    assert [(one.low, one.high) for one in factors] == [ends] * 6


def test_between_two_sizes_the_curve_is_straight_in_the_logarithm():
    (first, _) = times_more_bulbs([100, 400], [[0.8], [0.9]], [[0.75], [0.85]])
    assert first.factor == pytest.approx(2)  # halfway up from 100 to 400 stands 200


def test_a_level_missed_by_rounding_alone_is_reached():
    a, b = [[0.7], [0.1 + 0.2]], [[0.2], [0.3]]  # 0.1 + 0.2 > 0.3
    factors = times_more_bulbs([100, 200], np.sort(a, axis=0), b)
    assert factors[0].factor == 2
    assert not factors[1].reached


def test_a_dip_is_taken_for_noise():
    """B falls from 0.8 to 0.7 with more bulbs: both are 0.75, which A has reached with 100."""
    dipping = [[0.6], [0.8], [0.7], [0.9]]
    even = [[0.6], [0.75], [0.75], [0.9]]
    sizes = [50, 100, 200, 400]
    a = [[0.55], [0.75], [0.78], [0.8]]
    assert times_more_bulbs(sizes, a, dipping) == times_more_bulbs(sizes, a, even)
    assert times_more_bulbs(sizes, a, dipping)[1].factor == pytest.approx(1)


def test_where_a_no_longer_rises_it_is_said():
    a, b = [[0.7], [1.0], [1.0]], [[0.6], [1.0], [1.0]]
    factors = times_more_bulbs([100, 200, 400], a, b)
    assert [one.flat for one in factors] == [False, False, True]
    assert factors[2].factor == 0.5  # B too reaches with 200 what A reaches with 400, and with 200


def test_a_flat_baseline_never_reaches_more():
    factors = times_more_bulbs(SIZES, curve(1), np.full((6, 3), 0.65), num_resamples=50)
    assert (factors[0].at_most, factors[0].reached) == (1, True)
    assert factors[1].factor == pytest.approx(0.5)  # 0.65 is what A reaches with 50
    assert [one.reached for one in factors[2:]] == [False] * 4
    assert [one.at_least for one in factors[2:]] == [8, 4, 2, 1]
    assert [(one.low, one.high) for one in factors[2:]] == [
        (8, None),
        (4, None),
        (2, None),
        (1, None),
    ]


def noisy_curves(random, times_more, num_seeds):
    """Two arms that share half of the noise of each seed, whose whole curves it lifts."""
    shared = 0.02 * random.normal(size=(1, num_seeds))
    return [
        curve(shift, num_seeds=num_seeds) + shared + 0.02 * random.normal(size=(1, num_seeds))
        for shift in (1, times_more)
    ]


def test_the_interval_over_seeds_holds_the_true_factor():
    """Percentiles of ten seeds are a little short; far from all intervals would hold 2 or 8."""
    hits = {2: 0, 4: 0, 8: 0}
    for trial in range(200):
        a, b = noisy_curves(np.random.default_rng(trial), 4, 10)
        at_50 = times_more_bulbs(SIZES, a, b, num_resamples=300, seed=trial)[1]
        for factor in hits:
            hits[factor] += (at_50.low or 0) <= factor <= (at_50.high or math.inf)
    assert hits[4] > 0.85 * 200
    assert hits[2] < 0.5 * 200
    assert hits[8] < 0.5 * 200


def test_an_end_beyond_the_sizes_is_open():
    random = np.random.default_rng(1)
    a, b = noisy_curves(random, 4, 5)
    at_200 = times_more_bulbs(SIZES, a, b)[3]  # true need: 800, the largest size measured
    assert at_200.high is None
    assert 0 < at_200.low < 4


def oracle_needed(sizes, areas_a, areas_b, place):
    """Bulbs B needs for what A reaches at one place, with scikit-learn and numpy alone."""
    fit = IsotonicRegression().fit_transform
    a, b = (fit(np.log(sizes), areas) for areas in (areas_a, areas_b))
    if a[place] > b[-1] + 1e-9:
        return math.inf
    if a[place] < b[0] - 1e-9:
        return 0
    fine = np.linspace(math.log(sizes[0]), math.log(sizes[-1]), 200_001)
    reached = np.interp(fine, np.log(sizes), b) >= a[place] - 1e-9
    return math.exp(fine[reached.argmax()])


def by_hand(sizes, truth, group, a, b, draws):
    """The factors of each resample, bulbs and seeds written down as often as drawn."""
    for groups, seeds in zip(*draws, strict=True):
        bulbs = np.repeat(np.arange(len(truth)), groups[group])
        drawn = np.repeat(np.arange(a.shape[1]), seeds)
        areas = [
            [np.mean([roc_auc_score(truth[bulbs], at[s][bulbs]) for s in drawn]) for at in arm]
            for arm in (a, b)
        ]
        yield [oracle_needed(sizes, *areas, place) / size for place, size in enumerate(sizes)]


def judged(num_bulbs=60, num_seeds=3):
    """Probabilities of two arms at three sizes, A with what B has one size later: (3, S, N)."""
    random = np.random.default_rng(4)
    truth = np.arange(num_bulbs) % 3 == 0
    skill = np.array([0.5, 1.0, 1.5, 2.0])[:, None, None]
    shared = random.normal(size=num_bulbs)
    a, b = (
        arm * truth + shared + random.normal(size=(3, num_seeds, num_bulbs))
        for arm in (skill[1:], skill[:-1])
    )
    return truth, np.arange(num_bulbs) // 2, a, b


@pytest.mark.parametrize("own", [[50, 100, 200], [100, 300, 1000]])
def test_groups_and_seeds_are_resampled_alike_where_b_has_sizes_of_its_own(own):
    truth, group, a, b = judged()
    areas = [[[roc_auc_score(truth, one) for one in at] for at in arm] for arm in (a, b)]
    by_group = times_more_bulbs_by_group([100, 200, 400], truth, group, a, b, sizes_b=own)
    alone = times_more_bulbs([100, 200, 400], *areas, sizes_b=own)
    fit = [IsotonicRegression().fit_transform(np.log([1, 2, 3]), np.mean(arm, 1)) for arm in areas]
    for place, (one, other) in enumerate(zip(by_group, alone, strict=True)):
        assert one.factor == pytest.approx(other.factor)
        if one.factor is not None:
            reached = np.interp(np.log(one.factor * one.num_bulbs), np.log(own), fit[1])
            assert reached == pytest.approx(fit[0][place])


@pytest.mark.parametrize("tail", [0.025, 0.3])
def test_groups_and_seeds_are_resampled_as_by_hand(tail):
    sizes = [100, 200, 400]
    truth, group, a, b = judged()
    (point,) = by_hand(sizes, truth, group, a, b, (np.ones((1, 30), int), np.ones((1, 3), int)))
    drawn = np.array(list(by_hand(sizes, truth, group, a, b, resample(30, 3, 60, seed=2))))
    low = np.quantile(drawn, tail, axis=0, method="lower")
    high = np.quantile(drawn, 1 - tail, axis=0, method="higher")
    factors = times_more_bulbs_by_group(
        sizes, truth, group, a, b, num_resamples=60, confidence=1 - 2 * tail, seed=2
    )
    for place, (size, one) in enumerate(zip(sizes, factors, strict=True)):
        known = one.factor if one.factor is not None else math.inf if not one.reached else 0
        assert known == pytest.approx(point[place], rel=1e-4)
        ends = [one.low or 0, math.inf if one.high is None else one.high]
        expected_low = sizes[-1] / size if low[place] == math.inf else low[place]
        expected_high = sizes[0] / size if high[place] == 0 else high[place]
        assert ends == pytest.approx([expected_low, expected_high], rel=1e-4)


def test_bulbs_and_seeds_spread_more_than_seeds_alone():
    sizes = [100, 200, 400]
    truth, group, a, b = judged()
    areas = [[[roc_auc_score(truth, one) for one in at] for at in arm] for arm in (a, b)]
    alone = times_more_bulbs(sizes, *areas)
    both = times_more_bulbs_by_group(sizes, truth, group, a, b)
    assert [one.factor for one in alone] == pytest.approx([one.factor for one in both])
    assert (both[0].high or math.inf) >= (alone[0].high or math.inf)
    assert (both[0].low or 0) <= (alone[0].low or 0)


def test_test_bulbs_that_cannot_be_resampled_are_refused():
    truth, group, a, b = judged()
    with pytest.raises(DataError, match="at least 2 groups"):
        times_more_bulbs_by_group([1, 2, 4], truth, np.zeros(60), a, b)
    with pytest.raises(DataError, match="an AUROC is undefined"):
        times_more_bulbs_by_group([1, 2, 4], np.ones(60), group, a, b)
    with pytest.raises(DataError, match="resamples have no value"):
        times_more_bulbs_by_group([1, 2, 4], np.arange(60) == 0, group, a, b)


@pytest.mark.parametrize(
    ("sizes", "shape_a", "shape_b"),
    [
        ([25, 50], (2, 3), (2, 2)),
        ([25, 50], (3, 3), (3, 3)),
        ([25, 50], (2,), (2,)),
        ([25, 50], (2, 0), (2, 0)),
        ([], (0, 3), (0, 3)),
        ([50, 25], (2, 3), (2, 3)),
        ([25, 25], (2, 3), (2, 3)),
        ([0, 25], (2, 3), (2, 3)),
    ],
)
def test_curves_that_do_not_fit_are_refused(sizes, shape_a, shape_b):
    with pytest.raises(ValueError, match=r"expected|ascend"):
        times_more_bulbs(sizes, np.full(shape_a, 0.5), np.full(shape_b, 0.5))


@pytest.mark.parametrize(
    ("sizes_b", "shape_b"),
    [([25], (2, 3)), ([25, 50], (1, 3)), ([25, 50], (2, 2)), ([50, 25], (2, 3)), ([], (0, 3))],
)
def test_sizes_of_b_that_do_not_fit_are_refused(sizes_b, shape_b):
    with pytest.raises(ValueError, match=r"expected|ascend"):
        times_more_bulbs([10, 20], np.full((2, 3), 0.5), np.full(shape_b, 0.5), sizes_b=sizes_b)


def test_an_area_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        times_more_bulbs([25, 50], [[0.5], [math.nan]], [[0.5], [0.5]])
    with pytest.raises(ValueError, match="confidence"):
        times_more_bulbs([25], [[0.5]], [[0.5]], confidence=95)
