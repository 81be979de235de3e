import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bulbinspect.metrics.proportion import interval, lower_bound, upper_bound

COUNTS = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda pair: (pair[0], sum(pair)))


@given(COUNTS.filter(lambda pair: pair[1] > 0), st.floats(0.5, 0.999))
def test_bounds_are_those_of_scipys_binomial_test(counts, confidence):
    result = stats.binomtest(*counts, alternative="less").proportion_ci(confidence, "exact")
    assert upper_bound(*counts, confidence=confidence) == pytest.approx(result.high, rel=1e-6)
    result = stats.binomtest(*counts, alternative="greater").proportion_ci(confidence, "exact")
    assert lower_bound(*counts, confidence=confidence) == pytest.approx(
        result.low, rel=1e-6, abs=1e-12
    )
    both = stats.binomtest(*counts).proportion_ci(confidence, "exact")
    np.testing.assert_allclose(interval(*counts, confidence=confidence), both, rtol=1e-6, atol=1e-9)


def test_the_bound_is_the_rate_at_which_so_few_would_be_rare():
    for count, num_bulbs in [(0, 59), (1, 93), (3, 400)]:
        bound = upper_bound(count, num_bulbs)
        assert stats.binom.cdf(count, num_bulbs, bound) == pytest.approx(0.05)


def test_no_bulbs_say_nothing():
    assert (lower_bound(0, 0), upper_bound(0, 0)) == (0, 1)
    assert interval(0, 0) == (0, 1)


@pytest.mark.parametrize("counts", [(-1, 3), (4, 3)])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(ValueError, match="is no count"):
        upper_bound(*counts)
    with pytest.raises(ValueError, match="is no count"):
        lower_bound(*counts)


@pytest.mark.parametrize("confidence", [0.0, 1.0, float("nan")])
def test_senseless_confidence_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence is"):
        upper_bound(1, 3, confidence=confidence)
