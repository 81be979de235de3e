import base64
import io

import numpy as np
import pytest
from PIL import Image

from bulbinspect.bulb import Part, ViewsIn
from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.report.thumbnail import thumbnail


def pixels(address):
    kind, _, data = address.partition(",")
    assert kind == "data:image/png;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    assert picture.mode == "L"
    return np.asarray(picture)


def test_small_picture_is_shown_pixel_for_pixel(tmp_path):
    drawn = np.arange(35, dtype=np.uint8).reshape(5, 7)
    Image.fromarray(drawn).save(tmp_path / "a.png")
    assert np.array_equal(pixels(thumbnail(tmp_path / "a.png", 128)), drawn)


def test_large_picture_keeps_its_shape_at_the_asked_size(tmp_path):
    Image.fromarray(np.full((300, 150), 77, np.uint8)).save(tmp_path / "a.png")
    shrunk = pixels(thumbnail(tmp_path / "a.png", 64))
    assert shrunk.shape == (64, 32)
    assert np.unique(shrunk).tolist() == [77]


def test_deep_picture_is_stretched_over_its_own_range(tmp_path):
    drawn = np.array([[1000, 1300], [2530, 3550]], np.uint16)
    Image.fromarray(drawn).save(tmp_path / "a.png")
    assert pixels(thumbnail(tmp_path / "a.png", 128)).tolist() == [[0, 30], [153, 255]]


def test_flat_deep_picture_is_shown_black(tmp_path):
    Image.fromarray(np.full((3, 3), 4000, np.uint16)).save(tmp_path / "a.png")
    assert np.unique(pixels(thumbnail(tmp_path / "a.png", 128))).tolist() == [0]


def test_unreadable_picture_is_refused_with_its_reason(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(PictureError) as caught:
        thumbnail(tmp_path / "a.png", 128)
    assert caught.value.reason == "not_a_picture"


def test_one_view_of_several_in_a_file_is_shown(tmp_path):
    sides = np.random.default_rng(0).integers(0, 256, (5, 7, 4)).astype(np.uint8)
    Image.fromarray(sides).save(tmp_path / "a.png")
    shown = thumbnail(tmp_path / "a.png", 128, part=Part(ViewsIn.CHANNELS, 2, 4))
    assert np.array_equal(pixels(shown), sides[..., 2])


def test_declared_values_are_shown_as_their_levels(tmp_path):
    Image.fromarray(np.array([[0, 0.2, 1]], np.float32)).save(tmp_path / "a.tif")
    shown = thumbnail(tmp_path / "a.tif", 128, form=PictureForm(8, (0.0, 1.0)))
    assert pixels(shown).tolist() == [[0, 51, 255]]


def test_picture_of_8_bits_is_shown_where_12_were_declared(tmp_path):
    Image.fromarray(np.array([[7, 90]], np.uint8)).save(tmp_path / "a.png")
    assert pixels(thumbnail(tmp_path / "a.png", 128, form=PictureForm(12))).tolist() == [[7, 90]]
