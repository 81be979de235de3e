"""Gray levels and depths, against arrays written by hand or by Pillow's encoders."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from tests.pictures import DEEP, GRAY, encoded, png, refusal, tiff, write

from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import read_gray


@pytest.mark.parametrize(
    ("picture_format", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "packbits"}),
        ("TIFF", {"big_tiff": True}),
        ("BMP", {}),
        ("PPM", {}),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_gray_levels_come_back_exactly(tmp_path, picture_format, options, mode):
    path = write(tmp_path, encoded(GRAY, picture_format, mode, **options))

    pixels = read_gray(path)

    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, GRAY)


@pytest.mark.parametrize("progressive", [False, True])
def test_gray_jpeg_is_what_its_decoder_says(tmp_path, progressive):
    content = encoded(GRAY, "JPEG", progressive=progressive)

    with Image.open(io.BytesIO(content)) as image:
        np.testing.assert_array_equal(read_gray(write(tmp_path, content)), np.asarray(image))


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF", "BMP", "PPM"])
def test_one_bit_becomes_black_and_white(tmp_path, picture_format):
    path = write(tmp_path, encoded(GRAY > 100, picture_format))

    np.testing.assert_array_equal(read_gray(path), np.where(GRAY > 100, 255, 0))


@pytest.mark.parametrize(("bits", "step"), [(2, 85), (4, 17)])
def test_few_bits_of_png_span_black_to_white(tmp_path, bits, step):
    packed = np.array([[0b00011011]], np.uint8)
    levels = [0, 1, 2, 3] if bits == 2 else [0b0001, 0b1011]
    content = png(len(levels), 1, bits, 0, b"\0" + packed.tobytes())

    assert read_gray(write(tmp_path, content)).tolist() == [[step * level for level in levels]]


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF", "PPM"])
def test_deep_levels_are_kept_as_they_are(tmp_path, picture_format):
    path = write(tmp_path, encoded(DEEP, picture_format))

    pixels = read_gray(path, PictureForm(12))

    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels, DEEP)


@pytest.mark.parametrize("order", ["II", "MM"])
def test_both_byte_orders_give_the_same_levels(tmp_path, order):
    pixels = read_gray(write(tmp_path, tiff(DEEP, order)), PictureForm(12))

    np.testing.assert_array_equal(pixels, DEEP)


def test_white_on_zero_is_turned_for_8_bits(tmp_path):
    path = write(tmp_path, tiff(GRAY, "II", photometric=0, bits=8))

    np.testing.assert_array_equal(read_gray(path), 255 - GRAY)


def test_white_on_zero_is_refused_for_16_bits(tmp_path):
    path = write(tmp_path, tiff(DEEP, "II", photometric=0))

    assert refusal(path, bit_depth=12) == "unsupported_format"


@pytest.mark.parametrize(("kind", "bits"), [(np.int8, 8), (np.int16, 16), (np.int32, 32)])
def test_signed_pixels_are_refused(tmp_path, kind, bits):
    path = write(tmp_path, tiff(GRAY.astype(kind), "II", sample_format=2, bits=bits))

    assert refusal(path) == "wrong_depth"
    assert refusal(path, bit_depth=16) == "wrong_depth"


def test_integers_of_32_bits_are_refused(tmp_path):
    path = write(tmp_path, tiff(DEEP.astype(np.uint32), "II", bits=32))

    assert refusal(path, bit_depth=12) == "wrong_depth"


def test_float_pixels_are_refused(tmp_path):
    path = write(tmp_path, encoded(GRAY.astype(np.float32), "TIFF"))

    assert refusal(path) == "float_pixels"


def test_undeclared_depth_is_refused_rather_than_clipped(tmp_path):
    assert refusal(write(tmp_path, encoded(DEEP, "PNG"))) == "undeclared_depth"


def test_8_bits_in_16_are_read_as_8(tmp_path):
    pixels = read_gray(write(tmp_path, encoded(GRAY.astype(np.uint16), "PNG")))

    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, GRAY)


def test_level_above_the_declared_depth_is_refused(tmp_path):
    assert refusal(write(tmp_path, encoded(DEEP, "PNG")), bit_depth=10) == "wrong_depth"


def test_8_bit_picture_of_a_declared_12_is_refused(tmp_path):
    assert refusal(write(tmp_path, encoded(GRAY, "PNG")), bit_depth=12) == "wrong_depth"


@pytest.mark.parametrize("colour_type", [2, 4, 6])
def test_deep_picture_that_pillow_would_cut_to_8_bits_is_refused(tmp_path, colour_type):
    channels = {2: 3, 4: 2, 6: 4}[colour_type]
    path = write(tmp_path, png(1, 1, 16, colour_type, b"\0" + b"\x0f\xff" * channels))

    assert refusal(path) == "wrong_depth"
    assert refusal(path, bit_depth=12) == "wrong_depth"


def test_deep_colour_of_netpbm_is_refused(tmp_path):
    assert refusal(write(tmp_path, b"P6 1 1 1023\n" + b"\1\2" * 3)) == "wrong_depth"


def test_pgm_of_10_bits_is_not_stretched_to_16(tmp_path):
    levels = np.array([[0, 1, 512], [700, 1022, 1023]], ">u2")
    binary = write(tmp_path, b"P5 3 2 1023\n" + levels.tobytes(), "binary.pgm")
    text = write(tmp_path, b"P2 3 2 1023\n0 1 512\n700 1022 1023\n", "text.pgm")

    np.testing.assert_array_equal(read_gray(binary, PictureForm(10)), levels)
    np.testing.assert_array_equal(read_gray(text, PictureForm(10)), levels)
    assert refusal(binary, bit_depth=12) == "wrong_depth"
    assert refusal(binary) == "undeclared_depth"


def test_level_above_the_white_of_a_pgm_is_refused_rather_than_clipped(tmp_path):
    assert refusal(write(tmp_path, b"P5 2 1 100\n\xc8\x32")) == "damaged"
    assert refusal(write(tmp_path, b"P6 1 1 100\n\x32\x32\xc8")) == "damaged"
    assert read_gray(write(tmp_path, b"P5 2 1 100\n\x64\x00")).tolist() == [[255, 0]]


@pytest.mark.parametrize(
    ("bit_depth", "expected"), [(8, "undeclared_depth"), (10, "wrong_depth"), (16, "wrong_depth")]
)
def test_12_bits_of_a_header_are_held_against_the_declared_depth(tmp_path, bit_depth, expected):
    first, second = 5, 30  # packed: three bytes hold two pixels
    packed = np.array([first >> 4, (first & 15) << 4 | second >> 8, second & 255], np.uint8)
    content = tiff(packed[None], "II", bits=12).replace(
        struct.pack("<HHII", 256, 4, 1, 3), struct.pack("<HHII", 256, 4, 1, 2)
    )
    path = write(tmp_path, content)

    assert read_gray(path, PictureForm(12)).tolist() == [[first, second]]
    assert refusal(path, bit_depth=bit_depth) == expected
