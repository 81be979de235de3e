"""Whether the verdict on a bulb hangs on which camera saw which side."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import GOOD, Bulb, Prediction, Verdict
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.errors import DataError
from bulbinspect.inspection.certification.orders import OtherOrders
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.variations import judge_varied
from bulbinspect.progress import progress

TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderChanges:
    """What N judged bulbs are said to be in `orders`, beside what they are as `given`.

    `probability` (N, O) is NaN where the answer is not finite, `verdicts` (N, O) are then unjudged.
    `change` (N, O) is by how much the probability is another than as given, infinity where it is
    not finite, `changed` (N, O) whether the verdict is another.
    """

    orders: OtherOrders
    bulbs: tuple[Bulb, ...]
    given: tuple[Prediction, ...]
    probability: NDArray[np.float64]
    verdicts: NDArray[np.object_]
    change: NDArray[np.float64]
    changed: NDArray[np.bool_]
    left_out: Counter[str]

    def certified(self, tolerance: float = TOLERANCE) -> bool:
        """Say whether no verdict changes, and no probability by more than `tolerance`."""
        return not self.changed.any() and bool((self.change <= tolerance).all())

    def figures(self, *, only_shifts: bool = False) -> dict[str, Any]:
        """Return counts and sizes of the changes, in every order tried or in the shifts alone.

        `largest_change` and `median_change`, over the bulbs, of their largest changes, are None
        where an answer is not finite. The rates over the orders take each bulb at its worst.
        """
        columns = slice(self.orders.num_shifts if only_shifts else None)
        change, changed = self.change[:, columns], self.changed[:, columns]
        passed = self.verdicts[:, columns] == Verdict.PASS
        largest = change.max(axis=1)
        return {
            "num_orders": change.shape[1],
            "largest_change": _finite(largest.max()),
            "median_change": _finite(float(np.median(largest))),
            "not_finite": int(np.isinf(change).sum()),
            "changed_verdicts": int(changed.sum()),
            "changed_bulbs": int(changed.any(axis=1).sum()),
            **self._mistakes(passed),
        }

    def worst(self, number: int | None = None) -> list[int]:
        """Return the places of the bulbs that change most: first those whose verdict changes."""
        change, stays = self.change.max(axis=1), ~self.changed.any(axis=1)
        order = np.lexsort((np.arange(len(change)), -change, stays))
        return [int(place) for place in order[:number]]

    def _mistakes(self, passed: NDArray[np.bool_]) -> dict[str, int]:
        """Count, of labelled bulbs, the mistakes as given and in one order at least."""
        labels = [bulb.label for bulb in self.bulbs]
        good = np.array([label == GOOD for label in labels], bool)
        defective = np.array([label not in ("", GOOD) for label in labels], bool)
        as_given = np.array([one.verdict is Verdict.PASS for one in self.given], bool)
        return {
            "num_good": int(good.sum()),
            "num_defective": int(defective.sum()),
            "defective_passed_as_given": int((defective & as_given).sum()),
            "defective_passed_somewhere": int((defective & (as_given | passed.any(1))).sum()),
            "good_stopped_as_given": int((good & ~as_given).sum()),
            "good_stopped_somewhere": int((good & ~(as_given & passed.all(1))).sum()),
        }


def certify(inspector: Inspector, bulbs: Sequence[Bulb], orders: OtherOrders) -> OrderChanges:
    """Judge bulbs, and each again with its views in other orders.

    Bulbs that the inspector leaves unjudged are left out and counted. DataError, with the reasons,
    when none is left; UsageError for a bundle without a good class.
    """
    with progress("certify", len(bulbs)) as advance:
        varied = judge_varied(inspector, bulbs, orders=orders.rows, advance=advance)
    if not varied.bulbs:
        raise DataError(
            f"none of {len(bulbs)} bulbs was judged, so nothing can be certified",
            _first_reasons(inspector, bulbs, varied.unjudged),
        )
    verdicts = _verdicts(varied.by_order, inspector.bundle.metadata)
    changes = np.abs(varied.by_order - varied.as_given[:, None])
    as_given = np.array([one.verdict for one in varied.predictions], object)
    return OrderChanges(
        orders=orders,
        bulbs=varied.bulbs,
        given=varied.predictions,
        probability=varied.by_order,
        verdicts=verdicts,
        change=np.where(np.isnan(changes), np.inf, changes),
        changed=verdicts != as_given[:, None],
        left_out=varied.unjudged,
    )


def _verdicts(probability: NDArray[np.float64], metadata: BundleMetadata) -> NDArray[np.object_]:
    """Return what the inspector says of bulbs with these probabilities; unjudged for NaN."""
    point = metadata.operating_point
    assert point is not None  # noqa: S101  # no inspector is without, where there is a good class
    verdicts = np.full(probability.shape, Verdict.REJECT, object)
    verdicts[probability < point.reject_threshold] = Verdict.REVIEW
    verdicts[probability < point.pass_threshold] = Verdict.PASS
    verdicts[np.isnan(probability)] = Verdict.UNJUDGED
    return verdicts


def _first_reasons(
    inspector: Inspector, bulbs: Sequence[Bulb], unjudged: Counter[str]
) -> list[str]:
    first = next(inspector.inspect(bulbs[:1]), None)
    counted = [f"{number} {reason}" for reason, number in unjudged.most_common()]
    return [*counted, *([] if first is None else [f"bulb {first.bulb_id!r}: {first.detail}"])]


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
