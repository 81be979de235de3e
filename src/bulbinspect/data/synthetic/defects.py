"""The kinds of defect: each paints itself onto the surface and says where it is."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bulbinspect.data.synthetic.shape import Floats
from bulbinspect.data.synthetic.surface import Patch

Points = npt.NDArray[np.float64]


def draw_crack(rng: np.random.Generator, patch: Patch, extent: float, contrast: float) -> None:
    """A thin dark line that meanders, with one or two branches."""
    extent *= 1.5
    trunk = _meander(rng, 12, float(rng.uniform(0, 2 * math.pi)), 0.55)
    lines = [trunk]
    for _ in range(rng.integers(1, 3)):
        fork = int(rng.integers(3, 9))
        ahead = trunk[fork + 1] - trunk[fork]
        turn = float(rng.choice([-1, 1]) * rng.uniform(0.6, 1.1))
        heading = math.atan2(ahead[1], ahead[0]) + turn
        lines.append(trunk[fork] + _meander(rng, int(rng.integers(4, 7)), heading, 0.45))
    everything = np.concatenate(lines)
    low, high = everything.min(0), everything.max(0)
    scale = extent / float((high - low).max())
    width = float(rng.uniform(0.008, 0.011))
    away = np.minimum.reduce(
        [_distance(patch, (line - (low + high) / 2) * scale) for line in lines]
    )
    patch.dye(1 - contrast * np.exp(-((away / width) ** 2)))
    patch.mark_defect(away < 1.2 * width)


def draw_scratch(rng: np.random.Generator, patch: Patch, extent: float, contrast: float) -> None:
    """One to three slanted, slightly bent grooves side by side: dark with a bright lip."""
    extent *= 1.6
    slant = float(rng.uniform(0.4, 1.15) * rng.choice([-1, 1]))
    along = np.array([math.cos(slant), math.sin(slant)])
    across = np.array([-along[1], along[0]])
    bend = float(rng.uniform(-0.15, 0.15)) * extent
    width = float(rng.uniform(0.006, 0.008))
    places = np.linspace(-0.5, 0.5, 9)[:, None]
    count = int(rng.integers(1, 4))
    for i in range(count):
        length = extent * (1 if i == 0 else float(rng.uniform(0.5, 0.9)))
        offset = (i - (count - 1) / 2) * 4.5 * width
        line = places * length * along + (offset + bend * (4 * places**2 - 1)) * across
        groove = np.exp(-((_distance(patch, line) / width) ** 2))
        lip = np.exp(-((_distance(patch, line + 2.2 * width * across) / width) ** 2))
        patch.dye((1 - contrast * groove) * (1 + 0.7 * contrast * lip))
        patch.mark_defect(groove + lip > 0.3)


def draw_dent(rng: np.random.Generator, patch: Patch, extent: float, contrast: float) -> None:
    """A smooth hollow: nothing is dyed, only the light falls on it otherwise."""
    extent *= 1.15
    stretch = float(rng.uniform(0.8, 1.25))
    square = (patch.u * stretch) ** 2 + (patch.v / stretch) ** 2
    inside = np.maximum(1 - square / np.float32((extent / 2) ** 2), 0)
    patch.raise_by(-0.32 * contrast * extent * inside**2)
    patch.mark_defect(inside > 0.1)


def draw_stain(rng: np.random.Generator, patch: Patch, extent: float, contrast: float) -> None:
    """A blob of no regular outline, its rim soft and darker than its middle."""
    direction = np.arctan2(patch.v, patch.u)
    outline = np.full_like(direction, 0.42 * extent)
    for waves in range(2, 6):
        swing = float(rng.uniform(0.05, 0.2)) * extent / waves
        phase = np.float32(rng.uniform(0, 2 * math.pi))
        outline += swing * np.cos(waves * direction + phase)
    share = np.hypot(patch.u, patch.v) / outline
    cover = np.clip((1.15 - share) / 0.4, 0, 1)
    rim = np.exp(-(((share - 0.85) / 0.14) ** 2))
    patch.dye(1 - contrast * (0.6 * cover + 0.3 * rim))
    patch.mark_defect(share < 1)


def draw_chip(rng: np.random.Generator, patch: Patch, extent: float, contrast: float) -> None:
    """A flake broken off: a cornered, sharp-edged hollow with fresh material inside."""
    sides = int(rng.integers(4, 7))
    turns = (np.arange(sides) + rng.uniform(-0.25, 0.25, sides)) * (2 * math.pi / sides)
    turns += float(rng.uniform(0, 2 * math.pi))
    reach = extent * rng.uniform(0.3, 0.5, sides)
    outside = np.maximum.reduce(
        [
            np.float32(math.cos(turn)) * patch.u + np.float32(math.sin(turn)) * patch.v - distance
            for turn, distance in zip(turns, reach.astype(np.float32), strict=True)
        ]
    )  # above 0 outside, below inside
    inside = outside < 0
    fresh = 1 + 0.5 * contrast if rng.random() < 0.5 else 1 - 0.55 * contrast
    edge = np.exp(-((outside / 0.005) ** 2))
    patch.dye(np.where(inside, np.float32(fresh), np.float32(1)) * (1 - 0.7 * contrast * edge))
    patch.raise_by(-np.clip(-0.8 * outside, 0, np.float32(0.12 * extent)))
    patch.mark_defect(inside)


KINDS: dict[str, Callable[[np.random.Generator, Patch, float, float], None]] = {
    "crack": draw_crack,
    "scratch": draw_scratch,
    "dent": draw_dent,
    "stain": draw_stain,
    "chip": draw_chip,
}
"""Each takes a patch around the place, the extent (a length) and the contrast (0…1)."""


def _meander(rng: np.random.Generator, steps: int, heading: float, unrest: float) -> Points:
    """Walk with unit steps from the origin, each turning a little: `(steps + 1, 2)`."""
    headings = heading + np.cumsum(rng.normal(0, unrest, steps))
    walk = np.cumsum(np.stack([np.cos(headings), np.sin(headings)], axis=1), axis=0)
    return np.concatenate([np.zeros((1, 2)), walk])


def _distance(patch: Patch, line: Points) -> Floats:
    """Return how far each place of the patch `(n, m)` is from a line of straight pieces."""
    nearest = np.full((patch.u.shape[0], patch.v.shape[1]), np.inf, dtype=np.float32)
    for (u, v), (du, dv) in zip(line[:-1].tolist(), np.diff(line, axis=0).tolist(), strict=True):
        from_u, from_v = patch.u - np.float32(u), patch.v - np.float32(v)
        share = np.clip((from_u * du + from_v * dv) / max(du * du + dv * dv, 1e-12), 0, 1)
        square = (from_u - share * du) ** 2 + (from_v - share * dv) ** 2
        np.minimum(nearest, square, out=nearest)
    return np.sqrt(nearest)
