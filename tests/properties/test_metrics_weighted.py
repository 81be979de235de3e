"""Under whole weights every number is that of bulbs written down as often: against scikit-learn."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from bulbinspect.metrics.bootstrap import (
    mean_over_seeds,
    weighted_auroc,
    weighted_escape_rate,
    weighted_overkill_rate,
)

PROBABILITY = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))
BULB = st.tuples(st.booleans(), PROBABILITY, st.integers(0, 4))
BULBS = st.lists(BULB, min_size=2, max_size=30)


def repeated(bulbs):
    truth, probability, weight = map(np.array, zip(*bulbs, strict=True))
    assume(len(np.unique(np.repeat(truth, weight))) == 2)
    return truth, probability, weight


@given(BULBS)
def test_weighted_auroc_is_that_of_the_bulbs_repeated(bulbs):
    truth, probability, weight = repeated(bulbs)
    expected = oracle.roc_auc_score(np.repeat(truth, weight), np.repeat(probability, weight))
    both = weighted_auroc(truth, probability, np.stack([weight, 3 * weight]))
    assert both == pytest.approx([expected, expected])


@given(BULBS, PROBABILITY)
def test_weighted_rates_are_those_of_the_bulbs_repeated(bulbs, threshold):
    truth, probability, weight = repeated(bulbs)
    rejected = probability >= threshold
    passed_good, rejected_good, escaped, caught = oracle.confusion_matrix(
        np.repeat(truth, weight), np.repeat(rejected, weight), labels=[False, True]
    ).ravel()
    escape = weighted_escape_rate(truth, rejected, weight[None])
    overkill = weighted_overkill_rate(truth, rejected, weight[None])
    assert escape == pytest.approx([escaped / (escaped + caught)])
    assert overkill == pytest.approx([rejected_good / (rejected_good + passed_good)])


def test_a_mean_over_seeds_counts_each_as_often_as_it_was_drawn():
    values = np.array([[1.0, 2.0, np.nan], [1.0, 2.0, np.nan]])
    means = mean_over_seeds(values, [[1, 2, 0], [1, 1, 1]])
    np.testing.assert_allclose(means, [5 / 3, np.nan])


@pytest.mark.parametrize("weigh", [weighted_auroc, weighted_escape_rate, weighted_overkill_rate])
def test_weights_of_another_shape_or_below_nothing_are_refused(weigh):
    with pytest.raises(ValueError, match=r"\(2,\), \(2,\), \(1, 3\)"):
        weigh([True, False], [1, 0], [[1, 1, 1]])
    with pytest.raises(ValueError, match="not from 0"):
        weigh([True, False], [1, 0], [[1, -1]])
    with pytest.raises(ValueError, match=r"got \(2, 3\) and \(3,\)"):
        mean_over_seeds(np.ones((2, 3)), np.ones(3))


def test_a_weighting_without_the_denominator_has_no_value():
    weights = [[1, 1], [1, 0], [0, 1]]
    np.testing.assert_array_equal(
        weighted_auroc([True, False], [0.5, 0.5], weights), [0.5, np.nan, np.nan]
    )
    np.testing.assert_array_equal(
        weighted_escape_rate([True, False], [False, True], weights), [1, 1, np.nan]
    )
    np.testing.assert_array_equal(
        weighted_overkill_rate([True, False], [False, True], weights), [1, np.nan, 1]
    )
    assert np.isnan(weighted_auroc([True, False], [0.5, np.nan], weights)).all()
    assert np.isnan(weighted_auroc([], [], np.empty((3, 0)))).all()
