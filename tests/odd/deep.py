"""More than 8 bits, floating-point numbers and 32-bit integers, declared and not."""

import io

import numpy as np
from tests.odd import encode
from tests.odd.encode import Page
from tests.odd.odd_file import GRAY, GRAY_COLOURS, OddFile, levels_of, of

from bulbinspect.imaging.form import PictureForm

TWELVE = levels_of(12)
DECLARED = {bits: PictureForm(bit_depth=bits) for bits in (10, 12, 14, 16)}
UNIT = PictureForm(value_range=(0.0, 1.0))
UNIT_12 = PictureForm(bit_depth=12, value_range=(0.0, 1.0))
VALUES = (GRAY / 255).astype(np.float32)
COUNTS = (GRAY.astype(np.int32) - 100) * 1000
FROM_COUNTS = PictureForm(value_range=(-100_000, 155_000))


def array(pixels: np.ndarray) -> bytes:
    """Return the file that NumPy writes."""
    buffer = io.BytesIO()
    np.save(buffer, pixels, allow_pickle=True)
    return buffer.getvalue()


def _packed_12_bits(levels: np.ndarray) -> bytes:
    """Write a TIFF with two pixels in three bytes, as some cameras do."""
    bits = np.unpackbits(levels.astype(">u2").view(np.uint8).reshape(*levels.shape, 2), axis=-1)
    rows = np.packbits(bits[..., 4:].reshape(len(levels), -1), axis=1)
    return encode.tiff(Page(levels, {258: 12}, rows.tobytes()))


def _in_every_format(bits: int) -> list[OddFile]:
    levels = levels_of(bits)
    white = (1 << bits) - 1
    form = DECLARED[bits]
    files = {
        "PNG": encode.png_of(levels),
        "TIFF, little endian": encode.tiff(levels),
        "TIFF, big endian": encode.tiff(levels, order="MM"),
        "PGM": encode.pgm(levels, white),
        "NPY": array(levels),
    }
    return [
        one
        for name, content in files.items()
        for one in (
            OddFile(f"{name}, {bits} bits declared", levels, of(content), form=form),
            OddFile(f"{name}, {bits} bits undeclared", "undeclared_depth", of(content)),
        )
    ]


DEEP = [
    *[one for bits in DECLARED for one in _in_every_format(bits)],
    OddFile("PNG, 8 bits in 16", GRAY, of(encode.png_of(GRAY.astype(np.uint16)))),
    OddFile("TIFF, 8 bits in 16", GRAY, of(encode.tiff(GRAY.astype(np.uint16)))),
    OddFile(
        "PNG, 12 bits declared as 10", "wrong_depth", of(encode.png_of(TWELVE)), form=DECLARED[10]
    ),
    OddFile(
        "PNG, 8 bits declared as 12", "wrong_depth", of(encode.png_of(GRAY)), form=DECLARED[12]
    ),
    OddFile(
        "PGM, white of 10 bits declared as 12",
        "wrong_depth",
        of(encode.pgm(levels_of(10), 1023)),
        form=DECLARED[12],
    ),
    OddFile("TIFF, 12 bits packed", TWELVE, of(_packed_12_bits(TWELVE)), form=DECLARED[12]),
    OddFile(
        "TIFF, 12 bits packed and dark, undeclared",
        "undeclared_depth",
        of(_packed_12_bits(TWELVE % 200)),
    ),
    OddFile(
        "PNG, 16-bit colours",
        "wrong_depth",
        of(encode.png_of(GRAY_COLOURS.astype(np.uint16) * 257)),
        form=DECLARED[16],
    ),
    OddFile(
        "TIFF, 16 bits, white is 0",
        "unsupported_format",
        of(encode.tiff(Page(TWELVE, {262: 0}))),
        form=DECLARED[12],
    ),
    OddFile("TIFF, signed 8 bits", "wrong_depth", of(encode.tiff(GRAY.astype(np.int8)))),
    OddFile(
        "TIFF, signed 16 bits",
        "wrong_depth",
        of(encode.tiff(GRAY.astype(np.int16))),
        form=DECLARED[16],
    ),
]

VALUED = [
    OddFile("TIFF, float", "float_pixels", of(encode.tiff(VALUES))),
    OddFile("TIFF, float, range declared", GRAY, of(encode.tiff(VALUES)), form=UNIT),
    OddFile(
        "TIFF, float, big endian, range declared",
        GRAY,
        of(encode.tiff(VALUES, order="MM")),
        form=UNIT,
    ),
    OddFile(
        "TIFF, float, range declared, 12 bits",
        np.rint(VALUES.astype(np.float64) * 4095).astype(np.uint16),
        of(encode.tiff(VALUES)),
        form=UNIT_12,
    ),
    OddFile("TIFF, float above the range", "out_of_range", of(encode.tiff(VALUES * 2)), form=UNIT),
    OddFile("TIFF, float below the range", "out_of_range", of(encode.tiff(-VALUES)), form=UNIT),
    OddFile(
        "TIFF, float with one NaN",
        "out_of_range",
        of(encode.tiff(np.where(GRAY == 255, np.float32(np.nan), VALUES))),
        form=UNIT,
    ),
    OddFile("PFM", "float_pixels", of(encode.pfm(VALUES))),
    OddFile("PFM, range declared", GRAY, of(encode.pfm(VALUES)), form=UNIT),
    OddFile("TIFF, 32-bit integers", "wrong_depth", of(encode.tiff(COUNTS))),
    OddFile(
        "TIFF, 32-bit integers, range declared", GRAY, of(encode.tiff(COUNTS)), form=FROM_COUNTS
    ),
    OddFile(
        "TIFF, unsigned 32-bit integers",
        "wrong_depth",
        of(encode.tiff((COUNTS + 100_000).astype(np.uint32))),
    ),
    OddFile(
        "TIFF, unsigned 32-bit integers, range declared",
        GRAY,
        of(encode.tiff(GRAY.astype(np.uint32) * (1 << 24))),
        form=PictureForm(value_range=(0, 255 << 24)),
    ),
    OddFile(
        "TIFF, unsigned 32-bit integers that would be negative ones",
        "out_of_range",
        of(encode.tiff(GRAY.astype(np.uint32) * (1 << 24))),
        form=PictureForm(value_range=(-2e9, 2e9)),
    ),
    OddFile("NPY, gray", GRAY, of(array(GRAY))),
    OddFile("NPY, columns first", GRAY, of(array(np.asfortranarray(GRAY)))),
    OddFile("NPY, float", "float_pixels", of(array(VALUES))),
    OddFile("NPY, double, range declared", GRAY, of(array(GRAY / 255)), form=UNIT),
    OddFile(
        "NPY, double infinity",
        "out_of_range",
        of(array(np.where(GRAY == 255, np.inf, GRAY / 255))),
        form=UNIT,
    ),
    OddFile("NPY, 64-bit integers", "wrong_depth", of(array(COUNTS.astype(np.int64)))),
    OddFile(
        "NPY, 64-bit integers, range declared",
        GRAY,
        of(array(COUNTS.astype(np.int64))),
        form=FROM_COUNTS,
    ),
    OddFile("NPY, true and false", np.where(GRAY > 100, 255, 0), of(array(GRAY > 100))),
    OddFile("NPY, Python objects", "unsupported_format", of(array(GRAY.astype(object)))),
    OddFile("NPY, complex numbers", "unsupported_format", of(array(GRAY.astype(complex)))),
    OddFile("NPY, text", "unsupported_format", of(array(GRAY.astype("U3")))),
    OddFile("NPY, three axes undeclared", "several_pages", of(array(GRAY_COLOURS))),
    OddFile("NPY, one axis", "unsupported_format", of(array(GRAY[0]))),
    OddFile("NPY, no pixels", "unsupported_format", of(array(GRAY[:0]))),
    OddFile("NPY, cut", "truncated", of(array(GRAY)[:-1])),
    OddFile("NPY, a byte too many", "damaged", of(array(GRAY) + b"\0")),
    OddFile("NPY, header cut", "damaged", of(array(GRAY)[:50])),
]
