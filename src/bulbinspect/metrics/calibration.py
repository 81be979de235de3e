"""From logits to probabilities that mean something: a temperature, a bias, a stated prevalence."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.errors import DataError, SpecError
from bulbinspect.metrics.platt import fit_sigmoid
from bulbinspect.metrics.probability import softmax

LOWEST_TEMPERATURE = 0.05
"""Below it the rounding of float32 would show in probabilities: of a network that tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """P(defective) = sigmoid(z / temperature + bias + shift).

    z is the log-odds of a defect by the network's own softmax. `prevalence` is the share of
    defective bulbs among those it was fitted on, 0 to 1. Bulbs of the line have another one: where
    the user states it as `production_prevalence`, the shift is the difference of the two log-odds,
    else 0. `chosen_on` is the split, with its `num_good` and `num_defective` bulbs.
    """

    temperature: float
    bias: float
    prevalence: float
    production_prevalence: float | None
    chosen_on: str
    num_good: int
    num_defective: int

    def __post_init__(self) -> None:
        if not _is_finite(self.temperature) or self.temperature <= 0:
            raise SpecError(f"calibration: temperature must be above 0, got {self.temperature!r}")
        if not _is_finite(self.bias):
            raise SpecError(f"calibration: bias must be a finite number, got {self.bias!r}")
        for name in ("prevalence", "production_prevalence"):
            share = getattr(self, name)
            if name == "production_prevalence" and share is None:
                continue
            if not _is_finite(share) or not 0 < share < 1:
                raise SpecError(f"calibration: {name} must be between 0 and 1, got {share!r}")
        for name in ("num_good", "num_defective"):
            count = getattr(self, name)
            if type(count) is not int or count < 1:
                raise SpecError(f"calibration: {name} must be a count from 1, got {count!r}")
        if not isinstance(self.chosen_on, str) or not self.chosen_on:
            raise SpecError(f"calibration: chosen_on must be a text, got {self.chosen_on!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, as they stand in the bundle."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Calibration":
        """Read `to_dict` back; raise SpecError for a missing, unknown or senseless value."""
        expected = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != expected:
            came = sorted(map(str, values)) if isinstance(values, Mapping) else values
            raise SpecError(f"calibration: expected the keys {sorted(expected)}, got {came!r}")
        return cls(**values)

    @property
    def shift(self) -> float:
        """What the stated prevalence adds to the log-odds."""
        if self.production_prevalence is None:
            return 0.0
        return _log_odds(self.production_prevalence) - _log_odds(self.prevalence)

    def apply(self, logits: NDArray[np.floating[Any]], good: int) -> NDArray[np.float64]:
        """Return probabilities over the last axis: `(..., K) -> (..., K)`.

        Class `good` gets what a defect leaves; the others share the chance of a defect as they
        share it in the softmax. Where a logit is not finite all K are NaN.
        """
        finite = np.isfinite(logits).all(axis=-1, keepdims=True)
        known = np.where(finite, logits, 0)
        with np.errstate(over="ignore"):  # a tiny temperature: surely good or surely defective
            odds = defect_log_odds(known, good) / self.temperature + (self.bias + self.shift)
        small = np.exp(-np.abs(odds))
        defective = (np.where(odds >= 0, 1, small) / (1 + small))[..., None]
        others = softmax(np.delete(known, good, axis=-1)) * defective
        passing = np.where(odds >= 0, small, 1) / (1 + small)
        probabilities = np.insert(others, good, passing, axis=-1)
        return np.where(finite, probabilities, np.nan)


def defect_log_odds(logits: NDArray[Any], good: int) -> NDArray[np.float64]:
    """Return log(P(defective) / P(good)) of the softmax: finite `(..., K) -> (...)`."""
    precise = logits.astype(np.float64)
    others = np.delete(precise, good, axis=-1)
    highest = others.max(axis=-1)
    more = np.log(np.exp(others - highest[..., None]).sum(axis=-1))
    odds: NDArray[np.float64] = (highest - precise[..., good]) + more  # keeps the small of the two
    return odds


def fit_calibration(
    logits: ArrayLike, target: ArrayLike, *, good: int, chosen_on: str
) -> Calibration:
    """Fit temperature and bias to labelled bulbs: logits `(N, K)`, classes `(N,)`.

    It is the lowest cross-entropy of good against defective (see `platt.py`), without a production
    prevalence. DataError unless there are good and defective bulbs and all logits are finite.
    """
    values, classes = np.asarray(logits), np.asarray(target)
    if values.ndim != 2 or classes.shape != values.shape[:1]:
        raise ValueError(f"expected (N, K) and (N,), got {values.shape} and {classes.shape}")
    defective = classes != good
    num_defective = int(defective.sum())
    num_good = len(classes) - num_defective
    if not num_defective or not num_good:
        raise DataError(
            f"nothing can be calibrated on {chosen_on}: it needs good and defective bulbs, "
            f"got {num_good} good and {num_defective} defective"
        )
    if not np.isfinite(values).all():
        raise DataError(f"nothing can be calibrated on {chosen_on}: a logit is not finite")
    odds = defect_log_odds(values, good)
    slope, offset = fit_sigmoid(odds, defective, steepest=1 / LOWEST_TEMPERATURE)
    return Calibration(
        temperature=1 / slope,
        bias=offset,
        prevalence=num_defective / len(classes),
        production_prevalence=None,
        chosen_on=chosen_on,
        num_good=num_good,
        num_defective=num_defective,
    )


def reweight(
    probability: ArrayLike, *, from_prevalence: float, to_prevalence: float
) -> NDArray[np.float64]:
    """Return defect probabilities as they are where defects are so much rarer or more frequent.

    By Bayes, for bulbs that look alike within their class: the odds change as those of the
    prevalence do. Shares between 0 and 1; NaN stays NaN.
    """
    for name, share in (("from_prevalence", from_prevalence), ("to_prevalence", to_prevalence)):
        if not 0 < share < 1:
            raise ValueError(f"{name} is {share}, expected a number between 0 and 1")
    values = np.asarray(probability, float)
    defective = values * (to_prevalence / from_prevalence)
    passing = (1 - values) * ((1 - to_prevalence) / (1 - from_prevalence))
    moved: NDArray[np.float64] = defective / (defective + passing)
    return moved


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Bulbs whose defect probability is from `low` to below `high` (1 is in the last bin).

    If the probabilities mean something, `share_defective` of the `count` bulbs is near their
    `mean_probability`; the true share is within `low_share` and `high_share`. All are 0 to 1.
    """

    low: float
    high: float
    count: int
    mean_probability: float
    share_defective: float
    low_share: float
    high_share: float


def expected_calibration_error(
    defective: ArrayLike, probability: ArrayLike, *, num_bins: int = 15
) -> float | None:
    """Return by how much probabilities are off, on average over the bulbs: 0 to 1.

    In each of `num_bins` bins of equal width it is the distance between mean probability and share
    of defective bulbs (Guo et al. 2017, arXiv 1706.04599, of the chance of a defect). None without
    bulbs, and where a probability is not from 0 to 1.
    """
    truth, values = _bulbs(defective, probability)
    if not len(values) or not np.all((values >= 0) & (values <= 1)):
        return None
    place = _bins(values, num_bins)
    gaps = np.bincount(place, weights=values - truth, minlength=num_bins)
    return float(np.abs(gaps).sum() / len(values))


def reliability_table(
    defective: ArrayLike, probability: ArrayLike, *, num_bins: int = 10, confidence: float = 0.95
) -> list[ReliabilityBin]:
    """Return the bins that hold bulbs, with the intervals of Clopper and Pearson.

    DataError where a probability is not from 0 to 1.
    """
    from bulbinspect.metrics.proportion import interval  # scipy, which judging does without

    truth, values = _bulbs(defective, probability)
    if not np.all((values >= 0) & (values <= 1)):  # false for NaN as well
        raise DataError("there is no reliability table: a defect probability is not from 0 to 1")
    place = _bins(values, num_bins)
    table = []
    for one in np.unique(place).tolist():
        inside = place == one
        count, num_defective = int(inside.sum()), int(truth[inside].sum())
        low_share, high_share = interval(num_defective, count, confidence=confidence)
        table.append(
            ReliabilityBin(
                low=one / num_bins,
                high=(one + 1) / num_bins,
                count=count,
                mean_probability=float(values[inside].mean()),
                share_defective=num_defective / count,
                low_share=low_share,
                high_share=high_share,
            )
        )
    return table


def _bins(values: NDArray[np.float64], num_bins: int) -> NDArray[np.int64]:
    """Return in which bin each value from 0 to 1 lies; one on an edge lies above it."""
    if num_bins < 1:
        raise ValueError(f"num_bins is {num_bins}, expected 1 or more")
    edges = np.arange(num_bins + 1) / num_bins
    place: NDArray[np.int64] = np.searchsorted(edges, values, side="right") - 1
    return np.minimum(place, num_bins - 1)


def _bulbs(
    defective: ArrayLike, probability: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return both, or raise ValueError unless they are (N,) and (N,)."""
    truth, values = np.asarray(defective, bool), np.asarray(probability, float)
    if truth.ndim != 1 or truth.shape != values.shape:
        raise ValueError(f"expected two arrays (N,), got {truth.shape} and {values.shape}")
    return truth, values


def _log_odds(share: float) -> float:
    return math.log(share) - math.log1p(-share)


def _is_finite(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)  # type: ignore[arg-type]  # a number, as was just found
