"""Every way in which EXIF says the camera was held."""

import numpy as np
import pytest
from PIL import Image
from tests.pictures import DEEP, GRAY, encoded, stored, write

from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import read_gray


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
