"""The body of a bulb: a profile turned about an upright axis."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
"""Float32 wherever there is one for each place or pixel: twice as fast as float64."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A family of bodies: its outline, how wide and tall it comes, what it is made of."""

    heights: tuple[float, ...]
    radii: tuple[float, ...]  # at `heights`, as shares of the largest
    largest_radius: tuple[float, float]  # range, in picture widths
    tallness: tuple[float, float]  # range, in picture widths
    cap: float = 0.0  # a metal cap reaches up to this height
    papery: bool = False  # a dry skin with fibres, instead of glass


PROFILES: dict[str, Profile] = {
    "pear lamp": Profile(
        heights=(0.00, 0.02, 0.20, 0.25, 0.38, 0.54, 0.68, 0.84, 0.94, 1.00),
        radii=(0.28, 0.40, 0.42, 0.46, 0.62, 0.92, 1.00, 0.88, 0.55, 0.00),
        largest_radius=(0.25, 0.30),
        tallness=(0.82, 0.90),
        cap=0.21,
    ),
    "globe lamp": Profile(
        heights=(0.00, 0.02, 0.18, 0.24, 0.36, 0.56, 0.78, 0.92, 1.00),
        radii=(0.26, 0.36, 0.38, 0.50, 0.84, 1.00, 0.87, 0.55, 0.00),
        largest_radius=(0.30, 0.36),
        tallness=(0.80, 0.88),
        cap=0.19,
    ),
    "candle lamp": Profile(
        heights=(0.00, 0.02, 0.22, 0.26, 0.42, 0.60, 0.78, 0.92, 1.00),
        radii=(0.50, 0.62, 0.66, 0.74, 1.00, 0.92, 0.62, 0.28, 0.00),
        largest_radius=(0.20, 0.24),
        tallness=(0.84, 0.90),
        cap=0.24,
    ),
    "reflector lamp": Profile(
        heights=(0.00, 0.02, 0.22, 0.28, 0.50, 0.72, 0.84, 0.92, 0.985, 1.00),
        radii=(0.28, 0.38, 0.40, 0.46, 0.64, 0.92, 1.00, 0.95, 0.60, 0.00),
        largest_radius=(0.28, 0.33),
        tallness=(0.80, 0.86),
        cap=0.23,
    ),
    "tulip bulb": Profile(
        heights=(0.00, 0.03, 0.13, 0.30, 0.48, 0.68, 0.85, 0.95, 1.00),
        radii=(0.20, 0.46, 0.82, 1.00, 0.94, 0.64, 0.28, 0.10, 0.00),
        largest_radius=(0.28, 0.35),
        tallness=(0.78, 0.88),
        papery=True,
    ),
    "onion": Profile(
        heights=(0.00, 0.04, 0.15, 0.36, 0.56, 0.70, 0.80, 0.92, 1.00),
        radii=(0.15, 0.46, 0.82, 1.00, 0.86, 0.46, 0.20, 0.12, 0.06),
        largest_radius=(0.32, 0.39),
        tallness=(0.78, 0.88),
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
    heights, radii = np.array(profile.heights), np.array(profile.radii)
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
