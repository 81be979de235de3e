"""Every reason, with a view that deserves it, and the measured value against an own computation."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.covariance import LedoitWolf

from bulbinspect.data.synthetic.draw import draw_bulb
from bulbinspect.errors import DataError, SpecError
from bulbinspect.imaging.gate import LIMITS, Gate
from bulbinspect.imaging.learn_gate import learn_gate
from bulbinspect.imaging.load import LoadedView
from bulbinspect.imaging.measures import NUM_FEATURES, measure

NUM_TRAIN, SIZE = 60, 64
TRAIN = [draw_bulb(3, number, size_px=SIZE).views for number in range(NUM_TRAIN)]
FRESH = [draw_bulb(4, number, size_px=SIZE).views for number in range(40)]


def bulbs(drawn, size=(SIZE, SIZE)):
    return [(views, np.tile(size, (len(views), 1))) for views in drawn]


@pytest.fixture(scope="module")
def gate() -> Gate:
    return learn_gate(bulbs(TRAIN), 255)


def view(pixels, size=None) -> LoadedView:
    return LoadedView(pixels, size or pixels.shape, b"12345678")


def value_in(error) -> float:
    return float(re.search(r" ([\d.e+-]+) is (?:below|above) the limit", error.detail)[1])


def limit_in(error) -> float:
    return float(re.search(r"the limit ([\d.e+-]+) \(", error.detail)[1])


def test_training_views_pass_their_own_gate(gate):
    refused = [gate.refusal(view(one), 255) for views in TRAIN for one in views]
    assert [one for one in refused if one] == []


def test_clean_views_pass(gate):
    refused = [gate.refusal(view(one), 255) for views in FRESH for one in views]
    assert sum(one is not None for one in refused) <= 0.005 * len(refused)


def white_square(pixels):
    pixels = pixels.copy()
    pixels[:20, :20] = 255
    return pixels


def flat(pixels):
    return np.rint(np.mean(pixels) + 0.05 * (pixels - np.mean(pixels))).astype(np.uint8)


def defocused(pixels):
    return np.rint(gaussian_filter(pixels.astype(float), 3)).astype(np.uint8)


def noise(pixels):
    return np.random.default_rng(0).integers(0, 256, pixels.shape).astype(np.uint8)


CASES = {
    "too_dark": (lambda p: p // 8, lambda p: p.mean() / 255, "min_brightness"),
    "too_bright": (lambda p: 255 - (255 - p) // 8, lambda p: p.mean() / 255, "max_brightness"),
    "saturated": (white_square, lambda p: np.mean(p == 255), "max_saturated"),
    "blank": (
        flat,
        lambda p: (p.reshape(SIZE // 4, 4, SIZE // 4, 4).mean(axis=(1, 3)) / 255).std(),
        "min_contrast",
    ),
}


@pytest.mark.parametrize("reason", CASES)
def test_a_view_is_refused_with_its_value_and_the_limit(gate, reason):
    spoil, expected, name = CASES[reason]
    pixels = spoil(FRESH[0][0])
    error = gate.refusal(view(pixels), 255)
    assert error.reason == reason
    assert f"({name})" in error.detail
    assert value_in(error) == pytest.approx(expected(pixels), rel=1e-3)
    assert limit_in(error) == pytest.approx(getattr(gate, name), rel=1e-3)


def test_defocus_is_refused_as_blurred(gate):
    error = gate.refusal(view(defocused(FRESH[0][0])), 255)
    assert (error.reason, limit_in(error)) == (
        "blurred",
        pytest.approx(gate.min_sharpness, rel=1e-3),
    )
    assert value_in(error) == pytest.approx(0.5, abs=0.05)  # that of a smooth picture


def test_another_look_is_refused_with_its_mahalanobis_distance(gate):
    stripes = np.tile(np.repeat([40, 90, 160, 90], 4), SIZE // 16)
    pixels = np.tile(stripes, (SIZE, 1)).astype(np.uint8)
    error = gate.refusal(view(pixels), 255)
    assert error.reason == "unfamiliar"
    rows = np.array([measure(one, 255).features for views in TRAIN for one in views])
    spread = rows.std(axis=0)
    fitted = LedoitWolf().fit(rows / spread)
    squared = fitted.mahalanobis((measure(pixels, 255).features / spread)[None])[0]
    assert value_in(error) == pytest.approx(np.sqrt(squared / NUM_FEATURES), rel=1e-2)
    assert limit_in(error) == pytest.approx(gate.max_distance, rel=1e-3)


@pytest.mark.parametrize(
    ("size", "says"),
    [
        ((63, 64), "height 63 is below the limit 64 (min_height_px)"),
        ((65, 64), "height 65 is above the limit 64 (max_height_px)"),
        ((64, 12345), "width 12345 is above the limit 64 (max_width_px)"),
        ((64, 1), "width 1 is below the limit 64 (min_width_px)"),
    ],
)
def test_another_size_is_refused_before_the_rest(gate, size, says):
    error = gate.refusal(view(np.zeros((SIZE, SIZE), np.uint8), size), 255)
    assert error.reason == "wrong_size"
    assert says in error.detail


def test_sizes_within_a_bulb_may_differ_as_far_as_in_training(gate):
    def refusal(of, *sizes):
        return of.refusal_of_bulb([view(FRESH[0][0], size) for size in sizes])

    assert gate.max_size_ratio == 1
    assert refusal(gate, (64, 64), (64, 64), (64, 64)) is None
    error = refusal(gate, (64, 64), (64, 48), (60, 64))
    assert error.reason == "mixed_sizes"
    assert "is 1.333 times" in error.detail
    assert "limit 1 (max_size_ratio)" in error.detail

    two_cameras = [np.array([(64, 64), (32, 64), (64, 64), (64, 50)])] * NUM_TRAIN
    learnt = learn_gate(list(zip(TRAIN, two_cameras, strict=True)), 255)
    assert learnt.max_size_ratio == 2
    assert refusal(learnt, (64, 50), (32, 64)) is None
    assert refusal(learnt, (64, 64), (31, 64)).reason == "mixed_sizes"
    assert refusal(gate.with_overrides({"max_size_ratio": None}), (64, 64), (1, 64)) is None


def test_every_size_of_training_is_right():
    sizes = [(50, 70), (60, 40)]
    learnt = learn_gate([(TRAIN[n], np.tile(sizes[n % 2], (4, 1))) for n in range(NUM_TRAIN)], 255)
    assert (learnt.min_height_px, learnt.max_height_px) == (50, 60)
    assert (learnt.min_width_px, learnt.max_width_px) == (40, 70)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: np.zeros_like(p),
        lambda p: np.full_like(p, 255),
        lambda p: np.full_like(p, 128),
        defocused,
        noise,
        lambda p: np.where(np.arange(SIZE) < SIZE // 2, 0, p).astype(np.uint8),
        lambda p: np.where(np.arange(SIZE)[:, None] < SIZE // 2, 90, p).astype(np.uint8),
    ],
)
def test_gross_faults_are_refused_in_every_view(gate, spoil):
    for views in FRESH[:10]:
        for one in views:
            assert gate.refusal(view(spoil(one)), 255) is not None


def test_limits_of_deep_pictures_are_the_same():
    deep = [views.astype(np.uint16) * 257 for views in TRAIN]
    shallow, found = learn_gate(bulbs(TRAIN), 255), learn_gate(bulbs(deep), 65535)
    for name in LIMITS:
        assert getattr(found, name) == pytest.approx(getattr(shallow, name), rel=1e-3)


@pytest.mark.parametrize("measured", [0, 1, 2])
def test_one_odd_bulb_in_two_hundred_does_not_open_the_gate(measured):
    many = [draw_bulb(5, number, size_px=32).views for number in range(200)]
    odd = [lambda v: v // 20, lambda v: 255 - v // 20, lambda v: np.full_like(v, 99)][measured]
    name = ["min_brightness", "max_brightness", "min_contrast"][measured]
    clean, spoilt = (
        getattr(learn_gate(bulbs(some, (32, 32)), 255), name)
        for some in (many, [*many[:-1], odd(many[-1])])
    )
    assert spoilt == pytest.approx(clean, rel=0.15)


def test_few_bulbs_make_wide_limits_and_fewer_than_ten_no_distance():
    few, some = learn_gate(bulbs(TRAIN[:9]), 255), learn_gate(bulbs(TRAIN[:10]), 255)
    assert (few.max_distance, few.reference) == (None, None)
    assert some.max_distance > learn_gate(bulbs(TRAIN), 255).max_distance
    assert few.min_brightness < learn_gate(bulbs(TRAIN), 255).min_brightness


def test_a_single_view_can_be_learnt_from():
    learnt = learn_gate([(TRAIN[0][:1], np.array([[SIZE, SIZE]]))], 255)
    assert learnt.refusal(view(TRAIN[0][0]), 255) is None


def test_training_views_without_any_contrast_switch_their_measures_off():
    flat_views = np.full((4, SIZE, SIZE), 99, np.uint8)
    learnt = learn_gate(bulbs([flat_views] * 20), 255)
    assert learnt.refusal(view(flat_views[0]), 255) is None
    assert (learnt.min_contrast, learnt.min_sharpness) == (0, 0)


@pytest.mark.parametrize("nothing", [[], [(np.zeros((0, 8, 8), np.uint8), np.zeros((0, 2)))]])
def test_nothing_to_learn_from_is_refused(nothing):
    with pytest.raises(DataError, match="no training views"):
        learn_gate(nothing, 255)


def test_a_limit_can_be_set_or_switched_off(gate):
    dark = view(FRESH[0][0] // 8)
    assert gate.refusal(dark, 255).reason == "too_dark"
    other = gate.with_overrides({"min_brightness": None})
    assert other.refusal(dark, 255).reason != "too_dark"
    assert other.with_overrides({"min_brightness": 1}).refusal(dark, 255).reason == "too_dark"
    off = gate.with_overrides(dict.fromkeys(LIMITS))
    assert off.refusal(dark, 255) is None
    assert gate.with_overrides({"min_height_px": 12.0}).min_height_px == 12


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("min_brigthness", 0.1, "no limit is called 'min_brigthness'; known: min_brightness, "),
        ("reference", None, "no limit is called 'reference'"),
        ("min_brightness", 1.01, "from 0 to 1, not 1.01"),
        ("max_distance", float("nan"), "not nan"),
        ("max_distance", float("inf"), "not inf"),
        ("max_width_px", 2.5, "a whole number"),
        ("max_size_ratio", 0.9, "from 1 to 1,000,000"),
        ("remembered_bulbs", -1, "a whole number"),
    ],
)
def test_a_senseless_override_is_refused(gate, name, value, says):
    with pytest.raises(SpecError, match=re.escape(says)):
        gate.with_overrides({name: value})


def test_a_value_that_does_not_compare_is_refused(gate):
    broken = replace(gate, max_distance=1e6)
    lost = LoadedView(FRESH[0][0], (float("nan"), SIZE), b"")
    assert broken.refusal(lost, 255).reason == "wrong_size"
