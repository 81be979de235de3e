"""Is this view fit to be judged? Limits learnt from the training views; `docs/gate.md`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from bulbinspect.errors import PictureError, SpecError
from bulbinspect.imaging.familiarity import Reference
from bulbinspect.imaging.load import LoadedView
from bulbinspect.imaging.measures import measure

REMEMBERED_BULBS = 10_000

_MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Limits of what is judged; None means that there is none.

    Levels are in parts of the gray range, sizes are those of the picture before preprocessing,
    `max_size_ratio` is that of the largest picture of a bulb to its smallest, in height or width.
    `max_distance` is from `reference`. `remembered_bulbs` is for how many bulbs the inspector keeps
    their pictures in mind to find a frozen camera. SpecError for a limit out of its range.
    """

    min_brightness: float | None = None
    max_brightness: float | None = None
    max_saturated: float | None = None
    min_contrast: float | None = None
    min_sharpness: float | None = None
    min_height_px: int | None = None
    max_height_px: int | None = None
    min_width_px: int | None = None
    max_width_px: int | None = None
    max_size_ratio: float | None = None
    max_distance: float | None = None
    remembered_bulbs: int | None = REMEMBERED_BULBS
    reference: Reference | None = None

    def __post_init__(self) -> None:
        check_limits({name: getattr(self, name) for name in LIMITS})
        if self.max_distance is not None and self.reference is None:
            raise SpecError("gate: max_distance needs the reference that it is a distance from")

    def refusal(self, view: LoadedView, max_level: int) -> PictureError | None:
        """Return why a view must not be judged, with the measured value and the limit, or None."""
        for reason, name, what, value in self._values(view, max_level):
            limit = getattr(self, name)
            if limit is None:
                continue
            # whatever does not compare must not be judged
            if not (value >= limit if name.startswith("min_") else value <= limit):
                side = "below" if name.startswith("min_") else "above"
                text = f"{what} {_shown(value)} is {side} the limit {_shown(limit)} ({name})"
                return PictureError(reason, text)
        return None

    def refusal_of_bulb(self, views: Sequence[LoadedView]) -> PictureError | None:
        """Return why the views of a bulb do not go together, or None: their pictures' sizes."""
        if self.max_size_ratio is None or not views:
            return None
        ratio = size_ratio([view.picture_size for view in views])
        if ratio <= self.max_size_ratio:
            return None
        return PictureError(
            "mixed_sizes",
            f"its largest picture is {_shown(ratio)} times as high or wide as its smallest, above "
            f"the limit {_shown(self.max_size_ratio)} (max_size_ratio)",
        )

    def with_overrides(self, overrides: Mapping[str, float | None]) -> Self:
        """Return the gate with other limits, None to have none.

        SpecError, which lists the known ones, for a name that is none, and for a senseless value.
        """
        check_limits(overrides)
        tidy: dict[str, Any] = {name: _tidy(name, value) for name, value in overrides.items()}
        return replace(self, **tidy)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, as they stand in the bundle."""
        limits = {name: getattr(self, name) for name in LIMITS}
        return {**limits, "reference": self.reference and self.reference.to_dict()}

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """Read `to_dict` back; SpecError for a missing, unknown or senseless value."""
        expected = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != expected:
            came = sorted(map(str, values)) if isinstance(values, Mapping) else values
            raise SpecError(f"gate: expected the keys {sorted(expected)}, got {came!r:.300}")
        given = values["reference"]
        reference = None if given is None else Reference.from_dict(given)
        return cls(**{**values, "reference": reference})

    def _values(self, view: LoadedView, max_level: int) -> Iterator[tuple[str, str, str, float]]:
        """Yield (reason, limit, what is measured, value) in the order in which reasons count."""
        height, width = view.picture_size
        for side, length in (("height", height), ("width", width)):
            yield "wrong_size", f"min_{side}_px", f"the picture's {side}", length
            yield "wrong_size", f"max_{side}_px", f"the picture's {side}", length
        measures = measure(view.pixels, max_level)
        yield "too_dark", "min_brightness", "brightness", measures.brightness
        yield "too_bright", "max_brightness", "brightness", measures.brightness
        yield "saturated", "max_saturated", "share of white pixels", measures.saturated
        yield "blank", "min_contrast", "contrast", measures.contrast
        yield "blurred", "min_sharpness", "sharpness", measures.sharpness
        if self.reference is not None and self.max_distance is not None:
            distance = self.reference.distance(measures.features)
            yield "unfamiliar", "max_distance", "distance from the training views", distance


def size_ratio(sizes: ArrayLike) -> float:
    """Return how many times larger the largest of sizes (V, 2) is, in height or in width."""
    sides = np.asarray(sizes, np.float64)
    return float((sides.max(axis=0) / sides.min(axis=0)).max())


LIMITS = tuple(field.name for field in fields(Gate) if field.name != "reference")
"""The names of all limits, as they can be overridden."""


def check_limits(limits: Mapping[str, float | None]) -> None:
    """Raise SpecError for an unknown name, listing the known ones, or a senseless value."""
    unknown = [name for name in limits if name not in LIMITS]
    if unknown:
        raise SpecError(f"gate: no limit is called {unknown[0]!r}; known: {', '.join(LIMITS)}")
    problems = [
        problem for name in limits if (problem := _problem(name, _tidy(name, limits[name])))
    ]
    if problems:
        raise SpecError(f"gate: {'; '.join(problems)}")


def _problem(name: str, value: object) -> str:
    """Return what is wrong with the value of a limit, or nothing."""
    if value is None:
        return ""
    if name.endswith("_px") or name == "remembered_bulbs":
        if type(value) is int and 1 <= value <= _MOST:
            return ""
        return f"{name} must be a whole number from 1 to {_MOST:,}, not {value!r}"
    high = _MOST if name in ("max_distance", "min_sharpness", "max_size_ratio") else 1
    low = 1 if name == "max_size_ratio" else 0
    # NaN is not from 0 to anything
    if type(value) in (int, float) and low <= value <= high:  # type: ignore[operator]
        return ""
    return f"{name} must be a number from {low} to {high:,}, not {value!r}"


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _tidy(name: str, value: float | None) -> float | None:
    """Return whole numbers as such where a limit is one."""
    whole = name.endswith("_px") or name == "remembered_bulbs"
    return int(value) if whole and isinstance(value, float) and value.is_integer() else value
