"""Too many pixels, pages, scans or words: refused at once, and before the memory is full."""

import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image
from tests.odd.encode import png_chunk
from tests.pictures import GRAY, encoded, gray_png, png, refusal, tiff, write

from bulbinspect.imaging.read import read_gray


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


def test_compressed_text_that_would_fill_the_memory_is_refused(tmp_path):
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80 << 20)))

    assert refusal(write(tmp_path, gray_png(GRAY, before=text))) == "damaged"


def test_png_with_more_metadata_than_any_is_refused_before_it_is_held(tmp_path):
    text = png_chunk(b"tEXt", b"Comment\0" + bytes(17 << 20))

    assert refusal(write(tmp_path, gray_png(GRAY, after=text))) == "too_large"
