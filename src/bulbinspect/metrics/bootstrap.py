"""An interval for any number that judged bulbs and trained networks give: the BCa bootstrap.

Two things would be others if the study were done again: the groups of bulbs and the seeds. Every
seed judges the same bulbs, so that they are crossed, not nested: groups are drawn with replacement,
seeds are drawn with replacement, independently, and a resample is the table of the drawn groups
times the drawn seeds (McCullagh 2000, Bernoulli 6; Owen 2007, Annals of Applied Statistics 1: "the
pigeonhole bootstrap"). A resample is a whole number for each group and each seed, how often it was
drawn, and a statistic is a function of many such weightings at once.

The ends of the interval are those of Efron 1987 (Journal of the American Statistical Association
82): bias-corrected and accelerated, right to second order where the percentiles are to first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from bulbinspect.errors import DataError

Weights = NDArray[np.int64]
Values = NDArray[np.float64]
Statistic = Callable[[Weights, Weights], Values]
"""`(group_weights (R, G), seed_weights (R, S)) -> (R,)`, NaN where it is undefined."""

MAX_SKIPPED = 0.05
"""Above this share of resamples without a value there is no interval."""

_CELLS = 1 << 21
"""Weights of groups given to a statistic at once: 16 MiB."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, and the ends between which the truth lies with this confidence.

    `num_groups` and `num_seeds` were resampled; one seed alone is not, and then the interval says
    nothing of other seeds. `num_skipped` of the `num_resamples` had no value.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    num_resamples: int
    num_groups: int
    num_seeds: int
    num_skipped: int = 0


def bca_interval(
    statistic: Statistic,
    *,
    num_groups: int,
    num_seeds: int,
    num_resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the value of `statistic` with every weight 1, and its BCa interval.

    Bias correction: the normal quantile of the share of resamples below the estimate, equal ones
    counted half.
    Acceleration: a sixth of the skewness of the first-order terms, which are independent between
    groups and seeds. With U = (n - 1)(mean of the leave-one-out values - the value without i), for
    the n groups and again for the n seeds, it is (sum of U³/n³) / 6 (sum of U²/n²)^1.5, the sums
    over both (the many-sample form of Efron's; `scipy.stats.bootstrap` takes the same).

    Where every resample equals the estimate the interval has no width: these bulbs cannot show
    a spread. A resample without a value (NaN: one class alone was drawn) is left out and counted.
    Intervals over few groups or seeds come out short, five seeds by about a tenth. DataError below
    two groups, where the estimate or a leave-one-out value is undefined or more than 5 % of the
    resamples are, and where all resamples lie on one side of the estimate.
    """
    _check(num_seeds, num_resamples, confidence)
    if num_groups < 2:
        raise DataError(f"an interval needs at least 2 groups of bulbs, got {num_groups}")
    everything = np.ones((1, num_groups), np.int64), np.ones((1, num_seeds), np.int64)
    estimate = float(_evaluate(statistic, *everything)[0])
    if not np.isfinite(estimate):
        raise DataError("no interval: the number itself is undefined on these bulbs")
    values = _evaluate(statistic, *resample(num_groups, num_seeds, num_resamples, seed=seed))
    known = drop_undefined(values)
    levels = _levels(
        share_below=_share_below(known, estimate),
        acceleration=_acceleration(statistic, num_groups, num_seeds),
        confidence=confidence,
    )
    low, high = np.quantile(known, levels)
    return Interval(
        estimate=estimate,
        low=float(low),
        high=float(high),
        confidence=confidence,
        num_resamples=num_resamples,
        num_groups=num_groups,
        num_seeds=num_seeds,
        num_skipped=len(values) - len(known),
    )


def resample(
    num_groups: int, num_seeds: int, num_resamples: int, *, seed: int = 0
) -> tuple[Weights, Weights]:
    """Draw groups and seeds: how often each was drawn, `(R, G)` and `(R, S)`, rows sum to G and S.

    One seed is drawn once, always. The draws of the groups do not depend on the number of seeds,
    so that two statistics with the same `seed` are resampled alike.
    """
    random = np.random.default_rng(seed)
    groups = random.multinomial(num_groups, np.full(num_groups, 1 / num_groups), num_resamples)
    seeds = random.multinomial(num_seeds, np.full(num_seeds, 1 / num_seeds), num_resamples)
    return groups, seeds


def drop_undefined(values: Values) -> Values:
    """Return the resamples that have a value; DataError if more than 5 % have none."""
    known = values[~np.isnan(values)]
    if len(values) - len(known) > MAX_SKIPPED * len(values):
        raise DataError(
            f"no interval: {len(values) - len(known)} of {len(values)} resamples have no value; "
            "a class lives in too few groups of bulbs"
        )
    return known


def weighted_auroc(defective: ArrayLike, probability: ArrayLike, weights: ArrayLike) -> Values:
    """Return the AUROC under each weighting of the bulbs: `(N,), (N,), (R, N) -> (R,)`.

    A bulb of weight 2 counts as two bulbs with the same probability. NaN for a weighting that
    leaves one class only, and for all if a probability is NaN. The bulbs are put in order once for
    all weightings; for whole weights the pairs are counted exactly.
    """
    values = np.asarray(probability, float)
    truth, counts = _check_bulbs(defective, values, weights)
    if not len(values) or np.isnan(values).any():
        return np.full(len(counts), np.nan)
    order = np.argsort(values, kind="stable")
    truth, values, counts = truth[order], values[order], counts[:, order]
    first_of_tie = np.flatnonzero(np.append(True, np.diff(values) != 0))
    bad = np.add.reduceat(counts * truth, first_of_tie, axis=1)  # (R, distinct probabilities)
    good = np.add.reduceat(counts * ~truth, first_of_tie, axis=1)
    not_above = 2 * np.cumsum(good, axis=1) - good  # twice those below, once those equal
    above = np.sum(bad * not_above, axis=1) / 2
    return _divide(above, bad.sum(axis=1) * good.sum(axis=1))


def weighted_escape_rate(defective: ArrayLike, rejected: ArrayLike, weights: ArrayLike) -> Values:
    """Return defective bulbs that passed, of all **defective** ones: `(N,), (N,), (R, N) -> (R,)`.

    NaN where a weighting leaves no defective bulb.
    """
    answer = np.asarray(rejected, bool)
    truth, counts = _check_bulbs(defective, answer, weights)
    return _divide(counts @ (truth & ~answer), counts @ truth)


def weighted_overkill_rate(defective: ArrayLike, rejected: ArrayLike, weights: ArrayLike) -> Values:
    """Return good bulbs that were rejected, of all **good** ones: `(N,), (N,), (R, N) -> (R,)`.

    NaN where a weighting leaves no good bulb.
    """
    answer = np.asarray(rejected, bool)
    truth, counts = _check_bulbs(defective, answer, weights)
    return _divide(counts @ (~truth & answer), counts @ ~truth)


def mean_over_seeds(values: ArrayLike, seed_weights: ArrayLike) -> Values:
    """Return the mean over the seeds drawn: `(R, S), (R, S) -> (R,)`.

    NaN where a seed that was drawn has none; a seed that was not drawn does not matter.
    """
    each, counts = np.asarray(values, float), np.asarray(seed_weights, float)
    if each.ndim != 2 or each.shape != counts.shape:
        raise ValueError(f"expected two arrays (R, S), got {each.shape} and {counts.shape}")
    drawn = np.where(counts > 0, each * counts, 0)
    return _divide(drawn.sum(axis=1), counts.sum(axis=1))


def _check(num_seeds: int, num_resamples: int, confidence: float) -> None:
    if num_seeds < 1 or num_resamples < 1:
        raise ValueError(f"expected seeds and resamples, got {num_seeds} and {num_resamples}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected a number between 0 and 1")


def _check_bulbs(
    defective: ArrayLike, answers: NDArray[Any], weights: ArrayLike
) -> tuple[NDArray[np.bool_], Values]:
    """Return truth and weights, or raise ValueError unless all are (N,), (N,) and (R, N)."""
    truth, counts = np.asarray(defective, bool), np.asarray(weights, float)
    if truth.ndim != 1 or truth.shape != answers.shape or counts.shape[1:] != truth.shape:
        raise ValueError(
            f"expected (N,), (N,) and (R, N), got {truth.shape}, {answers.shape}, {counts.shape}"
        )
    if not np.all(counts >= 0):  # false for NaN as well
        raise ValueError("a weight says how often a bulb was drawn, but one is not from 0")
    return truth, counts


def _divide(part: Values, whole: Values) -> Values:
    """Return part / whole, NaN where the whole is 0."""
    shares: Values = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return shares


def _evaluate(statistic: Statistic, groups: Weights, seeds: Weights) -> Values:
    """Return the statistic of each row, some thousand at a time: `(R, G), (R, S) -> (R,)`."""
    step = max(1, _CELLS // groups.shape[1])
    parts = []
    for start in range(0, len(groups), step):
        rows = slice(start, start + step)
        part = np.asarray(statistic(groups[rows], seeds[rows]), float)
        if part.shape != (len(groups[rows]),):
            raise ValueError(f"the statistic gave {part.shape} for {len(groups[rows])} weightings")
        parts.append(part)
    return np.concatenate(parts)


def _acceleration(statistic: Statistic, num_groups: int, num_seeds: int) -> float:
    """Return Efron's a from the values without each group, and without each seed."""
    without_group = 1 - np.eye(num_groups, dtype=np.int64)
    without_seed = 1 - np.eye(num_seeds, dtype=np.int64)
    left_out = [
        _evaluate(statistic, without_group, np.ones((num_groups, num_seeds), np.int64)),
        _evaluate(statistic, np.ones((num_seeds, num_groups), np.int64), without_seed)
        if num_seeds > 1
        else np.zeros(1),
    ]
    if any(np.isnan(values).any() for values in left_out):
        raise DataError("no interval: without one of the groups or seeds the number is undefined")
    terms = [(len(one) - 1) / len(one) * (one.mean() - one) for one in left_out]
    square = sum(float(np.sum(term**2)) for term in terms)
    cube = sum(float(np.sum(term**3)) for term in terms)
    return cube / (6 * square**1.5) if square**1.5 > 0 else 0.0


def _share_below(values: Values, estimate: float) -> float:
    """Return the share below the estimate, equals half; DataError if there are none or all.

    What differs from the estimate by rounding alone is equal to it.
    """
    rounding = 1e-12 * max(abs(estimate), float(np.abs(values).max()))
    below = np.sum(values < estimate - rounding) + np.sum(values <= estimate + rounding)
    share = float(below) / (2 * len(values))
    if not 0 < share < 1:
        raise DataError("no interval: all resamples lie on one side of the estimate")
    return share


def _levels(*, share_below: float, acceleration: float, confidence: float) -> Values:
    """Return which quantiles of the resamples are the ends of the interval: two in 0 to 1."""
    tail = (1 - confidence) / 2
    shift = ndtri(share_below)
    ends = shift + ndtri(np.array([tail, 1 - tail]))
    stretched = ends / np.maximum(1 - acceleration * ends, 1e-9)  # past the pole: the last resample
    levels: Values = ndtr(shift + stretched)
    return levels
