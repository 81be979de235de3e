"""How the run that a bundle is from learnt, from the `metrics.csv` beside it."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is known after an epoch: mean losses on train and val, and the score on val."""

    epoch: int
    train_loss: float
    val_loss: float
    score: float


def read_learning(bundle: Path) -> list[Epoch]:
    """Return the epochs of the run folder that `bundle` lies in, none if it lies elsewhere.

    An epoch whose losses or score are no finite numbers is left out, and so is all of a file that
    cannot be read: the curve is told beside the figures, which do not rest on it.
    """
    path = bundle.with_name("metrics.csv")
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            epochs = [_epoch(row) for row in csv.DictReader(file)]
    except (OSError, csv.Error):
        return []
    return [one for one in epochs if one is not None]


def _epoch(row: Mapping[str, str]) -> Epoch | None:
    try:
        losses = float(row["train/loss"]), float(row["val/loss"])
        one = Epoch(int(row["epoch"]), *losses, float(row["val/score"]))
    except (KeyError, TypeError, ValueError):
        return None
    return one if all(map(math.isfinite, (*losses, one.score))) else None
