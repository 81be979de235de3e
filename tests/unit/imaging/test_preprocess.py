"""Preprocessing against a triangle filter in float64, written without Pillow."""

import numpy as np
import pytest

from bulbinspect.errors import SpecError
from bulbinspect.imaging.preprocess import PreprocessSpec, frame, preprocess, scale_note


def noise(height, width, bit_depth=8):
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    levels = np.random.default_rng(height * 1000 + width).integers(
        0, 1 << bit_depth, (height, width)
    )
    return levels.astype(dtype)


def weights(size, wanted):
    """Return (wanted, size): how much each pixel counts in each of the scaled ones."""
    ratio = size / wanted
    reach = max(ratio, 1)
    centres = (np.arange(wanted) + 0.5) * ratio
    away = np.abs(np.arange(size) + 0.5 - centres[:, None]) / reach
    triangle = np.maximum(0, 1 - away)
    return triangle / triangle.sum(axis=1, keepdims=True)


def scaled(pixels, height, width):
    return weights(pixels.shape[0], height) @ pixels @ weights(pixels.shape[1], width).T


@pytest.mark.parametrize("bit_depth", [8, 10, 12, 16])
def test_spec_knows_its_pixels(bit_depth):
    spec = PreprocessSpec(bit_depth=bit_depth)

    assert spec.dtype == (np.uint8 if bit_depth == 8 else np.uint16)
    assert spec.max_level == sum(1 << bit for bit in range(bit_depth))


@pytest.mark.parametrize(
    "values",
    [
        {"height_px": 0},
        {"width_px": -3},
        {"width_px": 8193},
        {"height_px": 96.0},
        {"height_px": True},
        {"height_px": "96"},
        {"fit": "squash"},
        {"fit": None},
        {"bit_depth": 7},
        {"bit_depth": 17},
    ],
)
def test_spec_that_makes_no_sense_is_refused(values):
    with pytest.raises(SpecError, match=next(iter(values))):
        PreprocessSpec(**values)


def test_spec_names_all_that_is_wrong_and_what_would_be_right():
    with pytest.raises(SpecError) as caught:
        PreprocessSpec(height_px=0, fit="squash", bit_depth=32)

    for part in ("height_px", "1 to 8192", "pad, stretch, crop", "'squash'", "8 to 16"):
        assert part in str(caught.value)


def test_spec_survives_plain_values():
    spec = PreprocessSpec(96, 64, "crop", 12, (0, 1.5), "luma")

    assert spec.to_dict() == {
        "height_px": 96,
        "width_px": 64,
        "fit": "crop",
        "bit_depth": 12,
        "value_range": [0, 1.5],
        "colour": "luma",
    }
    assert PreprocessSpec.from_dict(spec.to_dict()) == spec


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.pop("fit"),
        lambda values: values.update(blur=3),
        lambda values: values.update(height_px="96"),
    ],
)
def test_plain_values_that_are_not_a_spec_are_refused(change):
    values = PreprocessSpec().to_dict()
    change(values)

    with pytest.raises(SpecError):
        PreprocessSpec.from_dict(values)


@pytest.mark.parametrize("fit", ["pad", "stretch", "crop"])
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_picture_of_the_right_size_stays_as_it_is(fit, bit_depth):
    pixels = noise(40, 30, bit_depth)

    spec = PreprocessSpec(40, 30, fit, bit_depth)

    np.testing.assert_array_equal(preprocess(pixels, spec), pixels)


@pytest.mark.parametrize(
    ("height", "width"), [(64, 64), (96, 160), (50, 33), (200, 37), (16, 16), (7, 90), (1, 1)]
)
@pytest.mark.parametrize("bit_depth", [8, 12])
def test_stretching_weighs_pixels_by_a_triangle(height, width, bit_depth):
    pixels = noise(height, width, bit_depth)

    view = preprocess(pixels, PreprocessSpec(32, 32, "stretch", bit_depth))

    rounded_twice = 1 if bit_depth == 8 else 0.51
    np.testing.assert_allclose(view, scaled(pixels, 32, 32), rtol=0, atol=rounded_twice)


def test_deep_levels_are_not_scaled_through_8_bits():
    pixels = np.full((64, 64), 4001, np.uint16)
    pixels[::2] = 4003

    assert np.unique(preprocess(pixels, PreprocessSpec(32, 32, bit_depth=12))[1:-1]).tolist() == [
        4002
    ]


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [
        (64, 32, slice(0, 32), slice(8, 24)),
        (32, 64, slice(8, 24), slice(0, 32)),
        (10, 30, slice(10, 21), slice(0, 32)),
        (16, 16, slice(0, 32), slice(0, 32)),
        (1, 400, slice(15, 16), slice(0, 32)),
    ],
)
def test_padding_keeps_all_of_the_picture_in_the_middle(height, width, rows, columns):
    pixels = noise(height, width)

    view = preprocess(pixels, PreprocessSpec(32, 32, "pad"))

    inner_shape = view[rows, columns].shape
    np.testing.assert_allclose(view[rows, columns], scaled(pixels, *inner_shape), rtol=0, atol=1)
    outside = np.ones(view.shape, bool)
    outside[rows, columns] = False
    assert len(np.unique(view[outside])) <= 1


def test_padding_is_the_median_of_the_border():
    pixels = np.full((20, 40), 77, np.uint8)
    pixels[1:-1, 1:-1] = 200
    pixels[0, :9] = 255

    view = preprocess(pixels, PreprocessSpec(40, 40, "pad"))

    assert (view[:10] == 77).all()
    assert (view[30:] == 77).all()
    np.testing.assert_array_equal(view[10:30], pixels)


@pytest.mark.parametrize(("height", "width"), [(40, 31), (32, 95), (33, 32)])
def test_cropping_without_scaling_cuts_pixels_unchanged(height, width):
    pixels = noise(height, width)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2

    view = preprocess(pixels, PreprocessSpec(side, side, "crop"))

    np.testing.assert_array_equal(view, pixels[top : top + side, left : left + side])


@pytest.mark.parametrize(("height", "width"), [(64, 128), (128, 64), (192, 64), (64, 96)])
def test_cropping_cuts_the_centre_of_the_scaled_picture(height, width):
    pixels = noise(height, width)
    scale = 32 / min(height, width)
    whole = scaled(pixels, round(height * scale), round(width * scale))
    top, left = (whole.shape[0] - 32) // 2, (whole.shape[1] - 32) // 2

    view = preprocess(pixels, PreprocessSpec(32, 32, "crop"))

    expected = whole[top : top + 32, left : left + 32]
    np.testing.assert_allclose(view, expected, rtol=0, atol=1)


@pytest.mark.parametrize("fit", ["pad", "stretch", "crop"])
def test_stripe_of_one_pixel_does_not_fill_the_memory(fit):
    view = preprocess(np.full((1, 60_000), 50, np.uint8), PreprocessSpec(512, 512, fit))

    assert (view == 50).all()


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((8, 8), np.uint16),
        np.zeros((8, 8), np.float32),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((0, 8), np.uint8),
    ],
    ids=["deep", "floats", "channels", "nothing"],
)
def test_pixels_of_another_kind_are_refused(pixels):
    with pytest.raises(SpecError, match="expected a picture"):
        preprocess(pixels, PreprocessSpec())


@pytest.mark.parametrize(
    ("height", "width", "fit", "covered"),
    [
        (256, 256, "pad", None),
        (64, 64, "crop", None),
        (257, 257, "pad", "4.0"),
        (1024, 512, "pad", "64.0"),
        (1024, 512, "stretch", "32.0"),
        (1024, 512, "crop", "16.0"),
    ],
)
def test_note_says_how_many_pixels_become_one(height, width, fit, covered):
    note = scale_note(height, width, PreprocessSpec(128, 128, fit))

    if covered is None:
        assert note is None
    else:
        assert f"covers {covered} " in note
        assert f"{height} x {width} px" in note


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (90, 40), (37, 101), (20, 24), (160, 320)])
def test_frame_says_where_in_the_picture_a_pixel_of_the_network_lies(fit, height, width):
    spec = PreprocessSpec(height_px=48, width_px=56, fit=fit, bit_depth=16)
    left, top, right, bottom = frame(height, width, spec)
    across, down = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    for ramp, low, high, axis in ((across, left, right, 1), (down, top, bottom, 0)):
        seen = preprocess(np.rint(ramp * 60000).astype(np.uint16), spec) / 60000
        count = seen.shape[axis]
        expected = low + (np.arange(count) + 0.5) / count * (high - low)
        # away from the border, where padding and the ends of the triangle are
        pixel = max(1 / width, 1 / height, (high - low) / count)
        inside = (expected > 2 * pixel) & (expected < 1 - 2 * pixel)
        assert inside.sum() > 5
        middle = seen[24] if axis else seen[:, 28]
        np.testing.assert_allclose(middle[inside], expected[inside], atol=pixel / 2)
