"""One HTML file with the bulbs whose labels are doubtful, their sides next to each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bulbinspect.bulb import Bulb, Part, Prediction
from bulbinspect.errors import PictureError
from bulbinspect.files import whole_file
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import EIGHT_BITS
from bulbinspect.report.environment import environment
from bulbinspect.report.thumbnail import thumbnail


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulBulb:
    """A bulb, its label, and the answer of a network that never saw it.

    `label_probability` and `suggested_probability` are of the two labels, 0…1. `tone` colours it:
    `pass` where the suggested label is good, `reject` where it is a defect, else `none`.
    `confident` marks it.
    """

    rank: int
    bulb: Bulb
    suggested_label: str
    label_probability: float
    suggested_probability: float
    prediction: Prediction
    tone: str
    confident: bool
    run: str


@dataclass(frozen=True, slots=True)
class DoubtSection:
    """Bulbs of one kind below a heading; `num_left_out` are more of it that are not shown."""

    id: str
    title: str
    text: str
    bulbs: Sequence[DoubtfulBulb]
    num_left_out: int = 0


def write_audit_page(
    path: Path,
    *,
    title: str,
    facts: Mapping[str, str],
    sections: Iterable[DoubtSection],
    form: PictureForm = EIGHT_BITS,
    thumbnail_px: int = 128,
) -> None:
    """Write the page; it needs no network, no other file and no script.

    `facts` are pairs shown on top. Pictures are read from where the bulbs have them, in their
    `form`; one that cannot be read is shown with the reason.
    """
    page = (
        environment()
        .get_template("audit.html.jinja")
        .generate(
            title=title,
            facts=facts,
            sections=[_section(one, form, thumbnail_px) for one in sections],
            thumbnail_px=thumbnail_px,
        )
    )
    with whole_file(path) as file:
        file.writelines(page)


@dataclass(frozen=True, slots=True)
class _Side:
    """A view as the page shows it; `picture` is empty when it could not be read."""

    name: str
    picture: str
    reason: str
    detail: str
    probability: float | None
    is_suspicious: bool


@dataclass(frozen=True, slots=True)
class _Row:
    doubt: DoubtfulBulb
    sides: tuple[_Side, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    section: DoubtSection
    rows: tuple[_Row, ...]


def _section(section: DoubtSection, form: PictureForm, thumbnail_px: int) -> _Section:
    rows = (_Row(one, tuple(_sides(one, form, thumbnail_px))) for one in section.bulbs)
    return _Section(section, tuple(rows))


def _sides(doubt: DoubtfulBulb, form: PictureForm, thumbnail_px: int) -> Iterable[_Side]:
    """Yield the views of the manifest, each with what the answer says of it."""
    said = {view.view: view for view in doubt.prediction.views}
    for view in doubt.bulb.views:
        answer = said.get(view.name)
        picture, reason, detail = _picture(view.path, view.part, form, thumbnail_px)
        yield _Side(
            view.name,
            picture,
            reason,
            detail,
            None if answer is None else answer.defect_probability,
            answer is not None and answer.suspicion_rank == 1 and doubt.tone == "reject",
        )


def _picture(
    path: Path, part: Part | None, form: PictureForm, thumbnail_px: int
) -> tuple[str, str, str]:
    """Return the picture, or the reason and detail why there is none."""
    try:
        return thumbnail(path, thumbnail_px, part=part, form=form), "", ""
    except PictureError as error:
        return "", error.reason, error.detail
