"""What a file is, by its first bytes alone: the rows of the corpora's table."""

import struct
from pathlib import Path

_MAGIC = {
    b"GIF8": "GIF",
    b"8BPS": "Photoshop",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\x00\x00\x01\x00": "icon",
    b"\x00\x00\x02\x00": "icon",
    b"icns": "icon",
    b"DDS ": "DDS",
    b"BLP": "BLP",
    b"SIMPLE": "FITS",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"\xc5\xd0\xd3\xc6": "PostScript",
    b"\x01\xda": "SGI",
    b"\x0a\x05\x01\x08": "PCX",
    b"\xd0\xcf\x11\xe0": "Office or FlashPix",
    b"qoif": "QOI",
    b"\x93NUMPY": "NPY",
    b"PK\x03\x04": "ZIP",
}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"II\0*", b"MM*\0")
_PNG_COLOURS = {0: "gray", 2: "colour", 3: "palette", 4: "gray with alpha", 6: "colour with alpha"}


def kind_of(path: Path) -> str:
    """Return what the file claims to be: the format, and of common ones how its pixels are kept."""
    content = path.read_bytes()
    if not content:
        return "empty"
    if content.startswith(b"\x89PNG"):
        return _png(content)
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content.startswith(_TIFF):
        return "TIFF"
    if content.startswith(b"BM"):
        return _bmp(content)
    if content[:1] == b"P" and content[1:2] in b"1234567fFy" and content[2:3].isspace():
        return "Netpbm"
    if content.startswith(b"RIFF"):
        return "WebP" if content[8:12] == b"WEBP" else "other RIFF"
    if content[4:8] == b"ftyp":
        return "AVIF or HEIF"
    for start, name in _MAGIC.items():
        if content.startswith(start):
            return name
    return "text" if _is_text(content) else "something else"


def _png(content: bytes) -> str:
    if b"acTL" in content[:200]:
        return "PNG, animated"
    if len(content) < 29 or content[12:16] != b"IHDR":
        return "PNG, broken header"
    bits, colour = content[24], content[25]
    pixels = _PNG_COLOURS.get(colour)
    if pixels is None or bits not in (1, 2, 4, 8, 16):
        return "PNG, broken header"
    depth = "16 bits" if bits == 16 else "up to 8 bits"
    return f"PNG, {pixels}, {depth}" if colour != 3 else "PNG, palette"


def _jpeg(content: bytes) -> str:
    """Walk from marker to marker to the frame, which says how many channels there are."""
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return {1: "JPEG, gray", 3: "JPEG, colour", 4: "JPEG, CMYK"}.get(
                content[at + 9], "JPEG, odd header"
            )
        at += 1 if marker == 0xFF else 2 + struct.unpack_from(">H", content, at + 2)[0]
    return "JPEG, odd header"


def _bmp(content: bytes) -> str:
    if len(content) < 30:
        return "BMP, broken header"
    (size,) = struct.unpack_from("<I", content, 14)
    (bits,) = struct.unpack_from("<H", content, 24 if size == 12 else 28)
    if bits in (1, 2, 4, 8):
        return "BMP, palette"
    return "BMP, colour" if bits in (16, 24, 32) else "BMP, other"


def _is_text(content: bytes) -> bool:
    try:
        text = content[:4000].decode("ascii")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\r\n\t" for letter in text)
