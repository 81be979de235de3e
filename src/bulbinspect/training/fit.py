"""Train, then hand out the network of the best epoch."""

import logging
import warnings
from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint

from bulbinspect.errors import CheckpointError
from bulbinspect.models.bulb_net import BulbNet
from bulbinspect.training.checkpoint import network_weights, read_checkpoint
from bulbinspect.training.datamodule import BulbDataModule
from bulbinspect.training.module import BulbModule

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # no list of absent devices

EXPECTED_WARNINGS = (
    ".*treespec, LeafSpec.*",  # Lightning's own, of its own code
    ".*does not have many workers.*",  # batches come from a memory map: none are needed
    ".*checkpoint directory .* exists and is not empty.*",  # a resumed run
    ".*number of training batches .* is smaller than the logging interval.*",
)


def fit(
    trainer: L.Trainer, module: BulbModule, datamodule: BulbDataModule, ckpt: str | None
) -> BulbNet:
    """Train from the start, or on from `ckpt`; return the network of the best epoch, on the CPU."""
    if ckpt is not None:
        read_checkpoint(Path(ckpt))  # a wrong path or file is refused in our words
    with warnings.catch_warnings():
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        trainer.fit(module, datamodule=datamodule, ckpt_path=ckpt, weights_only=True)
    callback = trainer.checkpoint_callback
    best = callback.best_model_path if isinstance(callback, ModelCheckpoint) else ""
    if not best:
        raise CheckpointError(
            "training ended without a checkpoint; trainer.max_epochs is too small"
        )
    return take_weights(module, Path(best))


def take_weights(module: BulbModule, checkpoint: Path) -> BulbNet:
    """Give the network of `module` the weights of a checkpoint; return it, ready to judge.

    Networks that judge otherwise but learn alike (`judge_orders`, `join`) have the same weights.
    CheckpointError where they do not fit.
    """
    weights = network_weights(read_checkpoint(checkpoint))
    try:
        module.network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{checkpoint} is of another network: {error}") from error
    return module.network.cpu().eval()
