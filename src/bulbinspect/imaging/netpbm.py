"""PGM and its kin: what their header calls white, and their 16 bits, which Pillow stretches."""

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from bulbinspect.errors import PictureError

_MOST_PIXELS_OF_TEXT = 2_000_000  # Pillow takes 0.3 s for a million


def white_level(image: ImageFile.ImageFile) -> int:
    """Return the level that the header calls white, and Pillow scales to 255 or 65535."""
    arguments = image.tile[0].args
    if isinstance(arguments, tuple) and isinstance(arguments[-1], int) and arguments[-1] > 0:
        return arguments[-1]
    return 65535 if image.mode == "I" else 255


def check_netpbm(image: ImageFile.ImageFile, file: IO[bytes]) -> None:
    """Refuse long texts, and levels above white, which Pillow would clip."""
    tile, num_pixels = image.tile[0], image.height * image.width
    if tile.codec_name == "ppm_plain" and num_pixels > _MOST_PIXELS_OF_TEXT:
        raise PictureError("too_large", f"{num_pixels} pixels written as text")
    white = white_level(image)
    if tile.codec_name == "ppm" and image.mode in ("L", "RGB") and white < 255:
        place = file.tell()
        file.seek(tile.offset)
        levels = np.frombuffer(file.read(num_pixels * len(image.getbands())), np.uint8)
        file.seek(place)
        if levels.size and levels.max() > white:
            raise PictureError("damaged", f"its level {levels.max()} is above its white, {white}")


def read_deep_netpbm(
    image: ImageFile.ImageFile, file: IO[bytes], bit_depth: int
) -> NDArray[np.uint16]:
    """Read a PGM of 16 bits as it is; Pillow stretches any other white to 65535, and slowly."""
    white, expected = white_level(image), (1 << bit_depth) - 1
    if white not in (expected, 65535):
        raise PictureError(
            "undeclared_depth" if bit_depth == 8 else "wrong_depth",
            f"its white is {white}, that of {bit_depth} bits is {expected}",
        )
    tile = image.tile[0]
    if tile.codec_name == "ppm_plain":
        return np.rint(np.array(image) * (white / 65535)).astype(np.uint16)
    file.seek(tile.offset)
    size = image.width * image.height
    samples = file.read(2 * size)
    if len(samples) < 2 * size:
        raise PictureError("truncated", f"only {len(samples) // 2} of {size} pixels are there")
    levels: NDArray[Any] = np.frombuffer(samples, dtype=">u2").astype(np.uint16)
    return levels.reshape(image.height, image.width)
