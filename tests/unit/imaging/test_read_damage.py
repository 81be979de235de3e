"""Files that were cut or changed: read as they were, or refused."""

import struct

import numpy as np
import pytest
from PIL import Image
from tests.pictures import DEEP, GRAY, encoded, refusal, write

from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import read_gray


def test_short_pgm_of_10_bits_is_truncated(tmp_path):
    assert refusal(write(tmp_path, b"P5 3 2 1023\n" + bytes(11)), bit_depth=10) == "truncated"


@pytest.mark.parametrize(
    ("content", "bit_depth", "cut_harmlessly"),
    [
        (encoded(GRAY, "PNG"), 8, 0),
        (encoded(DEEP, "PNG"), 12, 0),
        (encoded(GRAY, "JPEG"), 8, 0),
        (encoded(GRAY, "JPEG", progressive=True), 8, 0),
        (encoded(GRAY, "TIFF"), 8, 0),
        (encoded(DEEP, "TIFF"), 12, 0),
        (encoded(GRAY, "BMP"), 8, 0),
        (encoded(GRAY, "PPM"), 8, 0),
        (b"P5 20 24 4095\n" + DEEP.astype(">u2").tobytes(), 12, 0),
    ],
    ids=["png", "png of 12 bits", "jpeg", "progressive jpeg", "tiff", "tiff of 12 bits", "bmp",
         "pgm", "pgm of 12 bits"],
)  # fmt: skip
def test_truncated_anywhere_is_refused_unless_no_pixel_is_lost(
    tmp_path, content, bit_depth, cut_harmlessly
):
    path = write(tmp_path, content)
    whole = read_gray(path, PictureForm(bit_depth))
    read = 0
    for length in range(len(content)):
        path.write_bytes(content[:length])
        try:
            pixels = read_gray(path, PictureForm(bit_depth))
        except PictureError:
            continue
        np.testing.assert_array_equal(pixels, whole)
        read += 1

    assert read <= cut_harmlessly


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "TIFF", "BMP", "PPM"])
def test_truncated_file_is_refused_by_name(tmp_path, picture_format):
    content = encoded(GRAY, picture_format)

    assert refusal(write(tmp_path, content[: len(content) * 3 // 4])) == "truncated"


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "TIFF", "BMP", "PPM"])
def test_flipped_bytes_never_raise_anything_else(tmp_path, picture_format):
    content = encoded(GRAY, picture_format)
    generator = np.random.default_rng(0)
    for _ in range(150):
        flipped = bytearray(content)
        for place in generator.integers(0, len(content), 3):
            flipped[place] = generator.integers(256)
        try:
            pixels = read_gray(write(tmp_path, bytes(flipped)), max_pixels=1_000_000)
        except PictureError:
            continue
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 2


def test_png_whose_pixels_have_another_checksum_is_refused(tmp_path):
    content = bytearray(encoded(GRAY, "PNG"))
    (length,) = struct.unpack_from(">I", content, content.index(b"IDAT") - 4)
    content[content.index(b"IDAT") + 4 + length] ^= 1  # the first byte of the checksum
    path = write(tmp_path, bytes(content))

    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), GRAY)  # Pillow does not look
    assert refusal(path) == "damaged"


def test_bytes_behind_a_png_do_no_harm(tmp_path):
    path = write(tmp_path, encoded(GRAY, "PNG") + b"a note of the camera")

    np.testing.assert_array_equal(read_gray(path), GRAY)
