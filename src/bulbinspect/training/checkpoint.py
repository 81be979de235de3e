"""Checkpoints that appear whole or not at all, hold finite numbers only, and carry no code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO
from torch import Tensor

from bulbinspect.errors import CheckpointError
from bulbinspect.files import whole_file


class WholeCheckpointIO(CheckpointIO):
    """What Lightning calls to write and read a checkpoint.

    Its own way lost the old good checkpoint on a full disk and left unreadable ones when killed.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write `checkpoint` to `path`, or raise CheckpointError and leave the old file whole."""
        weights = checkpoint.get("state_dict", {})
        broken = [name for name, values in weights.items() if not _is_finite(values)]
        if broken:
            raise CheckpointError(f"{path}: not saved, {broken[0]} holds NaN or infinity")
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with whole_file(path, "wb") as file:
                torch.save(checkpoint, file)
        except (OSError, RuntimeError) as error:  # torch wraps a full disk in a RuntimeError
            raise CheckpointError(f"{path}: not saved, the old one is whole: {error}") from error

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any | None = None,
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        """Read a checkpoint of ours: tensors and plain values, never code."""
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove a checkpoint if it is there."""
        Path(path).unlink(missing_ok=True)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return what a checkpoint holds, on the CPU; raise CheckpointError if it is not ours."""
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # what unpickling a foreign file raises is not ours to list
        raise CheckpointError(f"{path} is not a checkpoint that can be read: {error}") from error
    if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
        raise CheckpointError(f"{path} is not a checkpoint of a bulbinspect run")
    return checkpoint


def network_weights(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    """Return the weights of the network alone, under its own names."""
    return dict(_without_prefix(checkpoint["state_dict"], "network."))


def _without_prefix(weights: dict[str, Tensor], prefix: str) -> Iterator[tuple[str, Tensor]]:
    for name, values in weights.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), values


def _is_finite(values: Tensor) -> bool:
    return not values.is_floating_point() or bool(values.isfinite().all())
