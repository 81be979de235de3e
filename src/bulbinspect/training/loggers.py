"""Where a run shows itself besides `metrics.csv`."""

import sys
from importlib.util import find_spec

import lightning as L
from lightning.pytorch.callbacks import RichProgressBar
from lightning.pytorch.loggers import Logger, TensorBoardLogger


def tensorboard_if_installed(folder: str) -> Logger | bool:
    """Return a TensorBoard logger that writes into `folder`, or False: the extra is not there."""
    if find_spec("tensorboard") is None:
        return False
    return TensorBoardLogger(folder, name="", version="tensorboard")


class BarOnTerminal(RichProgressBar):
    """Lightning's bar on a terminal; elsewhere nothing: `MetricsCsv` prints plain lines there."""

    def __init__(self) -> None:
        super().__init__()
        if not sys.stdout.isatty():
            self.disable()

    def get_metrics(
        self, trainer: L.Trainer, pl_module: L.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """Return what stands beside the bar: no version number, a run has a folder."""
        shown = super().get_metrics(trainer, pl_module)
        shown.pop("v_num", None)
        return shown
