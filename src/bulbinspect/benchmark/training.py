"""What a training step costs beside the network: the cache, the augmentation, the loop."""

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F

from bulbinspect.benchmark.result import result
from bulbinspect.data.synthetic.write import write_set
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.training.augment import RECOMMENDED
from bulbinspect.training.batches import Batch
from bulbinspect.training.datamodule import BulbDataModule
from bulbinspect.training.memory import raise_malloc_thresholds
from bulbinspect.training.module import BulbModule
from bulbinspect.training.timed import time_steps

RATIO_AT_MOST = 1.15

_NUM_VIEWS = 4
_STOCK_MALLOC = """
import sys
from bulbinspect.benchmark.training import BareStep, random_batch
step = BareStep(sys.argv[1], random_batch(int(sys.argv[2]), int(sys.argv[3])))
print(step.median_s(int(sys.argv[4])))
"""


class BareStep:
    """Forward, backward and optimiser of a network on one batch that lies ready."""

    def __init__(self, trunk: str, batch: Batch) -> None:
        self.network = build_model(ModelSpec(num_classes=2, trunk=trunk))
        self.network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=1e-4)
        self.batch = batch

    def __call__(self) -> None:
        """Take one step."""
        logits = self.network(self.batch.views, self.batch.present)
        loss = F.cross_entropy(logits, self.batch.target)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()

    def median_s(self, num_steps: int) -> float:
        """Return the median seconds of a step, after two that warm up."""
        times = [time.perf_counter()]
        for _ in range(num_steps + 2):
            self()
            times.append(time.perf_counter())
        return median(after - before for before, after in itertools.pairwise(times[2:]))


def run_training(
    *,
    trunks: Sequence[str] = ("compact", "resnet18"),
    size_px: int = 128,
    batch_size: int = 16,
    num_steps: int = 20,
    repeats: int = 5,
) -> dict[str, Any]:
    """Time training steps from the cache, augmented and logged, against bare ones, in turn.

    Each of the `repeats` takes the median of `num_steps`. The bare step is also timed in a process
    with the malloc thresholds of the system, to show what raising them gains. Raises SpecError for
    an unknown trunk.
    """
    raise_malloc_thresholds()
    seconds: dict[str, list[float]] = {}
    claims: dict[str, tuple[list[float], float]] = {}
    batch = random_batch(size_px, batch_size)
    bare_steps = {trunk: BareStep(trunk, batch) for trunk in trunks}
    with tempfile.TemporaryDirectory() as name:
        data = _drawn_data(Path(name), size_px, batch_size, num_steps)
        for trunk, bare in bare_steps.items():
            names = [f"{trunk}: bare", f"{trunk}: full", f"{trunk}: bare, stock malloc"]
            times: list[list[float]] = [[], [], []]
            for _ in range(repeats):
                times[0].append(bare.median_s(num_steps))
                times[1].append(median(time_steps(_module(trunk), data, num_steps)))
                times[2].append(_stock_malloc_s(trunk, size_px, batch_size, num_steps))
            seconds |= dict(zip(names, times, strict=True))
            ratios = [full / alone for alone, full in zip(times[0], times[1], strict=True)]
            claims[f"{trunk}: full / bare"] = ratios, RATIO_AT_MOST
    settings = {
        "batch": f"{batch_size} bulbs of {_NUM_VIEWS}×{size_px}²",
        "steps": num_steps,
        "repeats": repeats,
        "threads": torch.get_num_threads(),
    }
    return result("training", settings=settings, seconds=seconds, claims=claims)


def random_batch(size_px: int, batch_size: int) -> Batch:
    """Return a batch of noise: what the pixels show does not change what a step costs."""
    shape = (batch_size, _NUM_VIEWS, size_px, size_px)
    return Batch(
        views=torch.randint(0, 256, shape, dtype=torch.uint8),
        present=torch.ones(shape[:2], dtype=torch.bool),
        target=torch.arange(batch_size) % 2,
        rows=torch.arange(batch_size),
        view_target=torch.full(shape[:2], -1),
    )


def _drawn_data(folder: Path, size_px: int, batch_size: int, num_steps: int) -> BulbDataModule:
    """Draw as many bulbs as the steps need, so that no epoch ends while the clock runs."""
    num_train = batch_size * (num_steps + 2)
    num_bulbs = num_train + batch_size
    share = num_train / num_bulbs
    write_set(
        folder / "drawn", num_bulbs=num_bulbs, size_px=size_px, fractions=(share, 1 - share, 0)
    )
    data = BulbDataModule(
        manifest=str(folder / "drawn" / "manifest.csv"),
        preprocess=PreprocessSpec(height_px=size_px, width_px=size_px).to_dict(),
        gate="off",
        batch_size=batch_size,
        cache_folder=str(folder / "cache"),
        fractions={"train": 0.8, "val": 0.2, "test": 0.0},  # the manifest has its own
        split_seed=0,
        train_bulbs=None,
        bulbs_per_epoch=None,
        seed=0,
    )
    data.setup()
    return data


def _module(trunk: str) -> BulbModule:
    return BulbModule(
        spec=ModelSpec(num_classes=2, trunk=trunk),
        classes=("good", "defect"),
        train_counts=(1, 1),
        val_counts=(1, 1),
        learning_rate=1e-4,
        weight_decay=0.05,
        warm_up=0.2,
        class_weights="equal",
        label_smoothing=0.0,
        view_loss_weight=1.0,
        view_order="as_given",
        augment=asdict(RECOMMENDED),
        seed=0,
    )


def _stock_malloc_s(trunk: str, *numbers: int) -> float:
    """Return the median seconds of a bare step in a process that has not raised the thresholds."""
    done = subprocess.run(  # noqa: S603  # this interpreter, our own lines, and numbers
        [sys.executable, "-c", _STOCK_MALLOC, trunk, *map(str, numbers)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
