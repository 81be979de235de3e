"""An evidence map as a layer over the thumbnail of its view."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy.special import expit

from bulbinspect.imaging.preprocess import PreprocessSpec, frame
from bulbinspect.report.thumbnail import Thumbnail, data_address, png_bytes

COLOUR = 255, 64, 0
"""Of the layer: it lies on gray pictures, so one colour serves a light page and a dark one."""

STRONGEST = 0.6
"""How much of the picture the layer covers where a defect is certain."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where something lies over a thumbnail, in its pixels; parts may lie outside of it."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Overlay:
    """`picture` is the map as a `data:` address, a pixel for each place; `peak` its largest."""

    picture: str
    size: tuple[int, int]
    box: Box
    peak: Box


def colours(evidence: ArrayLike) -> NDArray[np.uint8]:
    """Return a map (h, w) of log-odds as colours (h, w, 4).

    The layer is as opaque as a defect is likely: nothing far below 0, half of `STRONGEST` at 0.
    """
    return shades(expit(np.asarray(evidence, np.float64)))


def shades(share: ArrayLike) -> NDArray[np.uint8]:
    """Return a map (h, w) as colours (h, w, 4): below 0 nothing, from 1 on `STRONGEST`."""
    strength = np.clip(np.asarray(share, np.float64), 0, 1)
    layer = np.empty((*strength.shape, 4), np.uint8)
    layer[..., :3] = COLOUR
    layer[..., 3] = np.rint(255 * STRONGEST * strength)
    return layer


def drawn_over(gray: NDArray[np.uint8], layer: NDArray[np.uint8], *, least_px: int) -> bytes:
    """Return the PNG of a layer (H, W, 4) over a picture (H, W), its width at least `least_px`."""
    picture = Image.fromarray(gray).convert("RGBA")
    picture.alpha_composite(Image.fromarray(layer))
    times = max(1, -(-least_px // picture.width))
    size = times * picture.width, times * picture.height
    return png_bytes(picture.convert("RGB").resize(size, Image.Resampling.NEAREST))


def make_overlay(
    evidence: Sequence[Sequence[float]], picture: Thumbnail, spec: PreprocessSpec
) -> Overlay | None:
    """Return the layer of a map over what the network saw of a picture; None without a map."""
    if not evidence or not evidence[0]:
        return None
    odds = np.asarray(evidence, np.float64)
    rows, columns = odds.shape
    width, height = picture.size
    left, top, right, bottom = frame(*picture.picture_size, spec)
    box = Box(left * width, top * height, (right - left) * width, (bottom - top) * height)
    row, column = divmod(int(np.argmax(odds)), columns)
    peak = Box(
        box.x + column * box.width / columns,
        box.y + row * box.height / rows,
        box.width / columns,
        box.height / rows,
    )
    png = png_bytes(Image.fromarray(colours(odds)))
    return Overlay(data_address(png), picture.size, box, peak)
