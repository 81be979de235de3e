"""An explanation as files: a picture for each view, and everything in numbers."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.files import write_json
from bulbinspect.inspection.explanation.explain import Explanation, peaks, per_pixel
from bulbinspect.inspection.predict import result_folder
from bulbinspect.report.overlay import colours, drawn_over, shades

LEAST_RANGE = 1.0
"""Drops of the log-odds are drawn in parts of the largest of the bulb, but never of less."""


def write_explanation(out: Path, found: Explanation, metadata: BundleMetadata) -> dict[str, Any]:
    """Write `explanation.json` and `view-1.png`, … to the new folder `out`; return the numbers.

    The pictures are those that the network saw, at least 256 px wide, with the map over them.
    UsageError if `out` exists or cannot be written.
    """
    figures = figures_of(found, metadata)
    with result_folder(out) as folder:
        spread = per_pixel(found)
        most = max(float(spread.max()), LEAST_RANGE)
        for number, (pixels, one) in enumerate(zip(found.pixels, spread, strict=True), start=1):
            layer = colours(one) if found.method == "evidence" else shades(one / most)
            gray = _as_bytes(pixels, metadata.preprocess.max_level)
            (folder / f"view-{number}.png").write_bytes(drawn_over(gray, layer, least_px=256))
        write_json(folder / "explanation.json", figures)
    return figures


def figures_of(found: Explanation, metadata: BundleMetadata) -> dict[str, Any]:
    """Return what `explanation.json` holds; docs/explain.md says what the keys mean."""
    one, num_views = found.prediction, metadata.num_views
    patches = {"patch_px": found.patch_px, "tops_px": found.tops, "lefts_px": found.lefts}
    return {
        "bulb_id": one.bulb_id,
        "model": one.model,
        "verdict": one.verdict,
        "reason": one.reason,
        "label": one.label,
        "defect_probability": one.defect_probability,
        "defective_view": one.defective_view,
        "method": found.method,
        "size_px": list(found.pixels.shape[1:]),
        **(patches if found.patch_px else {}),
        "trained_without_views": (metadata.min_views or num_views) < num_views,
        "views": [
            {
                "view": view.view,
                "path": str(view.path),
                "picture": f"view-{number}.png",
                "defect_probability": view.defect_probability,
                "probability_without": None if math.isnan(without) else without,
                "peak_px": list(peak),
                "map": values.round(6).tolist(),
            }
            for number, (view, without, peak, values) in enumerate(
                zip(one.views, found.without.tolist(), peaks(found), found.maps, strict=True), 1
            )
        ],
    }


def _as_bytes(pixels: NDArray[Any], max_level: int) -> NDArray[np.uint8]:
    return np.rint(pixels.astype(np.float64) * (255 / max_level)).astype(np.uint8)
