"""How far a view lies from what the training views looked like, as one number."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bulbinspect.errors import SpecError
from bulbinspect.imaging.measures import NUM_FEATURES

_FOLDS = 5
_SMALLEST_SPREAD = 1e-4  # of a feature that was alike in all training views

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reference:
    """Centre (F,) and whitening (F, F), lower triangular, of the features of the training views.

    SpecError unless they are finite and the whitening leaves no feature out.
    """

    centre: tuple[float, ...]
    whitening: tuple[tuple[float, ...], ...]
    _centre: _Floats = field(init=False, repr=False, compare=False)
    _whitening: _Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        centre = _numbers("centre", self.centre, (NUM_FEATURES,))
        whitening = _numbers("whitening", self.whitening, (NUM_FEATURES, NUM_FEATURES))
        if (np.diag(whitening) <= 0).any() or np.triu(whitening, 1).any():
            raise SpecError("gate: whitening must be lower triangular with a diagonal above 0")
        object.__setattr__(self, "_centre", centre)
        object.__setattr__(self, "_whitening", whitening)

    def distance(self, features: _Floats) -> float:
        """Return the Mahalanobis distance divided by √F: about 1 for a typical training view."""
        away = self._whitening @ (features - self._centre)
        # a hostile whitening may overflow; infinity is a distance above every limit, NaN is none
        distance = math.sqrt(float(np.square(away).mean()))
        return math.inf if math.isnan(distance) else distance

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists."""
        return {"centre": list(self.centre), "whitening": [list(row) for row in self.whitening]}

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """Read `to_dict` back; SpecError for anything else."""
        if not isinstance(values, Mapping) or set(values) != {"centre", "whitening"}:
            raise SpecError("gate: reference must be an object with centre and whitening")
        centre, whitening = values["centre"], values["whitening"]
        if not isinstance(whitening, list) or not all(isinstance(row, list) for row in whitening):
            raise SpecError("gate: whitening must be a list of lists")
        if not isinstance(centre, list):
            raise SpecError("gate: centre must be a list")
        return cls(tuple(centre), tuple(map(tuple, whitening)))


def learn_reference(features: _Floats) -> Reference:
    """Describe features (N, F) by their mean and a shrunk covariance.

    The covariance of the standardised features is drawn towards the identity as far as Ledoit and
    Wolf (Journal of Multivariate Analysis 88, 2004) find best for this N; with few views most
    directions would otherwise seem narrower than they are.
    """
    centre = features.mean(axis=0)
    spread = np.maximum(features.std(axis=0), _SMALLEST_SPREAD)
    covariance = shrunk_covariance((features - centre) / spread)
    lower = np.linalg.inv(np.linalg.cholesky(covariance)) / spread
    whitening = np.tril(lower)
    return Reference(tuple(centre.tolist()), tuple(map(tuple, whitening.tolist())))


def shrunk_covariance(centred: _Floats) -> _Floats:
    """Return the Ledoit-Wolf covariance of rows (N, F) whose mean is 0."""
    num, size = centred.shape
    sample = centred.T @ centred / num
    level = float(np.trace(sample)) / size
    identity = np.eye(size)
    dispersion = float(np.square(sample - level * identity).sum())
    squares = np.square(centred).sum(axis=1)
    error = (float(np.square(squares).mean()) - float(np.square(sample).sum())) / num
    share = 1.0 if dispersion <= 0 else min(max(error, 0.0) / dispersion, 1.0)
    shrunk: _Floats = share * level * identity + (1 - share) * sample
    # what had no spread at all in training still needs a variance to divide by
    shrunk += 1e-6 * max(level, 1.0) * identity
    return shrunk


def unseen_distances(bulbs: Sequence[_Floats]) -> list[_Floats]:
    """Return the distances of the views of each bulb from a reference that it had no part in.

    `bulbs` hold features (V, F). Every fifth bulb is left out in turn, so the distances are not
    flattered as those from a reference of all bulbs would be.
    """
    distances = [np.zeros(0)] * len(bulbs)
    for first in range(_FOLDS):
        seen = [one for number, one in enumerate(bulbs) if number % _FOLDS != first]
        reference = learn_reference(np.concatenate(seen))
        for number in range(first, len(bulbs), _FOLDS):
            distances[number] = np.array([reference.distance(one) for one in bulbs[number]])
    return distances


def _numbers(name: str, values: object, shape: tuple[int, ...]) -> _Floats:
    """Return the array of nested tuples; SpecError unless all are finite numbers."""
    try:
        flat = [one for row in values for one in (row if len(shape) == 2 else [row])]  # type: ignore[attr-defined]
        if any(type(one) not in (int, float) for one in flat):
            raise TypeError
        array = np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise SpecError(f"gate: {name} must hold numbers only") from None
    if array.shape != shape or not np.isfinite(array).all():
        raise SpecError(f"gate: {name} must be {shape} finite numbers, got {array.shape}")
    return array
