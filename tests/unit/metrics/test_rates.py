"""Every number against scikit-learn, ties included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from bulbinspect.metrics.rates import (
    Counts,
    accuracy,
    auroc,
    average_precision,
    balanced_accuracy,
    escape_rate,
    macro_auroc,
    overkill_rate,
)

# few distinct values, so that most examples hold ties
PROBABILITY = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))
BULBS = st.lists(st.tuples(st.booleans(), PROBABILITY), min_size=2, max_size=40)


def both_classes(bulbs: list[tuple[bool, float]]) -> bool:
    return len({truth for truth, _ in bulbs}) == 2


@given(BULBS.filter(both_classes))
def test_auroc_is_that_of_sklearn(bulbs):
    truth, probability = zip(*bulbs, strict=True)
    assert auroc(truth, probability) == pytest.approx(oracle.roc_auc_score(truth, probability))


@given(BULBS.filter(both_classes))
def test_average_precision_is_that_of_sklearn(bulbs):
    truth, probability = zip(*bulbs, strict=True)
    expected = oracle.average_precision_score(truth, probability)
    assert average_precision(truth, probability) == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_accuracies_are_those_of_sklearn(pairs):
    truth, answer = zip(*pairs, strict=True)
    assert accuracy(truth, answer) == pytest.approx(oracle.accuracy_score(truth, answer))
    # sklearn's balanced_accuracy_score is this with a warning for classes that truth lacks
    expected = oracle.recall_score(truth, answer, average="macro", labels=sorted(set(truth)))
    known = len(set(truth)) > 1
    assert balanced_accuracy(truth, answer) == (pytest.approx(expected) if known else None)


@given(BULBS.filter(both_classes), PROBABILITY)
def test_escape_and_overkill_rate_have_their_own_class_as_denominator(bulbs, threshold):
    truth = np.array([defective for defective, _ in bulbs])
    rejected = np.array([probability >= threshold for _, probability in bulbs])
    passed_good, rejected_good, escaped, caught = oracle.confusion_matrix(
        truth, rejected, labels=[False, True]
    ).ravel()
    assert escape_rate(truth, rejected) == pytest.approx(escaped / (escaped + caught))
    assert overkill_rate(truth, rejected) == pytest.approx(
        rejected_good / (rejected_good + passed_good)
    )
    assert Counts.of(truth, rejected) == Counts(passed_good, rejected_good, escaped, caught)


def test_macro_auroc_is_that_of_sklearn():
    random = np.random.default_rng(0)
    target = random.integers(0, 4, 60)
    probabilities = random.dirichlet(np.ones(4), 60)
    expected = oracle.roc_auc_score(target, probabilities, multi_class="ovr", average="macro")
    assert macro_auroc(target, probabilities) == pytest.approx(expected)


def test_a_class_without_bulbs_does_not_count_in_macro_auroc():
    random = np.random.default_rng(0)
    target = random.integers(0, 3, 60)
    probabilities = random.dirichlet(np.ones(4), 60)
    each = [oracle.roc_auc_score(target == one, probabilities[:, one]) for one in range(3)]
    assert macro_auroc(target, probabilities) == pytest.approx(np.mean(each))


@pytest.mark.parametrize("truth", [[], [True, True], [False, False]])
def test_one_class_alone_has_no_curve(truth):
    probability = [0.5] * len(truth)
    assert auroc(truth, probability) is None
    assert average_precision(truth, probability) is None
    assert balanced_accuracy(truth, truth) is None
    assert macro_auroc(np.array(truth, int), np.full((len(truth), 2), 0.5)) is None


def test_rates_without_their_denominator_are_none():
    assert escape_rate([False], [True]) is None
    assert overkill_rate([True], [True]) is None
    assert accuracy([], []) is None


def test_a_nan_probability_has_no_curve():
    assert auroc([True, False], [np.nan, 0.5]) is None
    assert average_precision([True, False], [np.nan, 0.5]) is None


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ValueError, match=r"\(2,\) and \(1,\)"):
        auroc([True, False], [0.5])
