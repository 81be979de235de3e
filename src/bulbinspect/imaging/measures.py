"""What a view looks like, as a handful of numbers; `docs/gate.md` explains each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.imaging.levels import Gray

_SMALLEST_SIDE_PX = 16  # a smaller view is enlarged, so that every measure has pixels to see
_QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_STRIPS = 4
NUM_FEATURES = len(_QUANTILES) + 4 + 2 * _STRIPS

_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measures:
    """Numbers of one view, in parts of the gray range 0…1 where they are levels.

    `brightness` is the mean, `saturated` the share of pixels at the largest level, `contrast` the
    standard deviation of the means of 4 x 4 pixels. `sharpness` is how steep the view is over 2
    pixels relative to 4, without what the sensor's noise adds; 0.5 is as smooth as can be.
    `features` (NUM_FEATURES,) say more of its look, for a distance between looks.
    """

    brightness: float
    saturated: float
    contrast: float
    sharpness: float
    features: NDArray[np.float64]


def measure(pixels: Gray, max_level: int) -> Measures:
    """Measure a view (H, W) of integers. Takes the time of a few passes over its pixels."""
    levels = _enlarged(pixels).astype(np.float32, order="C")
    twos = _halved(levels) * np.float32(0.25 / max_level)
    fours = _halved(twos) * np.float32(0.25)
    noise = _noise(levels) / max_level
    down, right = twos[1:] - twos[:-1], twos[:, 1:] - twos[:, :-1]
    steep = _energy(down, right)
    steep_of_fours = _energy(fours[1:] - fours[:-1], fours[:, 1:] - fours[:, :-1])
    # white noise of variance s² adds s² to the first and s² / 4 to the second
    share = max(steep - noise**2, 0.0) / max(steep_of_fours - noise**2 / 4, _NOTHING)
    sharpness = share**0.5
    contrast = float((fours - fours[0, 0]).std())  # exactly 0 for a constant view
    order = np.sort(fours, axis=None)
    texture = np.abs(down[:, :-1]) + np.abs(right[:-1])
    # logarithms, for what varies by ratios; their offsets are what noise amounts to
    features = np.concatenate(
        [
            order[[round(part * (order.size - 1)) for part in _QUANTILES]],
            np.log([contrast + 0.01, sharpness + 0.1, noise + 0.002, steep**0.5 + 0.002]),
            np.log(_strips(texture, axis=0) + 0.005),
            np.log(_strips(texture, axis=1) + 0.005),
        ],
        dtype=np.float64,
    )
    return Measures(
        brightness=int(pixels.sum()) / pixels.size / max_level,
        saturated=int(np.count_nonzero(pixels == max_level)) / pixels.size,
        contrast=contrast,
        sharpness=sharpness,
        features=features,
    )


_NOTHING = 1e-8  # less than the rounding to whole levels does


def _enlarged(pixels: Gray) -> NDArray[Any]:
    times = -(-_SMALLEST_SIDE_PX // min(pixels.shape))
    return pixels if times <= 1 else pixels.repeat(times, axis=0).repeat(times, axis=1)


def _halved(picture: _Floats) -> _Floats:
    """Return the sums of 2 x 2 pixels; a last odd row or column is left out."""
    height, width = picture.shape
    rows = picture[: height - height % 2 : 2] + picture[1::2]
    return rows[:, : width - width % 2 : 2] + rows[:, 1::2]


def _energy(down: _Floats, right: _Floats) -> float:
    return _mean_square(down) + _mean_square(right)


def _mean_square(values: _Floats) -> float:
    # einsum, because the sums of a BLAS depend on its threads
    return float(np.einsum("ij,ij", values, values)) / values.size


def _noise(levels: _Floats) -> float:
    """Estimate the standard deviation of a sensor's noise from every second pair of rows.

    The median of the finest diagonal details, in which a picture has little, and edges are few:
    Donoho and Johnstone, Biometrika 81 (1994), on Haar's wavelet.
    """
    even = levels.shape[1] // 2 * 2
    difference = levels[:-1:4, :even] - levels[1::4, :even]
    details = np.abs(difference[:, ::2] - difference[:, 1::2]).ravel()
    middle = details.size // 2
    return float(np.partition(details, middle)[middle]) / (2 * 0.6745)


def _strips(picture: _Floats, *, axis: int) -> _Floats:
    """Return the means of four equal strips that run along `axis`."""
    line = picture.sum(axis=axis)
    length = line.size // _STRIPS
    strips: _Floats = line[: length * _STRIPS].reshape(_STRIPS, length).sum(axis=1)
    return strips / np.float32(length * picture.shape[axis])
