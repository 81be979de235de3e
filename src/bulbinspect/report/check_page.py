"""One HTML file with all that a check has found, and the pictures that it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulbinspect.bulb import Part, ViewsIn
from bulbinspect.errors import PictureError
from bulbinspect.files import whole_file
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import EIGHT_BITS
from bulbinspect.report.environment import environment
from bulbinspect.report.thumbnail import thumbnail


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a check the page shows; what is left out is counted on it."""

    findings_of_a_kind: int = 40
    places_of_a_finding: int = 8
    thumbnails_of_a_kind: int = 80


def write_check_page(
    path: Path,
    result: Mapping[str, Any],
    *,
    form: PictureForm = EIGHT_BITS,
    limits: Limits = Limits(),
    thumbnail_px: int = 128,
) -> None:
    """Write the page of a check (what `CheckResult.to_dict` returns, or its JSON).

    It needs no network, no other file and no script. Pictures are read again in their `form` from
    where they lay at the check; one that cannot be is shown with the reason.
    """
    root = Path(result["root"])
    template = environment().get_template("check.html.jinja")
    pages = template.generate(
        result=result,
        kinds=[_kind(kind, result, root, form, limits, thumbnail_px) for kind in result["kinds"]],
        thumbnail_px=thumbnail_px,
    )
    with whole_file(path) as file:
        file.writelines(pages)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A place as the page shows it; `picture` is empty when there is none, or none more."""

    place: Mapping[str, Any]
    picture: str = ""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    finding: Mapping[str, Any]
    places: tuple[_Shown, ...]
    num_left_out: int


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: Mapping[str, Any]
    rows: tuple[_Row, ...]
    num_left_out: int


def _kind(
    kind: Mapping[str, Any],
    result: Mapping[str, Any],
    root: Path,
    form: PictureForm,
    limits: Limits,
    thumbnail_px: int,
) -> _Kind:
    findings = [one for one in result["findings"] if one["kind"] == kind["kind"]]
    left = limits.thumbnails_of_a_kind
    rows = []
    for finding in findings[: limits.findings_of_a_kind]:
        places = []
        for place in finding["places"][: limits.places_of_a_finding]:
            if place["path"] and left:
                left -= 1
                places.append(_with_picture(place, finding, root, form, thumbnail_px))
            else:
                places.append(_Shown(place))
        more = len(finding["places"]) - len(places)
        rows.append(_Row(finding, tuple(places), more))
    return _Kind(kind, tuple(rows), len(findings) - len(rows))


def _with_picture(
    place: Mapping[str, Any],
    finding: Mapping[str, Any],
    root: Path,
    form: PictureForm,
    thumbnail_px: int,
) -> _Shown:
    part = place["part"]
    which = Part(ViewsIn(part["kind"]), part["index"], part["of"]) if part else None
    try:
        picture = thumbnail(root / place["path"], thumbnail_px, part=which, form=form)
    except PictureError as error:
        reason = finding["reason"] or error.reason
        return _Shown(place, reason=reason, detail="" if finding["reason"] else error.detail)
    return _Shown(place, picture)
