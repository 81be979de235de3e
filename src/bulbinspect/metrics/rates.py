"""How well answers fit the truth: areas under curves, accuracies, escape and overkill rate.

Arrays are one-dimensional with one entry per judged bulb. Where a number has no meaning (one class
only, or a probability that is NaN) the answer is None, never a number that looks like one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Counts:
    """The four ways a judged bulb can end."""

    good_passed: int
    good_rejected: int
    defective_passed: int
    defective_rejected: int

    @classmethod
    def of(cls, defective: ArrayLike, rejected: ArrayLike) -> "Counts":
        """Count over bulbs: is it defective, was it rejected."""
        truth, answer = _pair(np.asarray(defective, bool), np.asarray(rejected, bool))
        return cls(
            good_passed=int(np.sum(~truth & ~answer)),
            good_rejected=int(np.sum(~truth & answer)),
            defective_passed=int(np.sum(truth & ~answer)),
            defective_rejected=int(np.sum(truth & answer)),
        )

    @property
    def num_good(self) -> int:
        """Good bulbs, passed or rejected."""
        return self.good_passed + self.good_rejected

    @property
    def num_defective(self) -> int:
        """Defective bulbs, passed or rejected."""
        return self.defective_passed + self.defective_rejected

    @property
    def escape_rate(self) -> float | None:
        """Defective bulbs that passed, of all defective bulbs: FN / (FN + TP)."""
        return self.defective_passed / self.num_defective if self.num_defective else None

    @property
    def overkill_rate(self) -> float | None:
        """Good bulbs that were rejected, of all good bulbs: FP / (FP + TN)."""
        return self.good_rejected / self.num_good if self.num_good else None


def escape_rate(defective: ArrayLike, rejected: ArrayLike) -> float | None:
    """Defective bulbs that passed, of all **defective** bulbs; None when there are none."""
    return Counts.of(defective, rejected).escape_rate


def overkill_rate(defective: ArrayLike, rejected: ArrayLike) -> float | None:
    """Good bulbs that were rejected, of all **good** bulbs; None when there are none."""
    return Counts.of(defective, rejected).overkill_rate


def accuracy(truth: ArrayLike, answer: ArrayLike) -> float | None:
    """Bulbs answered rightly, of all bulbs; None when there are none."""
    truth, answer = _pair(np.asarray(truth), np.asarray(answer))
    return float(np.mean(truth == answer)) if len(truth) else None


def balanced_accuracy(truth: ArrayLike, answer: ArrayLike) -> float | None:
    """Mean over the classes in `truth` of the share answered rightly; None below two classes.

    Truth and answer are class indices, or defective and rejected as booleans.
    """
    truth, answer = _pair(np.asarray(truth), np.asarray(answer))
    classes = np.unique(truth)
    if len(classes) < 2:
        return None
    right = truth == answer
    return float(np.mean([np.mean(right[truth == one]) for one in classes]))


def auroc(defective: ArrayLike, probability: ArrayLike) -> float | None:
    """Chance that a defective bulb gets a higher probability than a good one; ties count half."""
    truth, values = _pair(np.asarray(defective, bool), np.asarray(probability, float))
    if not _can_rank(truth, values):
        return None
    _, tie, tied = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(tied) - (tied - 1) / 2  # ranks from 1, equal for equal probabilities
    num_defective = int(truth.sum())
    num_pairs = num_defective * (len(truth) - num_defective)
    above = mean_rank[tie][truth].sum() - num_defective * (num_defective + 1) / 2
    return float(above / num_pairs)


def average_precision(defective: ArrayLike, probability: ArrayLike) -> float | None:
    """Mean precision over the thresholds, each weighted by the recall it adds."""
    truth, values = _pair(np.asarray(defective, bool), np.asarray(probability, float))
    if not _can_rank(truth, values):
        return None
    order = np.argsort(-values, kind="stable")
    truth, values = truth[order], values[order]
    last_of_tie = np.flatnonzero(np.append(np.diff(values) != 0, True))
    found = np.cumsum(truth)[last_of_tie]
    precision = found / (last_of_tie + 1)
    return float(np.sum(np.diff(found, prepend=0) * precision) / truth.sum())


def macro_auroc(target: ArrayLike, probabilities: ArrayLike) -> float | None:
    """Mean over the classes in `target` of the AUROC of one class against the rest.

    `target` (N,) holds class indices, `probabilities` is (N, K).
    """
    truth, values = np.asarray(target), np.asarray(probabilities, float)
    classes = np.unique(truth)
    areas = [auroc(truth == one, values[:, one]) for one in classes]
    known = [area for area in areas if area is not None]
    return float(np.mean(known)) if known and len(known) == len(areas) else None


def _pair(truth: NDArray[Any], answer: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both, or raise ValueError unless they are (N,) and (N,)."""
    if truth.ndim != 1 or truth.shape != answer.shape:
        raise ValueError(f"expected two arrays (N,), got {truth.shape} and {answer.shape}")
    return truth, answer


def _can_rank(truth: NDArray[Any], values: NDArray[Any]) -> bool:
    return bool(truth.any() and not truth.all() and not np.isnan(values).any())
