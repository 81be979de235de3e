"""Colour, ink, alpha and several pictures in one file: refused, unless the data's form says how."""

import io

import numpy as np
from PIL import Image
from tests.odd import encode
from tests.odd.encode import Page
from tests.odd.gray import jpeg
from tests.odd.odd_file import COLOURS, GRAY, GRAY_COLOURS, SIZE, OddFile, of

from bulbinspect.imaging.form import PictureForm

RED, GREEN, BLUE = (COLOURS[..., channel].astype(float) for channel in range(3))
LUMA = np.floor(0.299 * RED + 0.587 * GREEN + 0.114 * BLUE + 0.5).astype(np.uint8)
MEAN = np.floor((RED + GREEN + BLUE) / 3 + 0.5).astype(np.uint8)
PALETTE = ((0, 0, 0), (200, 30, 40), (90, 90, 90))
PLACES = (GRAY % 3).astype(np.uint8)


def _one_pixel_coloured() -> np.ndarray:
    colours = GRAY_COLOURS.copy()
    colours[7, 9, 1] ^= 1
    return colours


def _alpha(pixels: np.ndarray) -> np.ndarray:
    """Add a channel that hides one pixel a little."""
    alpha = np.full(SIZE, 255, np.uint8)
    alpha[3, 4] = 254
    return np.dstack([pixels, alpha])


def _pillow(mode: str, picture_format: str) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, SIZE[::-1]).save(buffer, picture_format)
    return buffer.getvalue()


def _gif(frames: int) -> bytes:
    buffer = io.BytesIO()
    pictures = [Image.fromarray(np.roll(GRAY, place)) for place in range(frames)]
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:])
    return buffer.getvalue()


TRANSPARENT_LEVEL = encode.png_chunk(b"tRNS", b"\0\7")
INKS = np.dstack([GRAY, 255 - GRAY, GRAY // 2, GRAY // 3])

COLOURED = [
    OddFile("colour PNG", "colour", of(encode.png_of(COLOURS))),
    OddFile("colour TIFF", "colour", of(encode.tiff(COLOURS))),
    OddFile("colour BMP", "colour", of(encode.bmp_of(COLOURS))),
    OddFile("colour PPM", "colour", of(encode.pgm(COLOURS))),
    OddFile("colour JPEG", "colour", of(jpeg(COLOURS))),
    OddFile("PNG, one pixel coloured", "colour", of(encode.png_of(_one_pixel_coloured()))),
    OddFile("PNG with a palette of colours", "colour", of(encode.png_of_palette(PLACES, PALETTE))),
    OddFile("BMP with a palette of colours", "colour", of(encode.bmp(PLACES, 8, SIZE, PALETTE))),
    OddFile("TIFF in CIELAB", "colour", of(encode.tiff(Page(COLOURS, {262: 8})))),
    *[
        OddFile(
            f"colour {name}, {colour} declared",
            pixels,
            of(content),
            form=PictureForm(8, None, colour),
        )
        for name, content in (
            ("PNG", encode.png_of(COLOURS)),
            ("TIFF", encode.tiff(COLOURS)),
            ("BMP", encode.bmp_of(COLOURS)),
        )
        for colour, pixels in (
            ("luma", LUMA),
            ("mean", MEAN),
            ("red", COLOURS[..., 0]),
            ("green", COLOURS[..., 1]),
            ("blue", COLOURS[..., 2]),
        )
    ],
    OddFile(
        "gray PNG, luma declared", GRAY, of(encode.png_of(GRAY)), form=PictureForm(8, None, "luma")
    ),
    OddFile(
        "PNG with R = G = B, red declared",
        GRAY,
        of(encode.png_of(GRAY_COLOURS)),
        form=PictureForm(8, None, "red"),
    ),
]

INKED = [
    OddFile("CMYK TIFF", "cmyk", of(encode.tiff(Page(INKS, {262: 5})))),
    OddFile("CMYK JPEG", "cmyk", of(_pillow("CMYK", "JPEG"))),
    OddFile(
        "CMYK TIFF, luma declared",
        "cmyk",
        of(encode.tiff(Page(INKS, {262: 5}))),
        form=PictureForm(8, None, "luma"),
    ),
]

HIDDEN = [
    OddFile("gray PNG with alpha", "transparent", of(encode.png_of(_alpha(GRAY)))),
    OddFile("colour PNG with alpha", "transparent", of(encode.png_of(_alpha(GRAY_COLOURS)))),
    OddFile(
        "colour TIFF with alpha",
        "transparent",
        of(encode.tiff(Page(_alpha(GRAY_COLOURS), {338: 2}))),
    ),
    OddFile(
        "PNG with a transparent level",
        "transparent",
        of(encode.png_of(GRAY, before=TRANSPARENT_LEVEL)),
    ),
    OddFile(
        "TIFF with a channel of no known meaning",
        "unsupported_format",
        of(encode.tiff(Page(np.dstack([GRAY, 255 - GRAY]), {338: 0}))),
    ),
]

SEVERAL = [
    OddFile("animated PNG", "several_pages", of(encode.png_animated([GRAY, 255 - GRAY, GRAY]))),
    OddFile("TIFF of two pages", "several_pages", of(encode.tiff(GRAY, 255 - GRAY))),
    OddFile(
        "TIFF of two pages, the second damaged",
        "several_pages",
        of(encode.tiff(GRAY, 255 - GRAY)[: -GRAY.size // 2]),
    ),
    OddFile("animated GIF", "unsupported_format", of(_gif(3))),
]
