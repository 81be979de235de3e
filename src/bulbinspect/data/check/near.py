"""Which pictures may show the same: the nearest pairs among all, upright or turned by 180°.

All pictures of a line look alike, since body, framing and light are the same. What tells one from
another is what is left when everything they have in common is taken away. So a picture is described
by 16 x 16 gray levels without their mean, in the directions in which the pictures of this set
differ, each scaled by how much they differ there (ridge-whitened principal components).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIDE = 16  # more would not tell apart better, and its axes take 64 times as long
_RIDGE = 0.1  # of a picture of unit contrast; what re-encoding changes stays below it
_LIKENESS = 0.85  # measured: copies have 0.96 and more, see docs/check.md
_AS_ALIKE_AS_NOISE = 10.0  # squared distance that is nothing, for sets that hardly differ
_NEAREST = 8
_ROUNDS = 10
_FEW = 64  # up to here every pair is a candidate
_BLOCK = 2048
_CHUNK = 4096

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures that may show the same; `turned` if one of them has to be turned by 180°."""

    first: int
    second: int
    turned: bool


def likely_pairs(thumbs: NDArray[Any]) -> list[Pair]:
    """Return the pairs of `thumbs` (N, 64, 64) that may be copies: each with its nearest ones.

    All thumbs must have some contrast. The time grows with N², the memory with N.
    """
    number = len(thumbs)
    if number <= _FEW:
        return [
            Pair(first, second, turned)
            for first in range(number)
            for second in range(first + 1, number)
            for turned in (False, True)
        ]
    levels = np.concatenate([_levels(part) for part in _parts(thumbs)])
    # Pictures that lie upside down against most are turned first: else two of them would look
    # alike for that alone.
    flipped = _upside_down(levels)
    levels[flipped] = levels[flipped, ::-1]
    upright, turned = _describe(levels)
    pairs = _nearest(upright, upright, same=True) | _nearest(upright, turned, same=False)
    return [
        Pair(first, second, bool(turn ^ flipped[first] ^ flipped[second]))
        for first, second, turn in sorted(pairs)
    ]


def _describe(levels: Array) -> tuple[Array, Array]:
    """Return the descriptors (N, D) of all pictures, and those of all of them turned by 180°."""
    mean = levels.mean(axis=0)
    levels -= mean
    basis = _basis(levels)
    shift = (mean[::-1] - mean).astype(np.float32)  # turning acts on the levels before the mean
    turned = np.concatenate([(part[:, ::-1] + shift) @ basis for part in _parts(levels)])
    return levels @ basis, turned


def _basis(levels: Array) -> Array:
    """Return the main axes of the levels (256, 256), each divided by the spread along it."""
    covariance = np.zeros((levels.shape[1],) * 2)
    for part in _parts(levels):
        covariance += part.T @ part
    spread, axes = np.linalg.eigh(covariance / len(levels))
    return np.asarray(axes / np.sqrt(np.maximum(spread, 0) + _RIDGE), np.float32)


def _levels(thumbs: NDArray[Any]) -> Array:
    """Return (N, 256) gray levels of mean 0 and standard deviation 1."""
    number, height, width = thumbs.shape
    step = height // _SIDE
    boxes = thumbs.reshape(number, _SIDE, step, _SIDE, width // _SIDE)
    flat: Array = boxes.mean(axis=(2, 4), dtype=np.float32).reshape(number, -1)
    flat -= flat.mean(axis=1, keepdims=True)
    contrast = flat.std(axis=1, keepdims=True)
    flat /= np.maximum(contrast, np.float32(1e-3))
    return flat


def _upside_down(levels: Array) -> NDArray[np.bool_]:
    """Say which pictures to turn so that what is odd under turning points one way in all."""
    odd = levels[0] - levels[0, ::-1]  # what turning changes the sign of
    for _ in range(_ROUNDS):
        signs = np.where(levels @ odd < 0, np.float32(-1), np.float32(1))
        summed = signs @ levels
        odd = (summed - summed[::-1]) / len(levels)
    return np.asarray(levels @ odd < 0)


def _nearest(left: Array, right: Array, *, same: bool) -> set[tuple[int, int, bool]]:
    """Return pairs (first < second, turned) that are alike enough, a few for each row of `left`.

    Likeness is 1 - |x - y|² / (|x|² + |y|² + c): near a cosine for pictures of their own, near 1
    where all hardly differ. As a product of longer vectors it needs no other pass over N².
    """
    rows, columns = _lengthened(left, lead=True), _lengthened(right, lead=False)
    limit = -(1 - _LIKENESS) * _AS_ALIKE_AS_NOISE
    found: set[tuple[int, int, bool]] = set()
    for top in range(0, len(rows), _BLOCK):
        block = rows[top : top + _BLOCK]
        best: list[tuple[NDArray[np.intp], NDArray[np.intp], Array]] = []
        for start in range(top if same else 0, len(columns), _BLOCK):
            margin = block @ columns[start : start + _BLOCK].T
            above, right_of = np.nonzero(margin > limit)
            best.append((above + top, right_of + start, margin[above, right_of]))
        firsts, seconds, margins = (np.concatenate(one) for one in zip(*best, strict=True))
        kept = firsts < seconds if same else firsts != seconds
        for first, second in _few_of_each(firsts[kept], seconds[kept], margins[kept]):
            found.add((min(first, second), max(first, second), not same))
    return found


def _lengthened(vectors: Array, *, lead: bool) -> Array:
    """Return vectors so that a leading one times another is 2 x·y - likeness (|x|² + |y|²)."""
    squares = _LIKENESS * (vectors**2).sum(axis=1, keepdims=True)
    ones = np.ones_like(squares)
    if lead:
        return np.hstack([2 * vectors, -squares, -ones])
    return np.hstack([vectors, ones, squares])


def _few_of_each(
    firsts: NDArray[np.intp], seconds: NDArray[np.intp], margins: Array
) -> list[tuple[int, int]]:
    """Return for each first the seconds with the highest margins."""
    order = np.lexsort((-margins, firsts))
    firsts, seconds = firsts[order], seconds[order]
    starts = np.searchsorted(firsts, firsts)
    few = np.arange(len(firsts)) - starts < _NEAREST
    return list(zip(firsts[few].tolist(), seconds[few].tolist(), strict=True))


def _parts(array: NDArray[Any]) -> list[NDArray[Any]]:
    return [array[start : start + _CHUNK] for start in range(0, len(array), _CHUNK)]
