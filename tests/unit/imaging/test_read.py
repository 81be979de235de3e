"""The reader against arrays written by hand, header by header, or by Pillow's encoders."""

import io
import os
import struct
import subprocess
import sys
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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


def png_chunk(kind, content):
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png(width, height, bits, colour_type, rows, *, before=b"", after=b""):
    """Write a PNG by the book: `before` and `after` are chunks around the pixels."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", header),
            before,
            png_chunk(b"IDAT", zlib.compress(rows)),
            after,
            png_chunk(b"IEND", b""),
        ]
    )


def gray_png(pixels, bits=8, **chunks):
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return png(pixels.shape[1], pixels.shape[0], bits, 0, rows, **chunks)


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


def test_colour_jpeg_of_a_gray_picture_is_read_as_its_gray(tmp_path):
    smooth = np.full((16, 16), 90, np.uint8)

    np.testing.assert_array_equal(
        read_gray(write(tmp_path, encoded(smooth, "JPEG", "RGB"))), smooth
    )


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


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF", "PPM"])
def test_deep_levels_are_kept_as_they_are(tmp_path, picture_format):
    path = write(tmp_path, encoded(DEEP, picture_format))

    pixels = read_gray(path, PictureForm(12))

    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels, DEEP)


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


def test_channels_without_a_meaning_are_refused(tmp_path):
    two_views = np.stack([GRAY, 255 - GRAY], axis=-1)
    path = write(tmp_path, tiff(two_views, "II", bits=8))

    assert refusal(path) == "unsupported_format"


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


def test_short_pgm_of_10_bits_is_truncated(tmp_path):
    assert refusal(write(tmp_path, b"P5 3 2 1023\n" + bytes(11)), bit_depth=10) == "truncated"


def test_level_above_the_white_of_a_pgm_is_refused_rather_than_clipped(tmp_path):
    assert refusal(write(tmp_path, b"P5 2 1 100\n\xc8\x32")) == "damaged"
    assert refusal(write(tmp_path, b"P6 1 1 100\n\x32\x32\xc8")) == "damaged"
    assert read_gray(write(tmp_path, b"P5 2 1 100\n\x64\x00")).tolist() == [[255, 0]]


def test_long_text_is_no_picture_of_a_bulb(tmp_path):
    path = write(tmp_path, b"P2 2000 1001 255\n" + b"7 " * 2_002_000)

    begin = time.perf_counter()
    assert refusal(path) == "too_large"
    assert time.perf_counter() - begin < 0.2


def as_tiff(jpeg, height, width):
    """Wrap a gray JPEG as the one strip of a TIFF (compression 7)."""
    empty = tiff(np.zeros((height, width), np.uint8)[:0], "II", bits=8)
    values = {257: height, 259: 7, 278: height, 279: len(jpeg)}
    for tag, value in values.items():
        at = empty.index(struct.pack("<H", tag), 10)
        empty = empty[: at + 8] + struct.pack("<I", value) + empty[at + 12 :]
    return empty + jpeg


@pytest.mark.parametrize("wrap", [bytes, lambda jpeg: as_tiff(jpeg, 4000, 4000)])
def test_jpeg_of_endless_scans_is_refused_before_they_are_painted(tmp_path, wrap):
    content = encoded(np.zeros((4000, 4000), np.uint8), "JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    usual = write(tmp_path, wrap(content), "usual")
    endless = write(tmp_path, wrap(content[:-2] + last * 300 + b"\xff\xd9"), "endless")

    assert not read_gray(usual).any()
    begin = time.perf_counter()
    assert refusal(endless) == "too_large"
    assert time.perf_counter() - begin < 0.2


# Where the stored row r and column c of a picture lie in the upright one, of H x W pixels: the
# table of the EXIF standard (tag 274), spelled out.
STORED_AT = {
    1: lambda r, c, h, w: (r, c),
    2: lambda r, c, h, w: (r, w - 1 - c),
    3: lambda r, c, h, w: (h - 1 - r, w - 1 - c),
    4: lambda r, c, h, w: (h - 1 - r, c),
    5: lambda r, c, h, w: (c, r),
    6: lambda r, c, h, w: (c, w - 1 - r),
    7: lambda r, c, h, w: (h - 1 - c, w - 1 - r),
    8: lambda r, c, h, w: (h - 1 - c, r),
}


def stored(upright, orientation):
    height, width = upright.shape
    shape = (height, width) if orientation < 5 else (width, height)
    turned = np.empty(shape, upright.dtype)
    for r in range(shape[0]):
        for c in range(shape[1]):
            turned[r, c] = upright[STORED_AT[orientation](r, c, height, width)]
    return turned


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("picture_format", ["PNG", "TIFF"])
@pytest.mark.parametrize("upright", [GRAY, DEEP], ids=["8 bits", "12 bits"])
def test_every_exif_orientation_gives_the_upright_picture(
    tmp_path, orientation, picture_format, upright
):
    exif = Image.Exif()
    exif[274] = orientation
    path = write(tmp_path, encoded(stored(upright, orientation), picture_format, exif=exif))

    pixels = read_gray(path, PictureForm(8 if upright is GRAY else 12))

    np.testing.assert_array_equal(pixels, upright)
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_of_a_jpeg_is_turned_upright(tmp_path, orientation):
    blocks = np.kron([[10, 60, 110], [160, 210, 250]], np.ones((8, 8))).astype(np.uint8)
    exif = Image.Exif()
    exif[274] = orientation
    content = encoded(stored(blocks, orientation), "JPEG", exif=exif, quality=100)

    np.testing.assert_allclose(read_gray(write(tmp_path, content)), blocks, atol=1)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_meaningless_orientation_counts_as_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation

    np.testing.assert_array_equal(read_gray(write(tmp_path, encoded(GRAY, "PNG", exif=exif))), GRAY)


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF"])
def test_several_pages_are_refused(tmp_path, picture_format):
    pages = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    pages[0].save(tmp_path / "pages", picture_format, save_all=True, append_images=pages[1:])

    assert refusal(tmp_path / "pages") == "several_pages"


def test_ten_thousand_pages_are_refused_at_the_second(tmp_path):
    page = tiff(GRAY[:1, :1], "II", bits=8)[8:]
    content = bytearray(b"II" + struct.pack("<HI", 42, 8))
    for number in range(10_000):
        start = len(content)
        content += page
        if number < 9_999:
            struct.pack_into("<I", content, start + 2 + 12 * 10, start + len(page))
    path = write(tmp_path, bytes(content))

    begin = time.perf_counter()
    assert refusal(path) == "several_pages"
    assert time.perf_counter() - begin < 0.2


@pytest.mark.parametrize(
    "header",
    [
        png(60_000, 60_000, 8, 0, b""),
        png(12_000, 12_000, 8, 0, bytes(12_001 * 12_000)),
        b"P5 60000 60000 255\n",
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 0, 0, 0, 54, 40, 60000, 60000, 1, 8, *[0] * 6),
        tiff(GRAY, "II", bits=8)
        .replace(struct.pack("<HHII", 256, 4, 1, 20), bytes.fromhex("0001040001000000ffff0000"))
        .replace(struct.pack("<HHII", 257, 4, 1, 24), bytes.fromhex("0101040001000000ffff0000")),
        encoded(GRAY, "JPEG").replace(struct.pack(">HH", 24, 20), struct.pack(">HH", 65500, 65500)),
    ],
    ids=["png header", "whole png", "pgm", "bmp", "tiff", "jpeg"],
)
def test_bomb_is_refused_from_its_header(tmp_path, header):
    path = write(tmp_path, header)

    begin = time.perf_counter()
    assert refusal(path) == "too_large"
    assert time.perf_counter() - begin < 0.2


def test_limit_of_pixels_is_the_callers(tmp_path):
    path = write(tmp_path, encoded(GRAY, "PNG"))

    assert read_gray(path, max_pixels=480).size == 480
    assert refusal(path, max_pixels=479) == "too_large"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colours_may_have_a_quarter_of_the_pixels(tmp_path, mode):
    path = write(tmp_path, encoded(GRAY, "PNG", mode))

    assert read_gray(path, max_pixels=4 * 480).size == 480
    assert refusal(path, max_pixels=4 * 480 - 1) == "too_large"


def test_colours_are_compared_in_every_part_of_a_tall_picture(tmp_path):
    colours = np.tile(GRAY[:, :1, None], (40, 2, 3))
    for row in (0, 255, 256, 900, len(colours) - 1):
        spoilt = colours.copy()
        spoilt[row, 1, 2] ^= 1
        assert refusal(write(tmp_path, encoded(spoilt, "PNG"))) == "colour"

    pixels = read_gray(write(tmp_path, encoded(colours, "PNG")))
    np.testing.assert_array_equal(pixels, colours[..., 0])


def test_compressed_text_that_would_fill_the_memory_is_refused(tmp_path):
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80 << 20)))

    assert refusal(write(tmp_path, gray_png(GRAY, before=text))) == "damaged"


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


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"not a picture at all", "not_a_picture"),
        (b"<!doctype html><html></html>", "not_a_picture"),
        (bytes(1000), "not_a_picture"),
        (png(1, 1, 9, 0, b"\0\0"), "damaged"),
        (encoded(GRAY, "GIF"), "unsupported_format"),
        (encoded(GRAY, "WEBP", "RGB"), "unsupported_format"),
        (b"%PDF-1.7", "unsupported_format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported_format"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avif", "unsupported_format"),
        (b"P7\nWIDTH 1\n", "unsupported_format"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(tmp_path, content, reason):
    assert refusal(write(tmp_path, content, "picture.png")) == reason


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


def test_png_with_more_metadata_than_any_is_refused_before_it_is_held(tmp_path):
    text = png_chunk(b"tEXt", b"Comment\0" + bytes(17 << 20))

    assert refusal(write(tmp_path, gray_png(GRAY, after=text))) == "too_large"


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


def test_content_decides_not_the_ending(tmp_path):
    path = write(tmp_path, encoded(GRAY, "PNG"), "picture.csv")

    np.testing.assert_array_equal(read_gray(path), GRAY)


def test_missing_file_is_refused_by_name(tmp_path):
    assert refusal(tmp_path / "none.png") == "missing_file"
    assert refusal(write(tmp_path, b"x") / "below a file.png") == "missing_file"


def test_folder_and_pipe_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    assert refusal(tmp_path) == "not_a_file"
    assert refusal(tmp_path / "pipe") == "not_a_file"


def test_link_to_itself_and_impossible_names_are_unreadable(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    assert refusal(tmp_path / "loop") == "unreadable"
    assert refusal(tmp_path / ("x" * 300)) == "unreadable"
    assert refusal(Path("nul\0l")) == "unreadable"


def test_file_without_permission_is_unreadable(tmp_path, monkeypatch):
    path = write(tmp_path, encoded(GRAY, "PNG"))

    def deny(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # root, who runs tests in containers, may read all

    assert refusal(path) == "unreadable"


def test_names_that_are_not_utf8_are_read(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xfcrste\n.png"))
    path.write_bytes(encoded(GRAY, "PNG"))

    np.testing.assert_array_equal(read_gray(path), GRAY)


def test_file_is_named_nowhere_in_the_detail(tmp_path):
    path = write(tmp_path, png(1, 1, 9, 0, b"\0\0"))

    with pytest.raises(PictureError) as caught:
        read_gray(path)
    assert str(tmp_path) not in caught.value.detail


WARNED_ABOUT = gray_png(GRAY, before=png_chunk(b"acTL", bytes(8)))
"""An animation of no frames: Pillow warns and reads the picture."""


def test_file_that_pillow_warns_about_is_read_without_a_word(tmp_path):
    path = write(tmp_path, WARNED_ABOUT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning), Image.open(path):
            pass

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        np.testing.assert_array_equal(read_gray(path), GRAY)
    assert caught == []


def test_warnings_of_pillow_never_reach_stderr_nor_kill(tmp_path):
    path = write(tmp_path, WARNED_ABOUT)
    script = (
        "import pathlib, sys\nfrom bulbinspect.imaging.read import read_gray\n"
        "print(read_gray(pathlib.Path(sys.argv[1])).shape)"
    )

    for strictness in ("error", "always"):
        done = subprocess.run(
            [sys.executable, "-W", strictness, "-c", script, str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("(24, 20)\n", "")


def test_threads_read_what_one_thread_reads(tmp_path):
    paths = [
        write(tmp_path, WARNED_ABOUT if n % 3 else tiff(GRAY, "MM", bits=8), f"{n}")
        for n in range(60)
    ]

    with ThreadPoolExecutor(8) as pool:
        for pixels in pool.map(read_gray, paths):
            np.testing.assert_array_equal(pixels, GRAY)
