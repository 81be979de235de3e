"""Runs of one arm, one size and one budget, told apart by their seeds; and which budget counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bulbinspect.study.figures import RunFigures
from bulbinspect.study.record import BUDGETS


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """The runs of an arm with so many training bulbs and one budget, in order of their seeds."""

    arm: str
    num_train: int
    budget: str
    runs: tuple[RunFigures, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the runs."""
        return tuple(one.run.seed for one in self.runs)

    def of_seeds(self, seeds: Iterable[int]) -> tuple[RunFigures, ...]:
        """Return the runs of these seeds, in their order."""
        by_seed = dict(zip(self.seeds, self.runs, strict=True))
        return tuple(by_seed[seed] for seed in seeds)

    def mean(self, column: str, seeds: Iterable[int] | None = None) -> float | None:
        """Return the mean of a column over the runs that have it; None if none has."""
        runs = self.runs if seeds is None else self.of_seeds(seeds)
        values = [one.row[column] for one in runs if one.row.get(column) is not None]
        return float(np.mean(values)) if values else None


Credited = Mapping[tuple[str, int], Trial]
"""The trial that counts for each arm and size."""


def trials_of(figures: Iterable[RunFigures]) -> list[Trial]:
    """Return the trials, in order of arm, size and budget."""
    found: dict[tuple[str, int, int], list[RunFigures]] = {}
    for one in figures:
        place = one.run.arm, one.run.num_train, BUDGETS.index(one.run.budget)
        found.setdefault(place, []).append(one)
    return [
        Trial(arm, size, BUDGETS[budget], tuple(sorted(runs, key=lambda one: one.run.seed)))
        for (arm, size, budget), runs in sorted(found.items(), key=lambda item: item[0])
    ]


def credit(trials: Iterable[Trial]) -> dict[tuple[str, int], Trial]:
    """Return for each arm and size the budget with the higher mean AUROC on val.

    On the seeds that both budgets have, if there are any. Of equals the one with equal steps. Test
    has no say: it is looked at once.
    """
    by_place: dict[tuple[str, int], list[Trial]] = {}
    for trial in trials:
        by_place.setdefault((trial.arm, trial.num_train), []).append(trial)
    return {place: _better(found) for place, found in by_place.items()}


def common_seeds(trials: Sequence[Trial]) -> tuple[int, ...]:
    """Return the seeds that all trials have."""
    return tuple(sorted(set.intersection(*(set(one.seeds) for one in trials))))


def sizes_of(credited: Credited, arm: str) -> list[int]:
    """Return the numbers of training bulbs that an arm was tried with, ascending."""
    return sorted(size for name, size in credited if name == arm)


def arms_of(credited: Credited) -> list[str]:
    """Return the arms in order of their names."""
    return sorted({arm for arm, _ in credited})


def _better(trials: Sequence[Trial]) -> Trial:
    seeds = common_seeds(trials) or None
    means = [trial.mean("val_auroc", seeds) for trial in trials]
    known = [-1.0 if mean is None else mean for mean in means]
    return trials[known.index(max(known))]
