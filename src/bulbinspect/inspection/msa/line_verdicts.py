"""The verdicts of the line on the shots of a study: judged now, or written down before."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bulbinspect.bulb import Bulb, Prediction, Verdict
from bulbinspect.data.check.look import plain_spec
from bulbinspect.errors import DataError, UsageError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import watched
from bulbinspect.inspection.rows import from_json


@dataclass(frozen=True, slots=True)
class LineVerdicts:
    """The predictions of one bundle, without their views; `model` is its SHA-256.

    `spec` is how its pictures are read, as far as that is known; `learnt_from` the SHA-256 of the
    manifest that the network learnt from, "" where nothing says it.
    """

    predictions: tuple[Prediction, ...]
    model: str
    spec: PreprocessSpec
    learnt_from: str = ""
    gate_overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def judge_shots(inspector: Inspector, shots: Sequence[Bulb]) -> LineVerdicts:
    """Judge every shot; UsageError, before any work, for a bundle that gives no verdicts."""
    bundle = inspector.bundle
    metadata = bundle.metadata
    if metadata.good_index is None:
        raise UsageError("the bundle has no class `good`: it names classes, and gives no verdicts")
    answers = watched(inspector.inspect(shots), len(shots))
    return LineVerdicts(
        tuple(replace(one, views=()) for one in answers),
        bundle.sha256,
        metadata.preprocess,
        learnt_from=str(metadata.provenance.get("manifest_sha256", "")),
        gate_overrides=bundle.overrides,
    )


def read_verdicts(folder: Path, *, manifest_sha256: str) -> LineVerdicts:
    """Read `predictions.jsonl` of a folder of results.

    UsageError if there is none; DataError for a line that is no prediction, for verdicts of several
    bundles, and where `metrics.json` says that another manifest was judged.
    """
    path = folder / "predictions.jsonl"
    if not path.is_file():
        raise UsageError(f"{folder} holds no predictions.jsonl; name a folder of results")
    judged = _judged_manifest(folder / "metrics.json")
    if judged not in ("", manifest_sha256):
        raise DataError(f"{folder} has the verdicts on another manifest, as its metrics.json says")
    predictions = tuple(_predictions(path))
    models = {one.model for one in predictions}
    if len(models) != 1:
        raise DataError(f"{path} holds the verdicts of {len(models)} bundles, expected one")
    unsure = f"nothing in {folder.name} says that this manifest was judged; shots go by their ids"
    return LineVerdicts(predictions, models.pop(), plain_spec(), notes=() if judged else (unsure,))


def _predictions(path: Path) -> Iterator[Prediction]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield _prediction(line)
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                    raise DataError(f"{path}, line {number}: not a prediction ({error})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8") from error


def _prediction(line: str) -> Prediction:
    """Return what a line says; ValueError for what no bundle of ours would have said."""
    one = replace(from_json(line), views=())
    probability = one.defect_probability
    if not all(isinstance(text, str) for text in (one.bulb_id, one.model, one.reason)):
        raise ValueError("a name that is no text")
    if one.verdict in (None, Verdict.UNJUDGED):
        if probability is not None:
            raise ValueError("a probability without a verdict")
    elif type(probability) is not float or not 0 <= probability <= 1:  # false for NaN as well
        raise ValueError(f"a defect probability of {probability!r:.40}")
    return one


def _judged_manifest(path: Path) -> str:
    """Return the SHA-256 of the manifest that `metrics.json` names, "" where nothing says it."""
    if not path.is_file():
        return ""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON") from error
    judged = values.get("manifest_sha256", "") if isinstance(values, dict) else ""
    return judged if isinstance(judged, str) else ""
