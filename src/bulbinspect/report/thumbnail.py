"""A view made small enough to travel inside a page."""

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bulbinspect.bulb import Part
from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.levels import Gray
from bulbinspect.imaging.parts import read_parts
from bulbinspect.imaging.read import EIGHT_BITS, read_gray


def thumbnail(
    path: Path, size_px: int, *, part: Part | None = None, form: PictureForm = EIGHT_BITS
) -> str:
    """Return the picture as a `data:` address of a gray PNG, its longer side at most `size_px`.

    Deep pictures are stretched over their own range: what the eye needs, not what the network saw.
    Raise PictureError when the picture cannot be read.
    """
    picture = Image.fromarray(_for_display(path, part, form))
    picture.thumbnail((size_px, size_px), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=9)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


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
