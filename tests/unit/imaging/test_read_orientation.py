"""Every way in which EXIF says the camera was held."""

import numpy as np
import pytest
from PIL import Image
from tests.pictures import DEEP, GRAY, encoded, write

from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import read_gray

# Where the stored row r and column c of a picture lie in the upright one, of H x W pixels: the
# table of the EXIF standard (tag 274), spelled out.
STORED_AT = {
    1: lambda r, c, h, w: (r, c),
    2: lambda r, c, h, w: (r, w - 1 - c),
    3: lambda r, c, h, w: (h - 1 - r, w - 1 - c),
    4: lambda r, c, h, w: (h - 1 - r, c),
    5: lambda r, c, h, w: (c, r),
    6: lambda r, c, h, w: (c, w - 1 - r),
    7: lambda r, c, h, w: (h - 1 - c, w - 1 - r),
    8: lambda r, c, h, w: (h - 1 - c, r),
}


def stored(upright, orientation):
    height, width = upright.shape
    shape = (height, width) if orientation < 5 else (width, height)
    turned = np.empty(shape, upright.dtype)
    for r in range(shape[0]):
        for c in range(shape[1]):
            turned[r, c] = upright[STORED_AT[orientation](r, c, height, width)]
    return turned


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("picture_format", ["PNG", "TIFF"])
@pytest.mark.parametrize("upright", [GRAY, DEEP], ids=["8 bits", "12 bits"])
def test_every_exif_orientation_gives_the_upright_picture(
    tmp_path, orientation, picture_format, upright
):
    exif = Image.Exif()
    exif[274] = orientation
    path = write(tmp_path, encoded(stored(upright, orientation), picture_format, exif=exif))

    pixels = read_gray(path, PictureForm(8 if upright is GRAY else 12))

    np.testing.assert_array_equal(pixels, upright)
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_of_a_jpeg_is_turned_upright(tmp_path, orientation):
    blocks = np.kron([[10, 60, 110], [160, 210, 250]], np.ones((8, 8))).astype(np.uint8)
    exif = Image.Exif()
    exif[274] = orientation
    content = encoded(stored(blocks, orientation), "JPEG", exif=exif, quality=100)

    np.testing.assert_allclose(read_gray(write(tmp_path, content)), blocks, atol=1)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_meaningless_orientation_counts_as_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation

    np.testing.assert_array_equal(read_gray(write(tmp_path, encoded(GRAY, "PNG", exif=exif))), GRAY)
