"""What the gate promises of any view whatever."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bulbinspect.data.synthetic.draw import draw_bulb
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.learn_gate import learn_gate
from bulbinspect.imaging.load import LoadedView
from bulbinspect.imaging.measures import measure

REASONS = {"wrong_size", "too_dark", "too_bright", "saturated", "blank", "blurred", "unfamiliar"}
SIDE = st.integers(1, 40)
SHAPE = st.tuples(SIDE, SIDE)
PIXELS = SHAPE.flatmap(
    lambda shape: st.one_of(
        hnp.arrays(np.uint8, shape),
        st.integers(0, 255).map(lambda level: np.full(shape, level, np.uint8)),
        st.integers(0, 2**32).map(
            lambda seed: np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
        ),
    )
)


@pytest.fixture(scope="module")
def gate() -> Gate:
    views = [draw_bulb(1, number, size_px=32).views for number in range(30)]
    return learn_gate([(one, np.full((len(one), 2), 32)) for one in views], 255)


@given(PIXELS, st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)))
def test_it_refuses_with_a_reason_or_lets_pass_and_never_raises(gate, pixels, size):
    error = gate.refusal(LoadedView(pixels, size, b""), 255)
    assert error is None or (error.reason in REASONS and " the limit " in error.detail)


@given(PIXELS)
def test_every_measure_is_a_finite_number(pixels):
    found = measure(pixels, 255)
    numbers = [found.brightness, found.saturated, found.contrast, found.sharpness, *found.features]
    assert all(map(math.isfinite, numbers))
    assert 0 <= found.brightness <= 1
    assert 0 <= found.saturated <= 1
    assert 0 <= found.contrast <= 0.5 + 1e-6
    assert found.sharpness >= 0


@given(st.integers(0, 500), st.lists(st.floats(0, 1), min_size=2, max_size=5).map(sorted))
@settings(deadline=None)
def test_once_too_dark_a_darker_view_is_too_dark_as_well(gate, number, shares):
    bright = draw_bulb(2, number, size_px=32).views[0].astype(float)
    refused = []
    for share in shares:
        dark = LoadedView(np.floor(bright * share).astype(np.uint8), (32, 32), b"")
        error = gate.refusal(dark, 255)
        refused.append(error is not None and error.reason == "too_dark")
    assert refused == sorted(refused, reverse=True)


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_drawn_views_it_has_not_seen_pass(gate, seed):
    refused = [
        gate.refusal(LoadedView(one, (32, 32), b""), 255)
        for one in draw_bulb(seed, 0, size_px=32).views
    ]
    # of 30 training bulbs: rather let pass; what is refused must be at the very edge
    assert sum(one is not None for one in refused) <= 1


@given(st.integers(10, 60), st.integers(0, 10**6))
@settings(deadline=None, max_examples=20)
def test_training_views_pass_whatever_was_drawn(num, seed):
    views = [draw_bulb(seed, number, size_px=32).views for number in range(num)]
    learnt = learn_gate([(one, np.full((len(one), 2), 32)) for one in views], 255)
    for one in np.concatenate(views):
        assert learnt.refusal(LoadedView(one, (32, 32), b""), 255) is None
