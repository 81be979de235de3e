"""Damaged pictures: drawn bulbs in six formats, each file changed in one of six ways, by seed."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from bulbinspect.data.synthetic.draw import draw_bulb

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("PNG", {}),
    "JPEG": ("JPEG", {"quality": 90}),
    "TIFF": ("TIFF", {}),
    "TIFF, LZW": ("TIFF", {"compression": "tiff_lzw"}),
    "TIFF, 16 bits": ("TIFF", {}),
    "BMP": ("BMP", {}),
}
KINDS = ("bits flipped", "cut", "overwritten", "spliced", "inserted", "removed")
NUM_BULBS = 8
NUM_VIEWS = 4
SIZE_PX = 64


@dataclass(frozen=True)
class Mutation:
    """File `content` that was made from the picture of `view` of `bulb` by an act of `kind`."""

    number: int
    format: str
    kind: str
    bulb: int
    view: int
    content: bytes

    @property
    def original(self) -> bytes:
        """The file before the act; it is not always another one after it."""
        return encoded(self.format, self.bulb, self.view)


def bit_depth(format_name: str) -> int:
    """Return the depth that is declared for the pictures of a format."""
    return 16 if "16 bits" in format_name else 8


@cache
def encoded(format_name: str, bulb: int, view: int) -> bytes:
    """Return the file of a sound view."""
    pixels = _drawn(bulb)[view]
    if bit_depth(format_name) == 16:  # the lower byte carries noise, as that of a camera does
        noise = np.random.default_rng([bulb, view]).integers(0, 256, pixels.shape)
        pixels = (pixels.astype(np.uint16) << 8) | noise.astype(np.uint16)
    name, options = FORMATS[format_name]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, name, **options)
    return buffer.getvalue()


@cache
def _drawn(bulb: int) -> np.ndarray:
    return draw_bulb(7, bulb, size_px=SIZE_PX, num_views=NUM_VIEWS).views


def mutations(count: int, *, seed: int = 0) -> Iterator[Mutation]:
    """Yield `count` mutations, formats and kinds in turn; each is a function of (seed, number)."""
    pairs = [(name, kind) for kind in KINDS for name in FORMATS]
    for number in range(count):
        name, kind = pairs[number % len(pairs)]
        rng = np.random.default_rng([seed, number])
        bulb, view = int(rng.integers(NUM_BULBS)), int(rng.integers(NUM_VIEWS))
        donor = encoded(name, int(rng.integers(NUM_BULBS)), int(rng.integers(NUM_VIEWS)))
        content = _changed(encoded(name, bulb, view), donor, kind, rng)
        yield Mutation(number, name, kind, bulb, view, content)


def _changed(content: bytes, donor: bytes, kind: str, rng: np.random.Generator) -> bytes:
    if kind == "bits flipped":
        flipped = bytearray(content)
        for place in rng.integers(0, 8 * len(content), rng.integers(1, 9)).tolist():
            flipped[place // 8] ^= 1 << place % 8
        return bytes(flipped)
    if kind == "cut":
        return content[: int(rng.integers(len(content)))]
    size = int(2 ** rng.uniform(0, np.log2(len(content) / 2)))  # small blocks as often as large
    start = int(rng.integers(len(content) - size + 1))
    before, after = content[:start], content[start + size :]
    if kind == "removed":
        return before + after
    if kind == "spliced":
        source = donor if rng.random() < 0.5 else content
        size = min(size, len(source))
        at = int(rng.integers(len(source) - size + 1))
        return before + source[at : at + size] + after
    block = b"\0" * size if rng.random() < 0.2 else rng.bytes(size)
    return before + block + (after if kind == "overwritten" else content[start:])
