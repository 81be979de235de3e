"""Which runs make up a study, as plain values. Nothing is trained here; `scripts/study` does."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from bulbinspect.errors import SpecError

STEPS, FLOPS = "steps", "flops"
"""Budgets: as many steps as all, or as much arithmetic, which is four times the steps."""

TIMES_STEPS = {STEPS: 1, FLOPS: 4}


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run: an arm with so many training bulbs, a seed, a budget and a learning rate."""

    arm: str
    num_train: int
    seed: int
    learning_rate: float
    budget: str = STEPS

    @property
    def name(self) -> str:
        """What its folder begins with."""
        return f"{self.arm}-{self.num_train}-seed{self.seed}-{self.budget}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a file of `configs/study/` says; docs/study.md explains every value."""

    trunk: str
    size_px: int
    batch_size: int
    bulbs_per_epoch: int
    epochs: int
    recipe: Mapping[str, Any]
    varied_bulbs: int
    sets: Mapping[str, Mapping[str, Any]]
    reshots: Mapping[str, int]
    learning_rates: Mapping[str, Any]
    parts: Sequence[Mapping[str, Any]]
    four_times: Sequence[str]
    trained_as: Mapping[str, str]
    reference: str
    baseline: str

    def __post_init__(self) -> None:
        strangers = sorted({self.reference, self.baseline} - {*self.arms})
        if strangers:
            raise SpecError(f"reference or baseline name arms that are in no part: {strangers}")
        unknown = sorted(
            {one for part in self.parts for one in part.get("sets", ())} - {*self.sets}
        )
        if unknown:
            raise SpecError(f"parts name sets that are not drawn: {unknown}")
        odd = sorted({*self.four_times, *self.trained_as} - {*self.arms})
        if odd:
            raise SpecError(f"four_times or trained_as name arms that are in no part: {odd}")
        for arm, other in self.trained_as.items():
            if other not in self.arms or other in self.trained_as:
                raise SpecError(f"{arm} is trained as {other}, which the study does not train")
            if (arm in self.four_times) != (other in self.four_times):
                raise SpecError(f"{arm} is trained as {other}: four_times names both or neither")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Plan":
        """Return the plan of these values; unknown or missing names raise SpecError."""
        known = {field.name for field in fields(cls)}
        if values.keys() != known:
            odd = sorted(map(str, values.keys() ^ known))
            raise SpecError(f"a study has the values {sorted(known)}; these differ: {odd}")
        for part in values["parts"]:
            if not isinstance(part, Mapping) or {*part} - {"sets"} != {"arms", "bulbs", "seeds"}:
                raise SpecError(f"a part has arms, bulbs, seeds and perhaps sets, not {part!r}")
        return cls(**values)

    @property
    def arms(self) -> tuple[str, ...]:
        """Every arm once, in the order of the parts."""
        return tuple(dict.fromkeys(arm for part in self.parts for arm in part["arms"]))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Every number of training bulbs, the least first."""
        return tuple(sorted({size for part in self.parts for size in part["bulbs"]}))

    @property
    def trained_arms(self) -> tuple[str, ...]:
        """The arms that are trained; the others take the weights of one of these."""
        return tuple(arm for arm in self.arms if arm not in self.trained_as)

    def grid(self, available: int) -> list[PlannedRun]:
        """Return the runs that choose each trained arm's learning rate; none if there is no choice.

        `available` is how many bulbs train holds: the size is no larger.
        """
        rates = self.learning_rates
        if len(rates["values"]) == 1:
            return []
        num_train = min(rates["bulbs"], available)
        return [
            PlannedRun(arm=arm, num_train=num_train, seed=rates["seed"], learning_rate=rate)
            for arm in self.trained_arms
            for rate in rates["values"]
        ]

    def epochs_of(self, name: str) -> int:
        """Return the epochs of runs on that set, those of the plan unless the set has its own."""
        return int(self.sets.get(name, {}).get("epochs", self.epochs))

    def tasks(
        self, name: str, available: int, rates: Mapping[str, float]
    ) -> list[list[PlannedRun]]:
        """Return the runs; of each inner list the first is trained, the others take its weights.

        `name` is that of a drawn set, or of somebody's own bulbs, for which every part counts.
        Sizes above `available` are left out, and trained arms without a learning rate in `rates`.
        Small sets and few seeds come first, so that a study that is cut short has whole curves.
        """
        parts = [part for part in self.parts if name in part.get("sets", (name,))]
        if name not in self.sets:
            parts = list(self.parts)
        trained = sorted(
            set(self._runs(parts, available, rates)), key=lambda run: (run.seed, run.num_train)
        )
        wanted = {
            (arm, size, seed)
            for part in parts
            for arm in part["arms"]
            for size in part["bulbs"]
            for seed in part["seeds"]
        }
        return [
            [run]
            + [
                replace(run, arm=arm)
                for arm, other in self.trained_as.items()
                if other == run.arm and (arm, run.num_train, run.seed) in wanted
            ]
            for run in trained
        ]

    def _runs(
        self, parts: Sequence[Mapping[str, Any]], available: int, rates: Mapping[str, float]
    ) -> Iterator[PlannedRun]:
        for part in parts:
            for arm in part["arms"]:
                trained = self.trained_as.get(arm, arm)
                if trained not in rates:
                    continue
                for budget in (STEPS, FLOPS) if arm in self.four_times else (STEPS,):
                    for size in part["bulbs"]:
                        for seed in part["seeds"] if size <= available else ():
                            yield PlannedRun(
                                arm=trained, num_train=size, seed=seed, budget=budget,
                                learning_rate=rates[trained],
                            )  # fmt: skip


def overrides_of(
    run: PlannedRun, plan: Plan, *, name: str, manifest: Path, cache: Path
) -> list[str]:
    """Return the overrides of `train.py` that make the run on the set called `name`.

    Where it is written is not said.
    """
    epochs = plan.epochs_of(name) * TIMES_STEPS[run.budget]
    values = {
        "experiment": run.arm,
        "data": "manifest",
        "data.manifest": quoted(manifest),
        "data.cache_folder": quoted(cache),
        "data.preprocess.height_px": plan.size_px,
        "data.preprocess.width_px": plan.size_px,
        "data.batch_size": plan.batch_size,
        "data.gate": "off",  # else each arm's gate would leave out other bulbs
        "data.train_bulbs": run.num_train,
        "data.bulbs_per_epoch": plan.bulbs_per_epoch,
        "module.learning_rate": run.learning_rate,
        "module.view_loss_weight": 0,  # labels of views would help some arms only
        "trainer.max_epochs": epochs,
        "trainer.callbacks.2.patience": epochs,  # nobody stops early: equal steps for all
        "trainer.logger": "false",
        "model.trunk": plan.trunk,
        "seed": run.seed,
        **plan.recipe,
    }
    return [f"{key}={value}" for key, value in values.items()]


def quoted(path: Path) -> str:
    """Return a path as Hydra's grammar takes any text: only backslashes before a quote are two."""
    text = re.sub(r"(\\*)'", r"\1\1\\'", str(path))
    text = re.sub(r"(\\+)$", r"\1\1", text)
    return f"'{text}'"


def best_rates(plan: Plan, auroc: Mapping[PlannedRun, float | None]) -> dict[str, float]:
    """Return the learning rate of each trained arm: the best AUROC on val, of equals the first.

    `auroc` holds those runs of `Plan.grid` that ended well; an arm of which none did has no rate.
    Where the plan leaves no choice, all have its one value.
    """
    values = plan.learning_rates["values"]
    if len(values) == 1:
        return dict.fromkeys(plan.trained_arms, values[0])
    found: dict[str, dict[float, float]] = {}
    for run, score in auroc.items():
        found.setdefault(run.arm, {})[run.learning_rate] = -1.0 if score is None else score
    return {
        arm: max((rate for rate in values if rate in found[arm]), key=found[arm].__getitem__)
        for arm in plan.trained_arms
        if arm in found
    }
