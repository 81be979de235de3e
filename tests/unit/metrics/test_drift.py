"""Against scipy, tables by hand, and simulated lines with and without a planted shift."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bulbinspect.metrics.distribution import summarise
from bulbinspect.metrics.drift import compare, most_likely_start

SAMPLE = st.lists(st.integers(0, 40).map(float), min_size=2, max_size=80)


@given(SAMPLE, SAMPLE)
@settings(deadline=None, max_examples=30)
def test_where_every_value_is_known_it_is_scipys_two_sample_test(then, now):
    move = compare(summarise([then], num_levels=99), now)
    by_scipy = stats.ks_2samp(now, then, method="asymp")
    assert move.statistic == pytest.approx(by_scipy.statistic, abs=1e-12)
    assert move.p_value == pytest.approx(by_scipy.pvalue, rel=1e-9)


@given(st.integers(0, 2**32), st.integers(30, 400), st.integers(20, 300), st.floats(-1, 1))
@settings(deadline=None, max_examples=30)
def test_a_few_levels_never_make_a_move_larger_or_surer(seed, num_then, num_now, shift):
    random = np.random.default_rng(seed)
    then, now = random.normal(size=num_then), random.normal(shift, size=num_now)
    few, by_scipy = compare(summarise([then]), now), stats.ks_2samp(now, then, method="asymp")
    assert few.statistic <= by_scipy.statistic + 1e-12
    assert few.p_value >= by_scipy.pvalue - 1e-12
    assert few.statistic >= by_scipy.statistic - 2 / 24  # a step of the levels on either side


def test_the_level_is_where_the_difference_is():
    move = compare(summarise([[1, 2, 3, 4]]), [3, 3.5, 5, 6])
    assert (move.level, move.inclusive, move.share, move.statistic) == (2, True, 0.5, 0.5)
    assert move.beneath([1, 2, 2.5]).tolist() == [True, True, False]
    gap = compare(summarise([[1, 2, 7, 8]]), [3, 4, 5, 6])
    assert (gap.level, gap.share, gap.statistic) == (2, 0.5, 0.5)
    low = compare(summarise([[5, 6, 7, 8]]), [1, 2, 3, 4])
    assert (low.level, low.inclusive, low.share, low.statistic) == (5, False, 0.0, 1.0)
    assert low.beneath([4.9, 5]).tolist() == [True, False]


def test_the_index_is_that_of_a_table_by_hand():
    then = [one for one in range(10) for _ in range(10)]  # a tenth in every bin
    now = [0.0] * 40 + [5.0] * 60
    shares_then = np.array([10.5] * 10) / 105
    shares_now = np.array([40.5, *[0.5] * 4, 60.5, *[0.5] * 4]) / 105
    move = compare(summarise([then]), now)
    by_scipy = stats.entropy(shares_now, shares_then) + stats.entropy(shares_then, shares_now)
    assert move.psi == pytest.approx(by_scipy)
    assert move.psi_by_chance == pytest.approx(9 * (1 / 100 + 1 / 100))


def test_without_drift_the_index_is_on_average_what_chance_makes_of_it():
    random = np.random.default_rng(1)
    moves = [
        compare(summarise([random.normal(size=200)]), random.normal(size=150)) for _ in range(200)
    ]
    expected = np.mean([move.psi_by_chance for move in moves])
    assert np.mean([move.psi for move in moves]) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("parts", [1, 2])
def test_without_drift_small_p_values_are_no_more_frequent_than_they_say(parts):
    random = np.random.default_rng(2)
    p_values = []
    for _ in range(300):
        then = [random.normal(4 * part, size=120) for part in range(parts)]
        share = random.uniform() if parts == 2 else 0
        now = random.normal(4 * (random.uniform(size=90) < share))
        p_values.append(compare(summarise(then), now).p_value)
    # of 300, 15 are expected below 0.05; above the limit come with a chance below 0.5 %
    assert sum(p <= 0.05 for p in p_values) <= stats.binom.ppf(0.995, 300, 0.05)
    if parts == 1:
        assert sum(p <= 0.2 for p in p_values) > 15  # and the test is not deaf


def test_another_share_of_defective_bulbs_is_no_drift():
    random = np.random.default_rng(3)
    reference = summarise([random.normal(-3, 1, 200), random.normal(3, 1, 200)])
    line = np.concatenate([random.normal(-3, 1, 285), random.normal(3, 1, 15)])
    move = compare(reference, line)
    assert move.p_value > 0.1
    assert move.weights == pytest.approx((0.95, 0.05), abs=0.04)
    assert compare(reference, line + 1.5).p_value < 1e-6


def test_three_parts_are_not_looked_for():
    with pytest.raises(ValueError, match="3 parts"):
        compare(summarise([[1], [2], [3]]), [1])


def by_brute_force(beneath, share, num_reference):
    """Return the start by the likelihoods themselves, written out for every start."""
    least = 1 / (num_reference + 2)
    before = min(max(share, least), 1 - least)
    gains = []
    for start in range(len(beneath)):
        tail = beneath[start:]
        after = np.mean(tail)
        likelihood = stats.bernoulli.logpmf(tail, after) - stats.bernoulli.logpmf(tail, before)
        gains.append(likelihood.sum())
    return gains


@given(
    st.lists(st.booleans(), min_size=1, max_size=40),
    st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.01, 0.99)),
)
@settings(deadline=None, max_examples=40)
def test_the_start_is_the_most_likely_one(beneath, share):
    gains = by_brute_force(beneath, share, 50)
    start = most_likely_start(beneath, share, num_reference=50)
    assert gains[start] == pytest.approx(max(gains), abs=1e-9)


def errors_of_the_start(shift, *, num_bulbs=600, start=400, repeats=100):
    """Return by how many bulbs a planted shift (in standard deviations) is placed wrongly."""
    random = np.random.default_rng(4)
    errors = []
    for _ in range(repeats):
        reference = summarise([random.normal(size=240)])
        line = random.normal(size=num_bulbs)
        line[start:] += shift
        move = compare(reference, line)
        found = most_likely_start(
            move.beneath(line), move.share, num_reference=sum(reference.counts)
        )
        errors.append(abs(found - start))
    return np.array(errors)


@pytest.mark.parametrize(
    ("shift", "half", "nine_of_ten"), [(3, 1, 3), (2, 1, 5), (1, 6, 30), (0.5, 30, 200)]
)
def test_a_planted_shift_is_found_within_so_many_bulbs(shift, half, nine_of_ten):
    errors = errors_of_the_start(shift)
    assert np.quantile(errors, 0.5) <= half
    assert np.quantile(errors, 0.9) <= nine_of_ten


def test_what_was_so_from_the_beginning_starts_there():
    random = np.random.default_rng(5)
    reference = summarise([random.normal(size=240)])
    starts = []
    for _ in range(100):
        line = random.normal(1.5, size=300)
        move = compare(reference, line)
        starts.append(most_likely_start(move.beneath(line), move.share, num_reference=240))
    assert np.quantile(starts, 0.9) <= 10
