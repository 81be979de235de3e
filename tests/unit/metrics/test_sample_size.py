import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bulbinspect.metrics.sample_size import bulbs_for_bound, rate_bound


@given(st.integers(1, 100_000), st.floats(0.5, 0.999))
def test_bound_is_that_of_clopper_and_pearson(num_bulbs, confidence):
    exact = stats.beta.ppf(confidence, 1, num_bulbs)  # upper bound for 0 errors of n
    assert rate_bound(num_bulbs, confidence=confidence) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("num_bulbs", "percent"), [(20, 13.9), (50, 5.8), (100, 3.0), (299, 1.0)])
def test_bounds_that_the_trade_knows(num_bulbs, percent):
    assert round(100 * rate_bound(num_bulbs), 1) == percent


def test_no_bulbs_prove_nothing():
    assert rate_bound(0) == 1.0


@given(st.floats(0.0005, 0.9), st.floats(0.5, 0.999))
def test_number_for_a_bound_is_the_smallest_that_proves_it(bound, confidence):
    number = bulbs_for_bound(bound, confidence=confidence)
    assert rate_bound(number, confidence=confidence) <= bound
    assert number == 1 or rate_bound(number - 1, confidence=confidence) > bound


def test_one_percent_needs_299_bulbs():
    assert bulbs_for_bound(0.01) == 299


@pytest.mark.parametrize("senseless", [0.0, 1.0, -0.1, float("nan")])
def test_senseless_numbers_are_refused(senseless):
    with pytest.raises(ValueError, match="confidence is"):
        rate_bound(10, confidence=senseless)
    with pytest.raises(ValueError, match="bound is"):
        bulbs_for_bound(senseless)
    with pytest.raises(ValueError, match="num_bulbs is -1"):
        rate_bound(-1)
