"""Whether the evidence map points at the defect, held against masks of where the defect is."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Prediction, Verdict, ViewPrediction
from bulbinspect.errors import DataError, PictureError
from bulbinspect.imaging.preprocess import PreprocessSpec, frame
from bulbinspect.imaging.read import read_gray
from bulbinspect.metrics.proportion import interval

Map = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class EvidencePeak:
    """Of the rejected defective bulbs with a map, on how many its peak lies within the defect.

    `by_chance` is the share that a peak anywhere on the maps of the bulb would reach.
    """

    rejected_defective: int
    within: int
    by_chance: float

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, with the share and its 95 % interval, Clopper and Pearson's."""
        ends = interval(self.within, self.rejected_defective, confidence=0.95)
        share = self.within / self.rejected_defective
        return {**asdict(self), "share_within": share, "interval": list(ends)}


def evidence_peak(
    predictions: Iterable[Prediction], masks: Path, spec: PreprocessSpec
) -> EvidencePeak | None:
    """Compare maps with the masks `<bulb>_<view>.png` in a folder, 255 where the defect shows.

    The peak is the highest place over all views of the bulb. It lies within the defect if a pixel
    of it is no further from the middle of that place, up, down and sideways, than the map's places
    are from each other: the defect, dilated by one place. Only rejected bulbs with a mask for every
    view count; None if there are none that have a map. DataError for a mask that cannot be read.
    """
    right, chances = [], []
    for one in predictions:
        if one.verdict is not Verdict.REJECT or not all(view.evidence for view in one.views):
            continue
        files = [masks / f"{one.bulb_id}_{view.view}.png" for view in one.views]
        if not files or not all(file.is_file() for file in files):
            continue
        near = [
            near_defect(_mask(file), view, spec)
            for file, view in zip(files, one.views, strict=True)
        ]
        highest = [np.max(view.evidence) for view in one.views]
        view = int(np.argmax(highest))
        right.append(bool(near[view].flat[int(np.argmax(one.views[view].evidence))]))
        chances.append(float(np.mean(near)))
    if not right:
        return None
    return EvidencePeak(len(right), sum(right), float(np.mean(chances)))


def near_defect(
    mask: NDArray[np.bool_], view: ViewPrediction, spec: PreprocessSpec
) -> NDArray[np.bool_]:
    """Tell of each place of a map `(h, w)` whether the dilated defect of `mask (H, W)` covers it.

    The map covers the part of the picture that the network gets, which may be cut or padded.
    """
    num_rows, num_columns = np.shape(view.evidence)
    height, width = mask.shape
    left, top, right, bottom = frame(height, width, spec)
    rows = _reach(top, bottom, num_rows, height)
    columns = _reach(left, right, num_columns, width)
    return np.array(
        [[bool(mask[up:down, west:east].any()) for west, east in columns] for up, down in rows]
    )


def _reach(start: float, end: float, num_places: int, num_pixels: int) -> list[tuple[int, int]]:
    """Return for each place the pixels from one place before its middle to one place behind.

    `start` and `end` are where the map begins and ends, in shares of the picture.
    """
    step = (end - start) / num_places
    middles = start + step * (np.arange(num_places) + 0.5)
    first = np.ceil((middles - step) * num_pixels - 0.5).clip(0, num_pixels)
    last = np.floor((middles + step) * num_pixels - 0.5).clip(-1, num_pixels - 1)
    return [(int(a), int(b) + 1) for a, b in zip(first, last, strict=True)]


def _mask(file: Path) -> NDArray[np.bool_]:
    try:
        return read_gray(file) > 0
    except PictureError as error:
        raise DataError(f"the mask {file} cannot be read: {error.detail}") from error
