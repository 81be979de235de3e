"""Against scipy, statsmodels, definitions written out over all pairs, and closed forms."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from bulbinspect.metrics.bootstrap import resample, weighted_auroc
from bulbinspect.metrics.paired import (
    combine_dependent,
    delong,
    delong_covariance,
    delong_difference,
    holm,
    mcnemar_exact,
)

P_VALUES = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 1.0])), max_size=8)
PROBABILITY = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))
TWO_NETWORKS = st.lists(
    st.tuples(st.booleans(), PROBABILITY, PROBABILITY), min_size=4, max_size=20
).filter(lambda bulbs: 2 <= sum(bulb[0] for bulb in bulbs) <= len(bulbs) - 2)


def right(both, only_a, only_b, neither):
    """Two arrays of right verdicts with these counts."""
    counts = (both, only_a, only_b, neither)
    return np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)


COUNT = st.integers(0, 40)


@given(COUNT, COUNT, COUNT, COUNT)
def test_mcnemar_is_that_of_scipy_and_of_statsmodels(both, only_a, only_b, neither):
    value = mcnemar_exact(*right(both, only_a, only_b, neither))
    if only_a + only_b:
        assert value == pytest.approx(stats.binomtest(only_a, only_a + only_b).pvalue)
        assert value == pytest.approx(mcnemar([[both, only_a], [only_b, neither]]).pvalue)
    else:
        assert value == 1


@pytest.mark.parametrize(
    ("only_a", "only_b", "expected"),
    [(0, 5, 2 / 32), (1, 5, 2 * 7 / 64), (3, 3, 1), (10, 0, 2 / 1024), (0, 0, 1)],
)
def test_mcnemar_counts_coins(only_a, only_b, expected):
    assert mcnemar_exact(*right(9, only_a, only_b, 4)) == pytest.approx(expected, rel=1e-12)


def test_mcnemar_refuses_verdicts_on_other_bulbs():
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        mcnemar_exact([True, False], [True, False, True])


@given(P_VALUES)
def test_holm_is_the_closed_test_of_bonferroni(p_values):
    """The definition, over all subsets: reject one if every subset with it is rejected."""
    places = range(len(p_values))
    subsets = [one for size in places for one in itertools.combinations(places, size + 1)]
    of_subset = {one: min(1, len(one) * min(p_values[i] for i in one)) for one in subsets}
    expected = [max(value for one, value in of_subset.items() if i in one) for i in places]
    assert holm(p_values) == pytest.approx(expected)


@settings(max_examples=20)  # statsmodels collects garbage in every call
@given(P_VALUES.filter(len))
def test_holm_is_that_of_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.3], 0.3),
        ([0.04, 0.01], 0.02),
        ([0.03, 0.01, 0.5], 0.045),
        ([0.01, 0.02, 0.03, 0.04, 0.9], 0.05),
        ([0.9, 0.8, 0.7], 1),
    ],
)
def test_dependent_p_values_are_combined_by_the_middle_one(p_values, expected):
    assert combine_dependent(p_values) == pytest.approx(expected)


def worst_case(random, num_trials, alpha):
    """Three p values, each uniform, of which two are at most 2 alpha / 3 together or not at all.

    Rüger's bound is reached: the second smallest is at most 2 alpha / 3 with a chance of alpha.
    """
    bound = 2 * alpha / 3
    hit = random.random(num_trials) < alpha
    p_values = random.uniform(bound, 1, (num_trials, 3))
    low = random.uniform(0, bound, (num_trials, 3))
    chosen = np.argsort(random.random((num_trials, 3)), axis=1) < 2
    return np.where(hit[:, None] & chosen, low, p_values)


def test_the_combined_value_holds_its_level_at_the_worst_dependence():
    random = np.random.default_rng(0)
    for make in (
        lambda: worst_case(random, 20_000, 0.05),
        lambda: np.repeat(random.random((20_000, 1)), 3, axis=1),
        lambda: random.random((20_000, 3)),
    ):
        p_values = make()
        each = np.mean(p_values <= 0.03, axis=0)
        assert each == pytest.approx([0.03] * 3, abs=0.005)  # they are p values
        found = np.mean([combine_dependent(row) <= 0.05 for row in p_values])
        assert found < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 20_000)
    combined = [combine_dependent(row) for row in worst_case(random, 20_000, 0.05)]
    assert np.mean(np.array(combined) <= 0.05) > 0.04  # with less than times 3/2, it would not hold


@pytest.mark.parametrize("value", [math.nan, -0.1, 1.1])
def test_what_is_no_p_value_is_refused(value):
    for function in (holm, combine_dependent):
        with pytest.raises(ValueError, match="from 0 to 1"):
            function([0.5, value])
    with pytest.raises(ValueError, match="no p values"):
        combine_dependent([])
    assert holm([]) == []


def by_all_pairs(truth, networks):
    """DeLong's estimate as written: the components from each pair, their unbiased covariances."""
    wins = [[[(a > b) + (a == b) / 2 for b in one[~truth]] for a in one[truth]] for one in networks]
    areas = np.mean(wins, axis=(1, 2))
    of_defective, of_good = np.mean(wins, axis=2), np.mean(wins, axis=1)
    parts = [np.zeros((len(networks), len(networks))) for _ in range(2)]
    for part, components in zip(parts, (of_defective, of_good), strict=True):
        for r, s in np.ndindex(part.shape):
            products = (components[r] - areas[r]) * (components[s] - areas[s])
            part[r, s] = products.sum() / (len(products) - 1) / len(products)
    return areas, parts[0] + parts[1]


@given(TWO_NETWORKS)
def test_delong_is_the_covariance_of_the_components_of_all_pairs(bulbs):
    truth, a, b = map(np.array, zip(*bulbs, strict=True))
    areas, covariance = by_all_pairs(truth, [a, b])
    ours, ours_covariance = delong_covariance(truth, [a, b])
    np.testing.assert_allclose(ours, areas, atol=1e-12)
    np.testing.assert_allclose(ours_covariance, covariance, atol=1e-12)
    assert delong(truth, a) == pytest.approx((areas[0], covariance[0, 0]), abs=1e-12)
    assert areas[0] == pytest.approx(roc_auc_score(truth, a))
    difference, variance, p = delong_difference(truth, a, b)
    assert difference == pytest.approx(areas[0] - areas[1], abs=1e-12)
    expected = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert variance == pytest.approx(expected, abs=1e-12)
    if variance > 1e-9:
        normal = 2 * stats.norm.sf(abs(difference) / math.sqrt(variance))
        assert p == pytest.approx(normal, abs=1e-6)


def test_delong_is_near_the_closed_form_of_exponential_probabilities():
    """Hanley and McNeil 1982: with exponential values the variance has a closed form."""
    random = np.random.default_rng(0)
    num_defective, num_good, area = 60, 90, 0.8
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    expected = (
        area * (1 - area)
        + (num_defective - 1) * (first - area**2)
        + (num_good - 1) * (second - area**2)
    ) / (num_defective * num_good)
    truth = np.arange(num_defective + num_good) < num_defective
    scale = np.where(truth, area / (1 - area), 1)
    found = [delong(truth, random.exponential(scale)) for _ in range(2000)]
    areas, variances = np.transpose(found)
    assert areas.mean() == pytest.approx(area, abs=0.003)
    assert variances.mean() == pytest.approx(expected, rel=0.03)
    assert areas.var() == pytest.approx(expected, rel=0.1)


def test_delong_and_the_bootstrap_find_the_same_spread():
    random = np.random.default_rng(1)
    truth = np.arange(400) < 150
    shared = random.normal(size=400)
    a, b = (shared + 0.7 * random.normal(size=400) + lift * truth for lift in (1.5, 1.2))
    weights, _ = resample(400, 1, 4000, seed=0)
    drawn_a, drawn_b = (weighted_auroc(truth, one, weights) for one in (a, b))
    _, variance = delong(truth, a)
    _, of_difference, _ = delong_difference(truth, a, b)
    assert drawn_a.std() == pytest.approx(math.sqrt(variance), rel=0.05)
    assert (drawn_a - drawn_b).std() == pytest.approx(math.sqrt(of_difference), rel=0.05)


def test_one_in_twenty_differences_of_equal_networks_is_found():
    random = np.random.default_rng(2)
    truth = np.arange(120) < 50
    found = []
    for _ in range(1000):
        shared = random.normal(size=120) + truth
        a, b = (shared + 0.5 * random.normal(size=120) for _ in range(2))
        found.append(delong_difference(truth, a, b)[2] <= 0.05)
    assert np.mean(found) == pytest.approx(0.05, abs=0.025)


@settings(max_examples=30)
@given(TWO_NETWORKS)
def test_the_difference_changes_its_sign_with_the_order_and_nothing_else(bulbs):
    truth, a, b = map(np.array, zip(*bulbs, strict=True))
    difference, variance, p = delong_difference(truth, a, b)
    assert delong_difference(truth, b, a) == pytest.approx((-difference, variance, p), nan_ok=True)


def test_networks_that_rank_alike_do_not_differ():
    truth, probability = np.arange(9) % 2 == 0, np.array([0.1, 0.9, 0.4, 0.4, 0.8, 0, 0.3, 1, 0.7])
    assert delong_difference(truth, probability, probability**2) == (0, 0, 1)


def test_a_difference_that_is_a_third_everywhere_has_no_variance():
    """Good and defective by turns, the other first: each component differs by a third."""
    truth = [0, 1, 0, 1, 0, 1]
    difference, variance, p = delong_difference(truth, [1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5])
    assert difference == pytest.approx(1 / 3)
    assert variance == 0
    assert math.isnan(p)


def test_a_difference_without_variance_has_no_p_value():
    difference, variance, p = delong_difference([0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0])
    assert (difference, variance) == (1, 0)
    assert math.isnan(p)
    assert delong([0, 0, 1, 1], [0, 0, 1, 1]) == (1, 0)


@pytest.mark.parametrize(
    ("truth", "probability"),
    [([], []), ([1, 1], [0.1, 0.2]), ([0, 0], [0.1, 0.2]), ([0, 1], [0.5, math.nan])],
)
def test_without_two_classes_of_numbers_there_is_no_area(truth, probability):
    assert np.isnan(delong(truth, probability)).all()
    assert np.isnan(delong_difference(truth, probability, probability)).all()


def test_one_bulb_in_a_class_shows_no_variance():
    area, variance = delong([1, 0, 0], [0.5, 0.2, 0.9])
    assert area == 0.5
    assert math.isnan(variance)
    difference, variance, p = delong_difference([1, 0, 0], [0.5, 0.2, 0.9], [0.9, 0.1, 0.2])
    assert difference == -0.5
    assert math.isnan(variance)
    assert math.isnan(p)


def test_delong_refuses_probabilities_of_other_bulbs():
    with pytest.raises(ValueError, match=r"\(2,\), \(1, 3\)"):
        delong([0, 1], [0.1, 0.2, 0.3])
