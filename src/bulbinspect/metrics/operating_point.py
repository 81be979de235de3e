"""Where we cut: one threshold or two, together with the rates measured at them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bulbinspect.errors import DataError, SpecError


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A bulb whose defect probability is at or above `reject_threshold` is rejected.

    Below `pass_threshold` it passes, between the two a person looks at it: the review band, which
    is empty where they are equal. `rule` names how they were chosen, `chosen_on` the split. Of the
    `num_defective` bulbs there the escape rate passed, of the `num_good` ones the overkill rate
    were rejected; the review rates are the shares of both between the thresholds. `promise` holds
    the plain numbers of what was promised of them, and is empty where nothing was.
    """

    reject_threshold: float
    pass_threshold: float
    rule: str
    chosen_on: str
    num_good: int
    num_defective: int
    escape_rate: float
    overkill_rate: float
    review_rate_good: float = 0.0
    review_rate_defective: float = 0.0
    promise: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        shares = ("escape_rate", "overkill_rate", "review_rate_good", "review_rate_defective")
        for name in ("reject_threshold", "pass_threshold", *shares):
            value = getattr(self, name)
            if not _is_number(value) or not math.isfinite(value) or not 0 <= value <= 1:
                raise SpecError(f"operating point: {name} must be from 0 to 1, got {value!r}")
        if self.pass_threshold > self.reject_threshold:
            raise SpecError(
                f"operating point: pass_threshold {self.pass_threshold!r} is above "
                f"reject_threshold {self.reject_threshold!r}: a bulb would pass and be rejected"
            )
        if not isinstance(self.promise, Mapping) or not all(
            isinstance(name, str) and _is_number(value) and math.isfinite(value)
            for name, value in self.promise.items()
        ):
            raise SpecError(f"operating point: promise must hold finite numbers: {self.promise!r}")
        for name in ("num_good", "num_defective"):
            count = getattr(self, name)
            if type(count) is not int or count < 1:
                raise SpecError(f"operating point: {name} must be a count from 1, got {count!r}")
        for name in ("rule", "chosen_on"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text:
                raise SpecError(f"operating point: {name} must be a text, got {text!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, as they stand in the bundle."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**plain, "promise": dict(self.promise)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "OperatingPoint":
        """Read `to_dict` back; raise SpecError for a missing, unknown or senseless value."""
        expected = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != expected:
            came = sorted(map(str, values)) if isinstance(values, Mapping) else values
            raise SpecError(f"operating point: expected the keys {sorted(expected)}, got {came!r}")
        return cls(**values)


def best_balanced_accuracy(
    defective: ArrayLike, probability: ArrayLike, *, chosen_on: str
) -> OperatingPoint:
    """Choose the threshold with the highest balanced accuracy; of equals the lowest escape rate.

    Candidates are the midpoints between neighbouring distinct probabilities, and 0, which rejects
    every bulb. DataError unless there are good and defective bulbs and all probabilities are
    from 0 to 1.
    """
    truth, values = np.asarray(defective, bool), np.asarray(probability, float)
    if truth.ndim != 1 or truth.shape != values.shape:
        raise ValueError(f"expected two arrays (N,), got {truth.shape} and {values.shape}")
    num_defective = int(truth.sum())
    num_good = len(truth) - num_defective
    if not num_defective or not num_good:
        raise DataError(
            f"no threshold can be chosen on {chosen_on}: it needs good and defective bulbs, "
            f"got {num_good} good and {num_defective} defective"
        )
    if not np.all((values >= 0) & (values <= 1)):  # false for NaN as well
        raise DataError(
            f"no threshold can be chosen on {chosen_on}: a defect probability is not from 0 to 1"
        )
    distinct, level = np.unique(values, return_inverse=True)
    # passed[i]: how many lie below candidate i, when candidate i cuts below distinct[i]
    defective_passed = _below(np.bincount(level[truth], minlength=len(distinct)))
    good_passed = _below(np.bincount(level[~truth], minlength=len(distinct)))
    # balanced accuracy times 2 x good x defective, less a constant: whole numbers tie exactly
    gain = good_passed * num_defective - defective_passed * num_good
    best = int(np.argmax(gain))  # the first of equals is the lowest threshold: fewest escapes
    threshold = _between(distinct[best - 1], distinct[best]) if best else 0.0
    return OperatingPoint(
        reject_threshold=threshold,
        pass_threshold=threshold,
        rule="best_balanced_accuracy",
        chosen_on=chosen_on,
        num_good=num_good,
        num_defective=num_defective,
        escape_rate=float(defective_passed[best]) / num_defective,
        overkill_rate=float(num_good - good_passed[best]) / num_good,
    )


def threshold_at_overkill(
    defective: ArrayLike, probability: ArrayLike, *, max_overkill: float
) -> float:
    """Return the lowest threshold whose overkill rate on these bulbs is at most `max_overkill`.

    Candidates are those of `best_balanced_accuracy`, and one above the highest probability, which
    rejects none of these bulbs: the midpoint to 1, or the number after 1 where a bulb is at 1.
    Of good bulbs with equal probabilities all are rejected or none. DataError without good bulbs,
    and for a probability that is not from 0 to 1.
    """
    truth, values = np.asarray(defective, bool), np.asarray(probability, float)
    if truth.ndim != 1 or truth.shape != values.shape:
        raise ValueError(f"expected two arrays (N,), got {truth.shape} and {values.shape}")
    if not 0 <= max_overkill <= 1:
        raise ValueError(f"max_overkill is {max_overkill}, expected a share from 0 to 1")
    num_good = int((~truth).sum())
    if not num_good:
        raise DataError("no threshold has an overkill rate here: there are no good bulbs")
    if not np.all((values >= 0) & (values <= 1)):  # false for NaN as well
        raise DataError("no threshold can be chosen: a defect probability is not from 0 to 1")
    distinct, level = np.unique(values, return_inverse=True)
    good_passed = _below(np.bincount(level[~truth], minlength=len(distinct)))
    allowed = np.flatnonzero((num_good - good_passed) / num_good <= max_overkill)
    if not len(allowed):
        top = float(distinct[-1])
        return _between(top, 1.0) if top < 1 else math.nextafter(1, 2)
    first = int(allowed[0])
    return _between(distinct[first - 1], distinct[first]) if first else 0.0


def _below(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many lie on lower levels than each."""
    below: NDArray[np.int64] = np.cumsum(counts) - counts
    return below


def _between(low: float, high: float) -> float:
    """Return the midpoint, or `high` where no float lies between: `low` must stay below the cut."""
    middle = float(low + (high - low) / 2)
    return middle if middle > low else float(high)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
