"""Writers of picture files by their specifications, so that what is read can be held against them.

Nothing here asks the library that the reader uses. Only JPEG, which nobody writes by hand, is left
to it (`drawn.py`).
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


def png_chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png_rows(pixels: np.ndarray) -> bytes:
    """Compress rows (H, W) or (H, W, C), each without a filter."""
    stored = pixels.astype(pixels.dtype.newbyteorder(">"))
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in stored))


def png(
    width: int,
    height: int,
    bits: int,
    colour_type: int,
    rows: bytes,
    *,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """Write a PNG of compressed `rows`; `before` and `after` are chunks around them.

    Colour types: 0 gray, 2 colours, 3 palette, 4 gray with alpha, 6 colours with alpha.
    """
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", header),
            before,
            png_chunk(b"IDAT", rows),
            after,
            png_chunk(b"IEND", b""),
        ]
    )


def png_of(pixels: np.ndarray, *, before: bytes = b"", after: bytes = b"") -> bytes:
    """Write gray (H, W), or (H, W, 2…4) channels, of 8 or 16 bits."""
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    height, width = pixels.shape[:2]
    bits = 8 * pixels.dtype.itemsize
    return png(width, height, bits, colour_type, png_rows(pixels), before=before, after=after)


def png_of_palette(places: np.ndarray, palette: Sequence[tuple[int, int, int]]) -> bytes:
    chunk = png_chunk(b"PLTE", bytes(level for colour in palette for level in colour))
    return png(places.shape[1], places.shape[0], 8, 3, png_rows(places), before=chunk)


def png_of_bits(bits: np.ndarray) -> bytes:
    packed = np.packbits(bits, axis=1)
    return png(bits.shape[1], bits.shape[0], 1, 0, png_rows(packed))


def png_animated(frames: Sequence[np.ndarray]) -> bytes:
    """Write an animation of gray frames, each shown for a tenth of a second."""
    height, width = frames[0].shape

    def control(number: int) -> bytes:
        values = struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 10, 0, 0)
        return png_chunk(b"fcTL", values)

    after = b""
    for place, frame in enumerate(frames[1:]):
        after += control(2 * place + 1)
        after += png_chunk(b"fdAT", struct.pack(">I", 2 * place + 2) + png_rows(frame))
    before = png_chunk(b"acTL", struct.pack(">II", len(frames), 0)) + control(0)
    return png_of(frames[0], before=before, after=after)


def exif(orientation: int) -> bytes:
    """Return the smallest EXIF block that says how the camera was held."""
    entry = struct.pack("<HHIHH", 274, 3, 1, orientation, 0)
    return b"II" + struct.pack("<HIH", 42, 8, 1) + entry + bytes(4)


@dataclass(frozen=True)
class Page:
    """One picture of a TIFF: (H, W), or (H, W, C) with the channels together.

    `tags` replace or add tags of the type SHORT; `packed` is what stands there in place of the
    pixels as they are.
    """

    pixels: np.ndarray
    tags: dict[int, int | Sequence[int]] = field(default_factory=dict)
    packed: bytes | None = None


def tiff(*pages: Page | np.ndarray, order: str = "II") -> bytes:
    """Write a TIFF of one strip a page; `order` of the bytes is II (little endian) or MM."""
    end = {"II": "<", "MM": ">"}[order]
    content = bytearray(order.encode() + struct.pack(end + "HI", 42, 8))
    for number, page in enumerate(pages):
        one = page if isinstance(page, Page) else Page(page)
        last = number == len(pages) - 1
        content += _tiff_page(one, end, len(content), last=last)
    return bytes(content)


def _tiff_page(page: Page, end: str, start: int, *, last: bool) -> bytes:
    pixels = page.pixels
    strip = page.packed
    if strip is None:
        strip = pixels.astype(pixels.dtype.newbyteorder(end)).tobytes()
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    kind = {"u": 1, "b": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    shorts: dict[int, int | Sequence[int]] = {
        258: [8 * pixels.dtype.itemsize] * channels,
        259: 1,
        262: 2 if channels >= 3 else 1,
        277: channels,
        339: [kind] * channels,
        **page.tags,
    }
    longs = {256: width, 257: height, 273: 0, 278: height, 279: len(strip)}
    directory = 2 + 12 * (len(shorts) + len(longs)) + 4
    more = b""  # values that do not fit into an entry
    entries = []
    for tag, value in sorted((shorts | longs).items()):
        values = list(value) if isinstance(value, Sequence) else [value]
        if tag in longs:
            packed = struct.pack(end + "HHII", tag, 4, 1, values[0])
        elif len(values) <= 2:
            filled = [*values, 0][:2]
            packed = struct.pack(end + "HHIHH", tag, 3, len(values), *filled)
        else:
            packed = struct.pack(end + "HHII", tag, 3, len(values), start + directory + len(more))
            more += struct.pack(end + f"{len(values)}H", *values)
        entries.append((tag, packed))
    place = start + directory + len(more)
    strip_offset = struct.pack(end + "HHII", 273, 4, 1, place)
    body = b"".join(strip_offset if tag == 273 else packed for tag, packed in entries)
    padding = len(strip) % 2  # the next directory begins at an even place
    following = 0 if last else place + len(strip) + padding
    count = struct.pack(end + "H", len(entries))
    return count + body + struct.pack(end + "I", following) + more + strip + bytes(padding)


def packbits(content: bytes) -> bytes:
    """Compress by the book, as runs of up to 128 bytes as they are."""
    runs = [content[at : at + 128] for at in range(0, len(content), 128)]
    return b"".join(bytes([len(run) - 1]) + run for run in runs)


def bmp(
    rows: np.ndarray, bits: int, size: tuple[int, int], palette: Sequence[tuple[int, int, int]] = ()
) -> bytes:
    """Write an uncompressed BMP (H, W) = `size`; `rows` (H, bytes) are those of the picture, top
    first, and are stored as usual: bottom first, each filled up to four bytes.
    """
    filled = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))[::-1].tobytes()
    colours = b"".join(bytes([blue, green, red, 0]) for red, green, blue in palette)
    offset = 14 + 40 + len(colours)
    head = b"BM" + struct.pack("<IHHI", offset + len(filled), 0, 0, offset)
    height, width = size
    values = (40, width, height, 1, bits, 0, len(filled), 2835, 2835, len(palette), 0)
    return head + struct.pack("<IiiHHIIiiII", *values) + colours + filled


GRAYS = tuple((level, level, level) for level in range(256))


def bmp_of(pixels: np.ndarray) -> bytes:
    """Write gray (H, W) through a palette of 256 grays, or colours (H, W, 3), of 8 bits."""
    size = pixels.shape[0], pixels.shape[1]
    if pixels.ndim == 2:
        return bmp(pixels, 8, size, GRAYS)
    return bmp(pixels[..., ::-1].reshape(size[0], -1), 24, size)


def pgm(pixels: np.ndarray, white: int = 255) -> bytes:
    """Write gray (H, W) or colours (H, W, 3) of Netpbm, with one or two bytes a level."""
    height, width = pixels.shape[:2]
    kind = "P5" if pixels.ndim == 2 else "P6"
    stored = pixels.astype(">u2" if white > 255 else "u1")
    return f"{kind} {width} {height} {white}\n".encode() + stored.tobytes()


def pgm_text(pixels: np.ndarray, white: int = 255) -> bytes:
    rows = "\n".join(" ".join(str(level) for level in row) for row in pixels.tolist())
    return f"P2\n# a comment\n{pixels.shape[1]} {pixels.shape[0]}\n{white}\n{rows}\n".encode()


def pfm(values: np.ndarray) -> bytes:
    """Write floating-point gray (H, W), little endian, which the sign says; bottom row first."""
    head = f"Pf\n{values.shape[1]} {values.shape[0]}\n-1.0\n".encode()
    return head + values[::-1].astype("<f4").tobytes()


def pbm(bits: np.ndarray) -> bytes:
    """Write (H, W) of which True is white; in this format 1 is black."""
    packed = np.packbits(~bits, axis=1)
    return f"P4 {bits.shape[1]} {bits.shape[0]}\n".encode() + packed.tobytes()
