"""Training by the clock, for the benchmark: the same loop as `fit`, without its record."""

import itertools
import tempfile
import time
import warnings
from collections.abc import Mapping

import lightning as L
from torch import Tensor

from bulbinspect.training.datamodule import BulbDataModule
from bulbinspect.training.fit import EXPECTED_WARNINGS
from bulbinspect.training.module import BulbModule


class StepClock(L.Callback):
    """Look at the clock after every training step."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Tensor | Mapping[str, object] | None,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Note the time, in seconds of a clock that only runs forward."""
        self.times.append(time.perf_counter())


def time_steps(module: BulbModule, datamodule: BulbDataModule, num_steps: int) -> list[float]:
    """Train for `num_steps` after two that warm up; return the seconds of each, all included."""
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        trainer = L.Trainer(
            default_root_dir=folder,
            accelerator="cpu",
            devices=1,
            max_epochs=1,
            max_steps=num_steps + 2,
            limit_val_batches=0,
            gradient_clip_val=1.0,
            use_distributed_sampler=False,
            callbacks=[clock],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, datamodule=datamodule)
    return [after - before for before, after in itertools.pairwise(clock.times[1:])]
