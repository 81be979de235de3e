"""Thresholds with a promise: on the line at most so many escapes, or so much overkill.

The bulbs at hand are a draw from those of the line, so that no threshold chosen on them keeps to a
rate for sure, only with a confidence. A bulb whose defect probability is below the threshold
passes. Going up from 0, a threshold lets more and more defective bulbs pass, so candidates are
tried in that order, each by the exact binomial test, until the first that fails (fixed-sequence
testing; Angelopoulos et al. 2021, arXiv 2110.01052, "Learn then Test"). The last that held is one
of the bulbs' own probabilities, and how many bulbs may lie below it follows from their number
alone. It holds for bulbs drawn independently, whatever the network and however many are equal.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

from bulbinspect.errors import DataError
from bulbinspect.metrics.proportion import percent
from bulbinspect.metrics.sample_size import bulbs_for_bound, rate_bound


def allowed_errors(num_bulbs: int, *, max_rate: float, confidence: float = 0.95) -> int | None:
    """Return of how many bulbs at most an error still proves a rate of at most `max_rate`.

    With more, a rate above it would be too likely to look like this: Clopper and Pearson's upper
    bound would be above `max_rate`. None where not even 0 errors prove it.
    """
    _check(max_rate=max_rate, confidence=confidence)
    chances = bdtr(np.arange(num_bulbs), np.full(num_bulbs, num_bulbs), max_rate)
    allowed = int(np.sum(chances <= 1 - confidence))
    return allowed - 1 if allowed else None


def bulbs_needed(*, max_rate: float, confidence: float = 0.95, errors: int = 0) -> int:
    """Return of how many bulbs at least so many errors prove a rate of at most `max_rate`."""
    _check(max_rate=max_rate, confidence=confidence)
    if not errors:
        return bulbs_for_bound(max_rate, confidence=confidence)
    low, high = errors, 2 * errors  # too few, enough
    while bdtr(errors, high, max_rate) > 1 - confidence:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if bdtr(errors, middle, max_rate) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def highest_pass_threshold(
    defective_probability: ArrayLike, *, max_escape: float, confidence: float = 0.95
) -> float:
    """Return the highest threshold that keeps the promise: of defective bulbs `(N,)`.

    Among draws of N bulbs, in no more than 1 - confidence the escape rate of what comes after is
    above `max_escape`. DataError says how many bulbs are needed if there are too few.
    """
    values = _probabilities(defective_probability)
    allowed = _allowed(len(values), "defective", "escapes", max_escape, confidence)
    return float(np.sort(values)[allowed])


def lowest_reject_threshold(
    good_probability: ArrayLike, *, max_overkill: float, confidence: float = 0.95
) -> float:
    """Return the lowest threshold that keeps the promise: of good bulbs `(N,)`.

    Among draws of N bulbs, in no more than 1 - confidence the overkill rate of what comes after is
    above `max_overkill`. DataError says how many bulbs are needed if there are too few, and that
    there is none where too many are at 1, which every threshold rejects.
    """
    values = _probabilities(good_probability)
    allowed = _allowed(len(values), "good", "overkill", max_overkill, confidence)
    return just_above(float(np.sort(values)[-1 - allowed]), values)


def just_above(value: float, good_probability: NDArray[np.float64]) -> float:
    """Return the lowest threshold above a good bulb's probability; DataError if that is 1."""
    if value >= 1:
        raise DataError(
            f"no threshold keeps the overkill: {np.sum(good_probability >= 1)} of "
            f"{len(good_probability)} good bulbs have a defect probability of 1"
        )
    return math.nextafter(value, 1)


def threshold_for_cost(*, cost_escape: float, cost_overkill: float) -> float:
    """Return from which defect probability on it is cheaper to reject a bulb than to pass it.

    The probability must be that of the line: calibrated, at the prevalence of the line. Then no
    threshold costs less (Elkan 2001, "The foundations of cost-sensitive learning"). Costs are those
    of one defective bulb that passed and of one good bulb that was rejected, in any unit.
    """
    _check_costs(cost_escape, cost_overkill)
    return cost_overkill / (cost_escape + cost_overkill)


def cost_per_bulb(
    *,
    escape_rate: float,
    overkill_rate: float,
    cost_escape: float,
    cost_overkill: float,
    prevalence: float,
) -> float:
    """Return what errors cost on average over the bulbs of a line with this share of defects."""
    _check_costs(cost_escape, cost_overkill)
    _check(prevalence=prevalence)
    escapes = prevalence * escape_rate * cost_escape
    return escapes + (1 - prevalence) * overkill_rate * cost_overkill


def lowest_cost_per_bulb(
    defective: ArrayLike,
    probability: ArrayLike,
    *,
    cost_escape: float,
    cost_overkill: float,
    prevalence: float,
) -> float:
    """Return the least cost that any one threshold would have had on bulbs `(N,)`, `(N,)`.

    It is found with the labels known, so that no threshold will reach it again: a yardstick.
    """
    truth, values = np.asarray(defective, bool), _probabilities(probability)
    if truth.shape != values.shape or not truth.any() or truth.all():
        raise ValueError("expected good and defective bulbs, (N,) and (N,)")
    bad, good = np.sort(values[truth]), np.sort(values[~truth])
    candidates = np.append(np.unique(values), np.inf)
    escaped = np.searchsorted(bad, candidates) / len(bad)
    overkilled = 1 - np.searchsorted(good, candidates) / len(good)
    return min(
        cost_per_bulb(
            escape_rate=one,
            overkill_rate=other,
            cost_escape=cost_escape,
            cost_overkill=cost_overkill,
            prevalence=prevalence,
        )
        for one, other in zip(escaped.tolist(), overkilled.tolist(), strict=True)
    )


def _allowed(num_bulbs: int, kind: str, what: str, max_rate: float, confidence: float) -> int:
    """Return `allowed_errors`, or raise DataError with the numbers of bulbs that would do."""
    allowed = allowed_errors(num_bulbs, max_rate=max_rate, confidence=confidence)
    if allowed is not None:
        return allowed
    needed, *more = (
        bulbs_needed(max_rate=max_rate, confidence=confidence, errors=errors) for errors in range(4)
    )
    shown = rate_bound(num_bulbs, confidence=confidence)
    raise DataError(
        f"{what} of at most {percent(max_rate)} with a confidence of {percent(confidence)} need "
        f"{needed} {kind} bulbs, there are {num_bulbs}, which can show {percent(shown)} at best; "
        f"to let 1, 2 or 3 bulbs be judged wrongly: {more[0]}, {more[1]} or {more[2]}"
    )


def _probabilities(values: ArrayLike) -> NDArray[np.float64]:
    """Return probabilities (N,), or raise DataError unless all are from 0 to 1."""
    found = np.asarray(values, float)
    if found.ndim != 1:
        raise ValueError(f"expected an array (N,), got {found.shape}")
    if not np.all((found >= 0) & (found <= 1)):  # false for NaN as well
        raise DataError("no threshold can be chosen: a defect probability is not from 0 to 1")
    return found


def _check(**shares: float) -> None:
    for name, value in shares.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value}, expected a number between 0 and 1")


def _check_costs(*costs: float) -> None:
    if not all(0 < cost < math.inf for cost in costs):
        raise ValueError(f"costs are numbers above 0, got {costs}")
