"""Where curves go besides `metrics.csv`."""

from importlib.util import find_spec

from lightning.pytorch.loggers import Logger, TensorBoardLogger


def tensorboard_if_installed(folder: str) -> Logger | bool:
    """Return a TensorBoard logger that writes into `folder`, or False: the extra is not there."""
    if find_spec("tensorboard") is None:
        return False
    return TensorBoardLogger(folder, name="", version="tensorboard")
