"""What a bundle says of itself: plain values, read strictly, so that a wrong one never judges."""

import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from bulbinspect.bulb import GOOD, ViewsIn
from bulbinspect.errors import BundleError, SpecError
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.metrics.calibration import Calibration
from bulbinspect.metrics.operating_point import OperatingPoint

FORMAT_VERSION = 3


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleMetadata:
    """Everything beside the graph that judging and tracing needs.

    `classes` are in the order of the logits, `view_names` in the order of the views, `views_in`
    says where the views of the training bulbs lay. Without a `gate` every view that can be read is
    judged. `calibration` turns logits into probabilities, without one the softmax does.
    `min_views` is how many views must be there for a bulb to be judged, None for all of them.
    `reference` is what the bulbs were like that it was made with, for a later comparison.
    `model` holds the values of the ModelSpec, `agreement` the proof that the exported network does
    what the trained one does, `provenance` versions and hashes; the inspection wing only shows
    these three.
    """

    format_version: int = FORMAT_VERSION
    classes: tuple[str, ...]
    view_names: tuple[str, ...]
    preprocess: PreprocessSpec
    views_in: ViewsIn = ViewsIn.FILES
    gate: Gate | None = None
    calibration: Calibration | None = None
    operating_point: OperatingPoint | None = None
    min_views: int | None = None
    reference: Mapping[str, Any] = field(default_factory=_nothing)
    model: Mapping[str, Any] = field(default_factory=_nothing)
    agreement: Mapping[str, Any] = field(default_factory=_nothing)
    provenance: Mapping[str, Any] = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        _check_version(self.format_version)
        _check_names("classes", self.classes, at_least=2)
        _check_names("view_names", self.view_names, at_least=1)
        if self.operating_point is not None and self.good_index is None:
            raise BundleError(f"an operating point needs a class {GOOD!r}, got {self.classes!r}")
        if self.calibration is not None and self.good_index is None:
            raise BundleError(f"a calibration needs a class {GOOD!r}, got {self.classes!r}")
        least = self.min_views
        if least is not None and (type(least) is not int or not 1 <= least <= self.num_views):
            raise BundleError(
                f"min_views must be from 1 to {self.num_views} or null, got {least!r}"
            )
        for name in ("reference", "model", "agreement", "provenance"):
            _check_plain(name, getattr(self, name))

    @property
    def num_views(self) -> int:
        """How many views a bulb has when none is missing."""
        return len(self.view_names)

    @property
    def good_index(self) -> int | None:
        """Where the good class stands among the classes, if there is one."""
        return self.classes.index(GOOD) if GOOD in self.classes else None

    def to_json(self) -> str:
        """Return the text that `from_json` reads back."""
        point, calibration = self.operating_point, self.calibration
        values = {
            "format_version": self.format_version,
            "classes": list(self.classes),
            "view_names": list(self.view_names),
            "preprocess": self.preprocess.to_dict(),
            "views_in": self.views_in.value,
            "gate": None if self.gate is None else self.gate.to_dict(),
            "calibration": None if calibration is None else calibration.to_dict(),
            "operating_point": None if point is None else point.to_dict(),
            "min_views": self.min_views,
            "reference": dict(self.reference),
            "model": dict(self.model),
            "agreement": dict(self.agreement),
            "provenance": dict(self.provenance),
        }
        return json.dumps(values, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "BundleMetadata":
        """Read the text of a bundle; BundleError for anything missing, unknown or senseless."""
        values = _parse(text)
        _check_version(values.get("format_version"))  # first: another version has other keys
        expected = {one.name for one in fields(cls)}
        if set(values) != expected:
            raise BundleError(
                f"the metadata must have the keys {sorted(expected)}, got {sorted(values)}"
            )
        point, gate, calibration = (
            values[name] for name in ("operating_point", "gate", "calibration")
        )
        try:
            read = {
                "classes": _tuple("classes", values["classes"]),
                "view_names": _tuple("view_names", values["view_names"]),
                "preprocess": PreprocessSpec.from_dict(_dict(values["preprocess"])),
                "views_in": _views_in(values["views_in"]),
                "gate": None if gate is None else Gate.from_dict(gate),
                "calibration": None if calibration is None else Calibration.from_dict(calibration),
                "operating_point": None if point is None else OperatingPoint.from_dict(point),
            }
            return cls(**values | read)
        except SpecError as error:
            raise BundleError(f"the metadata makes no sense: {error}") from error


def _check_version(version: object) -> None:
    if type(version) is not int or version != FORMAT_VERSION:
        raise BundleError(
            f"expected a bundle of format_version {FORMAT_VERSION}, got {version!r}: "
            "another version of bulbinspect wrote it"
        )


def _check_names(what: str, names: tuple[str, ...], *, at_least: int) -> None:
    """Raise BundleError unless the names are texts that can be shown, each of them once."""
    if len(names) < at_least:
        raise BundleError(f"{what} must be at least {at_least}, got {list(names)!r}")
    for name in names:
        if not isinstance(name, str) or not name or any(map(_is_unshowable, name)):
            raise BundleError(f"{what} must be texts without control characters, got {name!r}")
    if len(set(names)) < len(names):
        raise BundleError(f"{what} must differ from each other, got {list(names)!r}")


def _is_unshowable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")  # control characters, lone surrogates


def _check_plain(what: str, value: object) -> None:
    """Raise BundleError unless `value` is a dict that JSON can hold as it is."""
    if not isinstance(value, Mapping):
        raise BundleError(f"{what} must be a mapping, got {value!r}")
    try:
        json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BundleError(f"{what} must hold plain finite values: {error}") from error


def _tuple(what: str, value: object) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise BundleError(f"{what} must be a list, got {value!r}")
    return tuple(value)


def _views_in(value: object) -> ViewsIn:
    if not isinstance(value, str) or value not in tuple(ViewsIn):
        raise BundleError(f"views_in must be one of {', '.join(ViewsIn)}, got {value!r:.80}")
    return ViewsIn(value)


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BundleError(f"preprocess must be an object, got {value!r:.80}")
    return value


def _parse(text: str) -> dict[str, Any]:
    try:
        values = json.loads(
            text, object_pairs_hook=_each_key_once, parse_float=_finite, parse_constant=_finite
        )
    except (ValueError, RecursionError) as error:
        raise BundleError(f"the metadata is not JSON as bulbinspect writes it: {error}") from error
    if not isinstance(values, dict):
        raise BundleError(f"the metadata must be a JSON object, got {values!r:.80}")
    return values


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError(f"a key stands twice among {[key for key, _ in pairs]}")
    return values


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number
