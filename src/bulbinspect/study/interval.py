"""Means over seeds with their intervals over test bulbs and seeds: bulbs are drawn by group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bulbinspect.errors import DataError
from bulbinspect.metrics.bootstrap import (
    bca_interval,
    mean_over_seeds,
    weighted_auroc,
    weighted_escape_rate,
)
from bulbinspect.study.read import Answers

Weights = NDArray[np.int64]
Values = NDArray[np.float64]
OfSeed = Callable[[Weights], Values]
"""A number of one seed's run under each weighting of the bulbs: `(R, N) -> (R,)`."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How the bootstrap is done: the same draws for everything that is compared."""

    num_resamples: int = 2000
    confidence: float = 0.95
    seed: int = 0


AS_EVER = Resampling()


@dataclass(frozen=True, slots=True)
class Ends:
    """The ends of an interval; None with the reason when there is none."""

    low: float | None
    high: float | None
    why_not: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TestBulbs:
    """The N bulbs of test that all runs judge; `member` (N,) is the number of each bulb's group."""

    __test__ = False  # no class of pytest

    defective: Mask
    member: NDArray[np.int64]
    num_groups: int

    @classmethod
    def of(cls, answers: Answers) -> "TestBulbs":
        """Number the groups of these bulbs."""
        names, member = np.unique(np.array(answers.groups, object), return_inverse=True)
        return cls(answers.defective, member.astype(np.int64), len(names))


def interval(bulbs: TestBulbs, of_seeds: Sequence[OfSeed], resampling: Resampling) -> Ends:
    """Return the BCa interval of the mean over seeds of a number, over groups and seeds."""

    def statistic(groups: Weights, seeds: Weights) -> Values:
        weights = groups[:, bulbs.member]
        return mean_over_seeds(np.stack([one(weights) for one in of_seeds], axis=1), seeds)

    try:
        found = bca_interval(
            statistic,
            num_groups=bulbs.num_groups,
            num_seeds=len(of_seeds),
            num_resamples=resampling.num_resamples,
            confidence=resampling.confidence,
            seed=resampling.seed,
        )
    except DataError as error:
        return Ends(None, None, str(error))
    return Ends(found.low, found.high)


def auroc_under(answers: Answers, judged: Mask | None = None) -> OfSeed:
    """Return the AUROC under each weighting, of the `judged` bulbs; by default of all judged."""
    kept = ~answers.unjudged if judged is None else judged
    return partial(_auroc, answers.defective[kept], answers.probability[kept], kept)


def escape_under(defective: Mask, rejected: Mask) -> OfSeed:
    """Return the escape rate of these defective bulbs under each weighting."""
    return partial(_escape_rate, defective, rejected[defective])


def less(one: OfSeed, other: OfSeed) -> OfSeed:
    """Return the difference of two numbers under each weighting."""
    return partial(_less, one, other)


def _auroc(defective: Mask, probability: Values, kept: Mask, weights: Weights) -> Values:
    return weighted_auroc(defective, probability, weights[:, kept])


def _escape_rate(defective: Mask, rejected: Mask, weights: Weights) -> Values:
    """Look at the columns of defective bulbs only: a stratum has few of them."""
    return weighted_escape_rate(np.ones(len(rejected), bool), rejected, weights[:, defective])


def _less(one: OfSeed, other: OfSeed, weights: Weights) -> Values:
    return one(weights) - other(weights)
