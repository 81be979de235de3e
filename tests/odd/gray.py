"""Gray pictures of 8 bits or fewer in every format: what must be read, to the pixel."""

import io
import zlib
from typing import Any

import numpy as np
from PIL import Image
from tests.odd import encode
from tests.odd.encode import GRAYS, Page
from tests.odd.odd_file import (
    BITS,
    BLACK_AND_WHITE,
    GRAY,
    GRAY_COLOURS,
    SIZE,
    OddFile,
    of,
)
from tests.pictures import stored

BLOCKS = np.kron([[10, 60], [110, 160], [210, 250]], np.ones((8, 10))).astype(np.uint8)
"""Flat areas of 8 x 10: JPEG keeps them to a level or two."""

SHADES = tuple((level, level, level) for level in (200, 0, 90, 255))
PLACES = (GRAY % 4).astype(np.uint8)
SHADED = np.array([shade[0] for shade in SHADES], np.uint8)[PLACES]


def jpeg(pixels: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **{"quality": 100, **options})
    return buffer.getvalue()


def pillow_tiff(pixels: np.ndarray, compression: str) -> bytes:
    """Compress by libtiff what nobody writes by hand; it is lossless, so the pixels are known."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "TIFF", compression=compression)
    return buffer.getvalue()


def with_tag(number: int, value: int, pixels: np.ndarray) -> Page:
    return Page(pixels, {number: value})


def _tiff_packed(pixels: np.ndarray, compression: int, packed: bytes) -> bytes:
    return encode.tiff(Page(pixels, {259: compression}, packed))


def _few_bits(bits: int) -> tuple[bytes, np.ndarray]:
    """Return a PNG with a few bits for each pixel, and the levels from black to white."""
    levels = (GRAY >> (8 - bits)).astype(np.uint8)
    unpacked = np.unpackbits(levels[..., None], axis=-1)[..., 8 - bits :]
    rows = np.packbits(unpacked.reshape(SIZE[0], -1), axis=1)
    content = encode.png(SIZE[1], SIZE[0], bits, 0, encode.png_rows(rows))
    return content, (levels * (255 // ((1 << bits) - 1))).astype(np.uint8)


def _tiff_palette() -> bytes:
    channels = np.zeros((3, 256), int)
    channels[:, : len(SHADES)] = np.array(SHADES).T * 257
    return encode.tiff(Page(PLACES, {262: 3, 320: channels.ravel().tolist()}))


def _bmp_one_bit() -> bytes:
    packed = np.packbits(BITS, axis=1)
    return encode.bmp(packed, 1, SIZE, [(0, 0, 0), (255, 255, 255)])


TWO_BITS, TWO_BITS_LEVELS = _few_bits(2)
FOUR_BITS, FOUR_BITS_LEVELS = _few_bits(4)
OPAQUE = np.stack([GRAY, np.full_like(GRAY, 255)], axis=-1)
OPAQUE_COLOURS = np.dstack([GRAY_COLOURS, np.full_like(GRAY, 255)])

EIGHT_BITS = [
    OddFile("gray PNG", GRAY, of(encode.png_of(GRAY))),
    OddFile("gray JPEG", BLOCKS, of(jpeg(BLOCKS)), tolerance=1),
    OddFile("progressive JPEG", BLOCKS, of(jpeg(BLOCKS, progressive=True)), tolerance=1),
    OddFile("gray TIFF", GRAY, of(encode.tiff(GRAY))),
    OddFile("gray TIFF, big endian", GRAY, of(encode.tiff(GRAY, order="MM"))),
    OddFile(
        "gray TIFF, deflate",
        GRAY,
        of(_tiff_packed(GRAY, 8, zlib.compress(GRAY.tobytes()))),
    ),
    OddFile(
        "gray TIFF, PackBits",
        GRAY,
        of(_tiff_packed(GRAY, 32773, b"".join(encode.packbits(row.tobytes()) for row in GRAY))),
    ),
    OddFile("gray TIFF, LZW", GRAY, of(pillow_tiff(GRAY, "tiff_lzw"))),
    OddFile("gray TIFF, white is 0", 255 - GRAY, of(encode.tiff(with_tag(262, 0, GRAY)))),
    OddFile("gray BMP", GRAY, of(encode.bmp_of(GRAY))),
    OddFile("gray PGM", GRAY, of(encode.pgm(GRAY)), file_name="picture.pgm"),
    OddFile("gray PGM, white is 15", GRAY % 16 * 17, of(encode.pgm(GRAY % 16, 15))),
    OddFile("gray PGM, as text", GRAY, of(encode.pgm_text(GRAY))),
]

COLOURS_THAT_ARE_GRAY = [
    OddFile("PNG with R = G = B", GRAY, of(encode.png_of(GRAY_COLOURS))),
    OddFile("TIFF with R = G = B", GRAY, of(encode.tiff(GRAY_COLOURS))),
    OddFile("BMP with R = G = B", GRAY, of(encode.bmp_of(GRAY_COLOURS))),
    OddFile("PPM with R = G = B", GRAY, of(encode.pgm(GRAY_COLOURS))),
    OddFile("JPEG with R = G = B", BLOCKS, of(jpeg(np.stack([BLOCKS] * 3, axis=-1))), tolerance=1),
    OddFile("PNG with a palette of grays", SHADED, of(encode.png_of_palette(PLACES, SHADES))),
    OddFile("TIFF with a palette of grays", SHADED, of(_tiff_palette())),
    OddFile("BMP with a palette of grays", SHADED, of(encode.bmp(PLACES, 8, SIZE, SHADES))),
    OddFile(
        "BMP with a palette from white to black",
        255 - GRAY,
        of(encode.bmp(GRAY, 8, SIZE, GRAYS[::-1])),
    ),
    OddFile("gray PNG with opaque alpha", GRAY, of(encode.png_of(OPAQUE))),
    OddFile("PNG with R = G = B and opaque alpha", GRAY, of(encode.png_of(OPAQUE_COLOURS))),
    OddFile(
        "TIFF with R = G = B and opaque alpha",
        GRAY,
        of(encode.tiff(Page(OPAQUE_COLOURS, {338: 2}))),
    ),
]

FEW_BITS = [
    OddFile("PNG of 1 bit", BLACK_AND_WHITE, of(encode.png_of_bits(BITS))),
    OddFile("PNG of 2 bits", TWO_BITS_LEVELS, of(TWO_BITS)),
    OddFile("PNG of 4 bits", FOUR_BITS_LEVELS, of(FOUR_BITS)),
    OddFile(
        "TIFF of 1 bit",
        BLACK_AND_WHITE,
        of(encode.tiff(Page(GRAY, {258: 1}, np.packbits(BITS, axis=1).tobytes()))),
    ),
    OddFile("BMP of 1 bit", BLACK_AND_WHITE, of(_bmp_one_bit())),
    OddFile("PBM", BLACK_AND_WHITE, of(encode.pbm(BITS))),
]


def _turned(orientation: int) -> list[OddFile]:
    held = stored(GRAY, orientation)
    block = encode.exif(orientation)
    in_png = encode.png_of(held, before=encode.png_chunk(b"eXIf", block))
    in_tiff = encode.tiff(with_tag(274, orientation, held))
    in_jpeg = jpeg(stored(BLOCKS, orientation), exif=b"Exif\0\0" + block)
    return [
        OddFile(f"PNG with EXIF orientation {orientation}", GRAY, of(in_png)),
        OddFile(f"TIFF with orientation {orientation}", GRAY, of(in_tiff)),
        OddFile(f"JPEG with EXIF orientation {orientation}", BLOCKS, of(in_jpeg), tolerance=2),
    ]


TURNED = [one for orientation in range(1, 9) for one in _turned(orientation)]
