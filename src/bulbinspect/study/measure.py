"""What of a finished run only its bundle can tell: other orders of the views, fewer of them, shots.

Everything is judged from the picture files by the inspector, at the bundle's own threshold. Bulbs
that it leaves unjudged are left out; `metrics.json` counts them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import GOOD, Bulb, Prediction, Verdict
from bulbinspect.bundle.bundle import read_bundle
from bulbinspect.bundle.find import BUNDLE_NAME
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.data.visible_sides import read_truth
from bulbinspect.errors import BundleError, DataError
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.variations import (
    MOST_VIEWS,
    Varied,
    all_orders,
    judge_varied,
    shifts,
    subsets,
)
from bulbinspect.metrics import rates
from bulbinspect.study.bulb_answer import only_bulb_answer


def measure_run(
    run_folder: Path,
    bulbs_test: Sequence[Bulb],
    *,
    reshots: Sequence[Bulb] | None = None,
    truth: Path | None = None,
    varied_bulbs: int | None = None,
) -> dict[str, Any]:
    """Return `orders`, `shifts`, `reshots`, `fewer_views` and `named_side` of `study.json`.

    `reshots` are bulbs of which several have the same `group`: the same body shot at other turns.
    `truth` is the truth.csv of a drawn set. `varied_bulbs` of the test bulbs, evenly over their
    classes, are judged in other orders and with fewer views (None: all): with V views there are V!
    orders and 2^V - 2 choices. Of more views than MOST_VIEWS `orders` is None. What cannot be
    known is None, never NaN. BundleError for a bundle that gives no verdicts.
    """
    bundle = read_bundle(run_folder / BUNDLE_NAME)
    point, num_views = bundle.metadata.operating_point, bundle.metadata.num_views
    if point is None:
        raise BundleError(f"{run_folder / BUNDLE_NAME} has no good class: it gives no verdicts")
    threshold, inspector = point.reject_threshold, Inspector(bundle)
    runtime = Runtime(only_bulb_answer(bundle))
    groups = {size: subsets(num_views, size) for size in range(num_views - 1, 0, -1)}
    masks = np.concatenate([np.empty((0, num_views), bool), *groups.values()])
    predictions = list(inspector.inspect(bulbs_test))
    judged = [
        bulb for bulb, one in zip(bulbs_test, predictions, strict=True)
        if one.verdict is not Verdict.UNJUDGED
    ]  # fmt: skip
    few = num_views <= MOST_VIEWS
    orders = all_orders(num_views) if few else shifts(num_views)
    chosen = take_evenly(judged, varied_bulbs)
    varied = judge_varied(inspector, chosen, orders=orders, masks=masks, runtime=runtime)
    return {
        "orders": changes_by_order(varied, orders, orders, threshold) if few else None,
        "shifts": changes_by_order(varied, orders, shifts(num_views), threshold),
        "reshots": None if reshots is None else changes_by_shot(inspector, reshots),
        "fewer_views": fewer_views(varied, [len(one) for one in groups.values()], threshold),
        "named_side": None if truth is None else _side_of_defects(predictions, truth),
    }


def changes_by_order(
    varied: Varied, orders: NDArray[np.int64], counted: NDArray[np.int64], threshold: float
) -> dict[str, Any]:
    """Say how verdicts and probabilities change in those of `orders` that are `counted` too.

    `mean_changed` is the share of the pairs of bulb and order, the given order among them, whose
    verdict is not that of the given order.
    """
    wanted = {tuple(order) for order in counted.tolist()}
    columns = [tuple(order) in wanted for order in orders.tolist()]
    probability, given = varied.by_order[:, columns], varied.as_given[:, None]
    changed = _rejected(probability, threshold) != _rejected(given, threshold)
    return {
        "num_bulbs": len(changed),
        "num_orders": changed.shape[1],
        "changed_bulbs": int(changed.any(1).sum()),
        "mean_changed": float(changed.mean()) if changed.size else None,
        "largest_change": _largest(np.abs(probability - given)),
    }


def changes_by_shot(inspector: Inspector, bulbs: Sequence[Bulb]) -> dict[str, Any]:
    """Say how many bodies, of those with two judged shots or more, get different verdicts."""
    shots: dict[str, list[Prediction]] = defaultdict(list)
    for bulb, prediction in zip(bulbs, inspector.inspect(bulbs), strict=True):
        if prediction.verdict is not Verdict.UNJUDGED:
            shots[bulb.group or bulb.bulb_id].append(prediction)
    bodies = [predictions for predictions in shots.values() if len(predictions) > 1]
    ranges = [np.ptp([one.defect_probability for one in body]) for body in bodies]
    return {
        "num_bulbs": len(bodies),
        "changed_bulbs": sum(len({one.verdict for one in body}) > 1 for body in bodies),
        "largest_change": _largest(np.array(ranges)),
    }


def fewer_views(
    varied: Varied, num_masks: Sequence[int], threshold: float
) -> dict[str, dict[str, float | None]]:
    """Return AUROC and rates by the number of views, from V down to 1.

    `num_masks` says how many columns of `by_mask` belong to V - 1 views, V - 2, and so on. Each
    choice of views judges all bulbs; the figures of a number of views are means over its choices,
    not figures of a mean answer, which would have seen every view.
    """
    defective = np.array([bulb.label != GOOD for bulb in varied.bulbs], bool)
    blocks = np.split(varied.by_mask, np.cumsum(num_masks)[:-1], axis=1) if num_masks else []
    blocks = [varied.as_given[:, None], *blocks]
    return {
        str(len(blocks) - place): {
            "auroc": _mean([rates.auroc(defective, one) for one in block.T]),
            **{
                name: _mean([rate(defective, _rejected(one, threshold)) for one in block.T])
                for name, rate in _RATES.items()
            },
        }
        for place, block in enumerate(blocks)
    }


_RATES = {"escape_rate": rates.escape_rate, "overkill_rate": rates.overkill_rate}


class Named(NamedTuple):
    """The verdict on a bulb, and the view that it names."""

    bulb_id: str
    verdict: str
    defective_view: str


@dataclass(frozen=True, slots=True)
class NamedSide:
    """Of the rejected defective bulbs, on how many the named side shows the defect.

    `by_chance` is the share that naming a side at random would reach.
    """

    rejected_defective: int
    right: int
    by_chance: float


def named_side(answers: Iterable[Named], truth: Path) -> NamedSide:
    """Compare named sides with a truth.csv, which has a row for each view of a defective bulb.

    A side shows the defect where a pixel of it is visible there. DataError for another table.
    """
    if not truth.is_file():
        raise DataError(f"{truth} is not there")
    visible = read_truth(truth)
    rejected = [one for one in answers if one.verdict == "reject" and one.bulb_id in visible]
    odd = [one for one in rejected if one.defective_view not in visible[one.bulb_id]]
    if odd:
        raise DataError(
            f"{truth} does not know {len(odd)} of the views that were named",
            [f"view {one.defective_view!r} of bulb {one.bulb_id!r}" for one in odd],
        )
    right = sum(visible[one.bulb_id][one.defective_view] > 0 for one in rejected)
    shown = [pixels > 0 for one in rejected for pixels in visible[one.bulb_id].values()]
    return NamedSide(len(rejected), right, sum(shown) / max(len(shown), 1))


def take_evenly(bulbs: Sequence[Bulb], number: int | None) -> list[Bulb]:
    """Return the first `number` bulbs, of each label as many as can be, in their order."""
    met: Counter[str] = Counter()
    ranks = []
    for place, bulb in enumerate(bulbs):
        ranks.append((met[bulb.label], place))
        met[bulb.label] += 1
    return [bulbs[place] for place in sorted(place for _, place in sorted(ranks)[:number])]


def _side_of_defects(predictions: Sequence[Prediction], truth: Path) -> dict[str, int] | None:
    """Return `named_side` of `study.json`; None if every view of every bulb says the same."""
    if all(len({view.defect_probability for view in one.views}) < 2 for one in predictions):
        return None
    answers = [Named(p.bulb_id, str(p.verdict), p.defective_view) for p in predictions]
    side = named_side(answers, truth)
    return {"rejected_defective": side.rejected_defective, "right": side.right}


def _rejected(probability: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    """Say what is rejected: as in a verdict, whatever does not compare does not pass."""
    return ~(probability < threshold)


def _largest(changes: NDArray[np.float64]) -> float | None:
    return float(changes.max()) if changes.size and not np.isnan(changes).any() else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None
