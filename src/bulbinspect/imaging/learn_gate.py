"""Learn the limits of a gate from the views that a network was trained with."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.errors import DataError
from bulbinspect.imaging.familiarity import learn_reference, unseen_distances
from bulbinspect.imaging.gate import Gate, size_ratio
from bulbinspect.imaging.measures import Measures, measure

_MARGIN = 0.25
_ENOUGH_BULBS = 100
_BULBS_FOR_ONE_LEFT_OUT = 200
_FEWEST_BULBS = 10  # for a distance
_DISTANCE_MARGIN = 0.6
_SATURATED_MARGIN = 0.02  # a reflection that happens to be in none of the training views
_SMOOTH = 0.5  # the sharpness of a picture without any detail

_Floats = NDArray[np.float64]


def learn_gate(bulbs: Iterable[tuple[NDArray[Any], NDArray[Any]]], max_level: int) -> Gate:
    """Learn from training bulbs: of each the views (V, H, W) and their picture sizes (V, 2).

    Each limit lies beyond the most extreme bulb by a margin: a quarter of the way, by ratios, that
    the median view has to it, and more for fewer than 100 bulbs. Of every 200 bulbs one is left
    out of each limit, the most extreme, so that one odd picture does not open the gate. DataError
    without any views.
    """
    measured: list[list[Measures]] = []
    sizes: list[NDArray[Any]] = []
    for views, picture_sizes in bulbs:
        if len(views):
            measured.append([measure(view, max_level) for view in views])
            sizes.append(picture_sizes)
    if not measured:
        raise DataError("there are no training views to learn the limits of the gate from")
    all_sizes = np.concatenate(sizes)
    low, high = all_sizes.min(axis=0).tolist(), all_sizes.max(axis=0).tolist()
    margin = _MARGIN * max(1.0, _ENOUGH_BULBS / len(measured))

    def values(name: str) -> list[_Floats]:
        return [np.array([getattr(one, name) for one in bulb]) for bulb in measured]

    brightness = values("brightness")
    sharp_limit = _below([bulb - _SMOOTH for bulb in values("sharpness")], margin)
    saturated = _extreme(values("saturated")) * (1 + margin) + _SATURATED_MARGIN
    gate = Gate(
        min_brightness=_below(brightness, margin),
        max_brightness=_above(brightness, margin),
        max_saturated=min(saturated, 1.0),
        min_contrast=_below(
            [np.array([one.contrast for one in bulb]) for bulb in measured], margin
        ),
        min_sharpness=_SMOOTH + sharp_limit if sharp_limit > 0 else 0.0,
        min_height_px=low[0],
        max_height_px=high[0],
        min_width_px=low[1],
        max_width_px=high[1],
        max_size_ratio=max(map(size_ratio, sizes)),
    )
    if len(measured) < _FEWEST_BULBS:
        return gate
    features = [np.stack([one.features for one in bulb]) for bulb in measured]
    largest = _extreme(unseen_distances(features))
    return replace(
        gate,
        reference=learn_reference(np.concatenate(features)),
        max_distance=largest * (1 + _DISTANCE_MARGIN * margin),
    )


def _extreme(bulbs: list[_Floats]) -> float:
    """Return the largest value of a view that is left after the most extreme bulbs."""
    of_bulbs = np.sort([values.max() for values in bulbs])
    return float(of_bulbs[-1 - len(bulbs) // _BULBS_FOR_ONE_LEFT_OUT])


def _above(bulbs: list[_Floats], margin: float) -> float:
    """Return the limit above values 0…1, 1 where that lets everything pass."""
    extreme, median = _extreme(bulbs), _median(bulbs)
    return min(extreme * (extreme / median) ** margin, 1.0) if median > 0 else 1.0


def _below(bulbs: list[_Floats], margin: float) -> float:
    """Return the limit below the values; 0, which lets everything pass, if that is among them."""
    extreme, median = -_extreme([-values for values in bulbs]), _median(bulbs)
    return extreme * (extreme / median) ** margin if extreme > 0 else 0.0


def _median(bulbs: list[_Floats]) -> float:
    return float(np.median(np.concatenate(bulbs)))
