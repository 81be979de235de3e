"""The skin of a bulb: maps over angle and height that marks and defects are painted into."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bulbinspect.data.synthetic.shape import Floats, Shape


@dataclass(slots=True)
class Surface:
    """The maps `(A, Z)` of a bulb: A angles around it, Z heights up it.

    `albedo` is the share of light thrown back (above 1 for what shines), `relief` the height above
    the body, `defect` where the defect is: the truth.
    """

    shape: Shape
    albedo: Floats
    relief: Floats
    defect: npt.NDArray[np.bool_]
    gloss: float

    def patch(self, angle: float, height: float, reach: float) -> "Patch":
        """Return the part of the surface within `reach` of a place, to paint on."""
        num_angles, num_heights = self.albedo.shape
        k = self.shape.at(height)
        step_u = 2 * math.pi * float(self.shape.radius[k]) / num_angles
        step_v = self.shape.tallness * math.hypot(1.0, float(self.shape.slope[k])) / num_heights
        row = angle / (2 * math.pi) * num_angles - 0.5
        column = height * num_heights - 0.5
        half = min(math.ceil(reach / step_u), (num_angles - 1) // 2)
        near = np.arange(round(row) - half, round(row) + half + 1)
        first = max(math.floor(column - reach / step_v), 0)
        last = min(math.ceil(column + reach / step_v) + 1, num_heights)
        return Patch(
            self,
            (near % num_angles)[:, None],
            slice(first, last),
            ((near - row) * step_u).astype(np.float32)[:, None],
            ((np.arange(first, last) - column) * step_v).astype(np.float32)[None, :],
        )


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of the surface in its own lengths: `u (n, 1)` around the body, `v (1, m)` up it."""

    surface: Surface
    rows: npt.NDArray[np.int64]
    columns: slice
    u: Floats
    v: Floats

    def dye(self, factor: Floats) -> None:
        """Multiply the albedo by `factor (n, m)`."""
        self.surface.albedo[self.rows[:, 0], self.columns] *= factor

    def raise_by(self, height: Floats) -> None:
        """Add `height (n, m)` to the relief."""
        self.surface.relief[self.rows[:, 0], self.columns] += height

    def mark_defect(self, where: npt.NDArray[np.bool_]) -> None:
        """Note that the defect covers `where (n, m)`."""
        self.surface.defect[self.rows[:, 0], self.columns] |= where


def bare_surface(
    rng: np.random.Generator, shape: Shape, num_angles: int, mottling: float
) -> Surface:
    """Draw the skin of a body without any mark: its tone, mottling, grain, fibres, metal cap."""
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
