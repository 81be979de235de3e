"""What every threshold lets escape, what it rejects of the good, and what that costs.

A line with other costs, or another share of defective bulbs, has another cheapest threshold. Both
go into one number, the probability cost: the share that escapes have of the cost when every bulb is
judged wrongly, 0 to 1. Over it each threshold is a straight line from its overkill rate to its
escape rate, and the lowest of the lines is the best that these bulbs allow (Drummond and Holte
2006, "Cost curves", Machine Learning 65).
"""

import itertools
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.errors import DataError

Values = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OperatingCurve:
    """How T thresholds, rising, would have judged bulbs: arrays (T,).

    A bulb is rejected at or above the threshold. The first threshold rejects every bulb, the last,
    infinity, none; `escaped` of `num_defective` bulbs pass, `overkilled` of `num_good` do not.
    """

    threshold: Values
    escaped: Counts
    overkilled: Counts
    num_defective: int
    num_good: int

    @property
    def escape_rate(self) -> Values:
        """Defective bulbs that pass, of all **defective** bulbs (T,)."""
        return self.escaped / self.num_defective

    @property
    def overkill_rate(self) -> Values:
        """Good bulbs that are rejected, of all **good** bulbs (T,)."""
        return self.overkilled / self.num_good

    def costs(self, *, cost_escape: float, cost_overkill: float, prevalence: float) -> Values:
        """Return what errors cost per bulb of a line with so many defective bulbs (T,)."""
        probability_cost(
            cost_escape=cost_escape, cost_overkill=cost_overkill, prevalence=prevalence
        )
        escapes = prevalence * cost_escape * self.escape_rate
        overkill: Values = (1 - prevalence) * cost_overkill * self.overkill_rate
        return escapes + overkill


@dataclass(frozen=True, slots=True)
class Cheapest:
    """The threshold that costs least where the probability cost is from `low` to `high`."""

    low: float
    high: float
    threshold: float
    escape_rate: float
    overkill_rate: float


def operating_curve(defective: ArrayLike, probability: ArrayLike) -> OperatingCurve:
    """Return the curve of bulbs `(N,)` with these defect probabilities `(N,)`.

    DataError unless there are good and defective bulbs and all probabilities are from 0 to 1.
    """
    truth, values = np.asarray(defective, bool), np.asarray(probability, float)
    if truth.ndim != 1 or truth.shape != values.shape:
        raise ValueError(f"expected two arrays (N,), got {truth.shape} and {values.shape}")
    if not truth.any() or truth.all():
        raise DataError("there is no operating curve without good and defective bulbs")
    if not np.all((values >= 0) & (values <= 1)):  # false for NaN as well
        raise DataError("there is no operating curve: a defect probability is not from 0 to 1")
    threshold = np.append(np.unique(values), np.inf)
    bad, good = np.sort(values[truth]), np.sort(values[~truth])
    return OperatingCurve(
        threshold=threshold,
        escaped=np.searchsorted(bad, threshold),
        overkilled=len(good) - np.searchsorted(good, threshold),
        num_defective=len(bad),
        num_good=len(good),
    )


def probability_cost(*, cost_escape: float, cost_overkill: float, prevalence: float) -> float:
    """Return where a line stands between overkill alone, 0, and escapes alone, 1."""
    if not 0 < prevalence < 1:
        raise ValueError(f"prevalence is {prevalence}, expected a number between 0 and 1")
    if not all(0 < cost < np.inf for cost in (cost_escape, cost_overkill)):
        raise ValueError(f"costs are numbers above 0, got {cost_escape} and {cost_overkill}")
    escapes = prevalence * cost_escape
    return escapes / (escapes + (1 - prevalence) * cost_overkill)


def cheapest_thresholds(curve: OperatingCurve) -> list[Cheapest]:
    """Return the thresholds that are cheapest somewhere, by rising probability cost.

    They share out 0 to 1 without a gap.
    """
    corners: list[int] = []
    # from rejecting nothing to rejecting all: the lower left hull, by whole numbers, so exactly
    for at in range(len(curve.threshold) - 1, -1, -1):
        if corners and curve.escaped[at] == curve.escaped[corners[-1]]:
            continue  # as many escape, and more good bulbs are rejected
        while corners and _is_no_corner(curve, corners, at):
            corners.pop()
        corners.append(at)
    ends = [0.0, *itertools.starmap(partial(_crossing, curve), itertools.pairwise(corners)), 1.0]
    return [
        Cheapest(
            low=low,
            high=high,
            threshold=float(curve.threshold[at]),
            escape_rate=float(curve.escape_rate[at]),
            overkill_rate=float(curve.overkill_rate[at]),
        )
        for at, low, high in zip(corners, ends[:-1], ends[1:], strict=True)
    ]


def _is_no_corner(curve: OperatingCurve, corners: list[int], at: int) -> bool:
    """Say whether the last corner is not below the line from the one before to `at`."""
    here, last = _point(curve, at), _point(curve, corners[-1])
    if len(corners) < 2:
        return here[0] == last[0]  # fewer escapes for nothing
    before = _point(curve, corners[-2])
    across, down = last[0] - before[0], last[1] - before[1]
    return across * (here[1] - before[1]) <= down * (here[0] - before[0])


def _crossing(curve: OperatingCurve, here: int, there: int) -> float:
    """Return the probability cost at which two thresholds cost the same."""
    more = float(curve.overkill_rate[there] - curve.overkill_rate[here])
    fewer = float(curve.escape_rate[here] - curve.escape_rate[there])
    return more / (more + fewer)


def _point(curve: OperatingCurve, at: int) -> tuple[int, int]:
    return int(curve.overkilled[at]), int(curve.escaped[at])
