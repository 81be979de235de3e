"""A share of answers with its interval, where several answers are about one bulb.

Five shots of one bulb are not five bulbs: what is hard about it is hard in all of them. An interval
that takes them for independent is too narrow, so the answers are counted for as many as they are
worth (Korn and Graubard 1998, Survey Methodology 24: "Confidence intervals for proportions with
small expected number of positive counts estimated from survey data").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, stdtrit


@dataclass(frozen=True, slots=True)
class Rate:
    """`num_hits` of `num_trials` answers, and the ends between which the true share lies.

    The trials are about `num_bulbs` bulbs; `confidence` is two-sided.
    """

    share: float
    low: float
    high: float
    num_hits: int
    num_trials: int
    num_bulbs: int
    confidence: float


def clustered_rate(hits: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95) -> Rate | None:
    """Return the hits of all bulbs over the trials of all: counts (N,) and (N,); None without any.

    The interval is that of Clopper and Pearson for as many independent trials as these are worth:
    with one trial of each bulb their number. Of several it is their number over the design effect,
    never fewer than as if all trials of a bulb had to answer alike, which is what is taken where
    every trial is a hit or none, since then nothing shows how much they resemble each other.
    """
    found, tried = _counts(hits, trials)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected a number between 0 and 1")
    if not len(tried):
        return None
    total = int(tried.sum())
    share = float(found.sum()) / total
    tail = (1 - confidence) / 2
    worth = _worth(found, tried, tail)
    hit, missed = share * worth, (1 - share) * worth
    return Rate(
        share=share,
        low=float(betaincinv(hit, missed + 1, tail)) if hit > 0 else 0.0,
        high=float(betaincinv(hit + 1, missed, 1 - tail)) if missed > 0 else 1.0,
        num_hits=int(found.sum()),
        num_trials=total,
        num_bulbs=len(tried),
        confidence=confidence,
    )


def _worth(found: NDArray[np.int64], tried: NDArray[np.int64], tail: float) -> float:
    """Return how many independent trials would tell as much about the share."""
    num_bulbs, total = len(tried), int(tried.sum())
    at_least = total**2 / float(np.sum(tried**2))
    share = float(found.sum()) / total
    if num_bulbs < 2 or not 0 < share < 1:
        return at_least
    variance = num_bulbs / (num_bulbs - 1) * np.sum((found - share * tried) ** 2) / total**2
    if variance == 0:  # as many hits on every bulb: they resemble each other less than at random
        return float(total)
    worth = share * (1 - share) / variance * total / (total - 1)  # total over the design effect
    # the design effect is itself an estimate, from so many bulbs
    unsure = (stdtrit(total - 1, 1 - tail) / stdtrit(num_bulbs - 1, 1 - tail)) ** 2
    return float(np.clip(worth * unsure, at_least, total))


def _counts(hits: ArrayLike, trials: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts of the bulbs that were tried, or raise ValueError if they cannot be."""
    found, tried = np.asarray(hits, np.int64), np.asarray(trials, np.int64)
    if found.ndim != 1 or found.shape != tried.shape:
        raise ValueError(f"expected two arrays (N,), got {found.shape} and {tried.shape}")
    if np.any(found < 0) or np.any(found > tried):
        raise ValueError("a bulb has fewer hits than none, or more than trials")
    return found[tried > 0], tried[tried > 0]
