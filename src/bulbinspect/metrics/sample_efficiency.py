"""How many times more bulbs one arm needs to reach what another reaches with N.

Both learning curves are means over the seeds at each size, made to never fall by isotonic
regression (the least-squares fit that does not fall with size; Barlow et al. 1972): more bulbs do
not make a method worse, so that a dip is noise. B's curve is taken as straight between two sizes
in the logarithm of the size. Nothing is extrapolated: below the smallest and above the largest
size that was measured only a bound is known, and only a bound is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.errors import DataError
from bulbinspect.metrics.bootstrap import (
    Weights,
    drop_undefined,
    mean_over_seeds,
    resample,
    weighted_auroc,
)

Values = NDArray[np.float64]
Sizes = NDArray[np.int64]

_ROUNDING = 1e-12  # areas nearer than this are equal


@dataclass(frozen=True, slots=True)
class Factor:
    """B needs `factor` times `num_bulbs` to reach what A reaches with `num_bulbs`.

    `factor` is None outside the sizes that B has. Then either B never reached it (`reached` is
    False, the factor is more than `at_least`: B's largest size / N), or B is above it with its
    smallest size (the factor is less than `at_most`: that size / N). `low` and `high` are the ends
    of its interval; None is an open end, of which the sizes measured say nothing. `flat` says that
    A's own curve does not rise to N from the size before: A reaches this with fewer bulbs too.
    """

    num_bulbs: int
    factor: float | None
    low: float | None
    high: float | None
    reached: bool
    at_least: float | None
    at_most: float | None
    flat: bool = False


def times_more_bulbs(
    sizes: Sequence[int],
    auroc_a: ArrayLike,
    auroc_b: ArrayLike,
    *,
    sizes_b: Sequence[int] | None = None,
    num_resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Factor]:
    """Return a Factor for each size, from the AUROC of A and of B, both `(sizes, seeds)`.

    `sizes` ascend; B has the same, or its own `sizes_b`. A seed is one draw of nested training
    sets, the same for A and B: the interval resamples seeds, whole curves of both arms together,
    and takes percentiles. A resample outside the sizes counts as beyond its bound, so that an end
    which falls there is open, or is the bound itself where that is certain. It is of these test
    bulbs; `times_more_bulbs_by_group` asks for others as well. One seed alone shows no spread: both
    ends are open.
    """
    a, b = np.asarray(auroc_a, float), np.asarray(auroc_b, float)
    both_sizes = _checked_sizes(sizes, sizes_b, a.shape, b.shape, confidence)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("an area of a learning curve is not a number")
    _, seed_weights = resample(1, a.shape[1], num_resamples, seed=seed)
    every_seed = np.ones((1, a.shape[1]), np.int64)
    return _factors(
        both_sizes,
        (_curve(a, every_seed), _curve(b, every_seed)),
        (_curve(a, seed_weights), _curve(b, seed_weights)),
        confidence=confidence if a.shape[1] > 1 else None,
    )


def times_more_bulbs_by_group(
    sizes: Sequence[int],
    defective: ArrayLike,
    group: ArrayLike,
    probability_a: ArrayLike,
    probability_b: ArrayLike,
    *,
    sizes_b: Sequence[int] | None = None,
    num_resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Factor]:
    """Return what `times_more_bulbs` does, its intervals from groups of test bulbs and seeds.

    Test bulbs: `defective` (N,), `group` (N,) any values that are equal within a group, the
    probabilities `(sizes, seeds, N)`. DataError as in `bootstrap.bca_interval`.
    """
    truth = np.asarray(defective, bool)
    both = np.asarray(probability_a, float), np.asarray(probability_b, float)
    both_sizes = _checked_sizes(sizes, sizes_b, both[0].shape, both[1].shape, confidence)
    _, member = np.unique(np.asarray(group), return_inverse=True)
    num_groups, num_seeds = int(member.max()) + 1, both[0].shape[1]
    once = np.ones((1, num_groups), np.int64), np.ones((1, num_seeds), np.int64)
    if num_groups < 2:
        raise DataError(f"an interval needs at least 2 groups of bulbs, got {num_groups}")
    drawn = resample(num_groups, num_seeds, num_resamples, seed=seed)
    point = [_judged_curve(truth, member, arm, once) for arm in both]
    if any(np.isnan(one).any() for one in point):
        raise DataError("no factor: an AUROC is undefined on these bulbs")
    spread = [_judged_curve(truth, member, arm, drawn) for arm in both]
    known = ~np.isnan(np.hstack(spread)).any(axis=1)
    drop_undefined(np.where(known, 0.0, np.nan))
    return _factors(
        both_sizes,
        (point[0], point[1]),
        (spread[0][known], spread[1][known]),
        confidence=confidence,
    )


def never_falling(curves: ArrayLike) -> Values:
    """Return the isotonic regression of each row: `(R, sizes) -> (R, sizes)`.

    By the max-min formula: at each place the highest, over where a stretch begins at or before it,
    of the lowest mean, over where that stretch ends at or after it.
    """
    values = np.asarray(curves, float)
    num_sizes = values.shape[1]
    fitted = np.full(values.shape, -np.inf)
    for begin in range(num_sizes):
        lengths = np.arange(1, num_sizes - begin + 1)
        means = np.cumsum(values[:, begin:], axis=1) / lengths  # of begin to each end
        lowest = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        fitted[:, begin:] = np.maximum(fitted[:, begin:], lowest)
    return fitted


def _curve(areas: Values, seed_weights: Weights) -> Values:
    """Return the mean curve of each drawing of seeds: `(sizes, S), (R, S) -> (R, sizes)`."""
    counts = seed_weights[:, None, :]
    return never_falling((counts * areas).sum(axis=2) / counts.sum(axis=2))


def _judged_curve(
    truth: NDArray[np.bool_],
    member: NDArray[np.int64],
    probability: Values,
    weights: tuple[Weights, Weights],
) -> Values:
    """Return the mean curve of each drawing of groups and seeds: `(R, sizes)`, NaN for one class.

    `probability` is (sizes, S, N), `member` (N,) the row of each bulb's group in the weights.
    """
    groups, seeds = weights
    of_bulbs = groups[:, member]
    areas = [
        mean_over_seeds(
            np.stack([weighted_auroc(truth, one, of_bulbs) for one in at_size], axis=1), seeds
        )
        for at_size in probability
    ]
    return never_falling(np.stack(areas, axis=1))


def _factors(
    both_sizes: tuple[Sizes, Sizes],
    point: tuple[Values, Values],
    spread: tuple[Values, Values],
    *,
    confidence: float | None,
) -> list[Factor]:
    """Return a Factor for each size of A from the curves of both: `(1, sizes)`, `(R, sizes)`.

    Without a confidence both ends of the intervals are open.
    """
    factors = []
    sizes, sizes_b = both_sizes
    for place, size in enumerate(sizes):
        needed = _needed(sizes_b, point[1], point[0][:, place])[0] / size
        drawn = _needed(sizes_b, spread[1], spread[0][:, place]) / size
        ends = _ends(drawn, sizes_b / size, confidence) if confidence else (None, None)
        own = point[0][0]
        factors.append(
            Factor(
                num_bulbs=int(size),
                factor=float(needed) if 0 < needed < np.inf else None,
                low=ends[0],
                high=ends[1],
                reached=bool(needed < np.inf),
                at_least=float(sizes_b[-1] / size) if needed == np.inf else None,
                at_most=float(sizes_b[0] / size) if needed == 0 else None,
                flat=place > 0 and bool(own[place] - own[place - 1] < _ROUNDING),
            )
        )
    return factors


def _needed(sizes: Sizes, curves: Values, level: Values) -> Values:
    """Return the smallest size at which each curve reaches its level: `(R, sizes), (R,) -> (R,)`.

    Infinite where it never does, 0 where it is above with the smallest size.
    """
    rows = np.arange(len(curves))
    reached = curves >= level[:, None] - _ROUNDING
    place = np.where(reached.any(axis=1), reached.argmax(axis=1), 0)
    before = np.maximum(place - 1, 0)
    step = curves[rows, place] - curves[rows, before]
    share = np.divide(level - curves[rows, before], step, out=np.ones_like(level), where=step > 0)
    share = np.clip(share, 0, 1)
    logs = np.log(sizes)
    needed = np.where(
        share < 1, np.exp(logs[before] + share * (logs[place] - logs[before])), sizes[place]
    )
    needed[(place == 0) & (curves[:, 0] > level + _ROUNDING)] = 0
    needed[~reached.any(axis=1)] = np.inf
    return needed


def _ends(drawn: Values, multiples: Values, confidence: float) -> tuple[float | None, float | None]:
    """Return both percentiles; one beyond the sizes is open, or the bound that it is beyond."""
    tail = (1 - confidence) / 2
    low = float(np.quantile(drawn, tail, method="lower"))
    high = float(np.quantile(drawn, 1 - tail, method="higher"))
    if low == np.inf:
        low = float(multiples[-1])
    if high == 0:
        high = float(multiples[0])
    return (low if low > 0 else None), (high if high < np.inf else None)


def _checked_sizes(
    sizes: Sequence[int],
    sizes_b: Sequence[int] | None,
    shape_a: tuple[int, ...],
    shape_b: tuple[int, ...],
    confidence: float,
) -> tuple[Sizes, Sizes]:
    """Return the sizes of A and of B, or raise ValueError for what does not fit."""
    both = sizes, sizes if sizes_b is None else sizes_b
    fits = len(shape_a) > 1 and shape_a[1:] == shape_b[1:] and all(shape_a + shape_b)
    if not fits or (shape_a[0], shape_b[0]) != (len(both[0]), len(both[1])):
        raise ValueError(
            f"expected for A (sizes {len(both[0])}, seeds, …) and for B (sizes {len(both[1])}, "
            f"as A), got {shape_a} and {shape_b}"
        )
    for one in both:
        if one[0] < 1 or any(low >= high for low, high in pairwise(one)):
            raise ValueError(f"sizes ascend, from 1, got {list(one)}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected a number between 0 and 1")
    return np.array(both[0]), np.array(both[1])
