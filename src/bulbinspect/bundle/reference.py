"""What the bulbs were like that a bundle was made with, so that a later line can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bulbinspect.errors import BundleError, SpecError
from bulbinspect.imaging.levels import Gray
from bulbinspect.imaging.measures import NUM_FEATURES, measure
from bulbinspect.metrics.distribution import Distribution, summarise

FORMAT_VERSION = 1
FEWEST_BULBS = 20
MEASURES = ("brightness", "contrast", "sharpness", "look")
"""`look` is how many standard deviations the features of a view lie from the mean, on average."""

_SMALLEST_SPREAD = 1e-4  # of a feature that was alike in all views
_DIGITS = 6

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """What one camera showed: its measures, and mean and spread (F,) of its features."""

    measures: Mapping[str, Distribution]
    centre: tuple[float, ...]
    spread: tuple[float, ...]

    def __post_init__(self) -> None:
        if set(self.measures) != set(MEASURES):
            raise SpecError(f"camera: the measures must be {', '.join(MEASURES)}")
        for one in (self.centre, self.spread):
            if len(one) != NUM_FEATURES or any(type(number) not in (int, float) for number in one):
                raise SpecError(f"camera: centre and spread must be {NUM_FEATURES} numbers each")
        if not np.isfinite(self.centre).all() or not all(0 < one < np.inf for one in self.spread):
            raise SpecError("camera: the centre must be finite, the spread above 0")

    def measure(self, pixels: Gray, max_level: int) -> dict[str, float]:
        """Return every measure of a preprocessed view (H, W)."""
        found = measure(pixels, max_level)
        away = (found.features - np.array(self.centre)) / np.array(self.spread)
        return {
            "brightness": found.brightness,
            "contrast": found.contrast,
            "sharpness": found.sharpness,
            "look": float(np.sqrt(np.mean(np.square(away)))),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The bulbs of `chosen_on`: their views by camera, and what the network said of them.

    `log_odds` of a defect are those of the network's softmax, before any calibration; good and
    defective bulbs are parts of their own. None without a good class.
    """

    chosen_on: str
    num_bulbs: int
    cameras: Mapping[str, Camera]
    log_odds: Distribution | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, a few kilobytes."""
        return {
            "format_version": FORMAT_VERSION,
            "chosen_on": self.chosen_on,
            "num_bulbs": self.num_bulbs,
            "cameras": {
                name: {
                    "measures": {key: one.to_dict() for key, one in camera.measures.items()},
                    "centre": list(camera.centre),
                    "spread": list(camera.spread),
                }
                for name, camera in self.cameras.items()
            },
            "log_odds": None if self.log_odds is None else self.log_odds.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read `to_dict` back; BundleError for a missing, unknown or senseless value."""
        try:
            expected = {"format_version", "chosen_on", "num_bulbs", "cameras", "log_odds"}
            if set(values) != expected or values["format_version"] != FORMAT_VERSION:
                raise SpecError(f"expected the keys {sorted(expected)} of version {FORMAT_VERSION}")
            log_odds = values["log_odds"]
            return cls(
                chosen_on=str(values["chosen_on"]),
                num_bulbs=int(values["num_bulbs"]),
                cameras={
                    name: Camera(
                        measures={
                            key: Distribution.from_dict(one)
                            for key, one in camera["measures"].items()
                        },
                        centre=tuple(camera["centre"]),
                        spread=tuple(camera["spread"]),
                    )
                    for name, camera in values["cameras"].items()
                },
                log_odds=None if log_odds is None else Distribution.from_dict(log_odds),
            )
        except (SpecError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleError(f"the reference of the bundle makes no sense: {error}") from error


def learn_reference(
    views: NDArray[Any],
    present: NDArray[np.bool_],
    *,
    view_names: Sequence[str],
    max_level: int,
    chosen_on: str,
    log_odds: NDArray[Any] | None = None,
    defective: NDArray[np.bool_] | None = None,
) -> Reference | None:
    """Describe preprocessed bulbs (N, V, H, W), and what the network said of them (N,).

    None if a camera shows fewer than 20 bulbs: nothing could be held against so few.
    """
    if len(views) < FEWEST_BULBS or (present.sum(axis=0) < FEWEST_BULBS).any():
        return None
    parts = []
    if log_odds is not None and defective is not None:
        parts = [log_odds[defective == kind] for kind in (False, True)]
    parts = [one for one in parts if len(one)]
    return Reference(
        chosen_on=chosen_on,
        num_bulbs=len(views),
        cameras={
            name: _learn_camera(views[present[:, at], at], max_level)
            for at, name in enumerate(view_names)
        },
        log_odds=summarise(parts) if parts else None,
    )


def _learn_camera(views: NDArray[Any], max_level: int) -> Camera:
    """Describe the views (N, H, W) of one camera."""
    found = [measure(view, max_level) for view in views]
    features = np.stack([one.features for one in found])
    measures = {
        name: summarise([np.array([getattr(one, name) for one in found])])
        for name in MEASURES
        if name != "look"
    }
    return Camera(
        measures={**measures, "look": summarise([_unseen_looks(features)])},
        centre=_rounded(features.mean(axis=0)),
        spread=_rounded(np.maximum(features.std(axis=0), _SMALLEST_SPREAD)),
    )


def _unseen_looks(features: _Floats) -> _Floats:
    """Return the look of each view (N, F) from a mean and spread that it had no part in."""
    num = len(features)
    centre, variance = features.mean(axis=0), features.var(axis=0)
    apart = features - centre
    others = np.maximum(variance - np.square(apart) / (num - 1), 0) * num / (num - 1)
    spread = np.maximum(np.sqrt(others), _SMALLEST_SPREAD)
    away = apart * (num / (num - 1)) / spread
    looks: _Floats = np.sqrt(np.mean(np.square(away), axis=1))
    return looks


def _rounded(numbers: _Floats) -> tuple[float, ...]:
    return tuple(float(f"{one:.{_DIGITS}g}") for one in numbers)
