"""The figures of one run: what its bundle reaches on test, with thresholds chosen on val."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.errors import DataError
from bulbinspect.metrics import rates
from bulbinspect.metrics.operating_point import threshold_at_overkill
from bulbinspect.study.read import Answers, finite
from bulbinspect.study.record import MEASURED, RunRecord

MAX_OVERKILL = 0.02
"""Good bulbs of val that may be rejected, of all good ones that were judged."""

IDENTITY = ("run", "arm", "budget", "num_train", "seed", "learning_rate", "model")
ON_TEST = (
    "num_unjudged",
    "val_auroc",
    "auroc",
    "threshold_at_overkill",
    "escape_rate_at_overkill",
    "overkill_rate_at_overkill",
    "reject_threshold",
    "escape_rate",
    "overkill_rate",
)
_SHARE_OF = {  # column: what is divided by what, in study.json
    "orders_changed": ("orders.changed_bulbs", "orders.num_bulbs"),
    "shifts_changed": ("shifts.changed_bulbs", "shifts.num_bulbs"),
    "reshots_changed": ("reshots.changed_bulbs", "reshots.num_bulbs"),
    "named_side_right": ("named_side.right", "named_side.rejected_defective"),
}
_VALUE_OF = {
    "orders_mean_changed": "orders.mean_changed",
    "orders_largest_change": "orders.largest_change",
    "shifts_mean_changed": "shifts.mean_changed",
    "shifts_largest_change": "shifts.largest_change",
    "reshots_largest_change": "reshots.largest_change",
    "parameters": "cost.parameters",
    "flops_per_bulb": "cost.flops_per_bulb",
    "train_s": "cost.train_s",
    "peak_mib": "cost.peak_mib",
    "judge_ms": "cost.judge_ms",
}
MEASURED_COLUMNS = (
    "orders_changed",
    "orders_mean_changed",
    "orders_largest_change",
    "shifts_changed",
    "shifts_mean_changed",
    "shifts_largest_change",
    "reshots_changed",
    "reshots_largest_change",
    "named_side_right",
    "parameters",
    "flops_per_bulb",
    "train_s",
    "peak_mib",
    "judge_ms",
)
OF_FEWER_VIEWS = ("auroc", "escape_rate", "overkill_rate")
"""With `_<n>_views` behind them: the figures when only n views of each bulb are there."""


@dataclass(frozen=True, slots=True, eq=False)
class RunFigures:
    """A run, its row of `results.csv`, and the verdicts (N,) at the overkill that val allows.

    `rejected` is None where val has no good bulb that was judged.
    """

    run: RunRecord
    row: Mapping[str, Any]
    rejected: NDArray[np.bool_] | None


def figures_of(run: RunRecord) -> RunFigures:
    """Compute the figures of a run.

    In AUROC unjudged bulbs are left out. In every rate they are rejects, as on the line: an
    unjudged good bulb is overkill, an unjudged defective one does not escape.
    """
    test = run.test
    threshold = _threshold(run.val)
    rejected = None if threshold is None else ~(test.probability < threshold)  # NaN is a reject
    row: dict[str, Any] = {
        "run": run.name,
        "arm": run.arm,
        "budget": run.budget,
        "num_train": run.num_train,
        "seed": run.seed,
        "learning_rate": run.learning_rate,
        "model": run.model,
        "num_unjudged": int(test.unjudged.sum()),
        "val_auroc": auroc(run.val),
        "auroc": auroc(test),
        "threshold_at_overkill": threshold,
        **_rates(test, rejected, "_at_overkill"),
        "reject_threshold": run.reject_threshold,
        **_rates(test, test.rejected, ""),
        **measured(run),
    }
    return RunFigures(run, row, rejected)


def auroc(answers: Answers) -> float | None:
    """Return the AUROC over the bulbs that were judged; None with one class."""
    judged = ~answers.unjudged
    return rates.auroc(answers.defective[judged], answers.probability[judged])


def measured(run: RunRecord) -> dict[str, float | None]:
    """Return the columns from `study.json`, None for what it does not have."""
    where = run.folder / MEASURED
    number = {
        place: _number(run.measured, place, where)
        for place in (*_VALUE_OF.values(), *(one for pair in _SHARE_OF.values() for one in pair))
    }
    columns: dict[str, float | None] = {}
    for column in MEASURED_COLUMNS:
        if column in _VALUE_OF:
            columns[column] = number[_VALUE_OF[column]]
            continue
        part, whole = (number[place] for place in _SHARE_OF[column])
        columns[column] = part / whole if part is not None and whole else None
    fewer = run.measured.get("fewer_views")
    for views in sorted(fewer if isinstance(fewer, dict) else (), key=_views, reverse=True):
        for name in OF_FEWER_VIEWS:
            place = f"fewer_views.{views}.{name}"
            columns[fewer_views_column(name, _views(views))] = _number(run.measured, place, where)
    return columns


def fewer_views_column(figure: str, num_views: int) -> str:
    """Return the column of a figure with only so many views."""
    return f"{figure}_{num_views}_views"


def _threshold(val: Answers) -> float | None:
    judged = ~val.unjudged
    try:
        return threshold_at_overkill(
            val.defective[judged], val.probability[judged], max_overkill=MAX_OVERKILL
        )
    except DataError:  # no good bulb was judged
        return None


def _rates(
    test: Answers, rejected: NDArray[np.bool_] | None, suffix: str
) -> dict[str, float | None]:
    if rejected is None:
        return {f"escape_rate{suffix}": None, f"overkill_rate{suffix}": None}
    return {
        f"escape_rate{suffix}": rates.escape_rate(test.defective, rejected),
        f"overkill_rate{suffix}": rates.overkill_rate(test.defective, rejected),
    }


def _number(values: Mapping[str, Any], place: str, where: Any) -> float | None:
    """Return the number at `a.b.c`, None where a key on the way is absent or null."""
    found: Any = values
    for key in place.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return None if found is None else finite(found, f"{where}: {place}")


def _views(text: str) -> int:
    """Return a key of `fewer_views` as a number, 0 for one that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
