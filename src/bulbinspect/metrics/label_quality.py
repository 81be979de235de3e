"""Which labels are likely wrong, from answers of networks that never saw them.

Confident learning (Northcutt, Jiang and Chuang 2021, Journal of Artificial Intelligence Research
70).
All functions take out-of-fold probabilities `(N, K)` and the given labels as class indices `(N,)`;
ValueError for anything else, and for probabilities that are not finite or not from 0 to 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def self_confidence(probabilities: ArrayLike, labels: ArrayLike) -> Values:
    """Return the probability of the given label `(N,)`, 0…1; small where it is doubtful."""
    values, given = _checked(probabilities, labels)
    return values[np.arange(len(given)), given]


def normalized_margin(probabilities: ArrayLike, labels: ArrayLike) -> Values:
    """Return the probability of the given label less that of the best other one `(N,)`, -1…1.

    Below 0 where the label is not the most probable class. With two classes it orders the bulbs as
    `self_confidence` does.
    """
    values, given = _checked(probabilities, labels)
    others = values.copy()
    others[np.arange(len(given)), given] = -np.inf
    margin: Values = self_confidence(values, given) - others.max(axis=1)
    return margin


@dataclass(frozen=True, slots=True, eq=False)
class ConfidentJoint:
    """What confident learning says of N labels of K classes.

    `thresholds` (K,) is the mean probability of a class over the bulbs labelled so, NaN for one
    that no bulb has. `suggested` (N,) is the class a bulb confidently belongs to: the most probable
    of those whose probability reaches their threshold, -1 where none does. `counts` (K, K) are
    bulbs by given label and suggested class, those without one left out; `num_labelled` (K,) are
    all bulbs by given label.
    """

    thresholds: Values
    suggested: NDArray[np.int64]
    counts: NDArray[np.int64]
    num_labelled: NDArray[np.int64]

    @property
    def joint(self) -> Values:
        """Estimated number of bulbs (K, K) by given label and true class; they sum to N.

        Each row of `counts` is scaled to all the bulbs of that label; none is empty but that of a
        label without bulbs, since some bulb always reaches the mean of its own.
        """
        confident = np.maximum(self.counts.sum(axis=1), 1)
        joint: Values = self.counts * (self.num_labelled / confident)[:, None]
        return joint

    @property
    def num_wrong(self) -> float:
        """Estimated number of wrong labels: the joint less its diagonal.

        Bulbs that a network misjudges confidently count too, so it is of labels and network.
        """
        joint = self.joint
        return float(joint.sum() - np.trace(joint))


def confident_joint(probabilities: ArrayLike, labels: ArrayLike) -> ConfidentJoint:
    """Return what the answers say of all labels together.

    A class is judged by its own threshold, so one of which the networks are never sure, because it
    is rare or hard, is not taken for mislabelled as a whole.
    """
    values, given = _checked(probabilities, labels)
    num_classes = values.shape[1]
    thresholds = np.full(num_classes, np.nan)
    for label in np.unique(given):
        thresholds[label] = values[given == label, label].mean()
    # a mean of equal numbers may come out above them by rounding
    reached = values >= thresholds - 1e-9  # False for NaN
    suggested = np.where(reached.any(axis=1), np.where(reached, values, -1.0).argmax(axis=1), -1)
    known = suggested >= 0
    counts = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(counts, (given[known], suggested[known]), 1)
    return ConfidentJoint(
        thresholds, suggested.astype(np.int64), counts, np.bincount(given, minlength=num_classes)
    )


def _checked(probabilities: ArrayLike, labels: ArrayLike) -> tuple[Values, NDArray[np.int64]]:
    values, given = np.asarray(probabilities, np.float64), np.asarray(labels, np.int64)
    if values.ndim != 2 or values.shape[1] < 2 or given.shape != values.shape[:1]:
        raise ValueError(f"expected (N, K) and (N,), K from 2, got {values.shape}, {given.shape}")
    if not ((values >= 0) & (values <= 1)).all():  # false for NaN as well
        raise ValueError("expected probabilities from 0 to 1")
    if not ((given >= 0) & (given < values.shape[1])).all():
        raise ValueError(f"expected labels from 0 to {values.shape[1] - 1}")
    return values, given
