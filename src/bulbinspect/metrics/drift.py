"""Whether a sample comes from where a reference came from, by how much it moved, and since when."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from bulbinspect.metrics.distribution import Distribution

_MIXES = 201
_BINS = 10
_SIDES: tuple[Literal["right", "left"], ...] = ("right", "left")  # at most at, and below

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How far a sample lies from a reference.

    `statistic` is the largest difference of the two shares of values at most at, or below, a level;
    `p_value` is how often it would be so large without drift, at most; `level` is where it is, and
    `share` the share of the reference there (with `inclusive`, of values at most at it, else below
    it). `psi` is the population stability index, `psi_by_chance` what it is on average without
    drift. `weights` are the shares of the reference's parts that explain the sample best.
    """

    statistic: float
    p_value: float
    level: float
    share: float
    inclusive: bool
    psi: float
    psi_by_chance: float
    weights: tuple[float, ...]

    def beneath(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Say of each value whether it lies on the lower side of the level."""
        given = np.asarray(values, np.float64)
        return given <= self.level if self.inclusive else given < self.level


def compare(reference: Distribution, values: ArrayLike) -> Move:
    """Hold values (N,), finite, against a reference, in whatever mix of its parts fits them best.

    The two-sample test of Kolmogorov and Smirnov, of which the differences are looked at only where
    the reference is known: the statistic is never larger than that of all values, the p value never
    smaller. Of several parts the mix counts that differs least for what it can show.
    """
    ordered = np.sort(np.asarray(values, np.float64))
    levels = np.array(reference.levels)
    found = np.concatenate(
        [np.searchsorted(ordered, levels, side=side) / len(ordered) for side in _SIDES]
    )
    mixes = _mixes(len(reference.counts))
    shares = np.concatenate([*reference.shares(mixes)], axis=-1)  # (mixes, at most and below)
    differences = np.abs(found - shares)
    sizes = np.array([_effective(len(ordered), reference, one) for one in mixes])
    # the p value falls with their product, but for what small samples change
    chosen = int(np.argmin(differences.max(axis=-1) * np.sqrt(sizes)))
    weights, at = mixes[chosen], int(np.argmax(differences[chosen]))
    statistic, share = float(differences[chosen, at]), float(shares[chosen, at])
    p_value = float(np.clip(stats.kstwo.sf(statistic, sizes[chosen]), 0, 1))
    psi, by_chance = _stability(reference, weights, ordered)
    return Move(
        statistic=statistic,
        p_value=p_value,
        level=float(levels[at % len(levels)]),
        share=share,
        inclusive=at < len(levels),
        psi=psi,
        psi_by_chance=by_chance,
        weights=tuple(weights.tolist()),
    )


def most_likely_start(beneath: ArrayLike, share: float, *, num_reference: float) -> int:
    """Return from which place on the values (N,) in their order are others than the reference.

    `beneath` says on which side of a level each lies, of which a `share` is expected. Of all ends
    of the sequence the most likely is returned, under a share of its own that stays (the cumulative
    sum of Page, Biometrika 41, 1954, with the share after the change estimated): 0 if it was so
    from the beginning. `num_reference` values stand behind the share, which is never 0 or 1 then.
    """
    hits = np.asarray(beneath, bool)[::-1].cumsum()
    lengths = np.arange(1, len(hits) + 1)
    least = 1 / (num_reference + 2)
    before = min(max(share, least), 1 - least)
    after = hits / lengths
    gain = stats.entropy([after, 1 - after], np.array([[before], [1 - before]]), axis=0)
    return int(len(hits) - 1 - np.argmax(lengths * gain))


def _effective(num_values: int, reference: Distribution, weights: _Floats) -> int:
    """Return the size of the one sample that is as sure as the difference of both."""
    num_reference = reference.effective_count(weights)
    return max(round(num_values * num_reference / (num_values + num_reference)), 1)


def _mixes(num_parts: int) -> _Floats:
    """Return the shares of the parts that are tried: all of one part, or every half per cent."""
    if num_parts == 1:
        return np.ones((1, 1))
    if num_parts == 2:
        first = np.linspace(0, 1, _MIXES)
        return np.stack([first, 1 - first], axis=1)
    raise ValueError(f"a mix of {num_parts} parts is not looked for")


def _stability(reference: Distribution, weights: _Floats, ordered: _Floats) -> tuple[float, float]:
    """Return the population stability index, and its mean without drift.

    Over at most ten bins that hold about as much of the reference each; a bin counts half a value
    more than it has, so that none is empty. Without drift the index divided by the sum of both
    inverse counts is about chi-squared with a degree of freedom less than bins (Yurdakul and
    Naranjo, Journal of Risk Model Validation 14, 2020).
    """
    cumulative, _ = reference.shares(weights)
    wanted = np.searchsorted(cumulative, np.arange(1, _BINS) / _BINS - 1e-12)
    edges = np.unique(wanted[wanted < len(cumulative)])
    edges = edges[cumulative[edges] < 1 - 1e-12]
    levels = np.array(reference.levels)[edges]
    num, num_reference = len(ordered), reference.effective_count(weights)
    counted = np.searchsorted(ordered, levels, side="right")
    now = _smoothed(np.diff([0, *counted, num]), num)
    then = _smoothed(np.diff([0, *cumulative[edges], 1]) * num_reference, num_reference)
    psi = float(np.sum((now - then) * np.log(now / then)))
    return psi, len(edges) * (1 / num + 1 / num_reference)


def _smoothed(counts: NDArray[np.generic], total: float) -> _Floats:
    return (np.asarray(counts, np.float64) + 0.5) / (total + 0.5 * len(counts))
