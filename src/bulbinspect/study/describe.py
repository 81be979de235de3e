"""What `study.json` says of a finished run; docs/study.md explains it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from bulbinspect.bundle.bundle import read_bundle
from bulbinspect.bundle.find import BUNDLE_NAME
from bulbinspect.data.manifest import read_manifest
from bulbinspect.machine import peak_memory_mib
from bulbinspect.study.cost import count_cost, judge_ms
from bulbinspect.study.measure import measure_run
from bulbinspect.study.plan import PlannedRun
from bulbinspect.study.read import read_object
from bulbinspect.study.sets import StudySet, bulbs_of_run


def describe_run(
    run: PlannedRun,
    folder: Path,
    bulbs: StudySet,
    *,
    varied_bulbs: int | None,
    with_test: bool,
    trained: Path | None,
    whole: bool,
) -> dict[str, Any]:
    """Measure the finished run in `folder` on `bulbs`, on test too unless it must not be touched.

    `varied_bulbs` is that of `measure_run`. What training costs is known of a run that this process
    saw as a `whole`, and of one that took the weights of the run in the folder `trained`.
    """
    facts: dict[str, Any] = {
        "arm": run.arm, "seed": run.seed, "num_train": run.num_train, "budget": run.budget,
        "learning_rate": run.learning_rate, "data": bulbs.name,
    }  # fmt: skip
    if with_test:
        shots = bulbs.reshots
        facts |= measure_run(
            folder,
            bulbs_of_run(bulbs.manifest, folder, "test"),
            reshots=None if shots is None else read_manifest(shots).bulbs,
            truth=bulbs.truth,
            varied_bulbs=varied_bulbs,
        )
    bundle = read_bundle(folder / BUNDLE_NAME)
    seconds = read_object(folder / "metrics.json")["seconds"]
    cost = {**asdict(count_cost(bundle)), "train_s": None, "peak_mib": None}
    if trained is not None:  # it cost as much as the training that it shares
        shared = read_object(trained / "study.json")["cost"]
        cost |= {key: shared[key] for key in ("train_s", "peak_mib")}
    elif whole:
        cost |= {"train_s": seconds["training"], "peak_mib": peak_memory_mib()}
    return {**facts, "seconds": seconds, "cost": {**cost, "judge_ms": judge_ms(bundle)}}
