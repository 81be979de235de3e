"""How well appraisers agree: each with itself, with one another, and with the truth.

An appraiser is whoever says what becomes of a bulb: the line, or a person. Each may be asked
several times about one bulb; only a new photograph, or a new look, is another trial. The answers
are counted: `answers` (N, C) holds how many of an appraiser's trials on each of N bulbs gave each
of C answers. A bulb that it was not asked about has a row of zeros, and is left out of its figures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.errors import DataError
from bulbinspect.metrics.bootstrap import bca_interval
from bulbinspect.metrics.clustered_rate import Rate, clustered_rate

Counts = NDArray[np.int64]
Values = NDArray[np.float64]
WeightedKappa = Callable[[Values], Values]
"""`(R, N) -> (R,)`: kappa under each weighting of the bulbs, NaN where it is undefined."""

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance: 1 is perfect, 0 what chance gives, below 0 less than that.

    `low` and `high` are the ends of its interval, None where the bulbs show no spread.
    """

    value: float
    low: float | None
    high: float | None
    num_bulbs: int
    confidence: float


def agreement_within(answers: ArrayLike, *, confidence: float = 0.95) -> Rate | None:
    """Return the bulbs that got the same answer every time, of those asked about more than once.

    None if there are none: who was asked once cannot disagree with itself.
    """
    counts = _counts(answers)
    counts = counts[counts.sum(axis=1) > 1]
    return _share_of_bulbs(_same(counts), confidence)


def agreement_between(appraisers: Sequence[ArrayLike], *, confidence: float = 0.95) -> Rate | None:
    """Return the bulbs that got the same answer from everybody, every time.

    Of those that all were asked about; None if there are none.
    """
    asked, counts = _asked_of_all(appraisers)
    return _share_of_bulbs(_same(counts[asked]), confidence)


def effectiveness(answers: ArrayLike, truth: ArrayLike, *, confidence: float = 0.95) -> Rate | None:
    """Return the bulbs that got the right answer every time, of all bulbs asked about.

    `truth` (N,) says which of the C answers is right. More trials make it harder, so that it may be
    compared only where there are as many.
    """
    counts = _counts(answers)
    right = _right(counts, truth)
    asked = counts.sum(axis=1) > 0
    return _share_of_bulbs((right == counts.sum(axis=1))[asked], confidence)


def all_right(
    appraisers: Sequence[ArrayLike], truth: ArrayLike, *, confidence: float = 0.95
) -> Rate | None:
    """Return the bulbs that got the right answer from everybody, every time."""
    asked, counts = _asked_of_all(appraisers)
    right = _right(counts, truth) == counts.sum(axis=1)
    return _share_of_bulbs(right[asked], confidence)


def share_of_answers(
    answers: ArrayLike, answer: int, among: ArrayLike, *, confidence: float = 0.95
) -> Rate | None:
    """Return how many of the trials on the bulbs `among` (N,) gave `answer`; None without trials.

    With `pass` among the defective bulbs it is the miss rate, with `reject` among the good ones the
    false-alarm rate: the escape and the overkill rate, but of trials, several to a bulb.
    """
    counts = _counts(answers)[np.asarray(among, bool)]
    return clustered_rate(counts[:, answer], counts.sum(axis=1), confidence=confidence)


def cohen_kappa(one: ArrayLike, other: ArrayLike, *, confidence: float = 0.95) -> Kappa | None:
    """Return Cohen's kappa of two appraisers, or of one against the truth.

    Every trial of one is paired with every trial of the other, since which shot was the first says
    nothing, and every bulb counts alike. With one trial each it is that of Cohen 1960 (Educational
    and Psychological Measurement 20). None where it is undefined: no bulb in common, or both gave
    one and the same answer to all.
    """
    asked, _ = _asked_of_all([one, other])
    first, second = _shares(_counts(one)[asked]), _shares(_counts(other)[asked])
    agree = np.sum(first * second, axis=1)

    def kappa(weights: Values) -> Values:
        total = weights.sum(axis=1, keepdims=True)
        chance = np.sum((weights @ first) * (weights @ second) / total**2, axis=1)
        return _beyond_chance(weights @ agree / total[:, 0], chance)

    return _with_interval(kappa, len(agree), confidence)


def fleiss_kappa(answers: ArrayLike, *, confidence: float = 0.95) -> Kappa | None:
    """Return Fleiss' kappa of all trials (Fleiss 1971, Psychological Bulletin 76).

    Of one appraiser it says how far it repeats itself, of the sum of several how far they agree.
    Bulbs with one trial are left out; those with more than others weigh more in what chance gives.
    None where it is undefined: no such bulb, or the same answer to all.
    """
    counts = _counts(answers)
    counts = counts[counts.sum(axis=1) > 1]
    trials = counts.sum(axis=1)
    agree = np.sum(counts * (counts - 1), axis=1) / (trials * (trials - 1))

    def kappa(weights: Values) -> Values:
        share = (weights @ counts) / (weights @ trials)[:, None]
        return _beyond_chance(weights @ agree / weights.sum(axis=1), np.sum(share**2, axis=1))

    return _with_interval(kappa, len(agree), confidence)


def truth_answers(truth: ArrayLike, num_answers: int) -> Counts:
    """Return the truth (N,) as the counts of an appraiser who is right, asked once: (N, C)."""
    counts: Counts = np.eye(num_answers, dtype=np.int64)[np.asarray(truth, int)]
    return counts


def _with_interval(kappa: WeightedKappa, num_bulbs: int, confidence: float) -> Kappa | None:
    """Return kappa with its BCa interval over bulbs, which are what would be others next time."""
    if not num_bulbs:
        return None
    value = float(kappa(np.ones((1, num_bulbs)))[0])
    if np.isnan(value):
        return None
    low = high = None
    try:
        interval = bca_interval(
            lambda bulbs, _: kappa(bulbs.astype(float)),
            num_groups=num_bulbs,
            num_seeds=1,
            confidence=confidence,
        )
    except DataError:  # too few bulbs, or one answer alone in too many resamples
        pass
    else:
        if interval.high - interval.low > _ROUNDING:
            low, high = interval.low, interval.high
    return Kappa(value, low, high, num_bulbs, confidence)


def _beyond_chance(agreement: Values, chance: Values) -> Values:
    """Return (agreement - chance) / (1 - chance), NaN where chance alone agrees always."""
    room = 1 - chance
    kappa: Values = np.divide(
        agreement - chance, room, out=np.full(len(room), np.nan), where=room > _ROUNDING
    )
    return kappa


def _counts(answers: ArrayLike) -> Counts:
    """Return counts of answers, or raise ValueError unless they are (N, C) and none below 0."""
    counts = np.asarray(answers, np.int64)
    if counts.ndim != 2:
        raise ValueError(f"expected counts of answers (N, C), got {counts.shape}")
    if np.any(counts < 0):
        raise ValueError("an answer was given less often than never")
    return counts


def _asked_of_all(appraisers: Sequence[ArrayLike]) -> tuple[NDArray[np.bool_], Counts]:
    """Return which bulbs all were asked about (N,), and the answers of all together (N, C)."""
    each = np.stack([_counts(answers) for answers in appraisers])
    return (each.sum(axis=2) > 0).all(axis=0), each.sum(axis=0)


def _right(counts: Counts, truth: ArrayLike) -> Counts:
    """Return how many of the trials on each bulb gave the answer that is right: (N,)."""
    right = np.asarray(truth, int)
    if right.shape != counts.shape[:1]:
        raise ValueError(f"expected the truth of {len(counts)} bulbs, got {right.shape}")
    return np.take_along_axis(counts, right[:, None], axis=1)[:, 0]


def _same(counts: Counts) -> NDArray[np.bool_]:
    """Return on which bulbs all trials gave one answer: (N,)."""
    same: NDArray[np.bool_] = counts.max(axis=1, initial=0) == counts.sum(axis=1)
    return same


def _shares(counts: Counts) -> Values:
    """Return counts as shares of each bulb's trials; every bulb has some."""
    shares: Values = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _share_of_bulbs(hits: NDArray[np.bool_], confidence: float) -> Rate | None:
    return clustered_rate(hits, np.ones(len(hits), np.int64), confidence=confidence)
