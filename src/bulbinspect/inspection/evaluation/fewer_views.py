"""What is left of a bundle when cameras fail: the rates with fewer views, for each set of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import GOOD, Bulb
from bulbinspect.errors import UsageError
from bulbinspect.inspection.evaluation.figures import error_rates
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.variations import judge_varied, subsets
from bulbinspect.metrics import rates
from bulbinspect.progress import progress

MOST_VIEWS = 6
"""Up to so many views every set of them is gone through: of 6 there are 63, of 8 already 255."""

_RATES = ("escape_rate", "overkill_rate", "review_rate", "auroc")


def fewer_views(inspector: Inspector, bulbs: Sequence[Bulb]) -> dict[str, Any]:
    """Return the rates with every set of views, and over their number: `by_views`, `by_number`.

    The bulbs are judged whole, then again as if some views were absent, at the same thresholds.
    Those that are not judged with all their views are left out, and counted. `judged_on_line` says
    whether the bundle would judge such a bulb at all; below `min_views` it is unjudged, whatever
    the rates here. Of more than MOST_VIEWS views the sets are all of them, all but one, and each
    alone. UsageError for a bundle without a good class.
    """
    metadata = inspector.bundle.metadata
    num_views, point = metadata.num_views, metadata.operating_point
    if point is None:
        raise UsageError("the bundle has no good class, so no verdict can change")
    every = range(num_views, 0, -1)
    sizes = every if num_views <= MOST_VIEWS else (num_views, num_views - 1, 1)
    masks = np.concatenate([subsets(num_views, size) for size in sizes])
    with progress("fewer views", len(bulbs)) as advance:
        varied = judge_varied(inspector, bulbs, masks=masks, advance=advance)
    defective = np.array([bulb.label != GOOD for bulb in varied.bulbs], bool)
    least = num_views if metadata.min_views is None else metadata.min_views
    thresholds = point.pass_threshold, point.reject_threshold
    rows = [
        {
            **_views(metadata.view_names, mask),
            "judged_on_line": bool(mask.sum() >= least),
            **_rates(defective, answers, thresholds),
        }
        for mask, answers in zip(masks, varied.by_mask.T, strict=True)
    ]
    return {
        "num_bulbs": len(varied.bulbs),
        "left_out": dict(varied.unjudged.most_common()),
        "min_views": least,
        "by_number": [_over([row for row in rows if row["num_views"] == size]) for size in sizes],
        "by_views": rows,
    }


def _views(names: Sequence[str], mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the names of the views that are there and of those that are not."""
    return {
        "views": [name for name, is_there in zip(names, mask, strict=True) if is_there],
        "absent": [name for name, is_there in zip(names, mask, strict=True) if not is_there],
        "num_views": int(mask.sum()),
    }


def _rates(
    defective: NDArray[np.bool_], probability: NDArray[np.float64], thresholds: tuple[float, float]
) -> dict[str, Any]:
    """Return the figures of bulbs (N,); those without a finite answer would be unjudged."""
    finite = np.isfinite(probability)
    truth, known = defective[finite], probability[finite]
    pass_below, reject_from = thresholds
    return {
        "num_non_finite": int(np.sum(~finite)),
        "auroc": rates.auroc(truth, known),
        **error_rates(truth, known < pass_below, known >= reject_from),
    }


def _over(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the mean of each rate over the sets of as many views, and the worst of them."""
    known = {name: [row[name] for row in rows if row[name] is not None] for name in _RATES}
    figures: dict[str, Any] = {
        "num_views": rows[0]["num_views"],
        "judged_on_line": rows[0]["judged_on_line"],
        "num_sets": len(rows),
    }
    for name, values in known.items():
        worst = min if name == "auroc" else max
        figures[name] = float(np.mean(values)) if len(values) == len(rows) else None
        figures[f"worst_{name}"] = worst(values) if len(values) == len(rows) else None
    return figures
