"""A prediction as rows of CSV and as a line of JSON. `docs/predict.md` explains the columns."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bulbinspect.bulb import Part, Prediction, Verdict, ViewPrediction, ViewsIn
from bulbinspect.inspection.text import for_spreadsheet

PREDICTION_COLUMNS = (
    "bulb_id",
    "verdict",
    "reason",
    "label",
    "defect_probability",
    "defective_view",
    "model",
)
VIEW_COLUMNS = ("bulb_id", "view", "path", "part", "reason", "defect_probability", "suspicion_rank")


def prediction_header(classes: Sequence[str]) -> list[str]:
    """Return the columns of `predictions.csv`."""
    return [*PREDICTION_COLUMNS, *_class_columns(classes)]


def prediction_row(prediction: Prediction, classes: Sequence[str]) -> list[str]:
    """Return the row of `predictions.csv` for one bulb."""
    return [
        for_spreadsheet(prediction.bulb_id),
        prediction.verdict or "",
        prediction.reason,
        for_spreadsheet(prediction.label),
        _number(prediction.defect_probability),
        for_spreadsheet(prediction.defective_view),
        prediction.model,
        *_numbers(prediction.class_probabilities, classes),
    ]


def view_header(classes: Sequence[str]) -> list[str]:
    """Return the columns of `views.csv`."""
    return [*VIEW_COLUMNS, *_class_columns(classes)]


def view_rows(prediction: Prediction, classes: Sequence[str]) -> Iterator[list[str]]:
    """Yield the rows of `views.csv` for one bulb."""
    for view in prediction.views:
        yield [
            for_spreadsheet(prediction.bulb_id),
            for_spreadsheet(view.view),
            for_spreadsheet(str(view.path)),
            _part(view.part),
            view.reason,
            _number(view.defect_probability),
            "" if view.suspicion_rank is None else str(view.suspicion_rank),
            *_numbers(view.class_probabilities, classes),
        ]


def to_json(prediction: Prediction, classes: Sequence[str]) -> str:
    """Return the line of `predictions.jsonl` for one bulb, without the newline."""
    values = {
        "bulb_id": prediction.bulb_id,
        "verdict": prediction.verdict,
        "reason": prediction.reason,
        "detail": prediction.detail,
        "label": prediction.label,
        "defect_probability": prediction.defect_probability,
        "defective_view": prediction.defective_view,
        "model": prediction.model,
        "probabilities": _by_class(prediction.class_probabilities, classes),
        "views": [
            {
                "view": view.view,
                "path": str(view.path),
                "part": view.part and asdict(view.part),
                "reason": view.reason,
                "detail": view.detail,
                "defect_probability": view.defect_probability,
                "suspicion_rank": view.suspicion_rank,
                "probabilities": _by_class(view.class_probabilities, classes),
                "evidence": view.evidence,
            }
            for view in prediction.views
        ],
    }
    return json.dumps(values, allow_nan=False)


def from_json(line: str) -> Prediction:
    """Read what `to_json` wrote."""
    values = json.loads(line)
    return Prediction(
        bulb_id=values["bulb_id"],
        verdict=None if values["verdict"] is None else Verdict(values["verdict"]),
        model=values["model"],
        reason=values["reason"],
        detail=values["detail"],
        label=values["label"],
        defect_probability=values["defect_probability"],
        defective_view=values["defective_view"],
        class_probabilities=tuple(values["probabilities"].values()),
        views=tuple(_view_from(view) for view in values["views"]),
    )


def _view_from(values: dict[str, Any]) -> ViewPrediction:
    return ViewPrediction(
        view=values["view"],
        path=Path(values["path"]),
        part=_part_from(values["part"]),
        reason=values["reason"],
        detail=values["detail"],
        defect_probability=values["defect_probability"],
        suspicion_rank=values["suspicion_rank"],
        class_probabilities=tuple(values["probabilities"].values()),
        evidence=tuple(map(tuple, values["evidence"])),
    )


def _part(part: Part | None) -> str:
    """Return which channel or page of its file a view is, counted from 0 as in a manifest."""
    return "" if part is None else f"{part.kind.removesuffix('s')} {part.index}"


def _part_from(values: dict[str, Any] | None) -> Part | None:
    return None if values is None else Part(ViewsIn(values["kind"]), values["index"], values["of"])


def _class_columns(classes: Sequence[str]) -> list[str]:
    return [f"probability_{name}" for name in classes]


def _numbers(probabilities: Sequence[float], classes: Sequence[str]) -> list[str]:
    """Return a cell for each class, empty ones for what was not judged."""
    return [repr(one) for one in probabilities] or [""] * len(classes)


def _number(probability: float | None) -> str:
    return "" if probability is None else repr(probability)


def _by_class(probabilities: Sequence[float], classes: Sequence[str]) -> dict[str, float]:
    return dict(zip(classes, probabilities, strict=True)) if probabilities else {}
