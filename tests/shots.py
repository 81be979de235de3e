"""Shots of bulbs that show something: gray noise whose mean is known."""

from pathlib import Path

import numpy as np
from PIL import Image

_STEP = 8


def draw_shot(folder: Path, level: int, *, views: int = 4, seed: int = 0) -> Path:
    """Write 0.png, 1.png, … with a mean of exactly `level`; another seed gives other pixels."""
    folder.mkdir(parents=True)
    random = np.random.default_rng([seed, level])
    for name in range(views):
        steps = random.permutation(np.repeat([-_STEP, _STEP], 128)).reshape(16, 16)
        Image.fromarray((level + steps).astype(np.uint8)).save(folder / f"{name}.png")
    return folder
