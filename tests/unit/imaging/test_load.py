import numpy as np
import pytest
from PIL import Image

from bulbinspect.errors import PictureError
from bulbinspect.imaging.load import load_view, load_view_with_note
from bulbinspect.imaging.preprocess import PreprocessSpec


@pytest.fixture
def picture(tmp_path):
    """A file of 40 x 20 px, the upper half black, the lower white; and its path."""
    pixels = np.zeros((40, 20), np.uint8)
    pixels[20:] = 255
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_view_is_read_and_preprocessed(picture):
    view = load_view(picture, PreprocessSpec(10, 10, "stretch"))

    assert view.shape == (10, 10)
    assert view.dtype == np.uint8
    assert (view[:4] == 0).all()
    assert (view[6:] == 255).all()


def test_note_speaks_of_the_picture_not_of_the_view(picture):
    view, note = load_view_with_note(picture, PreprocessSpec(10, 10, "stretch"))

    np.testing.assert_array_equal(view, load_view(picture, PreprocessSpec(10, 10, "stretch")))
    assert "40 x 20 px" in note
    assert load_view_with_note(picture, PreprocessSpec(20, 20))[1] is None


def test_depth_of_the_spec_is_the_depth_that_is_read(picture):
    with pytest.raises(PictureError) as caught:
        load_view(picture, PreprocessSpec(bit_depth=12))

    assert caught.value.reason == "wrong_depth"
