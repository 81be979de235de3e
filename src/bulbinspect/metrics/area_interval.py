"""Between which ends the areas under the curves lie, over other bulbs of the same kind.

Both intervals are made where the area is a log-odds and turned back, so that they stay within 0
and 1. They take bulbs as independent and the network as given.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri

from bulbinspect.metrics import rates
from bulbinspect.metrics.paired import delong

Ends = tuple[float, float]


def auroc_interval(
    defective: ArrayLike, probability: ArrayLike, *, confidence: float = 0.95
) -> Ends | None:
    """Return the ends of the AUROC by DeLong's variance: `(N,), (N,)`.

    None where the variance is not known, or the classes are parted wholly, which proves nothing.
    """
    area, variance = delong(defective, probability)
    if not 0 < area < 1 or not variance > 0:
        return None
    return _ends(area, math.sqrt(variance) / (area * (1 - area)), confidence)


def average_precision_interval(
    defective: ArrayLike, probability: ArrayLike, *, confidence: float = 0.95
) -> Ends | None:
    """Return the ends of the average precision: `(N,), (N,)`.

    It is taken for a share of the defective bulbs (Boyd, Eng and Page 2013, "Area under the
    precision-recall curve: point estimates and confidence intervals", the logit interval). None
    where it is 1, or not known.
    """
    area = rates.average_precision(defective, probability)
    num_defective = int(np.sum(np.asarray(defective, bool)))
    if area is None or not 0 < area < 1:
        return None
    return _ends(area, 1 / math.sqrt(num_defective * area * (1 - area)), confidence)


def _ends(area: float, spread: float, confidence: float) -> Ends:
    """Return the ends for a standard deviation `spread` of the log-odds."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected a number between 0 and 1")
    width = float(ndtri((1 + confidence) / 2)) * spread
    middle = float(logit(area))
    return float(expit(middle - width)), float(expit(middle + width))
