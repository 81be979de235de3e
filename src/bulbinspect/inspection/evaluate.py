"""How well a bundle judges bulbs whose labels are known, measured through the inspector."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from bulbinspect.bulb import GOOD, Bulb, Prediction, Verdict
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.errors import DataError, UsageError
from bulbinspect.files import write_json
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import (
    result_folder,
    watched,
    write_predictions,
    write_report,
)
from bulbinspect.metrics import rates

ALL = "all"
"""Stands for every split, and for bulbs that are in none."""


def evaluate_to_folder(
    inspector: Inspector,
    bulbs: Sequence[Bulb],
    out: Path,
    facts: Mapping[str, str],
    *,
    page_title: str | None = None,
) -> dict[str, Any]:
    """Write the predictions and `metrics.json` to a new folder and return the figures.

    `facts` (split, hash of the manifest, …) go into `metrics.json` beside them; with a title there
    is `report.html` too.
    """
    with result_folder(out) as folder:
        figures = evaluate(inspector, bulbs, folder)
        metrics = {**facts, **figures}
        write_json(folder / "metrics.json", metrics)
        if page_title is not None:
            write_report(folder, page_title, inspector.bundle, _for_page(figures))
    return metrics


def evaluate(
    inspector: Inspector, bulbs: Sequence[Bulb], folder: Path, *, suffix: str = ""
) -> dict[str, Any]:
    """Judge labelled bulbs, write their predictions into `folder`, and return the figures.

    DataError, before any work, if a label is not one of the bundle's classes.
    """
    metadata = inspector.bundle.metadata
    refuse_unknown_labels(bulbs, metadata.classes)
    answers: list[Prediction] = []

    def kept() -> Iterator[Prediction]:
        for prediction in watched(inspector.inspect(bulbs), len(bulbs)):
            answers.append(replace(prediction, views=()))  # a file holds the views
            yield prediction

    write_predictions(folder, kept(), inspector.bundle, suffix=suffix)
    figures = measure([bulb.label for bulb in bulbs], answers, metadata)
    bundle = inspector.bundle
    return {"model": bundle.sha256, "gate_overrides": list(bundle.overrides), **figures}


def measure(
    labels: Sequence[str], predictions: Sequence[Prediction], metadata: BundleMetadata
) -> dict[str, Any]:
    """Return the figures of `metrics.json` for bulbs of these labels.

    Unjudged bulbs are in none of the rates; they are counted beside them, by reason.
    """
    pairs = list(zip(labels, predictions, strict=True))
    judged = [pair for pair in pairs if pair[1].verdict is not Verdict.UNJUDGED]
    reasons = Counter(one.reason for one in predictions if one.verdict is Verdict.UNJUDGED)
    figures = _label_figures if metadata.good_index is None else _verdict_figures
    return {
        "num_bulbs": len(pairs),
        "num_judged": len(judged),
        "num_unjudged": reasons.total(),
        "unjudged": dict(reasons.most_common()),
        **figures([label for label, _ in judged], [one for _, one in judged], metadata),
        "classes": {name: _counts_of(name, pairs) for name in metadata.classes},
    }


def choose_bulbs(
    bulbs: Sequence[Bulb], split: str, splits: Mapping[str, str] | None = None
) -> list[Bulb]:
    """Return the bulbs of a split, or every bulb for `ALL`.

    `splits` (bulb id -> split) stand in place of the manifest's own, and must know every bulb.
    UsageError says what to do when there are none.
    """
    if split == ALL:
        return list(bulbs)
    if splits is not None:
        absent = [bulb.bulb_id for bulb in bulbs if bulb.bulb_id not in splits]
        if absent:
            raise DataError(
                f"the splits do not know {len(absent)} of {len(bulbs)} bulbs; they belong to "
                "another manifest",
                [f"bulb {bulb_id!r}" for bulb_id in absent],
            )
        bulbs = [replace(bulb, split=splits[bulb.bulb_id]) for bulb in bulbs]
    known = sorted({bulb.split for bulb in bulbs} - {""})
    if not known:
        raise UsageError(
            "the manifest has no splits: name those of a run with `--splits RUN/split.csv`, or "
            f"evaluate every bulb with `--split {ALL}`"
        )
    chosen = [bulb for bulb in bulbs if bulb.split == split]
    if not chosen:
        raise UsageError(f"no bulb is in split {split!r}; there are: {', '.join([*known, ALL])}")
    return chosen


def _for_page(figures: Mapping[str, Any]) -> dict[str, str]:
    """Return the rates as a page shows them; the threshold is there already."""
    return {
        name.replace("_", " ").replace("auroc", "AUROC"): f"{value:.3f}"
        for name, value in figures.items()
        if isinstance(value, float) and name != "reject_threshold"
    }


def _verdict_figures(
    labels: Sequence[str], predictions: Sequence[Prediction], metadata: BundleMetadata
) -> dict[str, Any]:
    """Return what is said of a bundle with a good class: the rates at its threshold."""
    point = metadata.operating_point
    defective = np.array([label != GOOD for label in labels], bool)
    stopped = np.array([one.verdict is not Verdict.PASS for one in predictions], bool)
    rejected = np.array([one.verdict is Verdict.REJECT for one in predictions], bool)
    probability = np.array([one.defect_probability for one in predictions], float)
    return {
        "pass_threshold": None if point is None else point.pass_threshold,
        "reject_threshold": None if point is None else point.reject_threshold,
        "auroc": rates.auroc(defective, probability),
        "average_precision": rates.average_precision(defective, probability),
        "balanced_accuracy": rates.balanced_accuracy(defective, stopped),
        "escape_rate": rates.escape_rate(defective, stopped),
        "overkill_rate": rates.overkill_rate(defective, rejected),
        "review_rate": float(np.mean(stopped & ~rejected)) if len(stopped) else None,
        "counts": asdict(rates.Counts.of(defective, stopped)),
    }


def _label_figures(
    labels: Sequence[str], predictions: Sequence[Prediction], metadata: BundleMetadata
) -> dict[str, Any]:
    """Return what is said of a bundle without a good class: how often its label is right."""
    number = {name: index for index, name in enumerate(metadata.classes)}
    target = np.array([number[label] for label in labels], int)
    answer = np.array([number[one.label] for one in predictions], int)
    probabilities = np.array([one.class_probabilities for one in predictions], float)
    return {
        "accuracy": rates.accuracy(target, answer),
        "balanced_accuracy": rates.balanced_accuracy(target, answer),
        "macro_auroc": rates.macro_auroc(target, probabilities),
    }


def _counts_of(name: str, pairs: Sequence[tuple[str, Prediction]]) -> dict[str, Any]:
    """Return how the bulbs of one class ended: by verdict, and by the label they were given."""
    answers = [prediction for label, prediction in pairs if label == name]
    verdicts = Counter(str(one.verdict) for one in answers if one.verdict is not None)
    labels = Counter(one.label for one in answers if one.verdict is not Verdict.UNJUDGED)
    return {
        "bulbs": len(answers),
        "verdicts": dict(verdicts.most_common()),
        "labels": dict(labels.most_common()),
    }


def refuse_unknown_labels(bulbs: Iterable[Bulb], classes: Sequence[str]) -> None:
    """Raise DataError, which counts them, if labels are none of the bundle's classes."""
    strange = Counter(bulb.label for bulb in bulbs if bulb.label not in classes)
    if strange:
        raise DataError(
            f"{strange.total()} bulbs have a label that the bundle does not know; it knows "
            f"{', '.join(classes)}",
            [
                f"{number} bulbs labelled {label!r}" if label else f"{number} bulbs without label"
                for label, number in strange.items()
            ],
        )
