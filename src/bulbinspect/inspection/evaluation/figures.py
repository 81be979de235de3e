"""The figures of a bundle on bulbs whose labels are known: rates, areas, their intervals."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import GOOD, Prediction, Verdict
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.metrics import rates
from bulbinspect.metrics.area_interval import auroc_interval, average_precision_interval
from bulbinspect.metrics.calibration import (
    expected_calibration_error,
    reliability_table,
    reweight,
)
from bulbinspect.metrics.proportion import interval

CONFIDENCE = 0.95
"""Of every interval, two-sided."""

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]


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


def error_rates(defective: Flags, passed: Flags, rejected: Flags) -> dict[str, Any]:
    """Return escape, overkill and review rate of judged bulbs (N,) with the bulbs they are of.

    Bulbs that neither passed nor were rejected are for review. A rate without bulbs, and its
    interval (Clopper and Pearson, [low, high]), is None.
    """
    review = ~passed & ~rejected
    counted = {
        "escape": (passed & defective, defective),
        "overkill": (rejected & ~defective, ~defective),
        "review": (review, np.ones_like(defective)),
    }
    figures: dict[str, Any] = {
        "num_good": int(np.sum(~defective)),
        "num_defective": int(np.sum(defective)),
    }
    for name, (hits, among) in counted.items():
        count, num_bulbs = int(hits.sum()), int(among.sum())
        figures[f"num_{name}"] = count
        figures[f"{name}_rate"] = count / num_bulbs if num_bulbs else None
        ends = interval(count, num_bulbs, confidence=CONFIDENCE) if num_bulbs else None
        figures[f"{name}_interval"] = None if ends is None else list(ends)
    return figures


def at_this_mix(defective: Flags, probability: Values, metadata: BundleMetadata) -> Values:
    """Return the defect probabilities (N,) as they are for bulbs of which so many are defective.

    A bundle with a stated prevalence gives those of the line; the bulbs at hand are another mix.
    """
    stated = metadata.calibration and metadata.calibration.production_prevalence
    share = float(np.mean(defective)) if len(defective) else 0.0
    if not stated or not 0 < share < 1:
        return probability
    return reweight(probability, from_prevalence=stated, to_prevalence=share)


def _verdict_figures(
    labels: Sequence[str], predictions: Sequence[Prediction], metadata: BundleMetadata
) -> dict[str, Any]:
    """Return what is said of a bundle with a good class: the rates at its thresholds."""
    point = metadata.operating_point
    defective = np.array([label != GOOD for label in labels], bool)
    passed = np.array([one.verdict is Verdict.PASS for one in predictions], bool)
    rejected = np.array([one.verdict is Verdict.REJECT for one in predictions], bool)
    probability = np.array([one.defect_probability for one in predictions], float)
    errors = error_rates(defective, passed, rejected)
    shown = ("escape_rate", "overkill_rate", "review_rate")
    ends = {
        "auroc": auroc_interval(defective, probability, confidence=CONFIDENCE),
        "average_precision": average_precision_interval(
            defective, probability, confidence=CONFIDENCE
        ),
    }
    return {
        "pass_threshold": None if point is None else point.pass_threshold,
        "reject_threshold": None if point is None else point.reject_threshold,
        "auroc": rates.auroc(defective, probability),
        "average_precision": rates.average_precision(defective, probability),
        "balanced_accuracy": rates.balanced_accuracy(defective, ~passed),
        **{name: errors[name] for name in shown},
        "intervals": {
            "confidence": CONFIDENCE,
            **{name: both and list(both) for name, both in ends.items()},
            **{name: errors[name.replace("rate", "interval")] for name in shown},
        },
        "counts": asdict(rates.Counts.of(defective, ~passed)),
        "calibration": _calibration(defective, at_this_mix(defective, probability, metadata)),
    }


def _calibration(defective: Flags, probability: Values) -> dict[str, Any]:
    """Return how far probabilities (N,) can be taken for what they are."""
    error = expected_calibration_error(defective, probability)
    table = [] if error is None else reliability_table(defective, probability)
    return {
        "expected_calibration_error": error,
        "reliability": [asdict(row) for row in table],
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
