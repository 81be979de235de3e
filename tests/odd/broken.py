"""Files that hold no picture, or not all of one, and files that would fill the memory."""

import io
import struct
import zlib
from functools import partial

import numpy as np
from PIL import Image
from tests.odd import encode
from tests.odd.encode import Page
from tests.odd.gray import jpeg
from tests.odd.odd_file import GRAY, SIZE, OddFile, levels_of, of

NOISE = np.random.default_rng(99).integers(0, 256, SIZE).astype(np.uint8)


def _webp() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(GRAY).convert("RGB").save(buffer, "WEBP")
    return buffer.getvalue()


def _flipped(content: bytes, place: int) -> bytes:
    damaged = bytearray(content)
    damaged[place] ^= 0xFF
    return bytes(damaged)


def _tiff_loop() -> bytes:
    content = bytearray(encode.tiff(NOISE))
    (count,) = struct.unpack_from("<H", content, 8)
    struct.pack_into("<I", content, 8 + 2 + 12 * count, 8)
    return bytes(content)


PNG = encode.png_of(NOISE)
BAD_CHECKSUM = PNG.index(b"IEND") - 5
"""The last byte of the checksum of the pixels."""

NO_PICTURES = [
    OddFile("empty file", "empty_file", of(b"")),
    OddFile("text", "not_a_picture", of(b"no picture at all\n")),
    OddFile(
        "HTML", "not_a_picture", of(b"<!doctype html><html><img src=x onerror=alert(1)></html>")
    ),
    OddFile("zeros", "not_a_picture", of(bytes(1000))),
    OddFile("one byte", "not_a_picture", of(b"\x89")),
    OddFile("PDF", "unsupported_format", of(b"%PDF-1.7\n")),
    OddFile("WebP", "unsupported_format", of(_webp())),
    OddFile("NPZ", "unsupported_format", of(b"PK\x03\x04" + bytes(60))),
    OddFile("PNG called .txt", GRAY, of(encode.png_of(GRAY)), file_name="picture.txt"),
    OddFile("PNG called .jpg", GRAY, of(encode.png_of(GRAY)), file_name="picture.jpg"),
    OddFile("TIFF called .png", GRAY, of(encode.tiff(GRAY))),
    OddFile("PNG without an ending", GRAY, of(encode.png_of(GRAY)), file_name="picture"),
    OddFile("text called .tif", "not_a_picture", of(b"II nothing"), file_name="picture.tif"),
]

_WHOLE = {
    "PNG": PNG,
    "JPEG": jpeg(NOISE),
    "TIFF": encode.tiff(NOISE),
    "TIFF of 16 bits": encode.tiff(levels_of(8)),
    "BMP": encode.bmp_of(NOISE),
    "PGM": encode.pgm(NOISE),
}

DAMAGED = [
    *[
        OddFile(f"{name}, {what}", "truncated", of(content[: int(len(content) * share)]))
        for name, content in _WHOLE.items()
        for what, share in (("cut at three quarters", 0.75), ("cut by a hundredth", 0.99))
        if (name, share) != ("PNG", 0.99)  # what it lacks then are no pixels
    ],
    *[
        OddFile(f"{name}, cut in its header", reason, of(_WHOLE[name][:12]))
        for name, reason in (
            ("PNG", "damaged"),
            ("JPEG", "truncated"),
            ("TIFF", "damaged"),
            ("BMP", "damaged"),
        )
    ],
    OddFile("PNG, a flipped byte among its pixels", "damaged", of(_flipped(PNG, 60))),
    OddFile("PNG, a flipped byte in its header", "damaged", of(_flipped(PNG, 20))),
    OddFile("PNG, a flipped byte of a checksum", "damaged", of(_flipped(PNG, BAD_CHECKSUM))),
    OddFile("PGM, a level above its white", "damaged", of(encode.pgm(NOISE, 200))),
    OddFile("PNG of 9 bits", "damaged", of(encode.png(1, 1, 9, 0, zlib.compress(b"\0\0")))),
    OddFile(
        "PNG, a colour outside its palette",
        "damaged",
        of(encode.png_of_palette(GRAY, [(0, 0, 0), (9, 9, 9)])),
    ),
    OddFile("TIFF whose second page is its first", NOISE, of(_tiff_loop())),
    OddFile(
        "TIFF, fax compression",
        "unsupported_format",
        of(encode.tiff(Page(GRAY, {258: 1, 259: 4}, bytes(100)))),
    ),
]


def png_bomb(side: int = 12_000) -> bytes:
    """Return a PNG of black, 144 million pixels in 136 KiB."""
    return encode.png(side, side, 8, 0, zlib.compress(bytes((side + 1) * side), 9))


def jpeg_bomb() -> bytes:
    """Return a JPEG whose header says 65500 x 65500."""
    return jpeg(GRAY).replace(struct.pack(">HH", *SIZE), struct.pack(">HH", 65_500, 65_500), 1)


def text_bomb(mib: int = 80) -> bytes:
    """Return a PNG with a compressed comment of `mib` MiB before its pixels."""
    comment = b"Comment\0\0" + zlib.compress(bytes(mib << 20), 9)
    return encode.png_of(GRAY, before=encode.png_chunk(b"zTXt", comment))


def pages_bomb(count: int = 10_000) -> bytes:
    return encode.tiff(*[GRAY[:1, :1]] * count)


def tiff_bomb() -> bytes:
    return (
        encode.tiff(Page(GRAY, {}, b""))
        .replace(struct.pack("<HHII", 256, 4, 1, SIZE[1]), struct.pack("<HHII", 256, 4, 1, 600_000))
        .replace(struct.pack("<HHII", 257, 4, 1, SIZE[0]), struct.pack("<HHII", 257, 4, 1, 600_000))
    )


def strip_bomb(side: int = 12_000) -> bytes:
    """Return a TIFF of `side` squared, deflated to a thousandth."""
    packed = zlib.compress(bytes(side * side), 9)
    page = np.broadcast_to(np.uint8(0), (side, side))
    return encode.tiff(Page(page, {259: 8}, packed))


def scans_bomb(side: int = 2000, scans: int = 300) -> bytes:
    """Return a progressive JPEG whose last scan comes again and again: each paints all pixels."""
    content = jpeg(np.zeros((side, side), np.uint8), progressive=True)
    end = len(content) - 2
    return content[:end] + content[content.rindex(b"\xff\xda") : end] * scans + content[end:]


def array_bomb() -> bytes:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 60000), }"
    padded = header + b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded


def _header_of(picture_format: str, side: int) -> bytes:
    """Write a header; behind that of a text stand its pixels."""
    if picture_format == "BMP":
        values = (40, side, side, 1, 8, 0, 0, 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", *values)
    kind, pixels = ("P5", b"") if picture_format == "PGM" else ("P2", b"0 " * side * side)
    return f"{kind} {side} {side} 255\n".encode() + pixels


BOMBS = [
    OddFile("PNG of 12000 x 12000 in 136 KiB", "too_large", png_bomb),
    OddFile("JPEG header of 65500 x 65500", "too_large", jpeg_bomb),
    OddFile("TIFF header of 600000 x 600000", "too_large", tiff_bomb),
    OddFile("TIFF of 12000 x 12000, deflated", "too_large", strip_bomb),
    OddFile("BMP header of 60000 x 60000", "too_large", partial(_header_of, "BMP", 60_000)),
    OddFile("PGM header of 60000 x 60000", "too_large", partial(_header_of, "PGM", 60_000)),
    OddFile("NPY header of 60000 x 60000", "too_large", array_bomb),
    OddFile("JPEG of 2000 x 2000 in 306 scans", "too_large", scans_bomb),
    OddFile("PGM of 2000 x 2000 as text", "too_large", partial(_header_of, "PGM text", 2000)),
    OddFile("PNG with 80 MiB of zTXt", "damaged", text_bomb),
    OddFile("TIFF of 10,000 pages", "several_pages", pages_bomb),
]


def _largest(bits: int, colour_type: int, side: int) -> bytes:
    """Return a PNG of black as large as is allowed, in a file of some KiB."""
    channels = {0: 1, 2: 3, 3: 1}[colour_type]
    rows = zlib.compress(bytes((channels * side * bits // 8 + 1) * side), 9)
    palette = encode.png_chunk(b"PLTE", bytes(3)) if colour_type == 3 else b""
    return encode.png(side, side, bits, colour_type, rows, before=palette)


LARGEST = {
    "gray PNG of 8000 x 8000": partial(_largest, 8, 0, 8000),
    "PNG of 8000 x 8000, 1 bit": partial(_largest, 1, 0, 8000),
    "PNG of 8000 x 8000, palette of grays": partial(_largest, 8, 3, 8000),
    "PNG of 4000 x 4000 with R = G = B": partial(_largest, 8, 2, 4000),
}
"""Pictures that are read, to measure what that takes."""
