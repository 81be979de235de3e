"""A view made small enough to travel inside a page."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import read_gray


def thumbnail(path: Path, size_px: int) -> str:
    """Return the picture as a `data:` address of a gray PNG, its longer side at most `size_px`.

    Deep pictures are stretched over their own range: what the eye needs, not what the network saw.
    Raise PictureError when the picture cannot be read.
    """
    picture = Image.fromarray(_for_display(path))
    picture.thumbnail((size_px, size_px), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=9)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _for_display(path: Path) -> np.ndarray:
    """Return (H, W) uint8."""
    try:
        return read_gray(path)
    except PictureError as error:
        if error.reason != "undeclared_depth":
            raise
    levels = read_gray(path, PictureForm(bit_depth=16))
    low, high = int(levels.min()), int(levels.max())
    return np.interp(levels, (low, max(high, low + 1)), (0, 255)).round().astype(np.uint8)
