"""One HTML file with the verdict on every bulb, its views, and the side that gave the verdict."""

import base64
import hashlib
import math
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO

from markupsafe import Markup

from bulbinspect.bulb import Prediction, Verdict, ViewPrediction
from bulbinspect.errors import PictureError
from bulbinspect.files import whole_file
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import EIGHT_BITS
from bulbinspect.report.environment import environment
from bulbinspect.report.thumbnail import thumbnail

NO_VERDICT = "none"
"""Stands for the verdict of a bulb judged by a bundle without a good class."""

_KINDS = {
    Verdict.REJECT.value: "Reject",
    Verdict.REVIEW.value: "Review",
    Verdict.UNJUDGED.value: "Unjudged",
    Verdict.PASS.value: "Pass",
    NO_VERDICT: "No verdict",
}


def write_page(
    path: Path,
    *,
    title: str,
    predictions: Iterable[Prediction],
    summary: Mapping[str, str],
    reject_threshold: float | None = None,
    thumbnail_px: int = 128,
    form: PictureForm = EIGHT_BITS,
) -> None:
    """Write the page; it needs no network, no other file, and no script to be read.

    `summary` are pairs shown on top (model, threshold, test figures, …); `reject_threshold` is
    marked on every bar; `form` is that of the pictures. Bulbs are rendered as they come, so memory
    does not grow with them.
    """
    templates = environment()
    bulb = templates.get_template("bulb.html.jinja")
    script = files("bulbinspect.report").joinpath("page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    counts: Counter[str] = Counter()
    # The counts stand above the bulbs but are known after them, hence the file in between.
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="", dir=path.parent) as bulbs:
        for prediction in predictions:
            row = _row(prediction, thumbnail_px, form)
            counts[row.kind] += 1
            bulbs.write(bulb.render(row=row, reject_threshold=reject_threshold))
        bulbs.seek(0)
        page = templates.get_template("page.html.jinja").generate(
            title=title,
            summary=summary,
            kinds=[(kind, word, counts[kind]) for kind, word in _KINDS.items() if counts[kind]],
            num_bulbs=counts.total(),
            reject_threshold=reject_threshold,
            thumbnail_px=thumbnail_px,
            bulbs=_pieces(bulbs),
            script=Markup(script),  # noqa: S704  # our own file, and the policy pins its hash
            script_sha256=digest,
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
    gave_verdict: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """A bulb as the page shows it; `probability` is that of a defect, or else of its label."""

    bulb_id: str
    kind: str
    verdict: str
    reason: str
    detail: str
    label: str
    probability: float | None
    probability_of: str
    sides: tuple[_Side, ...]


def _row(prediction: Prediction, thumbnail_px: int, form: PictureForm) -> _Row:
    kind = NO_VERDICT if prediction.verdict is None else prediction.verdict.value
    probability, probability_of = prediction.defect_probability, "defect probability"
    index = None
    if prediction.verdict is None and prediction.class_probabilities:
        probability = max(prediction.class_probabilities)
        index = prediction.class_probabilities.index(probability)
        probability_of = "probability of the label"
    return _Row(
        bulb_id=prediction.bulb_id,
        kind=kind,
        verdict=_KINDS[kind],
        reason=prediction.reason,
        detail=prediction.detail,
        label=prediction.label,
        probability=_finite(probability),
        probability_of=probability_of,
        sides=tuple(
            _side(
                view,
                name=view.view or str(position),
                probability=_own_probability(view, index),
                gave_verdict=(
                    prediction.verdict is Verdict.REJECT and view.view == prediction.defective_view
                ),
                thumbnail_px=thumbnail_px,
                form=form,
            )
            for position, view in enumerate(prediction.views, start=1)
        ),
    )


def _side(
    view: ViewPrediction,
    *,
    name: str,
    probability: float | None,
    gave_verdict: bool,
    thumbnail_px: int,
    form: PictureForm,
) -> _Side:
    picture, reason, detail = "", view.reason, view.detail
    try:
        picture = thumbnail(view.path, thumbnail_px, part=view.part, form=form)
    except PictureError as error:
        # What stood in the way of the verdict says more than what stands in the way of the page.
        reason, detail = reason or error.reason, detail or error.detail
    return _Side(name, picture, reason, detail, probability, gave_verdict)


def _own_probability(view: ViewPrediction, index: int | None) -> float | None:
    if index is None:
        return _finite(view.defect_probability)
    return _finite(view.class_probabilities[index]) if view.class_probabilities else None


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _pieces(file: IO[str]) -> Iterator[Markup]:
    while piece := file.read(1 << 16):
        yield Markup(piece)  # noqa: S704  # rendered above by the escaping environment
