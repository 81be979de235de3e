import math
from dataclasses import replace

import numpy as np
import pytest

from bulbinspect.data.synthetic.camera import Camera
from bulbinspect.data.synthetic.render import photograph, prepare
from bulbinspect.data.synthetic.shape import PROFILES, Shape
from bulbinspect.data.synthetic.surface import Surface

SIZE_PX = 192
RADIUS = 0.35

CAMERA = Camera(
    angle=0.0,
    roll=0.0,
    shift=(0.0, 0.0),
    zoom=1.0,
    lamp=(0.0, 0.0, 1.0),
    ambient=0.3,
    window=(5.0, 5.0, 0.1, 0.1),  # mirrored nowhere
    background=(0.0, 0.0, 0.0),
    exposure=0.8,
    softness=0.0,
    noise=(0.0, 0.0),
)


def sphere(num_angles: int = 512, num_heights: int = 256) -> Surface:
    heights = ((np.arange(num_heights) + 0.5) / num_heights - 0.5) * 2 * RADIUS
    radius = np.sqrt(RADIUS**2 - heights**2)
    shape = Shape(
        PROFILES["onion"],
        2 * RADIUS,
        radius.astype(np.float32),
        (-heights / radius).astype(np.float32),
    )
    size = (num_angles, num_heights)
    return Surface(
        shape,
        np.full(size, 0.5, np.float32),
        np.zeros(size, np.float32),
        np.zeros(size, np.bool_),
        gloss=0.0,
    )


def spotted_sphere(angle: float) -> Surface:
    surface = sphere()
    patch = surface.patch(angle, 0.5, 0.06)
    patch.mark_defect(patch.u**2 + patch.v**2 < 0.05**2)
    return surface


def shoot(surface: Surface, camera: Camera = CAMERA):
    return photograph(prepare(surface), camera, SIZE_PX, np.random.default_rng(0))


def middle(mask) -> tuple[float, float]:
    """Return where the seen spot lies, right and up of the picture's middle."""
    rows, columns = np.nonzero(mask)
    return columns.mean() / SIZE_PX + 0.5 / SIZE_PX - 0.5, 0.5 - rows.mean() / SIZE_PX


def test_sphere_covers_the_area_of_a_disc():
    view, _ = shoot(sphere())
    assert (view > 8).mean() == pytest.approx(math.pi * RADIUS**2, rel=0.01)


def test_sphere_is_lit_by_the_cosine():
    view, _ = shoot(sphere())
    place = (np.arange(SIZE_PX) + 0.5) / SIZE_PX - 0.5
    x, y = place[None, :], -place[:, None]
    square = (x * x + y * y) / RADIUS**2
    inside = square < 0.8
    expected = (
        255
        * 0.8
        * 0.5
        * (0.3 * (0.75 + 0.25 * y / RADIUS) + 0.75 * np.sqrt(1 - np.minimum(square, 1)))
    )
    assert np.abs(view[inside] - expected[inside]).max() < 1.5


@pytest.mark.parametrize("turn", [-0.9, -0.4, 0.0, 0.5, 1.0])
def test_spot_stands_where_its_turn_puts_it_and_foreshortens(turn):
    _, mask = shoot(spotted_sphere(0.3), replace(CAMERA, angle=0.3 - turn))
    x, y = middle(mask)
    assert x == pytest.approx(RADIUS * math.sin(turn), abs=0.005)
    assert y == pytest.approx(0, abs=0.005)
    assert mask.mean() == pytest.approx(math.pi * 0.05**2 * math.cos(turn), rel=0.1)


def test_spot_on_the_far_side_is_not_seen():
    _, mask = shoot(spotted_sphere(math.pi))
    assert not mask.any()


def test_errors_of_pose_move_the_picture():
    moved = replace(CAMERA, shift=(0.02, -0.03), zoom=1.03)
    x, y = middle(shoot(spotted_sphere(0.0), moved)[1])
    assert (x, y) == (pytest.approx(0.02 * 1.03, abs=0.004), pytest.approx(-0.03 * 1.03, abs=0.004))


def test_hollow_on_the_outline_lets_the_background_through():
    surface = sphere()
    patch = surface.patch(math.pi / 2, 0.5, 0.2)
    patch.raise_by(np.where(patch.u**2 + patch.v**2 < 0.15**2, np.float32(-0.05), np.float32(0)))
    bitten, whole = shoot(surface)[0], shoot(sphere())[0]
    row = SIZE_PX // 2
    assert (whole[row] > 20).sum() - (bitten[row] > 20).sum() >= 5
    assert (bitten[row, : SIZE_PX // 2] == whole[row, : SIZE_PX // 2]).all()


def test_noise_comes_from_the_generator():
    noisy = replace(CAMERA, noise=(0.02, 0.0), background=(0.5, 0.0, 0.0))
    body = prepare(sphere())
    pictures = [
        photograph(body, noisy, SIZE_PX, np.random.default_rng(seed))[0] for seed in (1, 1, 2)
    ]
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != pictures[2]).any()
    assert pictures[0][:20].std() == pytest.approx(0.02 * 255, rel=0.05)
