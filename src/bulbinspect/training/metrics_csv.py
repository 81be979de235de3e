"""One row per epoch in `metrics.csv`, and one line per epoch where there is no progress bar."""

import csv
import sys
import time
from pathlib import Path
from typing import Any

import lightning as L

from bulbinspect.files import whole_file
from bulbinspect.training.val_score import VAL_SCORE


class MetricsCsv(L.Callback):
    """Write what each epoch logged to `path`, the whole file anew after every epoch.

    The rows travel in the checkpoint: a resumed run continues the file of the one that was killed
    and ends with the same bytes.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.rows: list[dict[str, float]] = []
        self.started = time.monotonic()

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look at the clock."""
        self.started = time.monotonic()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Add the row of this epoch."""
        row: dict[str, float] = {"epoch": trainer.current_epoch, "step": trainer.global_step}
        row["learning_rate"] = trainer.optimizers[0].param_groups[0]["lr"]
        for name, value in sorted(trainer.callback_metrics.items()):
            row[name] = float(value)
        self.rows.append(row)
        if not trainer.is_global_zero:
            return
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with whole_file(self.path) as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        if not sys.stdout.isatty():
            print(self._line(trainer, row), file=sys.stderr, flush=True)

    def _line(self, trainer: L.Trainer, row: dict[str, float]) -> str:
        seconds = time.monotonic() - self.started
        return (
            f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}: "
            f"train loss {row.get('train/loss', float('nan')):.4f}, "
            f"val loss {row.get('val/loss', float('nan')):.4f}, "
            f"val score {row.get(VAL_SCORE, float('nan')):.4f} in {seconds:.1f} s"
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the rows so far, for the checkpoint."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the rows of the run that is resumed."""
        self.rows = list(state_dict["rows"])
