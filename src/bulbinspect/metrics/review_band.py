"""Two thresholds: a bulb below both passes, one above both is rejected, between is review."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.errors import DataError
from bulbinspect.metrics.promise import (
    highest_pass_threshold,
    just_above,
    lowest_reject_threshold,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A bulb passes below `pass_threshold` and is rejected from `reject_threshold` on.

    Where they are equal no bulb goes to review.
    """

    pass_threshold: float
    reject_threshold: float


def between_promises(
    defective: ArrayLike,
    probability: ArrayLike,
    *,
    max_escape: float,
    max_overkill: float,
    confidence: float = 0.95,
) -> Band:
    """Return thresholds that keep both promises, each with this confidence: `(N,)`, `(N,)`.

    Where one threshold keeps both there is no band; of those that do it is the one with the highest
    balanced accuracy on these bulbs. DataError as in `promise`.
    """
    truth, values = np.asarray(defective, bool), np.asarray(probability, float)
    highest = highest_pass_threshold(values[truth], max_escape=max_escape, confidence=confidence)
    lowest = lowest_reject_threshold(
        values[~truth], max_overkill=max_overkill, confidence=confidence
    )
    if highest < lowest:
        return Band(pass_threshold=highest, reject_threshold=lowest)
    one = _best_between(lowest, highest, good=values[~truth], bad=values[truth])
    return Band(pass_threshold=one, reject_threshold=one)


def conformal_band(
    defective: ArrayLike, probability: ArrayLike, *, max_escape: float, max_overkill: float
) -> Band:
    """Return the band of class-conditional conformal prediction: `(N,)`, `(N,)`.

    A bulb's prediction set holds each class whose bulbs are often enough as strange as it is; a set
    of good alone passes, of defective alone is rejected, of both or none goes to review. On average
    over draws of these bulbs the escape and overkill rate are at most those asked for (Vovk 2012,
    arXiv 1209.2673); in half of the draws they are above. DataError says how many bulbs are needed
    if there are too few.
    """
    truth, values = np.asarray(defective, bool), np.asarray(probability, float)
    bad, good = np.sort(values[truth]), np.sort(values[~truth])
    if not np.all((values >= 0) & (values <= 1)):  # false for NaN as well
        raise DataError("no threshold can be chosen: a defect probability is not from 0 to 1")
    last_bad = bad[_last_of_its_class(len(bad), "defective", max_escape) - 1]
    last_good = good[-_last_of_its_class(len(good), "good", max_overkill)]
    ends = float(last_bad), just_above(float(last_good), good)  # from it on, and below it
    return Band(pass_threshold=min(ends), reject_threshold=max(ends))


def off_the_bulbs(band: Band, probability: ArrayLike) -> Band:
    """Return the band with both thresholds midway to the next lower probability: `(N,)`.

    A chosen threshold is a bulb's own probability, or just above it, and the last digit of that is
    another on another machine. Moved so, none of these bulbs gets another verdict, and of what was
    promised a lower pass threshold keeps more, and so does a higher reject threshold.
    """
    values = np.asarray(probability, float)

    def midway(threshold: float) -> float:
        low = float(values[values < threshold].max(initial=0))
        high = float(values[values >= threshold].min(initial=1))
        middle = low + (high - low) / 2
        return middle if middle > low else high

    return Band(
        pass_threshold=midway(band.pass_threshold), reject_threshold=midway(band.reject_threshold)
    )


def review_rates(defective: ArrayLike, probability: ArrayLike, band: Band) -> tuple[float, float]:
    """Return the shares of good and of defective bulbs that go to review."""
    truth, values = np.asarray(defective, bool), np.asarray(probability, float)
    between = (values >= band.pass_threshold) & (values < band.reject_threshold)
    return float(np.mean(between[~truth])), float(np.mean(between[truth]))


def review_share(rate_good: float, rate_defective: float, *, prevalence: float) -> float:
    """Return the share of all bulbs in review on a line with this share of defective bulbs."""
    if not 0 <= prevalence <= 1:
        raise ValueError(f"prevalence is {prevalence}, expected a share from 0 to 1")
    return (1 - prevalence) * rate_good + prevalence * rate_defective


def _best_between(
    lowest: float, highest: float, *, good: NDArray[np.float64], bad: NDArray[np.float64]
) -> float:
    """Return the threshold from lowest to highest with the highest balanced accuracy.

    Candidates are midpoints between neighbouring probabilities; of equals the lowest is taken.
    """
    distinct = np.unique(np.concatenate([good, bad]))
    middle = distinct[:-1] + np.diff(distinct) / 2
    middle = np.where(middle > distinct[:-1], middle, distinct[1:])  # where no float lies between
    candidates = middle[(middle >= lowest) & (middle <= highest)]
    passed_good = np.searchsorted(np.sort(good), candidates)
    passed_bad = np.searchsorted(np.sort(bad), candidates)
    return float(candidates[np.argmax(passed_good * len(bad) - passed_bad * len(good))])


def _last_of_its_class(num_bulbs: int, kind: str, max_rate: float) -> int:
    """Return which bulb, counted from the strangest as 1, is the last whose set holds its class."""
    if not 0 < max_rate < 1:
        raise ValueError(f"a rate is {max_rate}, expected a number between 0 and 1")
    place = math.floor(max_rate * (num_bulbs + 1) + 1e-9)  # 0.29 x 100 is a little less than 29
    if not place:
        needed = math.ceil(1 / max_rate - 1e-9) - 1
        raise DataError(
            f"a rate of at most {100 * max_rate:.3g} % on average needs {needed} {kind} bulbs, "
            f"there are {num_bulbs}"
        )
    return place
