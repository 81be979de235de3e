"""The skin of a bulb before anything is marked on it: tone, mottling, grain, fibres, metal cap."""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bulbinspect.data.synthetic.shape import Floats, Shape
from bulbinspect.data.synthetic.surface import Surface


def draw_skin(rng: np.random.Generator, shape: Shape, num_angles: int, mottling: float) -> Surface:
    """Draw the surface of a body; `mottling` is the amplitude of its unevenness."""
    num_heights = len(shape.radius)
    size = (num_angles, num_heights)
    tone = float(rng.uniform(0.5, 0.85))
    grain = float(rng.uniform(0.0, 0.05))
    fibre = float(rng.uniform(0.03, 0.09)) if shape.profile.papery else 0.0
    gloss = float(rng.uniform(0.0, 0.25) if shape.profile.papery else rng.uniform(0.3, 1.0))
    uneven = (
        _noise(rng, (7, 5), size)
        + 0.7 * _noise(rng, (15, 10), size)
        + 0.4 * _noise(rng, (40, 26), size)
    )
    albedo = 1 + mottling * uneven + grain * _noise(rng, (128, 64), size)
    albedo += fibre * _noise(rng, (90, 5), size)
    relief = fibre * 0.012 * _noise(rng, (48, 4), size)
    heights = (np.arange(num_heights, dtype=np.float32) + 0.5) / num_heights
    if shape.profile.cap:
        _screw_on_cap(rng, shape.profile.cap, heights, albedo, relief)
    else:
        brown = np.exp(-heights / 0.04) + np.exp(-(1 - heights) / 0.08)
        albedo *= 1 - float(rng.uniform(0.3, 0.6)) * brown
    return Surface(shape, tone * albedo, relief, np.zeros(size, dtype=np.bool_), gloss)


def _screw_on_cap(
    rng: np.random.Generator, top: float, heights: Floats, albedo: Floats, relief: Floats
) -> None:
    """Turn the surface below `top` into metal with a thread."""
    metal = heights < top
    angles = np.linspace(0, 2 * np.pi, len(albedo), endpoint=False, dtype=np.float32)[:, None]
    turns = float(rng.uniform(4, 6))
    wave = np.sin(angles - heights[None, metal] * (2 * math.pi * turns / top))
    albedo[:, metal] = float(rng.uniform(0.6, 1.1)) * (0.85 + 0.1 * wave)
    relief[:, metal] = 0.004 * wave
    rim = np.abs(heights - top) < 0.012
    albedo[:, rim] *= float(rng.uniform(0.35, 0.7))


def _noise(rng: np.random.Generator, coarse: tuple[int, int], size: tuple[int, int]) -> Floats:
    """Draw smooth noise of unit strength, closed around the body, on any size of map alike."""
    grid = rng.standard_normal(coarse, dtype=np.float32)
    low, high, share = _between(coarse[0], size[0], closed=True)
    rows = grid[low] + (grid[high] - grid[low]) * share[:, None]
    low, high, share = _between(coarse[1], size[1], closed=False)
    left = rows[:, low]
    result: Floats = left + (rows[:, high] - left) * share
    return result


@lru_cache(maxsize=64)
def _between(
    coarse: int, fine: int, *, closed: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Return both neighbours of each fine place on the coarse grid, and the second one's share."""
    if closed:
        place = np.arange(fine) * (coarse / fine)
        low = place.astype(np.int64)
        high = (low + 1) % coarse
    else:
        place = np.arange(fine) * ((coarse - 1) / max(fine - 1, 1))
        low = np.minimum(place.astype(np.int64), coarse - 2)
        high = low + 1
    share = place - low
    return low, high, (share * share * (3 - 2 * share)).astype(np.float32)
