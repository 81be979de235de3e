"""The gate on drawn bulbs in number: what docs/gate.md promises holds on sets not looked at."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bulbinspect.data.synthetic.draw import draw_bulb
from bulbinspect.imaging.learn_gate import learn_gate
from bulbinspect.imaging.load import LoadedView


def whole(levels):
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def half(pixels, level, axis):
    covered = pixels.copy()
    covered.swapaxes(0, axis)[: len(pixels) // 2] = level
    return covered


GROSS = {
    "a fifth of the light": lambda p: whole(p * 0.2),
    "black": np.zeros_like,
    "white": lambda p: np.full_like(p, 255),
    "constant": lambda p: np.full_like(p, round(p.mean())),
    "defocus of 2 px": lambda p: whole(gaussian_filter(p.astype(float), 2)),
    "defocus of 4 px before noise": lambda p: whole(
        gaussian_filter(p.astype(float), 4)
        + np.random.default_rng(int(p.sum())).normal(0, 2.55, p.shape)
    ),
    "left half black": lambda p: half(p, 0, 1),
    "top half gray": lambda p: half(p, round(p.mean()), 0),
    "noise": lambda p: (
        np.random.default_rng(int(p.sum())).integers(0, 256, p.shape).astype(np.uint8)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("difficulty", ["easy", "default", "hard"])
@pytest.mark.parametrize("num_train", [100, 400])
def test_clean_views_pass_and_gross_faults_do_not(difficulty, num_train):
    def draw(seed, num):
        return [draw_bulb(seed, n, size_px=96, difficulty=difficulty).views for n in range(num)]

    size = np.full((4, 2), 96)
    gate = learn_gate([(views, size) for views in draw(11, num_train)], 255)
    fresh = np.concatenate(draw(12, 500))

    def refused(views):
        loaded = [LoadedView(pixels, (96, 96), b"") for pixels in views]
        return np.mean([gate.refusal(one, 255) is not None for one in loaded])

    assert refused(fresh) <= 0.005
    missed = {
        name: 1 - refused([spoil(pixels) for pixels in fresh[:200]])
        for name, spoil in GROSS.items()
    }
    assert {name: share for name, share in missed.items() if share > 0.02} == {}
