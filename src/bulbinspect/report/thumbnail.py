"""A view made small enough to travel inside a page."""

import base64
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from bulbinspect.bulb import Part
from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.levels import Gray
from bulbinspect.imaging.parts import read_parts
from bulbinspect.imaging.read import EIGHT_BITS, read_gray


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A gray PNG, its (width, height), and the (H, W) of the upright picture it was made from."""

    png: bytes
    size: tuple[int, int]
    picture_size: tuple[int, int]


def make_thumbnail(
    path: Path, size_px: int, *, part: Part | None = None, form: PictureForm = EIGHT_BITS
) -> Thumbnail:
    """Return the picture as a gray PNG, its longer side at most `size_px`.

    Deep pictures are stretched over their own range: what the eye needs, not what the network saw.
    Raise PictureError when the picture cannot be read.
    """
    levels = _for_display(path, part, form)
    picture = Image.fromarray(levels)
    picture.thumbnail((size_px, size_px), Image.Resampling.LANCZOS)
    height, width = levels.shape
    return Thumbnail(png_bytes(picture), picture.size, (height, width))


def thumbnail(
    path: Path, size_px: int, *, part: Part | None = None, form: PictureForm = EIGHT_BITS
) -> str:
    """Return the PNG of `make_thumbnail` as a `data:` address."""
    return data_address(make_thumbnail(path, size_px, part=part, form=form).png)


def data_address(png: bytes) -> str:
    """Return the address of a PNG that is inside a page."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def png_bytes(picture: Image.Image) -> bytes:
    """Return a picture as the bytes of a PNG."""
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=6)
    return file.getvalue()


def _for_display(path: Path, part: Part | None, form: PictureForm) -> Gray:
    """Return (H, W) uint8."""
    try:
        levels = _read(path, part, form)
    except PictureError as error:
        if error.reason not in ("undeclared_depth", "wrong_depth"):
            raise
        levels = _read(path, part, replace(form, bit_depth=8 if form.bit_depth > 8 else 16))
    if levels.dtype == np.uint8:
        return levels
    low, high = int(levels.min()), int(levels.max())
    scaled = np.interp(levels, (low, max(high, low + 1)), (0, 255))
    return np.asarray(scaled.round(), np.uint8)


def _read(path: Path, part: Part | None, form: PictureForm) -> Gray:
    if part is None:
        return read_gray(path, form)
    return read_parts(path, part.kind, part.of, form)[part.index]
