"""Several views in one file: every way in which people keep them, and what is not what it says."""

import struct

import numpy as np
import pytest
from PIL import Image
from tests.pictures import png

from bulbinspect.bulb import ViewsIn
from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.parts import count_parts, read_parts
from bulbinspect.imaging.read import read_gray

SIDES = np.random.default_rng(1).integers(0, 256, (7, 5, 4)).astype(np.uint8)
DEEP = np.random.default_rng(2).integers(0, 4096, (4, 7, 5)).astype(np.uint16)
CHANNELS, PAGES = ViewsIn.CHANNELS, ViewsIn.PAGES


def refusal(path, kind, of, form=None, **options):
    with pytest.raises(PictureError) as caught:
        read_parts(path, kind, of, *([form] if form else []), **options)
    return caught.value


def save_pages(path, pages, **options):
    images = [Image.fromarray(page) for page in pages]
    images[0].save(path, "TIFF", save_all=True, append_images=images[1:], **options)
    return path


@pytest.mark.parametrize(
    ("mode", "name", "options"),
    [
        ("LA", "a.png", {}),
        ("RGB", "a.png", {}),
        ("RGB", "a.bmp", {}),
        ("RGBA", "a.png", {}),
        ("RGBA", "a.tif", {}),
        ("RGBA", "a.tif", {"compression": "tiff_lzw"}),
        ("CMYK", "a.tif", {"compression": "tiff_adobe_deflate"}),
    ],
)
def test_channels_are_the_views_as_they_were_stored(tmp_path, mode, name, options):
    of = len(Image.new(mode, (1, 1)).getbands())
    planes = [Image.fromarray(SIDES[..., n]) for n in range(of)]
    Image.merge(mode, planes).save(tmp_path / name, **options)

    views = read_parts(tmp_path / name, CHANNELS, of)

    assert count_parts(tmp_path / name, CHANNELS) == of
    np.testing.assert_array_equal(np.stack(views, axis=-1), SIDES[..., :of])


def test_channels_undeclared_stay_refused(tmp_path):
    Image.fromarray(SIDES).save(tmp_path / "a.png")
    Image.fromarray(SIDES, "CMYK").save(tmp_path / "a.tif")

    for name, reason in (("a.png", "transparent"), ("a.tif", "cmyk")):
        with pytest.raises(PictureError) as caught:
            read_gray(tmp_path / name)
        assert caught.value.reason == reason


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_channels_of_a_jpeg_are_refused_because_it_mixes_them(tmp_path, mode):
    Image.new(mode, (8, 8)).save(tmp_path / "a.jpg")

    error = refusal(tmp_path / "a.jpg", CHANNELS, len(mode))
    assert (error.reason, error.detail) == (
        "unsupported_format",
        "JPEG mixes the channels of a picture",
    )


def test_channels_of_a_jpeg_inside_a_tiff_are_refused_too(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.tif", compression="jpeg")

    assert refusal(tmp_path / "a.tif", CHANNELS, 3).reason == "unsupported_format"


@pytest.mark.parametrize("mode", ["P", "1", "I;16", "F", "YCbCr", "LAB"])
def test_other_modes_hold_no_channels(tmp_path, mode):
    Image.new(mode, (8, 8)).save(tmp_path / "a.tif")

    of = count_parts(tmp_path / "a.tif", CHANNELS)
    assert refusal(tmp_path / "a.tif", CHANNELS, of).reason in ("unsupported_format", "wrong_depth")


def test_premultiplied_channels_are_refused(tmp_path):
    Image.fromarray(SIDES).save(tmp_path / "a.tif")
    content = (tmp_path / "a.tif").read_bytes()
    separate, premultiplied = (struct.pack("<HHIHH", 338, 3, 1, kind, 0) for kind in (2, 1))
    assert separate in content
    (tmp_path / "a.tif").write_bytes(content.replace(separate, premultiplied))

    assert refusal(tmp_path / "a.tif", CHANNELS, 4).reason == "unsupported_format"


@pytest.mark.parametrize(("of", "reason"), [(3, "surplus_view"), (5, "missing_view")])
@pytest.mark.parametrize("kind", [CHANNELS, PAGES])
@pytest.mark.parametrize("array", [False, True])
def test_another_number_of_views_than_declared_is_refused(tmp_path, kind, array, of, reason):
    path = tmp_path / "a"
    if array:
        with path.open("wb") as file:
            np.save(file, SIDES if kind is CHANNELS else np.moveaxis(SIDES, 2, 0))
    elif kind is CHANNELS:
        Image.fromarray(SIDES).save(path, "PNG")
    else:
        save_pages(path, np.moveaxis(SIDES, 2, 0))

    error = refusal(path, kind, of)
    assert error.reason == reason
    assert f"{of} were declared" in error.detail


def test_deep_channels_that_would_be_flattened_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(png(1, 1, 16, 6, b"\0" + b"\x0f\xff" * 4))

    assert refusal(tmp_path / "a.png", CHANNELS, 4).reason == "wrong_depth"


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"big_tiff": True}])
def test_pages_are_the_views(tmp_path, options):
    path = save_pages(tmp_path / "a.tif", np.moveaxis(SIDES, 2, 0), **options)

    views = read_parts(path, PAGES, 4)

    assert count_parts(path, PAGES) == 4
    np.testing.assert_array_equal(np.stack(views, axis=-1), SIDES)


def test_deep_pages_are_held_against_the_declared_depth(tmp_path):
    path = save_pages(tmp_path / "a.tif", DEEP)

    np.testing.assert_array_equal(read_parts(path, PAGES, 4, PictureForm(12)), DEEP)
    assert refusal(path, PAGES, 4).reason == "undeclared_depth"
    assert refusal(path, PAGES, 4, PictureForm(10)).reason == "wrong_depth"


def test_pages_of_different_sizes_are_read(tmp_path):
    path = save_pages(tmp_path / "a.tif", [SIDES[..., 0], SIDES[:3, :, 1]])

    assert [page.shape for page in read_parts(path, PAGES, 2)] == [(7, 5), (3, 5)]


def test_each_page_is_turned_by_its_own_orientation(tmp_path):
    images = [Image.fromarray(SIDES[..., n]) for n in range(2)]
    images[0].encoderinfo = {}
    images[1].encoderinfo = {"tiffinfo": {274: 3}}
    images[0].save(tmp_path / "a.tif", save_all=True, append_images=images[1:])

    first, second = read_parts(tmp_path / "a.tif", PAGES, 2)

    np.testing.assert_array_equal(first, SIDES[..., 0])
    np.testing.assert_array_equal(second, SIDES[::-1, ::-1, 1])


def test_page_that_is_no_gray_picture_is_named(tmp_path):
    gray, colour = Image.fromarray(SIDES[..., 0]), Image.fromarray(SIDES[..., :3])
    gray.save(tmp_path / "a.tif", save_all=True, append_images=[colour])

    error = refusal(tmp_path / "a.tif", PAGES, 2)
    assert (error.reason, error.detail[:7]) == ("colour", "page 1:")


def test_frames_of_an_animation_are_no_pages(tmp_path):
    frames = [Image.fromarray(SIDES[..., n]) for n in range(4)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])

    assert refusal(tmp_path / "a.png", PAGES, 4).reason == "unsupported_format"


def test_pages_of_a_file_with_several_channels_are_refused_as_channels(tmp_path):
    path = save_pages(tmp_path / "a.tif", [SIDES, SIDES])

    assert refusal(path, CHANNELS, 4).reason == "several_pages"


@pytest.mark.parametrize("kind", [CHANNELS, PAGES])
def test_limit_of_pixels_counts_all_views(tmp_path, kind):
    path = tmp_path / "a"
    if kind is CHANNELS:
        Image.fromarray(SIDES).save(path, "PNG")
    else:
        save_pages(path, np.moveaxis(SIDES, 2, 0))

    assert len(read_parts(path, kind, 4, max_pixels=140)) == 4
    assert refusal(path, kind, 4, max_pixels=139).reason == "too_large"


@pytest.mark.parametrize(("kind", "axis"), [(CHANNELS, -1), (PAGES, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_array_is_stacked_along_the_axis_of_its_kind(tmp_path, kind, axis, order):
    array = np.asarray(np.moveaxis(SIDES, -1, axis), order=order)
    np.save(tmp_path / "a.npy", array)

    views = read_parts(tmp_path / "a.npy", kind, 4)

    assert count_parts(tmp_path / "a.npy", kind) == 4
    np.testing.assert_array_equal(np.stack(views, axis=-1), SIDES)


def test_orientation_turns_all_channels(tmp_path):
    exif = Image.Exif()
    exif[274] = 3
    Image.fromarray(SIDES).save(tmp_path / "a.png", exif=exif)

    views = read_parts(tmp_path / "a.png", CHANNELS, 4)

    np.testing.assert_array_equal(np.stack(views, axis=-1), SIDES[::-1, ::-1])
