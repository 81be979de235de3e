"""The same bulbs with their views in other orders, and with fewer views: what is said of them then.

Each bulb is read once, by the inspector; the network is then asked again for every variation.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.bulb import Bulb, Prediction, Verdict
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import UsageError
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.verdict import Judge
from bulbinspect.metrics.probability import defect_probability
from bulbinspect.progress import Advance

MOST_VIEWS = 4
"""Up to so many views all orders are gone through: of 4 there are 24, of 5 already 120."""

_BATCH_SIZE = 8

_Way = tuple[NDArray[np.int64], NDArray[np.bool_]]  # order (V,), present (V,)


@dataclass(frozen=True, slots=True, eq=False)
class Varied:
    """N bulbs that were judged, and the defect probabilities that variations of them get.

    `predictions` are those of the bulbs as they came; `by_order` (N, O) and `by_mask` (N, M) are
    NaN where the network's answer is not finite. `unjudged` counts the bulbs left out, by reason;
    those that were judged without some of their views are in it, as `missing_view`.
    """

    bulbs: tuple[Bulb, ...]
    predictions: tuple[Prediction, ...]
    by_order: NDArray[np.float64]
    by_mask: NDArray[np.float64]
    unjudged: Counter[str]

    @property
    def as_given(self) -> NDArray[np.float64]:
        """Defect probabilities (N,) of the bulbs as they came."""
        return np.array([one.defect_probability for one in self.predictions], float)


def judge_varied(
    inspector: Inspector,
    bulbs: Sequence[Bulb],
    *,
    orders: ArrayLike | None = None,
    masks: ArrayLike | None = None,
    runtime: Runtime | None = None,
    advance: Advance = lambda _: None,
) -> Varied:
    """Judge bulbs, and each again in `orders` (O, V) and with the views of `masks` (M, V) alone.

    In order o place v of the network gets view `orders[o, v]`. Of the views that are False in a
    mask the network gets black pictures, and is told that they are absent. A bulb that the
    inspector leaves unjudged is left out. `runtime` is asked in place of the inspector's own; it
    gives the same answers for bulbs. `advance` is told how many bulbs were read. UsageError for a
    bundle without a good class, BundleError when the network fails.
    """
    metadata, judge = inspector.bundle.metadata, Judge(inspector.bundle)
    good, network = metadata.good_index, runtime or inspector.runtime
    if good is None:
        raise UsageError("the bundle has no good class, so no verdict can change")
    turned, seen = _orders(orders, metadata.num_views), _masks(masks, metadata.num_views)
    ways: list[_Way] = [(order, np.ones(len(order), bool)) for order in turned]
    ways += [(np.arange(len(mask)), mask) for mask in seen]
    kept: list[tuple[Bulb, Prediction]] = []
    unjudged: Counter[str] = Counter()
    answers = [np.empty((0, len(ways)))]
    with ThreadPoolExecutor(inspector.threads, thread_name_prefix="variations") as pool:
        judged = _judged(inspector, bulbs, unjudged, advance)
        while batch := list(itertools.islice(judged, _BATCH_SIZE)):
            pixels = np.stack([one for _, _, one in batch])
            columns = list(pool.map(partial(_ask, network, judge, good, pixels), ways))
            answers.append(np.array(columns, float).reshape(len(ways), len(batch)).T)
            kept += [(bulb, prediction) for bulb, prediction, _ in batch]
    by_way = np.concatenate(answers)
    return Varied(
        tuple(bulb for bulb, _ in kept),
        tuple(prediction for _, prediction in kept),
        by_way[:, : len(turned)],
        by_way[:, len(turned) :],
        unjudged,
    )


def all_orders(num_views: int) -> NDArray[np.int64]:
    """Return every order of the views (V!, V), the given one first; ValueError above MOST_VIEWS."""
    if not 1 <= num_views <= MOST_VIEWS:
        raise ValueError(
            f"all orders of {num_views} views are {math.factorial(num_views)}; "
            f"they are gone through for 1 to {MOST_VIEWS} views"
        )
    return np.array(list(itertools.permutations(range(num_views))), np.int64)


def shifts(num_views: int) -> NDArray[np.int64]:
    """Return the orders (V, V) that turning the bulb from camera to camera makes, none first."""
    places = np.arange(num_views)
    return (places + places[:, None]) % num_views


def subsets(num_views: int, size: int) -> NDArray[np.bool_]:
    """Return every mask of `size` present views (M, V); ValueError unless it is from 1 to V."""
    if not 1 <= size <= num_views:
        raise ValueError(f"{size} of {num_views} views: expected a number from 1 to {num_views}")
    chosen = list(itertools.combinations(range(num_views), size))
    masks = np.zeros((len(chosen), num_views), bool)
    np.put_along_axis(masks, np.array(chosen), True, axis=1)
    return masks


def _judged(
    inspector: Inspector, bulbs: Sequence[Bulb], unjudged: Counter[str], advance: Advance
) -> Iterator[tuple[Bulb, Prediction, NDArray[Any]]]:
    """Yield each judged bulb with its prediction and pixels (V, H, W); count the others."""
    answers = inspector.inspect_with_pixels(bulbs)
    for bulb, (prediction, pixels) in zip(bulbs, answers, strict=True):
        advance(1)
        if pixels is None:
            judged = prediction.verdict is not Verdict.UNJUDGED
            unjudged["missing_view" if judged else prediction.reason] += 1
        else:
            yield bulb, prediction, pixels


def _ask(
    runtime: Runtime, judge: Judge, good: int, pixels: NDArray[Any], way: _Way
) -> NDArray[np.float64]:
    """Return the defect probabilities (N,) of `pixels` (N, V, H, W) seen that way."""
    order, present = way
    views = pixels[:, order]
    views[:, ~present] = 0
    logits, _ = runtime.run(views, np.tile(present, (len(views), 1)))
    finite = np.isfinite(logits).all(-1)
    probability = np.full(len(logits), np.nan)
    (calibrated,) = judge.probabilities(logits[finite])
    probability[finite] = defect_probability(calibrated, good)
    return probability


def _orders(orders: ArrayLike | None, num_views: int) -> NDArray[np.int64]:
    """Return `(O, V)`, or raise ValueError unless each row is an order of the views."""
    rows = np.empty((0, num_views), int) if orders is None else np.asarray(orders, int)
    if rows.shape[1:] != (num_views,) or (np.sort(rows, 1) != np.arange(num_views)).any():
        raise ValueError(f"expected orders of the views 0 to {num_views - 1}, got {rows.tolist()}")
    return rows


def _masks(masks: ArrayLike | None, num_views: int) -> NDArray[np.bool_]:
    """Return `(M, V)`, or raise ValueError unless each row has a view."""
    rows = np.empty((0, num_views), bool) if masks is None else np.asarray(masks, bool)
    if rows.shape[1:] != (num_views,) or not rows.any(1).all():
        raise ValueError(f"expected masks of {num_views} views, one present at least")
    return rows
