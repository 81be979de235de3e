"""Is one picture a copy of the other? Then they differ no more than saving it again would do.

What saving again does is measured, not assumed: each picture in question is read again at its full
size, saved as JPEG of quality 50 in memory, and compared with itself. How much that changes it
depends on the picture, and on the place in it.
"""

import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bulbinspect.bulb import View
from bulbinspect.data.check.look import thumb_of
from bulbinspect.errors import PictureError
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.imaging.preprocess import PreprocessSpec, preprocess

_QUALITY = 50
_OFF_GRID_PX = 4  # a picture that was saved so already is changed by it again on another grid
_CELLS = 8
_MOST_OVERALL = 1.5  # measured: copies up to 1.34, see docs/check.md
_MOST_IN_A_CELL = 2.5  # measured: copies up to 2.27
_LEAST_CHANGE = 0.3 / 255  # of white: what rounding to whole levels does
_LARGEST_PX = 8192


@dataclass(frozen=True, slots=True)
class Change:
    """What saving a picture again changes in its thumb, as a share of white: overall, by cell."""

    overall: float
    cells: NDArray[np.float32]  # (8, 8)


def change_by_saving(view: View, size: tuple[int, int], spec: PreprocessSpec) -> Change | None:
    """Measure it on the file; None if the picture cannot be read any more."""
    height, width = (min(side, _LARGEST_PX) for side in size)
    full = replace(spec, height_px=height, width_px=width, fit="stretch")
    (loaded,) = load_views([view], full)
    if isinstance(loaded, PictureError):
        return None
    return _change(loaded, spec)


def _change(loaded: LoadedView, spec: PreprocessSpec) -> Change:
    white = spec.max_level
    eight_bits = loaded.pixels if white == 255 else np.rint(loaded.pixels * (255 / white))
    saved = _save_again(eight_bits.astype(np.uint8))
    again = saved if white == 255 else np.rint(saved * (white / 255)).astype(spec.dtype)
    before, after = (thumb_of(preprocess(pixels, spec), spec) for pixels in (loaded.pixels, again))
    return _measure((after.astype(np.float32) - before) / np.float32(white))


def _save_again(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    edge = _OFF_GRID_PX
    file = io.BytesIO()
    Image.fromarray(np.pad(pixels, edge, mode="edge")).save(file, "JPEG", quality=_QUALITY)
    return np.asarray(Image.open(file))[edge:-edge, edge:-edge]


def differ_as_saved(
    first: NDArray[Any], second: NDArray[Any], changes: tuple[Change, Change], white: int
) -> bool:
    """Say whether two thumbs, the second already turned, differ no more than by being saved again.

    Brightness and contrast may differ: each is taken in units of its own contrast, and so is what
    saving changes in it.
    """
    one_levels, one = _in_own_contrast(first, changes[0], white)
    other_levels, other = _in_own_contrast(second, changes[1], white)
    apart = _measure(one_levels - other_levels)
    overall = max(one.overall, other.overall)
    if apart.overall > _MOST_OVERALL * overall:
        return False
    cells = np.maximum(np.maximum(one.cells, other.cells), overall / 2)
    return bool((apart.cells <= _MOST_IN_A_CELL * cells).all())


def _in_own_contrast(
    thumb: NDArray[Any], change: Change, white: int
) -> tuple[NDArray[np.float32], Change]:
    levels = thumb.astype(np.float32) / np.float32(white)
    levels -= levels.mean()
    contrast = np.float32(max(float(levels.std()), _LEAST_CHANGE))
    overall = max(change.overall, _LEAST_CHANGE) / float(contrast)
    return levels / contrast, Change(overall, change.cells / contrast)


def _measure(difference: NDArray[np.float32]) -> Change:
    side = difference.shape[0] // _CELLS
    squares = (difference**2).reshape(_CELLS, side, _CELLS, side)
    return Change(float(np.sqrt(squares.mean())), np.sqrt(squares.mean(axis=(1, 3))))
