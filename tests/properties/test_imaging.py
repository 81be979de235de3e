"""Promises of reading and preprocessing, over pictures of any size, depth and fit."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.preprocess import FITS, PreprocessSpec, preprocess, scale_note
from bulbinspect.imaging.read import read_gray

sides = st.integers(1, 60)
specs = st.builds(
    PreprocessSpec,
    height_px=sides,
    width_px=sides,
    fit=st.sampled_from(FITS),
    bit_depth=st.sampled_from([8, 10, 12, 16]),
)


@st.composite
def pictures_and_specs(draw):
    spec = draw(specs)
    shape = draw(sides), draw(sides)
    levels = st.integers(0, spec.max_level)
    return draw(arrays.arrays(spec.dtype, shape, elements=levels)), spec


@given(pictures_and_specs())
def test_view_has_the_size_and_no_new_extremes(picture_and_spec):
    pixels, spec = picture_and_spec

    view = preprocess(pixels, spec)

    assert view.shape == (spec.height_px, spec.width_px)
    assert view.dtype == pixels.dtype
    assert pixels.min() <= view.min() <= view.max() <= pixels.max()


@given(specs, sides, sides, st.data())
def test_even_picture_stays_exactly_even(spec, height, width, data):
    level = data.draw(st.integers(0, spec.max_level))

    view = preprocess(np.full((height, width), level, spec.dtype), spec)

    assert (view == level).all()


@given(pictures_and_specs())
def test_brighter_picture_gives_no_darker_view(picture_and_spec):
    pixels, spec = picture_and_spec
    brighter = np.minimum(pixels.astype(int) + 3, spec.max_level).astype(spec.dtype)

    assert (preprocess(brighter, spec).astype(int) >= preprocess(pixels, spec)).all()


@given(specs)
def test_spec_is_its_plain_values(spec):
    assert PreprocessSpec.from_dict(spec.to_dict()) == spec


@given(sides, sides, specs)
def test_note_exists_exactly_when_more_than_4_pixels_become_one(height, width, spec):
    vertical, horizontal = height / spec.height_px, width / spec.width_px
    covered = {
        "stretch": vertical * horizontal,
        "pad": max(vertical, horizontal) ** 2,
        "crop": min(vertical, horizontal) ** 2,
    }[spec.fit]

    if abs(covered - 4) > 1e-9:
        assert (scale_note(height, width, spec) is not None) == (covered > 4)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("pictures") / "picture"


@settings(deadline=None)
@given(
    pixels=arrays.arrays(np.uint8, st.tuples(sides, sides)),
    picture_format=st.sampled_from(["PNG", "TIFF", "BMP", "PPM"]),
    colour=st.booleans(),
)
def test_lossless_file_gives_back_every_gray_picture(file, pixels, picture_format, colour):
    image = Image.fromarray(pixels)
    (image.convert("RGB") if colour else image).save(file, picture_format)

    np.testing.assert_array_equal(read_gray(file), pixels)


@settings(deadline=None)
@given(
    pixels=arrays.arrays(np.uint16, st.tuples(sides, sides)),
    picture_format=st.sampled_from(["PNG", "TIFF", "PPM"]),
    bit_depth=st.integers(9, 16),
)
def test_deep_file_gives_back_its_levels_or_is_refused(file, pixels, picture_format, bit_depth):
    Image.fromarray(pixels).save(file, picture_format)

    if pixels.max() < 2**bit_depth:
        np.testing.assert_array_equal(read_gray(file, PictureForm(bit_depth)), pixels)
    else:
        with pytest.raises(PictureError, match="wrong_depth"):
            read_gray(file, PictureForm(bit_depth))


def seed_file(picture_format):
    buffer = io.BytesIO()
    Image.fromarray(np.arange(80, dtype=np.uint8).reshape(8, 10)).save(buffer, picture_format)
    return buffer.getvalue()


@settings(deadline=None)
@given(
    start=st.sampled_from([b"", *map(seed_file, ["PNG", "JPEG", "TIFF", "BMP", "PPM", "GIF"])]),
    cut=st.integers(0, 200),
    rest=st.binary(max_size=100),
    bit_depth=st.sampled_from([8, 12]),
)
def test_any_bytes_are_a_picture_or_refused(file, start, cut, rest, bit_depth):
    file.write_bytes(start[:cut] + rest)

    try:
        pixels = read_gray(file, PictureForm(bit_depth), max_pixels=1_000_000)
    except PictureError:
        return  # any other exception is the failure
    assert pixels.ndim == 2
    assert pixels.dtype == (np.uint8 if bit_depth == 8 else np.uint16)
