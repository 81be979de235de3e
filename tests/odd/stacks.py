"""Files that hold all views of a bulb, as channels or as pages, and what must come of each."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image
from tests.odd import encode
from tests.odd.deep import array
from tests.odd.encode import Page
from tests.odd.odd_file import COLOURS, EIGHT_BITS, SIZE, of
from tests.pictures import stored

from bulbinspect.bulb import ViewsIn
from bulbinspect.imaging.form import PictureForm

NUM_VIEWS = 4
RNG = np.random.default_rng(4)
VIEWS = RNG.integers(0, 256, (NUM_VIEWS, *SIZE)).astype(np.uint8)
DEEP_VIEWS = RNG.integers(0, 4096, (NUM_VIEWS, *SIZE)).astype(np.uint16)
TWELVE = PictureForm(bit_depth=12)
UNIT = PictureForm(value_range=(0.0, 1.0))


@dataclass(frozen=True)
class OddStack:
    """A file that is declared to hold four views, and their pixels (4, H, W), or the reason."""

    name: str
    kind: ViewsIn
    outcome: np.ndarray | str
    content: Callable[[], bytes]
    form: PictureForm = EIGHT_BITS
    file_name: str = "b1.tif"

    @property
    def reason(self) -> str:
        """The reason for which all views are refused, or `""`."""
        return self.outcome if isinstance(self.outcome, str) else ""

    def __str__(self) -> str:
        return self.name


def channels(views: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(views, 0, -1))


def _saved(image: Image.Image, picture_format: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, picture_format)
    return buffer.getvalue()


def _tiff_of_channels(last: int, *, photometric: int = 2) -> bytes:
    """Write four channels; `last` is the meaning of the one beyond the colours (tag 338)."""
    return encode.tiff(Page(channels(VIEWS), {262: photometric, 338: last}))


def _one_page(number: int, page: Page | np.ndarray, pages: np.ndarray = VIEWS) -> bytes:
    """Write the pages with another one in place of `number`."""
    return encode.tiff(*(page if place == number else one for place, one in enumerate(pages)))


def _array_of(shape: str) -> bytes:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    padded = header + b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded


def _bomb(pages: int, side: int) -> bytes:
    packed = zlib.compress(bytes(side * side), 9)
    page = Page(np.broadcast_to(np.uint8(0), (side, side)), {259: 8}, packed)
    return encode.tiff(*[page] * pages)


_TURNED = np.stack([stored(view, 6) for view in VIEWS])
_TWICE = VIEWS[[0, 1, 2, 1]]

_channels = partial(OddStack, kind=ViewsIn.CHANNELS)
_pages = partial(OddStack, kind=ViewsIn.PAGES)

CHANNELS = [
    _channels("RGBA PNG", outcome=VIEWS, content=of(encode.png_of(channels(VIEWS)))),
    _channels(
        "RGBA PNG, EXIF orientation 6",
        outcome=VIEWS,
        content=of(
            encode.png_of(channels(_TURNED), before=encode.png_chunk(b"eXIf", encode.exif(6)))
        ),
    ),
    _channels("TIFF of four, the last alpha", outcome=VIEWS, content=of(_tiff_of_channels(2))),
    _channels(
        "TIFF of four inks", outcome=VIEWS, content=of(encode.tiff(Page(channels(VIEWS), {262: 5})))
    ),
    _channels("NPY (H, W, 4)", outcome=VIEWS, content=of(array(channels(VIEWS)))),
    _channels(
        "NPY (H, W, 4), columns first",
        outcome=VIEWS,
        content=of(array(np.asfortranarray(channels(VIEWS)))),
    ),
    _channels(
        "NPY (H, W, 4), 12 bits",
        outcome=DEEP_VIEWS,
        content=of(array(channels(DEEP_VIEWS))),
        form=TWELVE,
    ),
    _channels(
        "NPY (H, W, 4), float, range declared",
        outcome=VIEWS,
        content=of(array(channels(VIEWS) / 255)),
        form=UNIT,
    ),
    _channels(
        "NPY (H, W, 4), float", outcome="float_pixels", content=of(array(channels(VIEWS) / 255))
    ),
    _channels(
        "NPY (H, W, 4), 12 bits undeclared",
        outcome="undeclared_depth",
        content=of(array(channels(DEEP_VIEWS))),
    ),
    _channels(
        "NPY (H, W, 4), Python objects",
        outcome="unsupported_format",
        content=of(array(channels(VIEWS).astype(object))),
    ),
    _channels("NPY (H, W, 3)", outcome="missing_view", content=of(array(channels(VIEWS[:3])))),
    _channels(
        "NPY (H, W, 5)",
        outcome="surplus_view",
        content=of(array(channels(np.concatenate([VIEWS, VIEWS[:1] // 2])))),
    ),
    _channels("NPY (H, W)", outcome="unsupported_format", content=of(array(VIEWS[0]))),
    _channels("NPY bomb", outcome="too_large", content=of(_array_of("(60000, 60000, 4)"))),
    _channels("NPY cut", outcome="truncated", content=of(array(channels(VIEWS))[:-1])),
    _channels("colour PNG", outcome="missing_view", content=of(encode.png_of(COLOURS))),
    _channels("gray PNG", outcome="missing_view", content=of(encode.png_of(VIEWS[0]))),
    _channels(
        "RGBA PNG with two channels alike",
        outcome="identical_views",
        content=of(encode.png_of(channels(_TWICE))),
    ),
    _channels(
        "RGBA PNG of 16 bits",
        outcome="wrong_depth",
        content=of(encode.png_of(channels(DEEP_VIEWS))),
        form=TWELVE,
    ),
    _channels(
        "RGBA PNG, cut",
        outcome="truncated",
        content=of(encode.png_of(channels(VIEWS))[:1500]),
    ),
    _channels(
        "CMYK JPEG",
        outcome="unsupported_format",
        content=of(_saved(Image.new("CMYK", SIZE[::-1]), "JPEG")),
    ),
    _channels(
        "TIFF, colours multiplied by alpha",
        outcome="unsupported_format",
        content=of(_tiff_of_channels(1)),
    ),
    _channels("TIFF of four pages", outcome="several_pages", content=of(encode.tiff(*VIEWS))),
    _channels("text", outcome="not_a_picture", content=of(b"no picture")),
    _channels("empty", outcome="empty_file", content=of(b"")),
]

PAGES = [
    _pages("TIFF of four pages", outcome=VIEWS, content=of(encode.tiff(*VIEWS))),
    _pages(
        "TIFF of four pages, big endian", outcome=VIEWS, content=of(encode.tiff(*VIEWS, order="MM"))
    ),
    _pages(
        "TIFF of four pages, 12 bits",
        outcome=DEEP_VIEWS,
        content=of(encode.tiff(*DEEP_VIEWS)),
        form=TWELVE,
    ),
    _pages(
        "TIFF of four pages, float, range declared",
        outcome=VIEWS,
        content=of(encode.tiff(*(VIEWS / 255).astype(np.float32))),
        form=UNIT,
    ),
    _pages(
        "TIFF of four pages, each turned",
        outcome=VIEWS,
        content=of(encode.tiff(*(Page(page, {274: 6}) for page in _TURNED))),
    ),
    _pages(
        "TIFF of four pages, one turned",
        outcome=VIEWS,
        content=of(_one_page(2, Page(_TURNED[2], {274: 6}))),
    ),
    _pages("NPY (4, H, W)", outcome=VIEWS, content=of(array(VIEWS))),
    _pages(
        "NPY (4, H, W), 12 bits", outcome=DEEP_VIEWS, content=of(array(DEEP_VIEWS)), form=TWELVE
    ),
    _pages(
        "NPY (4, H, W), Python objects",
        outcome="unsupported_format",
        content=of(array(VIEWS.astype(object))),
    ),
    _pages("NPY (3, H, W)", outcome="missing_view", content=of(array(VIEWS[:3]))),
    _pages("NPY (5, H, W)", outcome="surplus_view", content=of(array(VIEWS[[0, 1, 2, 3, 0]]))),
    _pages("NPY bomb", outcome="too_large", content=of(_array_of("(4, 60000, 60000)"))),
    _pages("TIFF of three pages", outcome="missing_view", content=of(encode.tiff(*VIEWS[:3]))),
    _pages("TIFF of one page", outcome="missing_view", content=of(encode.tiff(VIEWS[0]))),
    _pages(
        "TIFF of five pages",
        outcome="surplus_view",
        content=of(encode.tiff(*VIEWS, 255 - VIEWS[0])),
    ),
    _pages(
        "TIFF of 10,000 pages",
        outcome="surplus_view",
        content=lambda: encode.tiff(*[VIEWS[0, :1, :1]] * 10_000),
    ),
    _pages(
        "TIFF of four pages, two alike",
        outcome="identical_views",
        content=of(encode.tiff(*_TWICE)),
    ),
    _pages("TIFF of four pages, cut", outcome="truncated", content=of(encode.tiff(*VIEWS)[:-100])),
    _pages(
        "TIFF of four pages, one coloured",
        outcome="colour",
        content=of(_one_page(3, COLOURS)),
    ),
    _pages(
        "TIFF of four pages, one of 16 bits",
        outcome="undeclared_depth",
        content=of(_one_page(1, DEEP_VIEWS[0])),
    ),
    _pages(
        "TIFF of four pages, one of fax compression",
        outcome="unsupported_format",
        content=of(_one_page(1, Page(VIEWS[1], {258: 1, 259: 4}, bytes(100)))),
    ),
    _pages(
        "TIFF of four pages of 12000 x 12000",
        outcome="too_large",
        content=partial(_bomb, 4, 12_000),
    ),
    _pages(
        "animated PNG", outcome="unsupported_format", content=of(encode.png_animated(list(VIEWS)))
    ),
    _pages("gray PNG", outcome="unsupported_format", content=of(encode.png_of(VIEWS[0]))),
    _pages("text", outcome="not_a_picture", content=of(b"no picture")),
]

STACKS = CHANNELS + PAGES
