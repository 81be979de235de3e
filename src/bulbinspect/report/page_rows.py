"""A bulb as the page shows it: its answer, its truth where it is known, and its sides."""

import math
from dataclasses import dataclass

from bulbinspect.bulb import GOOD, Prediction, Verdict, ViewPrediction
from bulbinspect.errors import PictureError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.report.overlay import Overlay, make_overlay
from bulbinspect.report.page_pictures import PagePictures
from bulbinspect.report.thumbnail import make_thumbnail

NO_VERDICT = "none"
"""Stands for the verdict of a bulb judged by a bundle without a good class."""

KINDS = {
    Verdict.REJECT.value: "Reject",
    Verdict.REVIEW.value: "Review",
    Verdict.UNJUDGED.value: "Unjudged",
    Verdict.PASS.value: "Pass",
    NO_VERDICT: "No verdict",
}


@dataclass(frozen=True, slots=True)
class Side:
    """A view as the page shows it; `picture` is empty when it could not be read."""

    name: str
    picture: str
    overlay: Overlay | None
    reason: str
    detail: str
    probability: float | None
    gave_verdict: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A bulb as the page shows it; `probability` is that of a defect, or else of its label.

    `truth` is its label in the manifest, `""` where nobody knows it, `mistake` what the answer is
    in that light: `escape`, `overkill`, `wrong label`, or `""`.
    """

    bulb_id: str
    kind: str
    verdict: str
    reason: str
    detail: str
    label: str
    truth: str
    mistake: str
    probability: float | None
    probability_of: str
    sides: tuple[Side, ...]


def make_row(
    prediction: Prediction,
    *,
    truth: str,
    thumbnail_px: int,
    preprocess: PreprocessSpec,
    pictures: PagePictures,
) -> Row:
    """Return the row of a bulb; its thumbnails go to `pictures`."""
    kind = NO_VERDICT if prediction.verdict is None else prediction.verdict.value
    probability, probability_of = prediction.defect_probability, "defect probability"
    index = None
    if prediction.verdict is None and prediction.class_probabilities:
        probability = max(prediction.class_probabilities)
        index = prediction.class_probabilities.index(probability)
        probability_of = "probability of the label"
    return Row(
        bulb_id=prediction.bulb_id,
        kind=kind,
        verdict=KINDS[kind],
        reason=prediction.reason,
        detail=prediction.detail,
        label=prediction.label,
        truth=truth,
        mistake=_mistake(prediction, truth),
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
                preprocess=preprocess,
                pictures=pictures,
            )
            for position, view in enumerate(prediction.views, start=1)
        ),
    )


def _mistake(prediction: Prediction, truth: str) -> str:
    """Say what is wrong with an answer; of a bulb that nobody judged or labelled nothing."""
    if not truth or prediction.verdict is Verdict.UNJUDGED:
        return ""
    if prediction.verdict is Verdict.PASS and truth != GOOD:
        return "escape"
    if prediction.verdict is Verdict.REJECT and truth == GOOD:
        return "overkill"
    stopped_good = prediction.verdict is Verdict.REVIEW and truth == GOOD
    return "wrong label" if prediction.label != truth and not stopped_good else ""


def _side(
    view: ViewPrediction,
    *,
    name: str,
    probability: float | None,
    gave_verdict: bool,
    thumbnail_px: int,
    preprocess: PreprocessSpec,
    pictures: PagePictures,
) -> Side:
    address, overlay, reason, detail = "", None, view.reason, view.detail
    try:
        picture = make_thumbnail(view.path, thumbnail_px, part=view.part, form=preprocess.form)
    except PictureError as error:
        # What stood in the way of the verdict says more than what stands in the way of the page.
        reason, detail = reason or error.reason, detail or error.detail
    else:
        address = pictures.add(picture.png)
        overlay = make_overlay(view.evidence, picture, preprocess)
    return Side(name, address, overlay, reason, detail, probability, gave_verdict)


def _own_probability(view: ViewPrediction, index: int | None) -> float | None:
    if index is None:
        return _finite(view.defect_probability)
    return _finite(view.class_probabilities[index]) if view.class_probabilities else None


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
