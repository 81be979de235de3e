"""The body of a bulb: a profile turned about an upright axis."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
"""Float32 wherever there is one for each place or pixel: twice as fast as float64."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A family of bodies: outline, how wide and tall they come, what they are made of."""

    outline: tuple[tuple[float, float], ...]  # (height, radius as share of the largest)
    largest_radius: tuple[float, float]
    tallness: tuple[float, float]  # height of the body, in picture widths
    cap: float = 0.0  # a metal cap reaches up to this height
    papery: bool = False  # a dry skin with fibres, instead of glass


PROFILES: dict[str, Profile] = {
    "pear lamp": Profile(
        (
            (0.0, 0.28),
            (0.02, 0.40),
            (0.2, 0.42),
            (0.25, 0.46),
            (0.38, 0.62),
            (0.54, 0.92),
            (0.68, 1.0),
            (0.84, 0.88),
            (0.94, 0.55),
            (1.0, 0.0),
        ),
        (0.25, 0.30),
        (0.82, 0.9),
        cap=0.21,
    ),
    "globe lamp": Profile(
        (
            (0.0, 0.26),
            (0.02, 0.36),
            (0.18, 0.38),
            (0.24, 0.5),
            (0.36, 0.84),
            (0.56, 1.0),
            (0.78, 0.87),
            (0.92, 0.55),
            (1.0, 0.0),
        ),
        (0.30, 0.36),
        (0.80, 0.88),
        cap=0.19,
    ),
    "candle lamp": Profile(
        (
            (0.0, 0.5),
            (0.02, 0.62),
            (0.22, 0.66),
            (0.26, 0.74),
            (0.42, 1.0),
            (0.6, 0.92),
            (0.78, 0.62),
            (0.92, 0.28),
            (1.0, 0.0),
        ),
        (0.20, 0.24),
        (0.84, 0.9),
        cap=0.24,
    ),
    "reflector lamp": Profile(
        (
            (0.0, 0.28),
            (0.02, 0.38),
            (0.22, 0.4),
            (0.28, 0.46),
            (0.5, 0.64),
            (0.72, 0.92),
            (0.84, 1.0),
            (0.92, 0.95),
            (0.985, 0.6),
            (1.0, 0.0),
        ),
        (0.28, 0.33),
        (0.8, 0.86),
        cap=0.23,
    ),
    "tulip bulb": Profile(
        (
            (0.0, 0.2),
            (0.03, 0.46),
            (0.13, 0.82),
            (0.3, 1.0),
            (0.48, 0.94),
            (0.68, 0.64),
            (0.85, 0.28),
            (0.95, 0.1),
            (1.0, 0.0),
        ),
        (0.28, 0.35),
        (0.78, 0.88),
        papery=True,
    ),
    "onion": Profile(
        (
            (0.0, 0.15),
            (0.04, 0.46),
            (0.15, 0.82),
            (0.36, 1.0),
            (0.56, 0.86),
            (0.7, 0.46),
            (0.8, 0.2),
            (0.92, 0.12),
            (1.0, 0.06),
        ),
        (0.32, 0.39),
        (0.78, 0.88),
        papery=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One body; tables run over the heights `(k + 0.5) / len(radius)`."""

    profile: Profile
    tallness: float
    radius: Floats  # (Z,)
    slope: Floats  # (Z,) change of the radius per length along the axis

    @property
    def largest_radius(self) -> float:
        """Half the width of the body."""
        return float(self.radius.max())

    def at(self, height: float) -> int:
        """Return the place in the tables that is nearest to `height`."""
        return min(max(int(height * len(self.radius)), 0), len(self.radius) - 1)


def draw_shape(rng: np.random.Generator, num_heights: int) -> Shape:
    """Draw a body of any family, no two alike; tables get `num_heights` places."""
    profile = list(PROFILES.values())[int(rng.integers(len(PROFILES)))]
    heights, radii = np.array(profile.outline).T
    inner = (heights > max(profile.cap, 0.05)) & (heights < 0.95)
    heights = heights + np.where(inner, rng.uniform(-0.015, 0.015, len(heights)), 0.0)
    radii = radii * (1 + np.where(inner, 0.05, 0.02) * rng.uniform(-1, 1, len(radii)))
    tallness = float(rng.uniform(*profile.tallness))
    # The square of the radius is smoothed: its ends then are round, as those of an ellipse.
    square = np.interp((np.arange(num_heights) + 0.5) / num_heights, heights, radii**2)
    for _ in range(2):
        square = _smooth(square, max(num_heights // 18, 1))
    radius = np.sqrt(square)
    radius *= rng.uniform(*profile.largest_radius) / radius.max()
    slope = np.gradient(radius, tallness / num_heights)
    return Shape(profile, tallness, radius.astype(np.float32), slope.astype(np.float32))


def _smooth(values: Floats, reach: int) -> Floats:
    """Return the mean over `reach` neighbours to each side; beyond the ends lie mirrored values."""
    ends = np.concatenate(
        [2 * values[0] - values[reach:0:-1], values, 2 * values[-1] - values[-2 : -reach - 2 : -1]]
    )
    total = np.cumsum(np.concatenate([[0.0], ends]))
    width = 2 * reach + 1
    means: Floats = (total[width:] - total[:-width]) / width
    return np.maximum(means, 1e-6)
