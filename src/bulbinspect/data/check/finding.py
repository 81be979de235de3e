"""One thing that was found, and the places where it is."""

from dataclasses import asdict, dataclass
from typing import Any

from bulbinspect.data.check.kinds import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found; what is not known, or does not apply, is empty.

    `path` is relative to the folder that was checked, or that of the manifest; `line` is that of
    the manifest; `how` says how this picture differs from the first one of a finding.
    """

    bulb_id: str = ""
    view: str = ""
    path: str = ""
    line: int | None = None
    label: str = ""
    split: str = ""
    how: str = ""
    part: tuple[str, int, int] | None = None  # kind, index, of


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: a code of `KINDS`, a sentence for a person, and all its places.

    `reason` is the code of a `PictureError`, for pictures that were refused.
    """

    code: str
    detail: str
    places: tuple[Place, ...] = ()
    reason: str = ""

    @property
    def kind(self) -> Kind:
        """What kind of finding it is."""
        return KINDS[self.code]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as they stand in the JSON."""
        places = [asdict(place) for place in self.places]
        for place in places:
            if place["part"] is not None:
                kind, index, of = place["part"]
                place["part"] = {"kind": kind, "index": index, "of": of}
        return {
            "kind": self.code,
            "severity": self.kind.severity.value,
            "reason": self.reason,
            "detail": self.detail,
            "places": places,
        }
