"""Under whole weights every number is that of bulbs written down as often: against scikit-learn."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from bulbinspect.metrics.bootstrap import (
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
