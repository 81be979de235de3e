"""The sigmoid that turns a number into the chance of a defect, fitted by maximum likelihood.

Platt 1999 ("Probabilistic outputs for support vector machines"), solved as Lin, Lin and Weng 2007
advise (Machine Learning 68): Newton's method that never steps uphill. The targets are not 0 and 1
but (1 / (N₋ + 2)) and ((N₊ + 1) / (N₊ + 2)), so that classes parted wholly still have an answer.
"""

import math

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_MOST_STEPS = 200
_FLATTEST = 1e-3
"""The smallest slope, for values of standard deviation 1: the order of the bulbs is kept."""


def fit_sigmoid(
    values: Values, defective: NDArray[np.bool_], *, steepest: float = math.inf
) -> tuple[float, float]:
    """Return slope and offset of P(defective) = sigmoid(slope * value + offset): `(N,), (N,)`.

    The slope is positive and at most `steepest`: where falling values would fit better it is almost
    0, and where all values are the same it is 1. ValueError unless the values are finite and both
    classes are there.
    """
    num_defective = int(defective.sum())
    num_good = len(defective) - num_defective
    if values.shape != defective.shape or not np.isfinite(values).all():
        raise ValueError("expected finite values (N,) and as many labels")
    if not num_defective or not num_good:
        raise ValueError(f"{num_good} good and {num_defective} defective: both are needed")
    target = np.where(defective, (num_defective + 1) / (num_defective + 2), 1 / (num_good + 2))
    centre, scale = float(np.median(values)), float(np.std(values))
    ones = np.ones((len(values), 1))
    if scale <= 1e-12 * abs(centre):  # all the same, but for rounding
        (offset,) = _minimise(ones, values, target)
        return 1.0, float(offset)
    standard = (values - centre) / scale
    slope, offset = _minimise(np.column_stack([standard, ones]), np.zeros_like(values), target)
    kept = min(max(slope, _FLATTEST), steepest * scale)
    if kept != slope:
        slope = kept
        (offset,) = _minimise(ones, slope * standard, target)
    return float(slope / scale), float(offset - slope * centre / scale)


def _minimise(design: Values, given: Values, target: Values) -> Values:
    """Return the weights (P,) of the lowest cross-entropy of sigmoid(given + design @ weights).

    Shapes (N, P), (N,), (N,). The loss is convex, so that there is one lowest.
    """
    weights = np.zeros(design.shape[1])
    loss = _cross_entropy(given, target)
    for _ in range(_MOST_STEPS):
        chance = _sigmoid(given + design @ weights)
        gradient = design.T @ (chance - target)
        if np.abs(gradient).max() <= 1e-12 * len(target):
            break
        curvature = (design.T * (chance * (1 - chance))) @ design
        curvature += 1e-12 * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        length, downhill = 1.0, float(gradient @ step)
        while length > 1e-10:
            lower = _cross_entropy(given + design @ (weights - length * step), target)
            if lower <= loss - 1e-4 * length * downhill:
                break
            length /= 2
        else:
            break  # as low as double precision can tell
        weights, loss = weights - length * step, lower
    return weights


def _cross_entropy(logits: Values, target: Values) -> float:
    return float(np.sum(np.logaddexp(0, logits) - target * logits))


def _sigmoid(logits: Values) -> Values:
    small = np.exp(-np.abs(logits))
    chance: Values = np.where(logits >= 0, 1, small) / (1 + small)
    return chance
