"""Open one gray picture exactly, or say by name why not.

Pillow decodes; what is decided here is what may be decoded, and that no pixel is guessed: colour,
alpha, pages and depths that Pillow would quietly flatten are refused from the header.
"""

from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile

from bulbinspect.bulb import ViewsIn
from bulbinspect.errors import PictureError
from bulbinspect.imaging.array import is_array, read_array
from bulbinspect.imaging.file import FORMATS, opened
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.header import check_content, check_kind, check_memory, count_pages
from bulbinspect.imaging.levels import Gray, decode

EIGHT_BITS = PictureForm()
MAX_PIXELS = 64_000_000
"""Of a gray picture; of one in colour, or of 32 bits, a quarter."""


def read_gray(
    path: Path,
    form: PictureForm = EIGHT_BITS,
    *,
    sha256: str = "",
    max_pixels: int = MAX_PIXELS,
) -> Gray:
    """Return the upright picture `(H, W)`: uint8 for 8 bits, uint16 with its own levels for more.

    Read are PNG, JPEG, TIFF, BMP, PGM and arrays of NumPy; 1-bit pictures become 0 and 255, colours
    count as gray if every pixel has R = G = B, or as `form` declares. Whatever else it is, the
    answer is a `PictureError`; so it is for a file that does not have the SHA-256.
    """
    with opened(path, sha256) as file:
        if is_array(file):
            return read_array(file, ViewsIn.FILES, form, max_pixels)[0]
        with Image.open(file, formats=FORMATS) as image:
            check_memory(image, max_pixels)
            if count_pages(image, 1) > 1:
                raise PictureError("several_pages", "the file holds several pages or frames")
            check_kind(image, form)
            check_content(image, file)
            return upright(decode(image, file, form), image)


def upright(pixels: Gray, image: ImageFile.ImageFile) -> Gray:
    """Undo how the camera was held (EXIF tag 274; anything but 2…8 means upright)."""
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    if orientation in (5, 6, 7, 8):
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
