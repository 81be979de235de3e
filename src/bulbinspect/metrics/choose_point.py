"""From what is asked of a line to an operating point, on bulbs whose labels are known."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.errors import DataError, UsageError
from bulbinspect.metrics.operating_point import OperatingPoint, best_balanced_accuracy
from bulbinspect.metrics.promise import (
    cost_per_bulb,
    highest_pass_threshold,
    lowest_reject_threshold,
    threshold_for_cost,
)
from bulbinspect.metrics.proportion import upper_bound
from bulbinspect.metrics.review_band import (
    Band,
    between_promises,
    conformal_band,
    off_the_bulbs,
    review_rates,
    review_share,
)

_Values = NDArray[np.float64]
_Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of the thresholds: promises, or the lowest cost, or (nothing set) neither.

    Rates and prevalence are shares between 0 and 1, costs are in any one unit. With `review` bulbs
    between two promises go to a person; `conformal` asks that rates hold on average only, and takes
    the place of the confidence. UsageError for what makes no sense together.
    """

    max_escape: float | None = None
    max_overkill: float | None = None
    confidence: float = 0.95
    cost_escape: float | None = None
    cost_overkill: float | None = None
    prevalence: float | None = None
    review: bool = False
    conformal: bool = False

    def __post_init__(self) -> None:
        for name in ("max_escape", "max_overkill", "confidence", "prevalence"):
            share = getattr(self, name)
            if share is not None and not 0 < share < 1:
                raise UsageError(f"{name} is {share}, expected a number between 0 and 1")
        for name in ("cost_escape", "cost_overkill"):
            cost = getattr(self, name)
            if cost is not None and not 0 < cost < float("inf"):
                raise UsageError(f"{name} is {cost}, expected a number above 0")
        rates, costs = self.rates, (self.cost_escape, self.cost_overkill)
        if (self.review or self.conformal) and len(rates) < 2:
            raise UsageError("a review band lies between two rates: give max_escape, max_overkill")
        if (costs[0] is None) != (costs[1] is None):
            raise UsageError("a cost is one of two: give cost_escape and cost_overkill")
        if self.by_cost and rates:
            raise UsageError("thresholds are chosen by rates or by costs, not by both")
        if self.by_cost and self.prevalence is None:
            raise UsageError("costs depend on how many bulbs are defective: give the prevalence")

    @property
    def rates(self) -> dict[str, float]:
        """The rates that are promised, by name."""
        asked = {"max_escape": self.max_escape, "max_overkill": self.max_overkill}
        return {name: rate for name, rate in asked.items() if rate is not None}

    @property
    def by_cost(self) -> bool:
        """Whether the threshold is that of the lowest cost."""
        return self.cost_escape is not None


def choose_point(
    defective: ArrayLike, probability: ArrayLike, wanted: Wanted, *, chosen_on: str
) -> OperatingPoint:
    """Return the operating point for bulbs `(N,)` with these defect probabilities `(N,)`.

    For costs the probabilities must be those of the line. Without any wish it is the threshold of
    the best balanced accuracy, and nothing is promised. DataError where the bulbs cannot support
    it: too few of them, or no one threshold keeps both rates and `review` is not asked for.
    """
    truth, values = np.asarray(defective, bool), np.asarray(probability, float)
    unpromised = best_balanced_accuracy(truth, values, chosen_on=chosen_on)  # checks the bulbs
    if not wanted.rates and not wanted.by_cost:
        return unpromised
    rule, band = _band(truth, values, wanted)
    escaped = int(np.sum(truth & (values < band.pass_threshold)))
    overkilled = int(np.sum(~truth & (values >= band.reject_threshold)))
    review_good, review_defective = review_rates(truth, values, band)
    rates = {
        "escape_rate": escaped / unpromised.num_defective,
        "overkill_rate": overkilled / unpromised.num_good,
    }
    bounds = _bounds(wanted, unpromised, band, (escaped, overkilled))
    return OperatingPoint(
        reject_threshold=band.reject_threshold,
        pass_threshold=band.pass_threshold,
        rule=rule,
        chosen_on=chosen_on,
        num_good=unpromised.num_good,
        num_defective=unpromised.num_defective,
        review_rate_good=review_good,
        review_rate_defective=review_defective,
        promise=_numbers(wanted, rates, bounds, (review_good, review_defective)),
        **rates,
    )


def refuse_too_few(wanted: Wanted, *, num_good: int, num_defective: int) -> None:
    """Raise the DataError that `choose_point` would, where not even all these bulbs are enough.

    So it can be said before they are judged: those that are unjudged only make them fewer.
    """
    truth = np.repeat([False, True], [num_good, num_defective])
    if wanted.rates:
        _band_of_rates(truth, np.where(truth, 0.75, 0.25), wanted)  # told apart without an error


def _band(truth: _Truth, values: _Values, wanted: Wanted) -> tuple[str, Band]:
    """Return how the thresholds are chosen, and the thresholds."""
    if wanted.cost_escape is not None and wanted.cost_overkill is not None:
        one = threshold_for_cost(cost_escape=wanted.cost_escape, cost_overkill=wanted.cost_overkill)
        return "lowest_cost", Band(pass_threshold=one, reject_threshold=one)
    rule, band = _band_of_rates(truth, values, wanted)
    return rule, off_the_bulbs(band, values)


def _band_of_rates(truth: _Truth, values: _Values, wanted: Wanted) -> tuple[str, Band]:
    escape, overkill, confidence = wanted.max_escape, wanted.max_overkill, wanted.confidence
    if escape is None or overkill is None:
        if escape is not None:
            rule = "max_escape"
            one = highest_pass_threshold(values[truth], max_escape=escape, confidence=confidence)
        else:
            rule = "max_overkill"
            one = lowest_reject_threshold(
                values[~truth], max_overkill=wanted.rates[rule], confidence=confidence
            )
        return rule, Band(pass_threshold=one, reject_threshold=one)
    if wanted.conformal:
        band = conformal_band(truth, values, max_escape=escape, max_overkill=overkill)
        return "conformal", band
    band = between_promises(
        truth, values, max_escape=escape, max_overkill=overkill, confidence=confidence
    )
    if band.pass_threshold < band.reject_threshold and not wanted.review:
        good, bad = review_rates(truth, values, band)
        raise DataError(
            f"no one threshold keeps both rates: escapes need it at or below "
            f"{band.pass_threshold:.4g}, overkill at or above {band.reject_threshold:.4g}; with a "
            f"review band {100 * good:.3g} % of the good and {100 * bad:.3g} % of the defective "
            "bulbs would go to a person"
        )
    return "max_escape_and_overkill", band


def _bounds(
    wanted: Wanted, point: OperatingPoint, band: Band, errors: tuple[int, int]
) -> dict[str, float]:
    """Return upper bounds of escape and overkill rate, each with the confidence by itself.

    The one threshold between two promises was looked for: it keeps both, and no more is sure.
    """
    if len(wanted.rates) == 2 and band.pass_threshold == band.reject_threshold:
        most = [wanted.rates["max_escape"], wanted.rates["max_overkill"]]
    else:
        counts = (point.num_defective, point.num_good)
        most = [
            upper_bound(count, num_bulbs, confidence=wanted.confidence)
            for count, num_bulbs in zip(errors, counts, strict=True)
        ]
    return {"escape_bound": most[0], "overkill_bound": most[1]}


def _numbers(
    wanted: Wanted,
    rates: Mapping[str, float],
    bounds: Mapping[str, float],
    review: tuple[float, float],
) -> dict[str, float]:
    """Return the plain numbers of the promise, as they stand in the bundle."""
    asked = {
        name: float(value)
        for name, value in asdict(wanted).items()
        if value is not None and not isinstance(value, bool)
    }
    numbers = {**asked, **bounds}
    if wanted.prevalence is not None:
        numbers["review_share"] = review_share(*review, prevalence=wanted.prevalence)
        if wanted.cost_escape is not None and wanted.cost_overkill is not None:
            numbers["cost_per_bulb"] = cost_per_bulb(
                **rates,
                cost_escape=wanted.cost_escape,
                cost_overkill=wanted.cost_overkill,
                prevalence=wanted.prevalence,
            )
    return numbers
