"""Harmless marks, drawn alike for good and defective bulbs: seams, labels, print, dust."""

import math

import numpy as np

from bulbinspect.data.synthetic.difficulty import Difficulty, Range
from bulbinspect.data.synthetic.surface import Surface

_GLYPHS = np.array(
    [
        [int(bit) for bit in row]
        for row in (
            "111101101101111", "010110010010111", "111001111100111", "111001111001111",
            "101101111001001", "111100111001111", "111100111101111", "111001010010010",
            "111101111101111", "111101111001111", "110101110101110", "111100100100111",
            "110101101101110", "111100110100111", "101101111101101", "100100100100111",
        )
    ],
    dtype=np.bool_,
).reshape(-1, 5, 3)  # fmt: skip
"""Glyphs `(16, 5, 3)`, the top row first."""


def draw_marks(rng: np.random.Generator, surface: Surface, difficulty: Difficulty) -> None:
    """Paint every harmless mark of one bulb, those below first."""
    for _ in range(rng.integers(*difficulty.seams, endpoint=True)):
        _draw_seam(rng, surface, difficulty.ink)
    for _ in range(rng.integers(*difficulty.labels, endpoint=True)):
        _draw_label(rng, surface, difficulty.ink)
    for _ in range(rng.integers(*difficulty.prints, endpoint=True)):
        _draw_print(rng, surface, difficulty.ink)
    for _ in range(rng.integers(*difficulty.specks, endpoint=True)):
        _draw_speck(rng, surface, difficulty.ink)


def _draw_seam(rng: np.random.Generator, surface: Surface, ink: Range) -> None:
    """A line all the way up the body (a mould's joint) or all the way round it (a ring)."""
    num_angles, num_heights = surface.albedo.shape
    width = float(rng.uniform(0.003, 0.007))
    factor = _tint(rng, ink, bright_share=0.4)
    ridge = float(rng.uniform(-0.004, 0.006))
    if rng.random() < 0.5:
        angle = np.float32(rng.uniform(0, 2 * math.pi))
        angles = np.arange(num_angles, dtype=np.float32) * np.float32(2 * math.pi / num_angles)
        away = np.abs(np.mod(angles - angle + math.pi, 2 * math.pi) - math.pi)
        profile = np.exp(-((away[:, None] * surface.shape.radius / width) ** 2))
    else:
        height = _place(rng, surface)[1]
        heights = (np.arange(num_heights, dtype=np.float32) + 0.5) / num_heights
        away = (heights - np.float32(height)) * surface.shape.tallness
        profile = np.exp(-((away / width) ** 2))[None, :]
    surface.albedo *= 1 + (factor - 1) * profile
    surface.relief += ridge * profile


def _draw_label(rng: np.random.Generator, surface: Surface, ink: Range) -> None:
    """A sticker: an upright rectangle of one tone, sometimes with a bar code on it."""
    wide, tall = float(rng.uniform(0.05, 0.12)), float(rng.uniform(0.025, 0.06))
    patch = surface.patch(*_place(rng, surface), reach=wide + 0.02)
    inside = (np.abs(patch.u) < wide) & (np.abs(patch.v) < tall)
    factor = np.where(inside, np.float32(_tint(rng, (0.1, 0.5), bright_share=0.5)), np.float32(1))
    bars = rng.random(16) < 0.5
    if rng.random() < 0.6:
        bar = np.clip((patch.u + wide) / (2 * wide) * 16, 0, 15).astype(np.int64)
        ruled = bars[bar] & inside & (np.abs(patch.v) < 0.7 * tall)
        factor = np.where(ruled, np.float32(_tint(rng, ink, bright_share=0)), factor)
    patch.dye(factor)


def _draw_print(rng: np.random.Generator, surface: Surface, ink: Range) -> None:
    """A line of upright glyphs."""
    glyphs = _GLYPHS[rng.integers(len(_GLYPHS), size=int(rng.integers(2, 7)))]
    cells = np.zeros((7, 4 * len(glyphs) + 1), dtype=np.bool_)  # a blank edge on every side
    for i, glyph in enumerate(glyphs):
        cells[1:6, 4 * i + 1 : 4 * i + 4] = glyph
    cell = float(rng.uniform(0.011, 0.017))
    wide, tall = cell * cells.shape[1] / 2, cell * cells.shape[0] / 2
    patch = surface.patch(*_place(rng, surface), reach=wide)
    column = np.clip((patch.u + wide) / cell, 0, cells.shape[1] - 1).astype(np.int64)
    row = np.clip((tall - patch.v) / cell, 0, cells.shape[0] - 1).astype(np.int64)
    factor = np.float32(_tint(rng, ink, bright_share=0.25))
    patch.dye(np.where(cells[row, column], factor, np.float32(1)))


def _draw_speck(rng: np.random.Generator, surface: Surface, ink: Range) -> None:
    """A grain of dust: small and round."""
    radius = float(rng.uniform(0.005, 0.014))
    patch = surface.patch(*_place(rng, surface), reach=2 * radius)
    factor = _tint(rng, ink, bright_share=0.3)
    patch.dye(1 + (factor - 1) * np.exp(-(((patch.u**2 + patch.v**2) / radius**2) ** 2)))


def _tint(rng: np.random.Generator, ink: Range, bright_share: float) -> float:
    """Draw the factor by which a mark changes the albedo: below 1, or above for a bright one."""
    strength = float(rng.uniform(*ink))
    return 1 + 0.6 * strength if rng.random() < bright_share else 1 - strength


def _place(rng: np.random.Generator, surface: Surface) -> tuple[float, float]:
    """Draw an angle and a height where the body is not too thin."""
    radius = surface.shape.radius
    wide = np.flatnonzero(radius > 0.45 * radius.max())
    angle = float(rng.uniform(0, 2 * math.pi))
    return angle, float((wide[int(rng.random() * len(wide))] + 0.5) / len(radius))
