"""Colours, palettes and alpha: read where they say no more than gray, and refused otherwise."""

import struct

import numpy as np
import pytest
from PIL import Image
from tests.odd.encode import png_chunk
from tests.pictures import GRAY, encoded, gray_png, png, refusal, tiff, write

from bulbinspect.imaging.read import read_gray


def test_colour_jpeg_of_a_gray_picture_is_read_as_its_gray(tmp_path):
    smooth = np.full((16, 16), 90, np.uint8)

    np.testing.assert_array_equal(
        read_gray(write(tmp_path, encoded(smooth, "JPEG", "RGB"))), smooth
    )


def test_palette_of_grays_is_read_through_its_colours(tmp_path):
    palette = png_chunk(b"PLTE", bytes([200, 200, 200, 0, 0, 0, 90, 90, 90]))
    content = png(3, 1, 8, 3, b"\0\0\1\2", before=palette)

    assert read_gray(write(tmp_path, content)).tolist() == [[200, 0, 90]]


def test_colour_outside_the_palette_is_refused(tmp_path):
    palette = png_chunk(b"PLTE", bytes([200, 200, 200, 0, 0, 0]))
    content = png(3, 1, 8, 3, b"\0\0\1\2", before=palette)

    assert refusal(write(tmp_path, content)) == "damaged"


def test_palette_of_colours_is_refused(tmp_path):
    palette = png_chunk(b"PLTE", bytes([200, 200, 201]))

    assert refusal(write(tmp_path, png(1, 1, 8, 3, b"\0\0", before=palette))) == "colour"


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF", "BMP", "PPM", "JPEG"])
def test_colour_is_refused(tmp_path, picture_format):
    colours = np.stack([GRAY, GRAY, np.roll(GRAY, 5)], axis=-1)

    assert refusal(write(tmp_path, encoded(colours, picture_format))) == "colour"


def test_one_coloured_pixel_is_refused(tmp_path):
    colours = np.stack([GRAY] * 3, axis=-1)
    colours[7, 9, 1] ^= 1

    assert refusal(write(tmp_path, encoded(colours, "PNG"))) == "colour"


@pytest.mark.parametrize("picture_format", ["TIFF", "JPEG"])
def test_cmyk_is_refused(tmp_path, picture_format):
    inks = Image.new("CMYK", (8, 8), (0, 0, 0, 90))
    inks.save(tmp_path / "inks", picture_format)

    assert refusal(tmp_path / "inks") == "cmyk"


@pytest.mark.parametrize("mode", ["YCbCr", "LAB"])
def test_other_colour_spaces_are_refused(tmp_path, mode):
    Image.new(mode, (8, 8)).save(tmp_path / "colours", "TIFF", compression="raw")

    assert refusal(tmp_path / "colours") == "colour"


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [2, 4])
def test_opaque_alpha_is_read(tmp_path, picture_format, channels):
    opaque = np.stack([*[GRAY] * (channels - 1), np.full_like(GRAY, 255)], axis=-1)

    np.testing.assert_array_equal(read_gray(write(tmp_path, encoded(opaque, picture_format))), GRAY)


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_that_hides_one_pixel_is_refused(tmp_path, picture_format, channels):
    alpha = np.full_like(GRAY, 255)
    alpha[3, 4] = 254
    content = encoded(np.stack([*[GRAY] * (channels - 1), alpha], axis=-1), picture_format)

    assert refusal(write(tmp_path, content)) == "transparent"


def test_transparent_gray_level_is_refused(tmp_path):
    content = gray_png(GRAY, before=png_chunk(b"tRNS", struct.pack(">H", 7)))

    assert refusal(write(tmp_path, content)) == "transparent"


def test_transparent_colour_of_a_palette_is_refused(tmp_path):
    chunks = png_chunk(b"PLTE", bytes(3)) + png_chunk(b"tRNS", b"\0")

    assert refusal(write(tmp_path, png(1, 1, 8, 3, b"\0\0", before=chunks))) == "transparent"


def test_opaque_colours_of_a_palette_are_read(tmp_path):
    chunks = png_chunk(b"PLTE", bytes([9, 9, 9])) + png_chunk(b"tRNS", b"\xff")

    assert read_gray(write(tmp_path, png(1, 1, 8, 3, b"\0\0", before=chunks))).tolist() == [[9]]


def test_channels_without_a_meaning_are_refused(tmp_path):
    two_views = np.stack([GRAY, 255 - GRAY], axis=-1)
    path = write(tmp_path, tiff(two_views, "II", bits=8))

    assert refusal(path) == "unsupported_format"


def test_colours_are_compared_in_every_part_of_a_tall_picture(tmp_path):
    colours = np.tile(GRAY[:, :1, None], (40, 2, 3))
    for row in (0, 255, 256, 900, len(colours) - 1):
        spoilt = colours.copy()
        spoilt[row, 1, 2] ^= 1
        assert refusal(write(tmp_path, encoded(spoilt, "PNG"))) == "colour"

    pixels = read_gray(write(tmp_path, encoded(colours, "PNG")))
    np.testing.assert_array_equal(pixels, colours[..., 0])
