"""Cameras around a bulb: how each stands, what lights its view, what its sensor adds."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bulbinspect.data.synthetic.shape import Floats


@dataclass(frozen=True, slots=True)
class Camera:
    """One view of one shot: pose, light, background and sensor."""

    angle: float  # of the surface that the camera looks straight at
    roll: float
    shift: tuple[float, float]  # of the picture, right and up
    zoom: float
    lamp: tuple[float, float, float]  # towards the light: right, up, to the camera; length 1
    ambient: float
    window: tuple[float, float, float, float]  # the lamp's mirror image: centre, half its size
    background: tuple[float, float, float]  # level, slope to the right, slope up
    exposure: float
    softness: float  # share of a pixel's light that falls on each neighbour
    noise: tuple[float, float]  # of a black pixel, and how it grows with the light


def draw_cameras(rng: np.random.Generator, turn: float, num_views: int) -> list[Camera]:
    """Set up cameras at equal steps around a bulb turned by `turn`, with small errors of pose.

    What lights a shot is common to its views, apart from what differs from stand to stand.
    """
    lamp = np.array([-0.5, 0.55, 0.7]) + rng.uniform(-0.25, 0.25, 3)
    ambient = float(rng.uniform(0.32, 0.5))
    window = np.array([-0.45, 0.5, 0.12, 0.2]) * rng.uniform(0.6, 1.4, 4)
    level, exposure = rng.uniform(0.03, 0.7), rng.uniform(0.85, 1.15)
    noise = (float(rng.uniform(0.003, 0.009)), float(rng.uniform(0.004, 0.012)))
    cameras = []
    for view in range(num_views):
        toward = lamp + rng.uniform(-0.08, 0.08, 3)
        toward /= math.sqrt(float((toward * toward).sum()))
        slopes = rng.uniform(-0.05, 0.05, 3) * (1, 4, 4)
        cameras.append(
            Camera(
                angle=turn + view * (2 * math.pi / num_views) + float(rng.uniform(-0.04, 0.04)),
                roll=float(rng.uniform(-0.03, 0.03)),
                shift=_pair(rng.uniform(-0.02, 0.02, 2)),
                zoom=float(rng.uniform(0.97, 1.03)),
                lamp=(float(toward[0]), float(toward[1]), float(toward[2])),
                ambient=ambient,
                window=(
                    *_pair(window[:2] + rng.uniform(-0.04, 0.04, 2)),
                    *_pair(window[2:] * rng.uniform(0.8, 1.2, 2)),
                ),
                background=(level + float(slopes[0]), *_pair(slopes[1:])),
                exposure=float(exposure * rng.uniform(0.94, 1.06)),
                softness=float(rng.uniform(0.05, 0.18)),
                noise=noise,
            )
        )
    return cameras


def empty_picture(camera: Camera, right: Floats, up: Floats) -> Floats:
    """Return what stands behind the body: an even, slightly sloping tone `(H, W)`."""
    level, slope_right, slope_up = camera.background
    return np.maximum(level + slope_right * right + slope_up * up, 0)


def expose(picture: Floats, camera: Camera, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Blur as a lens does, expose, add the sensor's noise, count in 8 bits."""
    picture = camera.exposure * _soften(_soften(picture, camera.softness).T, camera.softness).T
    black, growth = camera.noise
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    picture += noise * (black + growth * picture)
    counts: npt.NDArray[np.uint8] = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    return counts


def _soften(picture: Floats, share: float) -> Floats:
    """Spread light over the neighbours above and below."""
    result = picture * (1 - 2 * share)
    spread = picture * share
    result[1:] += spread[:-1]
    result[:-1] += spread[1:]
    result[0] += spread[0]
    result[-1] += spread[-1]
    return result


def _pair(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])
