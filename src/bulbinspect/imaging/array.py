"""Pictures as NumPy keeps them (`.npy`): one view, or several stacked along an axis."""

import math
import os
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from bulbinspect.bulb import ViewsIn
from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.header import check_size
from bulbinspect.imaging.levels import Gray, of_depth, of_values

_LONGEST_HEADER = 10_000  # of text; the header of a picture has about 100 letters


def is_array(file: IO[bytes]) -> bool:
    """Say whether the file is an array of NumPy; the file stays where it is."""
    start = file.read(len(npy.MAGIC_PREFIX))
    file.seek(0)
    return start == npy.MAGIC_PREFIX


def read_array(file: IO[bytes], kind: ViewsIn, form: PictureForm, max_pixels: int) -> list[Gray]:
    """Return the views of an array: `(H, W)` of one, `(H, W, V)` of channels, `(V, H, W)` of pages.

    What would have to be unpickled is never loaded.
    """
    shape, values = _header(file)
    _check_shape(shape, kind)
    width = shape[2 if kind is ViewsIn.PAGES else 1]
    check_size(math.prod(shape) // width, width, max_pixels)
    stacked = _content(file, shape, *values)
    if kind is ViewsIn.FILES:
        return [_levels(stacked, form)]
    views = np.moveaxis(stacked, 2, 0) if kind is ViewsIn.CHANNELS else stacked
    return [_levels(view, form) for view in views]


def count_views(file: IO[bytes], kind: ViewsIn) -> int:
    """Return how many views the header of the array promises."""
    shape, _ = _header(file)
    _check_shape(shape, kind)
    return shape[2] if kind is ViewsIn.CHANNELS else shape[0]


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], tuple[bool, np.dtype[Any]]]:
    """Return the shape, and how its numbers lie in the file, which then stands at the first."""
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise PictureError("unsupported_format", f"an array of version {version}")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read(file, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise PictureError("unsupported_format", "it holds Python objects, which are never loaded")
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        raise PictureError("unsupported_format", f"an array of {dtype} is no picture")
    return shape, (fortran_order, dtype)


def _content(
    file: IO[bytes], shape: tuple[int, ...], fortran_order: bool, dtype: np.dtype[Any]
) -> NDArray[Any]:
    expected = math.prod(shape) * dtype.itemsize
    there = os.fstat(file.fileno()).st_size - file.tell()
    if there != expected:  # before a buffer is made for what a header only promises
        raise PictureError(
            "truncated" if there < expected else "damaged",
            f"{there} bytes follow its header, an array {shape} of {dtype} has {expected}",
        )
    values = np.frombuffer(file.read(expected), dtype)
    return values.reshape(shape, order="F" if fortran_order else "C")


def _levels(view: NDArray[Any], form: PictureForm) -> Gray:
    view = np.ascontiguousarray(view)
    if view.dtype.kind == "b":
        return of_depth(view * np.uint8(255), form.bit_depth)
    if view.dtype.kind == "u" and view.dtype.itemsize <= 2:
        native = np.uint8 if view.dtype.itemsize == 1 else np.uint16
        return of_depth(view.astype(native), form.bit_depth)
    return of_values(view, form)


def _check_shape(shape: tuple[int, ...], kind: ViewsIn) -> None:
    axes = {ViewsIn.FILES: "(H, W)", ViewsIn.CHANNELS: "(H, W, V)", ViewsIn.PAGES: "(V, H, W)"}[
        kind
    ]
    if len(shape) == axes.count(",") + 1 and min(shape) > 0:
        return
    several = kind is ViewsIn.FILES and len(shape) > 2
    raise PictureError(
        "several_pages" if several else "unsupported_format",
        f"expected an array {axes}, got {shape}",
    )
