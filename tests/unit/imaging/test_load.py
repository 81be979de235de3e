import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bulbinspect.bulb import Part, View, ViewsIn
from bulbinspect.errors import PictureError
from bulbinspect.imaging import parts
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.imaging.preprocess import PreprocessSpec

SPEC = PreprocessSpec(10, 10, "stretch")
SIDES = np.random.default_rng(0).integers(0, 256, (12, 9, 4)).astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def reasons(loaded):
    return [one.reason if isinstance(one, PictureError) else "" for one in loaded]


def stacked(path, *, sha256=""):
    return [View(str(n), path, (), Part(ViewsIn.CHANNELS, n, 4), sha256) for n in range(4)]


@pytest.fixture
def half(tmp_path):
    """A picture of 40 x 20 px, the upper half black, the lower white."""
    pixels = np.zeros((40, 20), np.uint8)
    pixels[20:] = 255
    return save(tmp_path / "half.png", pixels)


def test_view_is_read_and_preprocessed(half):
    (view,) = load_views([View("0", half)], SPEC)

    assert isinstance(view, LoadedView)
    assert view.pixels.shape == (10, 10)
    assert view.pixels.dtype == np.uint8
    assert (view.pixels[:4] == 0).all()
    assert (view.pixels[6:] == 255).all()
    assert view.picture_size == (40, 20)


def test_size_is_that_of_the_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(SIDES[..., 0]).save(tmp_path / "lying.png", exif=exif)

    (view,) = load_views([View("0", tmp_path / "lying.png")], SPEC)

    assert view.picture_size == (9, 12)


def test_form_of_the_spec_is_what_is_read(half):
    (deep,) = load_views([View("0", half)], PreprocessSpec(bit_depth=12))

    assert deep.reason == "wrong_depth"


def test_each_view_has_its_own_outcome(half, tmp_path):
    (tmp_path / "empty.png").touch()
    views = [View("0", half), View("1", tmp_path / "none.png"), View("2", tmp_path / "empty.png")]

    assert reasons(load_views(views, SPEC)) == ["", "missing_file", "empty_file"]


def test_channels_of_one_file_are_its_views(tmp_path):
    path = save(tmp_path / "bulb.png", SIDES)
    views = load_views(stacked(path), PreprocessSpec(12, 9))

    for n, view in enumerate(views):
        np.testing.assert_array_equal(view.pixels, SIDES[..., n])


def test_views_in_any_order_are_their_own_channels(tmp_path):
    path = save(tmp_path / "bulb.png", SIDES)
    views = load_views(stacked(path)[::-1], PreprocessSpec(12, 9))

    np.testing.assert_array_equal(views[0].pixels, SIDES[..., 3])


def test_file_of_several_views_is_decoded_once(tmp_path, monkeypatch):
    path = save(tmp_path / "bulb.png", SIDES)
    opened = []
    really = parts.opened
    monkeypatch.setattr(parts, "opened", lambda *a: opened.append(a) or really(*a))

    load_views(stacked(path), SPEC)

    assert len(opened) == 1


def test_file_of_other_channels_than_declared_loses_every_view(tmp_path):
    path = save(tmp_path / "bulb.png", SIDES[..., :3])

    assert reasons(load_views(stacked(path), SPEC)) == ["missing_view"] * 4


@pytest.mark.parametrize("stack", [False, True])
def test_file_of_another_hash_is_refused(tmp_path, stack):
    path = save(tmp_path / "bulb.png", SIDES if stack else SIDES[..., 0])
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    wrong = hashlib.sha256(b"another file").hexdigest()

    def views(sha256):
        return stacked(path, sha256=sha256) if stack else [View("0", path, sha256=sha256)]

    assert set(reasons(load_views(views(right), SPEC))) == {""}
    assert set(reasons(load_views(views(wrong), SPEC))) == {"changed"}


def test_hash_is_checked_before_anything_is_decoded(tmp_path):
    path = tmp_path / "text.png"
    path.write_text("no picture")

    (view,) = load_views([View("0", path, sha256="0" * 64)], SPEC)

    assert view.reason == "changed"


def test_same_pixels_twice_are_refused_in_both_views(tmp_path):
    first = save(tmp_path / "0.png", SIDES[..., 0])
    other = save(tmp_path / "1.png", SIDES[..., 1])
    again = save(tmp_path / "2.bmp", SIDES[..., 0])
    loaded = load_views([View("0", first), View("1", other), View("2", again)], SPEC)

    assert reasons(loaded) == ["identical_views", "", "identical_views"]
    assert "'2'" in loaded[0].detail
    assert "'0'" in loaded[2].detail


def test_pictures_that_differ_in_one_pixel_are_not_the_same(tmp_path):
    changed = SIDES[..., 0].copy()
    changed[5, 5] ^= 1
    views = [
        View("0", save(tmp_path / "0.png", SIDES[..., 0])),
        View("1", save(tmp_path / "1.png", changed)),
    ]

    assert reasons(load_views(views, PreprocessSpec(1, 1))) == ["", ""]


def test_same_bytes_in_another_shape_are_another_picture(tmp_path):
    flat = np.full((6, 4), 7, np.uint8)
    views = [
        View("0", save(tmp_path / "0.png", flat)),
        View("1", save(tmp_path / "1.png", flat.reshape(4, 6))),
    ]

    assert reasons(load_views(views, SPEC)) == ["", ""]
