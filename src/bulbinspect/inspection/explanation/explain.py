"""Why a bulb got its answer: its evidence map, or what happens when parts of it are covered."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Bulb, Prediction
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import BundleError, DataError, UsageError
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.variations import judge_varied, subsets
from bulbinspect.metrics.calibration import defect_log_odds

METHODS = ("auto", "evidence", "occlusion")

_BATCH_SIZE = 16


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What speaks for a defect, place by place, in every view `(V, H, W)` of `pixels`.

    `maps` (V, h, w) are log-odds of a defect for `evidence`; for `occlusion` by how much the bulb's
    log-odds of a defect fall when a patch of the view's mean gray lies there. Patches have
    `patch_px` and lie at `tops` (h,) and `lefts` (w,), 0 and empty for evidence. `without` (V,) are
    the bulb's defect probabilities without each view, NaN where it has no other.
    """

    prediction: Prediction
    pixels: NDArray[Any]
    method: str
    maps: NDArray[np.float64]
    without: NDArray[np.float64]
    patch_px: int = 0
    tops: tuple[int, ...] = ()
    lefts: tuple[int, ...] = ()


def explain(
    inspector: Inspector,
    bulb: Bulb,
    *,
    method: str = "auto",
    patch_px: int | None = None,
    stride_px: int | None = None,
) -> Explanation:
    """Explain the answer for one bulb; `auto` is `evidence` where the network has a map.

    `patch_px`, an eighth of the longer side unless given, and `stride_px`, half a patch, are pixels
    of what the network sees. UsageError for a method, patch or stride that cannot be, and without a
    good class; DataError for a bulb that is unjudged, or judged without all of its views;
    BundleError where the network fails.
    """
    metadata, runtime = inspector.bundle.metadata, inspector.runtime
    if metadata.good_index is None:
        raise UsageError("the bundle has no good class, so there is no defect to explain")
    chosen = _method(method, runtime)
    ((prediction, pixels),) = inspector.inspect_with_pixels([bulb])
    if pixels is None:
        why = prediction.detail or prediction.reason
        raise DataError(f"bulb {bulb.bulb_id!r} cannot be explained: {why}")
    without = _without_each(inspector, bulb)
    if chosen == "evidence":
        if not all(view.evidence for view in prediction.views):
            raise BundleError("the network answered with an evidence map of NaN or infinity")
        maps = np.array([view.evidence for view in prediction.views], np.float64)
        return Explanation(prediction, pixels, chosen, maps, without)
    height, width = pixels.shape[1:]
    patch = max(1, math.ceil(max(height, width) / 8)) if patch_px is None else patch_px
    stride = max(1, patch // 2) if stride_px is None else stride_px
    if not 1 <= patch <= min(height, width) or not 1 <= stride <= patch:
        raise UsageError(
            f"a patch of {patch} px, moved by {stride}: it must fit into {height} x {width} px, "
            "and a step be no longer than the patch"
        )
    tops, lefts = starts(height, patch, stride), starts(width, patch, stride)
    maps = occlude(runtime, metadata.good_index, pixels, tops=tops, lefts=lefts, patch_px=patch)
    return Explanation(prediction, pixels, chosen, maps, without, patch, tops, lefts)


def occlude(
    runtime: Runtime,
    good: int,
    pixels: NDArray[Any],
    *,
    tops: Sequence[int],
    lefts: Sequence[int],
    patch_px: int,
) -> NDArray[np.float64]:
    """Return by how much covering each place lowers the log-odds of a defect: `(V, h, w)`.

    `pixels` (V, H, W) are those of one bulb with all its views.
    """
    places = [(v, top, left) for v in range(len(pixels)) for top in tops for left in lefts]
    whole = _log_odds(runtime, good, pixels[None])[0]
    covered = [
        odds
        for start in range(0, len(places), _BATCH_SIZE)
        for odds in _log_odds(
            runtime, good, _covered(pixels, places[start : start + _BATCH_SIZE], patch_px)
        )
    ]
    falls = whole - np.array(covered, np.float64)
    return np.reshape(falls, (len(pixels), len(tops), len(lefts)))


def starts(length: int, patch: int, stride: int) -> tuple[int, ...]:
    """Return where patches begin, so that they cover all of a side; the last one ends with it."""
    return tuple(sorted({*range(0, length - patch, stride), length - patch}))


def per_pixel(found: Explanation) -> NDArray[np.float64]:
    """Return the maps at every pixel `(V, H, W)`: of the patches that cover it the mean."""
    height, width = found.pixels.shape[1:]
    rows, columns = (
        _shares(height, found.tops, found.maps.shape[1], found.patch_px),
        _shares(width, found.lefts, found.maps.shape[2], found.patch_px),
    )
    spread: NDArray[np.float64] = rows.T @ found.maps @ columns
    return spread


def peaks(found: Explanation) -> Iterator[tuple[int, int, int, int]]:
    """Yield (left, top, right, bottom) of each view's largest place, in pixels of the network."""
    _, height, width = found.pixels.shape
    for one in found.maps:
        row, column = divmod(int(np.argmax(one)), one.shape[1])
        if found.patch_px:
            left, top = found.lefts[column], found.tops[row]
            yield left, top, left + found.patch_px, top + found.patch_px
        else:
            yield (
                math.ceil(column * width / one.shape[1]),
                math.ceil(row * height / one.shape[0]),
                math.ceil((column + 1) * width / one.shape[1]),
                math.ceil((row + 1) * height / one.shape[0]),
            )


def _shares(length: int, begins: Sequence[int], count: int, patch: int) -> NDArray[np.float64]:
    """Return how much each place counts for each pixel of a side `(count, length)`."""
    pixel = np.arange(length)
    if not begins:  # places of a map lie side by side
        within: NDArray[np.bool_] = pixel * count // length == np.arange(count)[:, None]
        return within.astype(np.float64)
    first = np.array(begins)[:, None]
    covers = (first <= pixel) & (pixel < first + patch)
    shares: NDArray[np.float64] = covers / covers.sum(axis=0)
    return shares


def _covered(
    pixels: NDArray[Any], places: Sequence[tuple[int, int, int]], patch: int
) -> NDArray[Any]:
    """Return a copy of the bulb for each place, with the patch on it: `(N, V, H, W)`."""
    copies = np.repeat(pixels[None], len(places), axis=0)
    for copy, (view, top, left) in zip(copies, places, strict=True):
        gray = np.rint(pixels[view].mean()).astype(pixels.dtype)
        copy[view, top : top + patch, left : left + patch] = gray
    return copies


def _log_odds(runtime: Runtime, good: int, views: NDArray[Any]) -> NDArray[np.float64]:
    """Return the log-odds of a defect (N,) before calibration, of bulbs with all views."""
    logits, _ = runtime.run(views, np.ones(views.shape[:2], bool))
    odds = defect_log_odds(logits, good)
    if not np.isfinite(odds).all():
        raise BundleError("the network answered NaN or infinity where a view was covered")
    return odds


def _without_each(inspector: Inspector, bulb: Bulb) -> NDArray[np.float64]:
    """Return the defect probabilities (V,) without each view, NaN for a bulb that has but one."""
    num_views = inspector.bundle.metadata.num_views
    if num_views == 1:
        return np.full(1, np.nan)
    masks = subsets(num_views, num_views - 1)
    varied = judge_varied(inspector, [bulb], masks=masks)
    without = np.empty(num_views)
    without[np.argmin(masks, axis=1)] = varied.by_mask[0]
    return without


def _method(method: str, runtime: Runtime) -> str:
    if method not in METHODS:
        raise UsageError(f"the method is one of {', '.join(METHODS)}, not {method!r}")
    if method == "evidence" and not runtime.has_evidence:
        raise UsageError("the network of this bundle has no evidence map; use --method occlusion")
    if method == "auto":
        return "evidence" if runtime.has_evidence else "occlusion"
    return method
