"""From a decoded picture to gray levels of the declared depth. No pixel is guessed."""

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.header import DEEP_MODES, declared_bits, is_unsigned
from bulbinspect.imaging.netpbm import read_deep_netpbm

Gray = np.ndarray[tuple[int, int], np.dtype[np.integer[Any]]]
"""A gray picture `(H, W)`: uint8, or uint16 for more than 8 bits."""

_COLOUR_MODES = ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "LA", "La")
_ROWS_AT_ONCE = 256


def decode(image: ImageFile.ImageFile, file: IO[bytes], form: PictureForm) -> Gray:
    """Decode the page that `image` stands at; `file` is what it was opened from."""
    if image.format == "PPM" and image.mode == "I":
        return of_depth(read_deep_netpbm(image, file, form.bit_depth), form.bit_depth)
    if image.mode in ("I", "F"):
        values = np.asarray(image)
        return of_values(values.view(np.uint32) if is_unsigned(image) else values, form)
    bits = declared_bits(image)
    if bits not in (None, form.bit_depth):
        raise PictureError(
            "undeclared_depth" if form.bit_depth == 8 else "wrong_depth",
            f"its header says {bits} bits, {form.bit_depth} were declared",
        )
    return of_depth(_stored_levels(image, form), form.bit_depth)


def _stored_levels(image: ImageFile.ImageFile, form: PictureForm) -> Gray:
    if image.mode == "L":
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in DEEP_MODES:
        return np.asarray(image).astype(np.uint16, copy=False)
    if image.mode in _COLOUR_MODES:
        return _gray_of_colours(image, form.colour)
    raise PictureError("colour", f"its colours are in the space {image.mode}")


def _gray_of_colours(image: ImageFile.ImageFile, colour: str) -> Gray:
    image.load()
    if image.mode in ("P", "PA"):
        highest = int(np.max(image.getchannel(0).getextrema()))
        if highest >= len(image.getpalette() or ()) // 3:
            raise PictureError("damaged", f"colour {highest} is not in its palette")
    gray = np.empty((image.height, image.width), np.uint8)
    for top in range(0, image.height, _ROWS_AT_ONCE):  # all of it in RGBA would be much memory
        bottom = min(top + _ROWS_AT_ONCE, image.height)
        rows = image.crop((0, top, image.width, bottom)).convert("RGBA")
        gray[top:bottom] = _gray_rows(np.asarray(rows), colour)
    return gray


def _gray_rows(colours: NDArray[np.uint8], colour: str) -> Gray:
    """Return `(h, W)` of `(h, W, 4)`."""
    if (colours[..., 3] != 255).any():
        raise PictureError("transparent", "some of its pixels are transparent")
    red, green, blue = (colours[..., channel] for channel in range(3))
    if (green == red).all() and (blue == red).all():
        return red
    return _declared_gray(red, green, blue, colour)


def _declared_gray(
    red: NDArray[np.uint8], green: NDArray[np.uint8], blue: NDArray[np.uint8], colour: str
) -> Gray:
    if colour == "refuse":
        raise PictureError("colour", "its pixels are coloured (not R = G = B): declare colour")
    if colour == "luma":  # BT.601 in 16 bits of fraction, rounded, as Pillow's own convert("L")
        weights = np.uint32(19595), np.uint32(38470), np.uint32(7471)
        weighed = red * weights[0] + green * weights[1] + blue * weights[2] + np.uint32(0x8000)
        return np.asarray(weighed >> np.uint32(16), np.uint8)
    if colour == "mean":
        total = red.astype(np.uint16) + green + blue
        return ((total + np.uint16(1)) // np.uint16(3)).astype(np.uint8)
    return {"red": red, "green": green, "blue": blue}[colour]


def of_depth(pixels: Gray, bit_depth: int) -> Gray:
    """Hold levels of 8 or 16 bits against the declared depth; 8 bits in 16 are just that."""
    if bit_depth == 8:
        if pixels.dtype == np.uint8:
            return pixels
        if pixels.max() > 255:
            raise PictureError(
                "undeclared_depth",
                f"its brightest pixel is {pixels.max()}: declare its bit depth (10, 12, 14, 16)",
            )
        return pixels.astype(np.uint8)
    if pixels.dtype == np.uint8:
        raise PictureError("wrong_depth", f"it has 8 bits, {bit_depth} were declared")
    if pixels.max() >= 1 << bit_depth:
        raise PictureError(
            "wrong_depth",
            f"its brightest pixel is {pixels.max()}, above the {bit_depth} bits that were declared",
        )
    return pixels


def of_values(values: NDArray[Any], form: PictureForm) -> Gray:
    """Bring numbers of the declared range to levels of the declared depth, rounded."""
    if form.value_range is None:
        if values.dtype.kind == "f":
            text = "its pixels are floating-point numbers: declare value_range"
            raise PictureError("float_pixels", text)
        raise PictureError(
            "wrong_depth", f"its pixels are {values.dtype.name} numbers: declare value_range"
        )
    black, white = form.value_range
    lowest, highest = values.min(), values.max()  # NaN if there is one
    if not (min(black, white) <= lowest and highest <= max(black, white)):
        raise PictureError(
            "out_of_range",
            f"its values go from {lowest:g} to {highest:g}, declared are {black:g} to {white:g}",
        )
    scale = form.max_level / (white - black)
    dtype = np.uint8 if form.bit_depth == 8 else np.uint16
    levels = np.empty((values.shape[0], values.shape[1]), dtype)
    for top in range(0, len(values), _ROWS_AT_ONCE):  # doubles of a whole picture are many
        rows = slice(top, top + _ROWS_AT_ONCE)
        levels[rows] = np.rint((values[rows].astype(np.float64) - black) * scale)
    return levels
