"""Pictures written by hand, header by header, or by Pillow's encoders, for the reader."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from tests.odd import encode

from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import MAX_PIXELS, read_gray

ROWS, COLUMNS = np.mgrid[:24, :20]
GRAY = ((7 * ROWS + 11 * COLUMNS) % 256).astype(np.uint8)
GRAY[0, :2] = 0, 255
DEEP = ((257 * ROWS + 131 * COLUMNS) % 4096).astype(np.uint16)
DEEP[0, :2] = 0, 4095


def encoded(pixels, picture_format, mode=None, **options):
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, picture_format, **options)
    return buffer.getvalue()


def write(folder, content, name="picture"):
    path = folder / name
    path.write_bytes(content)
    return path


def refusal(path, *, max_pixels=MAX_PIXELS, **form):
    with pytest.raises(PictureError) as caught:
        read_gray(path, PictureForm(**form), max_pixels=max_pixels)
    assert caught.value.detail
    return caught.value.reason


def png(width, height, bits, colour_type, rows, **chunks):
    """Write a PNG of rows that are not compressed yet; `chunks` as of `encode.png`."""
    return encode.png(width, height, bits, colour_type, zlib.compress(rows), **chunks)


gray_png = encode.png_of


def tiff(pixels, order, *, photometric=1, sample_format=1, bits=16):
    """Write an uncompressed TIFF of one strip; `order` is II or MM.

    A third axis are samples beyond the gray one, said to be of no known meaning (tag 338).
    """
    end = {"II": "<", "MM": ">"}[order]
    height, width = pixels.shape[:2]
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    extra = [(338, 3, 0)] if samples > 1 else []
    offset = 8 + 2 + 12 * (10 + len(extra)) + 4
    strip = pixels.astype(pixels.dtype.newbyteorder(end)).tobytes()
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, offset),
        (277, 3, samples),
        (278, 4, height),
        (279, 4, len(strip)),
        *extra,
        (339, 3, sample_format),
    ]
    entries = b"".join(
        struct.pack(end + "HHI", tag, kind, 1)
        + (struct.pack(end + "HH", value, 0) if kind == 3 else struct.pack(end + "I", value))
        for tag, kind, value in tags
    )
    head = order.encode() + struct.pack(end + "HI", 42, 8)
    return head + struct.pack(end + "H", len(tags)) + entries + bytes(4) + strip


# Where the stored row r and column c of a picture lie in the upright one, of H x W pixels: the
# table of the EXIF standard (tag 274), spelled out.
_STORED_AT = {
    1: lambda r, c, h, w: (r, c),
    2: lambda r, c, h, w: (r, w - 1 - c),
    3: lambda r, c, h, w: (h - 1 - r, w - 1 - c),
    4: lambda r, c, h, w: (h - 1 - r, c),
    5: lambda r, c, h, w: (c, r),
    6: lambda r, c, h, w: (c, w - 1 - r),
    7: lambda r, c, h, w: (h - 1 - c, w - 1 - r),
    8: lambda r, c, h, w: (h - 1 - c, r),
}


def stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """Return what a camera stores of the upright picture when it is held so."""
    height, width = upright.shape
    shape = (height, width) if orientation < 5 else (width, height)
    turned = np.empty(shape, upright.dtype)
    for r, c in np.ndindex(shape):
        turned[r, c] = upright[_STORED_AT[orientation](r, c, height, width)]
    return turned
