"""The views of a bulb that lie in one file: as its channels, or as its pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from bulbinspect.bulb import ViewsIn
from bulbinspect.errors import PictureError
from bulbinspect.imaging.array import count_views, is_array, read_array
from bulbinspect.imaging.file import FORMATS, opened
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.header import (
    check_channels,
    check_content,
    check_kind,
    check_memory,
    check_size,
    count_pages,
)
from bulbinspect.imaging.levels import Gray, decode, of_depth
from bulbinspect.imaging.read import EIGHT_BITS, MAX_PIXELS, upright

_MOST_PARTS = 256  # counted; a file of more is no bulb


def read_parts(
    path: Path,
    kind: ViewsIn,
    of: int,
    form: PictureForm = EIGHT_BITS,
    *,
    sha256: str = "",
    max_pixels: int = MAX_PIXELS,
) -> list[Gray]:
    """Return all views `(H, W)` of a file that must hold `of` of them, upright.

    Channels are those of PNG and TIFF of 8 bits with 1 to 4 of them, or the last axis of an array;
    pages are those of a TIFF, or the first axis. Else it is a `PictureError`: `missing_view` or
    `surplus_view` for another number of them; `max_pixels` counts those of all views.
    """
    with opened(path, sha256) as file:
        if is_array(file):
            _check_number(count_views(file, kind), of, kind)
            file.seek(0)
            return read_array(file, kind, form, max_pixels)
        with Image.open(file, formats=FORMATS) as image:
            _check_number(_count(image, kind, most=of), of, kind)
            check_size(image.height * of, image.width, max_pixels)
            if kind is ViewsIn.CHANNELS:
                check_channels(image)
                check_content(image, file)
                return _channels(image, form)
            return list(_pages(image, file, of, form, max_pixels))


def count_parts(path: Path, kind: ViewsIn) -> int:
    """Return from the header how many views a file holds; `PictureError` if it cannot be known."""
    with opened(path) as file:
        if is_array(file):
            return count_views(file, kind)
        with Image.open(file, formats=FORMATS) as image:
            return _count(image, kind, most=_MOST_PARTS)


def _count(image: ImageFile.ImageFile, kind: ViewsIn, most: int) -> int:
    if kind is ViewsIn.CHANNELS:
        if count_pages(image, 1) > 1:
            raise PictureError("several_pages", "the file holds several pages or frames")
        return len(image.getbands())
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        raise PictureError("unsupported_format", f"{image.format} does not hold views as pages")
    return count_pages(image, most)


def _check_number(found: int, of: int, kind: ViewsIn) -> None:
    if found == of:
        return
    number = f"more than {of}" if found == of + 1 and kind is ViewsIn.PAGES else str(found)
    raise PictureError(
        "missing_view" if found < of else "surplus_view",
        f"the file holds {number} {kind}, {of} were declared",
    )


def _channels(image: ImageFile.ImageFile, form: PictureForm) -> list[Gray]:
    stacked = np.asarray(image)
    if stacked.ndim == 2:
        stacked = stacked[..., None]
    return [
        upright(of_depth(np.ascontiguousarray(stacked[..., place]), form.bit_depth), image)
        for place in range(stacked.shape[2])
    ]


def _pages(
    image: ImageFile.ImageFile, file: IO[bytes], of: int, form: PictureForm, max_pixels: int
) -> Iterator[Gray]:
    left = max_pixels
    for page in range(of):
        image.seek(page)
        check_memory(image, left)
        left -= image.height * image.width
        try:
            check_kind(image, form)
            yield upright(decode(image, file, form), image)
        except PictureError as error:
            raise PictureError(error.reason, f"page {page}: {error.detail}") from error
