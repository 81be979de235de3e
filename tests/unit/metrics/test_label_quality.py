import warnings

import numpy as np
import pytest

from bulbinspect.metrics.label_quality import confident_joint, normalized_margin, self_confidence

GOOD, CRACK, STAIN = 0, 1, 2
# columns: good, crack, stain; a threshold is the mean of a label's own column over its rows
TABLE = np.array(
    [
        [0.90, 0.05, 0.05],  # labelled good: mean 0.6
        [0.80, 0.10, 0.10],
        [0.60, 0.30, 0.10],
        [0.10, 0.85, 0.05],  # looks like a crack
        [0.10, 0.70, 0.20],  # labelled crack: mean 0.5
        [0.55, 0.30, 0.15],  # below the threshold of every class
        [0.65, 0.30, 0.05],  # looks good
        [0.20, 0.70, 0.10],
        [0.20, 0.55, 0.25],  # labelled stain: mean 0.25; the crack is above its threshold, too
        [0.30, 0.45, 0.25],  # only its own threshold is reached, though a crack is more likely
    ]
)
LABELS = np.array([GOOD] * 4 + [CRACK] * 4 + [STAIN] * 2)


def drawn(num, num_classes, seed, wrong=0.15):
    """Answers that lean to a truth, and labels that are that truth but for some."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(num_classes, num, p=rng.dirichlet(np.full(num_classes, 5.0)))
    sharp = rng.gamma(1.0, 1.0, (num, num_classes)) + 3 * np.eye(num_classes)[truth]
    labels = np.where(rng.random(num) < wrong, rng.integers(0, num_classes, num), truth)
    return sharp / sharp.sum(axis=1, keepdims=True), labels


def test_the_table_is_judged_as_by_hand():
    assert self_confidence(TABLE, LABELS) == pytest.approx(
        [0.9, 0.8, 0.6, 0.1, 0.7, 0.3, 0.3, 0.7, 0.25, 0.25]
    )
    assert normalized_margin(TABLE, LABELS) == pytest.approx(
        [0.85, 0.7, 0.3, -0.75, 0.5, -0.25, -0.35, 0.5, -0.3, -0.2]
    )
    found = confident_joint(TABLE, LABELS)
    assert found.thresholds == pytest.approx([0.6, 0.5, 0.25])
    assert found.suggested.tolist() == [0, 0, 0, 1, 1, -1, 0, 1, 1, 2]
    assert found.counts.tolist() == [[3, 1, 0], [1, 2, 0], [0, 1, 1]]
    assert found.joint == pytest.approx(np.array([[3, 1, 0], [4 / 3, 8 / 3, 0], [0, 1, 1]]))
    assert found.num_wrong == pytest.approx(1 + 4 / 3 + 1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("num_classes", [2, 3, 6])
def test_cleanlab_finds_the_same(num_classes, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        from cleanlab.count import compute_confident_joint, get_confident_thresholds
        from cleanlab.rank import get_normalized_margin_for_each_label as cleanlab_margin
        from cleanlab.rank import get_self_confidence_for_each_label as cleanlab_confidence
    probabilities, labels = drawn(400, num_classes, seed)
    assert set(labels) == set(range(num_classes))
    found = confident_joint(probabilities, labels)
    counts, issues = compute_confident_joint(
        labels, probabilities, calibrate=False, return_indices_of_off_diagonals=True
    )
    scaled = compute_confident_joint(labels, probabilities, calibrate=True)
    assert found.thresholds == pytest.approx(get_confident_thresholds(labels, probabilities))
    assert found.counts.diagonal().min() > 0  # cleanlab counts at least 1 there
    assert found.counts.tolist() == counts.tolist()
    wrong = (found.suggested >= 0) & (found.suggested != labels)
    assert np.flatnonzero(wrong).tolist() == sorted(issues)
    assert np.abs(found.joint - scaled).max() <= 1  # it rounds to whole bulbs
    assert self_confidence(probabilities, labels) == pytest.approx(
        cleanlab_confidence(labels, probabilities)
    )
    assert normalized_margin(probabilities, labels) == pytest.approx(
        2 * cleanlab_margin(labels, probabilities) - 1
    )


def test_labels_that_were_exchanged_are_counted():
    """Ten of a hundred labels are wrong and the answers are sure: that is what is estimated."""
    truth = np.repeat([0, 1], 50)
    labels = truth.copy()
    labels[:7], labels[-3:] = 1, 0
    found = confident_joint(np.eye(2)[truth] * 0.9 + 0.05, labels)
    assert found.num_wrong == pytest.approx(10)
    assert found.joint == pytest.approx(np.array([[43, 3], [7, 47]]))


def test_a_class_of_which_nobody_is_sure_is_not_taken_for_mislabelled():
    """Most of its bulbs have another class above it, but as all of them do, that says nothing."""
    probabilities = np.array([[0.9, 0.1]] * 8 + [[0.6, 0.4]] * 4)
    labels = np.array([0] * 8 + [1] * 4)
    assert (normalized_margin(probabilities, labels) < 0).sum() == 4
    assert confident_joint(probabilities, labels).num_wrong == 0


def test_a_class_that_no_bulb_has_is_suggested_for_none():
    found = confident_joint([[0.1, 0.1, 0.8], [0.1, 0.7, 0.2]], [0, 1])
    assert np.isnan(found.thresholds[2])
    assert found.suggested.tolist() == [0, 1]
    assert found.joint.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_a_single_label_has_nothing_against_it():
    alone = confident_joint([[0.9, 0.1], [0.9, 0.1], [0.85, 0.15]], [0, 0, 0])
    assert alone.joint.tolist() == [[3, 0], [0, 0]]
    assert alone.num_wrong == 0


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [
        ([[0.5, 0.5]], [0, 1]),
        ([[1.0]], [0]),
        ([0.5, 0.5], [0, 1]),
        ([[0.5, np.nan]], [0]),
        ([[1.5, -0.5]], [0]),
        ([[0.5, 0.5]], [2]),
        ([[0.5, 0.5]], [-1]),
    ],
)
@pytest.mark.parametrize("function", [self_confidence, normalized_margin, confident_joint])
def test_what_makes_no_sense_is_refused(function, probabilities, labels):
    with pytest.raises(ValueError, match="expected"):
        function(probabilities, labels)
