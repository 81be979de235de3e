"""A sample kept as a handful of numbers, exactly enough to hold a later sample against it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.errors import SpecError

NUM_LEVELS = 25
_DIGITS = 6

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How many values of each part of a sample lie at most at, and below, some levels.

    `levels` (L,) ascend; `at_most` and `below` (P, L) count for each part, of `counts` (P,) values.
    Parts (good bulbs, defective bulbs) stand apart, so that they can be mixed in other shares.
    SpecError for what is no such table.
    """

    levels: tuple[float, ...]
    at_most: tuple[tuple[int, ...], ...]
    below: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise SpecError(f"distribution: {problem}")

    def shares(self, weights: ArrayLike) -> tuple[_Floats, _Floats]:
        """Return the shares (L,) at most at and below the levels, of parts mixed by `weights`."""
        mix = np.asarray(weights, np.float64) / np.array(self.counts)
        return mix @ np.array(self.at_most), mix @ np.array(self.below)

    def quantile(self, share: float, weights: ArrayLike) -> float:
        """Return the first level at which parts mixed by `weights` have at least this share."""
        at_most, _ = self.shares(weights)
        at = int(np.searchsorted(at_most, share - 1e-12))
        return self.levels[min(at, len(self.levels) - 1)]

    def effective_count(self, weights: ArrayLike) -> float:
        """Return how many values of one sample are as sure as the parts mixed by `weights`."""
        return float(1 / np.sum(np.square(np.asarray(weights)) / np.array(self.counts)))

    def moved(self, rising: Callable[[_Floats], ArrayLike]) -> Self:
        """Return the table for values mapped by a function that never falls."""
        mapped = np.asarray(rising(np.array(self.levels)), np.float64)
        mapped = np.maximum.accumulate(mapped)  # whatever rounding did
        levels, first = np.unique(mapped, return_index=True)
        last = np.append(first[1:], len(mapped)) - 1  # levels that became one: all of them
        return type(self)(
            levels=tuple(levels.tolist()),
            at_most=tuple(tuple(row[at] for at in last) for row in self.at_most),
            below=tuple(tuple(row[at] for at in first) for row in self.below),
            counts=self.counts,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "levels": list(self.levels),
            "at_most": [list(row) for row in self.at_most],
            "below": [list(row) for row in self.below],
            "counts": list(self.counts),
        }

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """Read `to_dict` back; SpecError for a missing, unknown or senseless value."""
        names = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            raise SpecError(f"distribution: expected an object with the keys {sorted(names)}")
        try:
            return cls(
                levels=tuple(values["levels"]),
                at_most=tuple(map(tuple, values["at_most"])),
                below=tuple(map(tuple, values["below"])),
                counts=tuple(values["counts"]),
            )
        except TypeError as error:
            raise SpecError(f"distribution: expected lists of numbers: {error}") from error


def summarise(parts: Sequence[ArrayLike], *, num_levels: int = NUM_LEVELS) -> Distribution:
    """Keep the finite values of each part (N,) as a table: `num_levels` order statistics of each.

    The counts are exact whatever the levels, so nothing that is computed from them is a guess. With
    at most `num_levels` different values of 6 digits all of them are kept.
    """
    samples = [np.sort(np.asarray(part, np.float64)) for part in parts]
    if not samples or any(not len(one) or not np.isfinite(one).all() for one in samples):
        raise SpecError("distribution: every part needs values, all of them finite")
    found = np.unique(np.concatenate([_chosen(one, num_levels) for one in samples]))
    levels = np.unique([float(f"{one:.{_DIGITS}g}") for one in found])
    return Distribution(
        levels=tuple(levels.tolist()),
        at_most=tuple(_counted(one, levels, "right") for one in samples),
        below=tuple(_counted(one, levels, "left") for one in samples),
        counts=tuple(map(len, samples)),
    )


def _chosen(ordered: _Floats, num_levels: int) -> _Floats:
    different = np.unique(ordered)
    if len(different) <= num_levels:
        return different
    places = np.linspace(0, len(ordered) - 1, num_levels).round().astype(int)
    chosen: _Floats = ordered[places]
    return chosen


def _counted(ordered: _Floats, levels: _Floats, side: Any) -> tuple[int, ...]:
    return tuple(np.searchsorted(ordered, levels, side=side).tolist())


def _problem(table: Distribution) -> str:
    """Return what is wrong with the numbers of a table, or nothing."""
    rows = (*table.at_most, *table.below)
    if any(type(one) not in (int, float) for one in table.levels):
        return f"levels must be numbers, got {table.levels!r:.80}"
    if any(type(one) is not int for row in (*rows, table.counts) for one in row):
        return "counts must be whole numbers"
    levels = np.array(table.levels, np.float64)
    if not len(levels) or not np.isfinite(levels).all() or (np.diff(levels) <= 0).any():
        return f"levels must be finite and ascend, got {table.levels!r:.80}"
    if any(len(row) != len(levels) for row in rows):
        return f"there must be {len(levels)} counts, one for each level"
    if not len(table.counts) == len(table.at_most) == len(table.below) or min(table.counts) < 1:
        return "there must be as many rows of counts as parts, each with at least one value"
    for total, up_to, before in zip(table.counts, table.at_most, table.below, strict=True):
        interleaved = [0, *(one for pair in zip(before, up_to, strict=True) for one in pair), total]
        if (np.diff(interleaved) < 0).any():
            return "counts must not fall from level to level, nor exceed their part"
    return ""
