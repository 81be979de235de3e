"""Write what one step of training would move the weights by: `manifest cache out num_processes`.

A program of its own, for DDP starts the second process by running it again.
"""

import sys
import warnings
from pathlib import Path

import lightning as L
import torch

from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec
from bulbinspect.training.datamodule import BulbDataModule
from bulbinspect.training.fit import EXPECTED_WARNINGS
from bulbinspect.training.module import BulbModule

SIZE_PX = 32


class WriteGradients(L.Callback):
    """Write the gradients of the first step, by name, from the first process."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        if trainer.is_global_zero:
            gradients = {name: w.grad for name, w in pl_module.network.named_parameters()}
            torch.save({"processes": trainer.world_size, "gradients": gradients}, self.out)


def main(manifest: str, cache: str, out: str, num_processes: str) -> None:
    """Train one step on all of train at once, without any chance and without batch statistics."""
    data = BulbDataModule(
        manifest=manifest, preprocess=PreprocessSpec(SIZE_PX, SIZE_PX).to_dict(), gate="off",
        batch_size=1000, cache_folder=cache, split_seed=0, train_bulbs=None, bulbs_per_epoch=None,
        fractions={"train": 0.6, "val": 0.2, "test": 0.2}, seed=0,
    )  # fmt: skip
    data.setup()
    module = BulbModule(
        spec=ModelSpec(num_classes=len(data.classes), norm="group"), classes=data.classes,
        train_counts=data.counts("train"), val_counts=data.counts("val"), learning_rate=1e-3,
        weight_decay=0.0, warm_up=0.2, class_weights="equal", label_smoothing=0.0,
        view_loss_weight=1.0, view_order="as_given", augment={}, seed=0,
    )  # fmt: skip
    trainer = L.Trainer(
        accelerator="cpu", devices=int(num_processes), max_steps=1, limit_val_batches=0,
        strategy="ddp" if int(num_processes) > 1 else "auto", callbacks=[WriteGradients(Path(out))],
        logger=False, enable_checkpointing=False, enable_model_summary=False,
        enable_progress_bar=False, use_distributed_sampler=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        trainer.fit(module, datamodule=data)


if __name__ == "__main__":
    main(*sys.argv[1:])
