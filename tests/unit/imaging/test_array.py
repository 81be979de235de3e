"""Arrays of NumPy as pictures, and forms that must be declared."""

import pickle
import struct

import numpy as np
import pytest
from PIL import Image
from tests.pictures import tiff

from bulbinspect.bulb import ViewsIn
from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.parts import read_parts
from bulbinspect.imaging.read import read_gray

GRAY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def refusal(path, form=None, **options):
    with pytest.raises(PictureError) as caught:
        read_gray(path, form or PictureForm(), **options)
    return caught.value.reason


@pytest.fixture
def save(tmp_path):
    def write(array, **options):
        np.save(tmp_path / "a.npy", array, **options)
        return tmp_path / "a.npy"

    return write


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_levels_of_an_array_come_back_exactly(save, dtype, order):
    pixels = read_gray(save(np.asarray(GRAY.astype(dtype), order=order)))

    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, GRAY)


def test_deep_levels_of_an_array_need_their_depth(save):
    path = save(GRAY.astype(np.uint16) * 16)

    np.testing.assert_array_equal(read_gray(path, PictureForm(12)), GRAY.astype(np.uint16) * 16)
    assert refusal(path) == "undeclared_depth"


def test_truths_become_black_and_white(save):
    np.testing.assert_array_equal(read_gray(save(GRAY > 90)), np.where(GRAY > 90, 255, 0))


def test_content_decides_that_it_is_an_array(save, tmp_path):
    save(GRAY).rename(tmp_path / "a.png")

    np.testing.assert_array_equal(read_gray(tmp_path / "a.png"), GRAY)


class Marker:
    def __reduce__(self):
        return (pytest.fail, ("the array was unpickled",))


def test_objects_are_never_loaded(save, tmp_path):
    path = save(np.array([[Marker()]], dtype=object), allow_pickle=True)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([1]))

    assert refusal(path) == "unsupported_format"
    assert refusal(tmp_path / "a.pkl") == "not_a_picture"


def test_objects_are_never_loaded_as_views(save):
    path = save(np.array([[[Marker()] * 4]], dtype=object), allow_pickle=True)

    with pytest.raises(PictureError) as caught:
        read_parts(path, ViewsIn.CHANNELS, 4)
    assert caught.value.reason == "unsupported_format"


@pytest.mark.parametrize(
    "dtype", ["c8", "S3", "U3", "V4", "M8[s]", [("level", "u1"), ("alpha", "u1")]]
)
def test_arrays_of_other_things_are_no_pictures(save, dtype):
    assert refusal(save(np.zeros((3, 4), dtype))) == "unsupported_format"


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((), "unsupported_format"),
        ((12,), "unsupported_format"),
        ((0, 4), "unsupported_format"),
        ((3, 4, 4), "several_pages"),
    ],
)
def test_other_shapes_are_refused(save, shape, reason):
    assert refusal(save(np.zeros(shape, np.uint8))) == reason


def with_shape(path, shape):
    """Let the header say another shape than the content has."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<H", content, 8)
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    path.write_bytes(
        content[:10] + header.encode().ljust(length - 1) + b"\n" + content[10 + length :]
    )


@pytest.mark.parametrize("shape", [(-3, 4), (3, -4), (300, 4000), (1 << 40, 1 << 40)])
def test_header_that_promises_what_is_not_there_is_refused(save, shape):
    path = save(GRAY)
    with_shape(path, shape)

    assert refusal(path) in ("unsupported_format", "truncated", "too_large", "damaged")


def test_array_cut_anywhere_is_refused(save):
    path = save(GRAY)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert refusal(path) in ("empty_file", "not_a_picture", "damaged", "truncated")


def test_bytes_behind_an_array_are_refused(save):
    path = save(GRAY)
    path.write_bytes(path.read_bytes() + b"\0")

    assert refusal(path) == "damaged"


def test_limit_of_pixels_is_held_from_the_header(save):
    path = save(GRAY)

    assert read_gray(path, max_pixels=12).size == 12
    assert refusal(path, max_pixels=11) == "too_large"


def test_archive_of_arrays_is_refused_by_name(tmp_path):
    np.savez(tmp_path / "a.npz", GRAY)

    assert refusal(tmp_path / "a.npz") == "unsupported_format"


VALUES = np.array([[0.0, 0.25, 0.5], [0.75, 0.999, 1.0]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_values_of_a_declared_range_become_the_nearest_levels(save, dtype):
    path = save(VALUES.astype(dtype))

    assert read_gray(path, PictureForm(8, (0.0, 1.0))).tolist() == [[0, 64, 128], [191, 255, 255]]
    deep = read_gray(path, PictureForm(12, (0.0, 1.0)))
    np.testing.assert_array_equal(deep, np.rint(VALUES.astype(dtype).astype(float) * 4095))
    assert deep.dtype == np.uint16


def test_range_may_run_from_white_to_black(save):
    assert read_gray(save(VALUES), PictureForm(8, (1, 0)))[0].tolist() == [255, 191, 128]


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf, -np.inf])
def test_value_outside_its_range_is_refused(save, value):
    values = VALUES.copy()
    values[1, 1] = value

    assert refusal(save(values), PictureForm(8, (0, 1))) == "out_of_range"


def test_values_without_a_range_are_refused(save):
    assert refusal(save(VALUES)) == "float_pixels"
    assert refusal(save(GRAY.astype(np.int64))) == "wrong_depth"
    assert refusal(save(GRAY.astype(np.int8)), PictureForm(12)) == "wrong_depth"


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint32, np.int64])
def test_wide_integers_of_a_declared_range_are_read(save, dtype):
    levels = np.array([[0, 40, 100]], dtype)

    assert read_gray(save(levels), PictureForm(8, (0, 100))).tolist() == [[0, 102, 255]]


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint32])
def test_declared_range_serves_tiff_too(tmp_path, dtype):
    levels = np.array([[0, 40, 100]], np.float32 if dtype is np.float32 else np.int32)
    Image.fromarray(levels).save(tmp_path / "a.tif")

    assert read_gray(tmp_path / "a.tif", PictureForm(8, (0, 100))).tolist() == [[0, 102, 255]]
    assert refusal(tmp_path / "a.tif", PictureForm(8, (0, 99))) == "out_of_range"


def test_signed_16_bits_of_a_tiff_are_read_with_a_range(tmp_path):
    levels = np.array([[-100, -20, 100]], np.int16)
    (tmp_path / "a.tif").write_bytes(tiff(levels, "II", sample_format=2))

    assert read_gray(tmp_path / "a.tif", PictureForm(8, (-100, 100))).tolist() == [[0, 102, 255]]


def test_unsigned_32_bits_of_a_tiff_never_become_negative(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(np.array([[3_000_000_000]], np.uint32), "II", bits=32))

    assert refusal(tmp_path / "a.tif", PictureForm(8, (-2e9, 2e9))) == "out_of_range"
    assert read_gray(tmp_path / "a.tif", PictureForm(8, (0, 3e9))).tolist() == [[255]]


def test_signed_8_bits_of_a_tiff_are_refused_whatever_is_declared(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(GRAY.astype(np.int8), "II", sample_format=2, bits=8))

    assert refusal(tmp_path / "a.tif", PictureForm(8, (-128, 127))) == "wrong_depth"


def test_range_does_not_touch_plain_levels(save):
    np.testing.assert_array_equal(read_gray(save(GRAY), PictureForm(8, (0, 1))), GRAY)


COLOURS = np.random.default_rng(3).integers(0, 256, (30, 40, 3)).astype(np.uint8)


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF", "BMP", "PPM"])
def test_declared_luma_is_that_of_bt601(tmp_path, picture_format):
    Image.fromarray(COLOURS).save(tmp_path / "a", picture_format)

    pixels = read_gray(tmp_path / "a", PictureForm(colour="luma"))

    exact = COLOURS @ np.array([0.299, 0.587, 0.114])
    assert np.abs(pixels - exact).max() <= 0.51
    np.testing.assert_array_equal(pixels, Image.fromarray(COLOURS).convert("L"))


@pytest.mark.parametrize("colour", ["mean", "red", "green", "blue"])
def test_declared_channel_or_mean_is_taken(tmp_path, colour):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    expected = {
        "mean": np.rint(COLOURS.mean(axis=-1)),
        "red": COLOURS[..., 0],
        "green": COLOURS[..., 1],
        "blue": COLOURS[..., 2],
    }

    pixels = read_gray(tmp_path / "a.png", PictureForm(colour=colour))

    np.testing.assert_array_equal(pixels, expected[colour])
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("colour", ["refuse", "luma", "mean", "red", "green", "blue"])
def test_gray_in_colours_is_exact_whatever_is_declared(tmp_path, colour):
    Image.fromarray(GRAY).convert("RGB").save(tmp_path / "a.png")

    np.testing.assert_array_equal(read_gray(tmp_path / "a.png", PictureForm(colour=colour)), GRAY)


def test_palette_of_colours_becomes_gray_as_declared(tmp_path):
    image = Image.fromarray(COLOURS).quantize(16)
    image.save(tmp_path / "a.png")

    np.testing.assert_array_equal(
        read_gray(tmp_path / "a.png", PictureForm(colour="green")),
        np.asarray(image.convert("RGB"))[..., 1],
    )


def test_transparent_colour_stays_refused(tmp_path):
    Image.fromarray(np.dstack([COLOURS, COLOURS[..., :1]])).save(tmp_path / "a.png")

    assert refusal(tmp_path / "a.png", PictureForm(colour="luma")) == "transparent"


@pytest.mark.parametrize("compression", ["tiff_ccitt", "group3", "group4"])
def test_fax_compression_is_refused_because_its_damage_is_silent(tmp_path, compression):
    Image.fromarray(GRAY > 90).save(tmp_path / "a.tif", compression=compression)

    assert refusal(tmp_path / "a.tif") == "unsupported_format"
