"""Train, export, evaluate: `python train.py experiment=siamese`. The only file that knows Hydra."""

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bulbinspect.bundle.bundle import Bundle
from bulbinspect.data.split import write_splits
from bulbinspect.errors import BulbInspectError, NonFiniteLossError, UsageError
from bulbinspect.export.ship import Judgeable, ship
from bulbinspect.files import whole_file, write_json
from bulbinspect.inspection.evaluation.evaluate import evaluate
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.machine import Stopwatch, git_commit, package_versions
from bulbinspect.models.spec import ModelSpec
from bulbinspect.study.plan import quoted
from bulbinspect.training.datamodule import BulbDataModule
from bulbinspect.training.fit import fit, take_weights
from bulbinspect.training.memory import raise_malloc_thresholds
from bulbinspect.training.run_folder import claimed_run_folder, write_environment

ROOT = Path(__file__).resolve().parent


def repo_path(path: str) -> str:
    """Resolve a path of the configs against the repository, wherever the command was given."""
    return str(ROOT / path)


def run_folder(ckpt: str | None, experiment: str | None) -> str:
    """Return the folder of the run that is resumed, or a new one named by time and experiment."""
    if ckpt is not None:
        return str(Path(ckpt).resolve().parent.parent)
    return repo_path(f"runs/{datetime.now():%Y-%m-%d_%H-%M-%S}_{experiment or 'train'}")


OmegaConf.register_new_resolver("repo", repo_path)
OmegaConf.register_new_resolver("run_folder", run_folder, use_cache=True)


def compose_run(overrides: Sequence[str], folder: Path) -> DictConfig:
    """Return the configuration that `python train.py OVERRIDES` would have, for a run in `folder`.

    For programs that do many runs in one process.
    """
    with hydra.initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        composed = hydra.compose(
            "train",
            [*overrides, f"hydra.runtime.output_dir={quoted(folder)}"],
            return_hydra_config=True,
        )
    HydraConfig.instance().set_config(composed)
    config = OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"])
    return cast(DictConfig, OmegaConf.create(OmegaConf.to_container(config, resolve=True)))


def run(config: DictConfig, folder: Path) -> None:
    """Claim the run folder, record what the run is, and train.

    Raises BulbInspectError for what the user can mend.
    """
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        raise UsageError(f"not given: {', '.join(f'{key}=…' for key in missing)}")
    if config.min_views is not None and not config.module.augment.view_dropout.amount:
        raise UsageError(
            "min_views lets bulbs be judged without some of their views, which no training without "
            "module.augment.view_dropout prepares for: set its amount, to 0.2 for example"
        )
    is_helper = os.environ.get("LOCAL_RANK", "0") != "0"  # a further process of a DDP run
    with nullcontext() if is_helper else claimed_run_folder(folder, ckpt=config.ckpt):
        if not is_helper:
            (folder / "metrics.json").unlink(missing_ok=True)  # it says that a run is finished
            write_environment(folder / "environment.json", seed=config.seed)
            with whole_file(folder / "config.yaml") as file:
                file.write(OmegaConf.to_yaml(config, resolve=True))
        try:
            train(config, folder)
        except NonFiniteLossError as error:
            write_json(folder / "non-finite.json", {"step": error.step, "bulbs": error.bulb_ids})
            raise


def train(config: DictConfig, folder: Path) -> None:
    """Do one run and leave its record in `folder`: build, fit, export, evaluate."""
    clock = Stopwatch()
    data: BulbDataModule = instantiate(config.data, _convert_="all")
    data.setup()
    for note in data.notes:
        print(f"note: {note}", file=sys.stderr)
    spec = ModelSpec(
        **config.model,
        num_classes=len(data.classes),
        max_level=data.preprocess.max_level,
        num_views=len(data.view_names),
        height_px=data.preprocess.height_px,
        width_px=data.preprocess.width_px,
    )
    module = instantiate(config.module, _convert_="all")(
        spec=spec,
        classes=data.classes,
        train_counts=data.counts("train"),
        val_counts=data.counts("val"),
    )
    gate = data.learn_gate()
    clock.lap("set_up")
    if config.trained is None:
        trainer = instantiate(config.trainer, _convert_="all")
        network = fit(trainer, module, data, config.ckpt)
        if not trainer.is_global_zero:
            return  # one process of a DDP run writes for all
    else:
        network = take_weights(module, Path(config.trained))
    clock.lap("training")
    write_splits(folder / "split.csv", data.manifest.bulbs)
    bundle = ship(
        network,
        folder / "bundle.onnx",
        model=spec,
        preprocess=data.preprocess,
        classes=data.classes,
        view_names=data.view_names,
        views_in=data.views_in,
        gate=gate,
        val=Judgeable(*data.arrays("val")),
        provenance=provenance(config, data),
        min_views=config.min_views,
    )
    clock.lap("export")
    figures = judge_splits(bundle, data, folder, config.judged)
    clock.lap("judging")
    write_json(folder / "metrics.json", {**figures, "seconds": clock.seconds})
    print(f"run folder: {folder}\nbundle:     {folder / 'bundle.onnx'}")


def judge_splits(
    bundle: Bundle, data: BulbDataModule, folder: Path, splits: Sequence[str]
) -> dict[str, Any]:
    """Judge these splits from their picture files through the bundle, as the line will."""
    inspector = Inspector(bundle)
    figures: dict[str, Any] = {"notes": list(data.notes)}
    for split in splits:
        if data.bulbs(split):
            figures[split] = evaluate(inspector, data.bulbs(split), folder, suffix=f"-{split}")
    return figures


def provenance(config: DictConfig, data: BulbDataModule) -> dict[str, Any]:
    """Return what the bundle should know of where it comes from."""
    text = OmegaConf.to_yaml(config, resolve=True)
    return {
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": git_commit(),
        "packages": package_versions(("bulbinspect", "torch", "lightning", "onnxruntime")),
        "manifest_sha256": data.manifest.sha256,
        "data_sha256": data.cache.data_sha256,
        "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "seed": config.seed,
    }


@hydra.main(version_base="1.3", config_path="configs", config_name="train")
def main(config: DictConfig) -> None:
    """Claim the run folder and train; what the user can mend is told in one line."""
    raise_malloc_thresholds()
    try:
        run(config, Path(HydraConfig.get().runtime.output_dir))
    except BulbInspectError as error:
        print(f"train.py: {error}", file=sys.stderr)
        sys.exit(3 if isinstance(error, NonFiniteLossError) else 2)


if __name__ == "__main__":
    main()
