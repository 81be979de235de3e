"""Do two networks differ on the same bulbs? McNemar's test, many tests at once, DeLong's variance.

All of these take bulbs as independent and the networks as given: they are exact where a group is
a bulb, and they say nothing of other seeds. Where groups hold several bulbs, and for what a method
does over seeds, the bootstrap of groups and seeds is the answer and these are its check.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, ndtr

Values = NDArray[np.float64]


def mcnemar_exact(right_a: ArrayLike, right_b: ArrayLike) -> float:
    """Return the two-sided p value that A and B err equally often: booleans `(N,)` and `(N,)`.

    Only bulbs that one judged rightly and the other wrongly speak; under the hypothesis each is
    a fair coin (McNemar 1947; exact by the binomial distribution). 1 where there is none. It is of
    two networks: with several seeds, take it for each and `combine_dependent`. The discordant bulbs
    of several seeds must not be added up, for they are the same bulbs.
    """
    a, b = np.asarray(right_a, bool), np.asarray(right_b, bool)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"expected two arrays (N,), got {a.shape} and {b.shape}")
    only_a, only_b = int(np.sum(a & ~b)), int(np.sum(~a & b))
    if only_a + only_b == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def combine_dependent(p_values: Sequence[float]) -> float:
    """Return one p value for many of the same question, however they depend on each other.

    Of K values the k-th smallest times K/k is one, whatever their dependence (Rüger 1978; see
    Gasparin, Wang and Ramdas, arXiv 2404.03484, on "twice the median"). Here k is the middle one,
    of an even number the lower middle one: at most twice the median, and a single p value stays as
    it is. Small where at least half of the seeds are; it says that in some seed the arms differ.
    ValueError for none.
    """
    ordered = sorted(_check_p(p_values))
    if not ordered:
        raise ValueError("no p values to combine")
    middle = (len(ordered) + 1) // 2
    return min(1.0, ordered[middle - 1] * len(ordered) / middle)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return adjusted p values, in the order given: for all tests together.

    Of those at most 0.05, the chance that even one is a false finding is at most 0.05, however the
    tests depend on each other (Holm 1979, Scandinavian Journal of Statistics 6): the smallest of m
    is multiplied by m, the next by m - 1, …, and none may fall below the one before.
    """
    given = _check_p(p_values)
    adjusted = [0.0] * len(given)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(given)), key=given.__getitem__)):
        highest = max(highest, min(1.0, (len(given) - rank) * given[place]))
        adjusted[place] = highest
    return adjusted


def delong(defective: ArrayLike, probability: ArrayLike) -> tuple[float, float]:
    """Return the AUROC and the variance of it over other bulbs: `(N,), (N,) -> (area, variance)`.

    DeLong, DeLong and Clarke-Pearson 1988 (Biometrics 44), by midranks as in Sun and Xu 2014 (IEEE
    Signal Processing Letters 21). Both NaN for one class or a probability that is NaN, the variance
    NaN with one bulb in a class; 0 where the classes are parted wholly, which proves nothing.
    """
    areas, covariance = delong_covariance(defective, [probability])
    return float(areas[0]), float(covariance[0, 0])


def delong_difference(
    defective: ArrayLike, prob_a: ArrayLike, prob_b: ArrayLike
) -> tuple[float, float, float]:
    """Return AUROC of A less that of B on the same bulbs, its variance, and the two-sided p value.

    The p value is that of the normal distribution: 1 where A and B rank alike, NaN where the
    variance is 0 but the difference is not. NaN as in `delong`.
    """
    of_defective, of_good = _placements(defective, [prob_a, prob_b])
    difference = of_defective[0].mean() - of_defective[1].mean() if of_good.size else np.nan
    variance = _variance(of_defective[0] - of_defective[1]) + _variance(of_good[0] - of_good[1])
    if np.isnan(variance):
        return float(difference), float(variance), float("nan")
    if variance == 0:
        return float(difference), 0.0, 1.0 if difference == 0 else float("nan")
    return float(difference), variance, 2 * float(ndtr(-abs(difference) / np.sqrt(variance)))


def delong_covariance(
    defective: ArrayLike, probabilities: Sequence[ArrayLike]
) -> tuple[Values, Values]:
    """Return the AUROC of each network, and their covariance: `(N,), (M, N) -> (M,), (M, M)`.

    NaN as in `delong`.
    """
    of_defective, of_good = _placements(defective, probabilities)
    if not of_good.size:  # one class, or NaN
        size = len(of_defective)
        return np.full(size, np.nan), np.full((size, size), np.nan)
    return of_defective.mean(axis=1), _covariance(of_defective) + _covariance(of_good)


def _placements(defective: ArrayLike, probabilities: Sequence[ArrayLike]) -> tuple[Values, Values]:
    """Return the structural components: for networks M `(M, num_defective)` and `(M, num_good)`.

    Of a defective bulb, the share of good ones ranked below it; of a good bulb, the share of
    defective ones ranked above; equal ones half. Both empty, `(M, 0)`, where there is no AUROC.
    """
    truth, values = np.asarray(defective, bool), np.asarray(probabilities, float)
    if truth.ndim != 1 or values.ndim != 2 or values.shape[1:] != truth.shape:
        raise ValueError(f"expected (N,) and N for each network, got {truth.shape}, {values.shape}")
    num_defective, num_good = int(truth.sum()), int((~truth).sum())
    if not num_defective or not num_good or np.isnan(values).any():
        return np.empty((len(values), 0)), np.empty((len(values), 0))
    of_defective = [(_midranks(one)[truth] - _midranks(one[truth])) / num_good for one in values]
    of_good = [
        1 - (_midranks(one)[~truth] - _midranks(one[~truth])) / num_defective for one in values
    ]
    return np.array(of_defective), np.array(of_good)


def _midranks(values: Values) -> Values:
    """Return ranks from 1, equal values the mean of theirs: `(N,) -> (N,)`."""
    _, tie, tied = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Values = (np.cumsum(tied) - (tied - 1) / 2)[tie]
    return ranks


def _covariance(components: Values) -> Values:
    """Return the covariance of the mean of each row: `(M, n) -> (M, M)`, NaN for n = 1."""
    if components.shape[1] < 2:
        return np.full((len(components), len(components)), np.nan)
    covariance: Values = np.atleast_2d(np.cov(components)) / components.shape[1]
    return covariance


def _variance(components: Values) -> float:
    """Return the variance of their mean: `(n,)`, NaN below two, exactly 0 where all are equal."""
    if len(components) < 2:
        return float("nan")
    if np.ptp(components) < 1e-12:  # steps are 1 / (2 x bulbs of a class): this is rounding
        return 0.0
    return float(np.var(components, ddof=1)) / len(components)


def _check_p(p_values: Sequence[float]) -> list[float]:
    given = [float(one) for one in p_values]
    if not all(0 <= one <= 1 for one in given):  # false for NaN as well
        raise ValueError(f"p values are from 0 to 1, got {given}")
    return given
