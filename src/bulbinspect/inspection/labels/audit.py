"""Labels against the answers of runs that never saw the bulb: what to look at first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from bulbinspect.bulb import GOOD, Bulb, Verdict
from bulbinspect.data.manifest import Manifest
from bulbinspect.data.natural import natural_key
from bulbinspect.inspection.labels.out_of_fold import Answer, OutOfFold
from bulbinspect.metrics.label_quality import (
    ConfidentJoint,
    confident_joint,
    normalized_margin,
    self_confidence,
)


class Finding(StrEnum):
    """What the answer says of the label, in the order in which bulbs are ranked.

    `no_defective_side` and `other_label`: another class is more probable than the label, or
    confident learning counts the label as wrong; in the first the bulb is labelled defective, and
    not one of its sides would be rejected alone.
    """

    NO_DEFECTIVE_SIDE = "no_defective_side"
    OTHER_LABEL = "other_label"
    AGREES = "agrees"
    UNJUDGED = "unjudged"
    NO_FOLD = "no_fold"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One bulb; `rank` counts from 1, the most doubtful label, None where there is no answer.

    `confident` says whether confident learning counts the label as wrong. `suggested_label` is then
    what it suggests, else the most probable class; the label itself where answer and label agree.
    `normalized_margin` is from -1 to 1, `self_confidence` from 0 to 1.
    """

    bulb: Bulb
    finding: Finding
    rank: int | None = None
    suggested_label: str = ""
    confident: bool = False
    normalized_margin: float | None = None
    self_confidence: float | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """A row for every bulb of the manifest, and what confident learning says of all labels.

    `joint` is None where no bulb was judged.
    """

    manifest: Manifest
    out_of_fold: OutOfFold
    rows: tuple[AuditRow, ...]
    joint: ConfidentJoint | None

    def of(self, finding: Finding) -> list[AuditRow]:
        """Return the rows of one finding, by rank."""
        return [row for row in self.rows if row.finding is finding]

    def to_dict(self) -> dict[str, Any]:
        """Return what `audit.json` holds."""
        classes, joint = self.out_of_fold.classes, self.joint
        counts = Counter(row.finding.value for row in self.rows)
        runs = Counter(row.answer.run for row in self.rows if row.answer is not None)
        return {
            "manifest_sha256": self.manifest.sha256,
            "num_bulbs": len(self.rows),
            "findings": {finding.value: counts[finding.value] for finding in Finding},
            "num_confident": sum(row.confident for row in self.rows),
            "estimated_wrong": None if joint is None else joint.num_wrong,
            "estimated_bulbs": None if joint is None else _by_class(joint.joint.tolist(), classes),
            "runs": [
                {"run": name, "model": model, "num_bulbs": runs[name]}
                for name, model in self.out_of_fold.models.items()
            ],
        }


def audit_labels(manifest: Manifest, out_of_fold: OutOfFold) -> Audit:
    """Rank the bulbs by how much speaks against their labels; every bulb of the manifest is a row.

    First come defective bulbs without a defective side, then other disagreements, then the rest,
    each by falling doubt: by rising normalized margin. Bulbs without an answer come last.
    """
    answers, classes = out_of_fold.answers, out_of_fold.classes
    judged, rest = [], []
    for bulb in manifest.bulbs:
        answer = answers.get(bulb.bulb_id)
        if answer is None:
            rest.append(AuditRow(bulb, Finding.NO_FOLD))
        elif answer.prediction.verdict is Verdict.UNJUDGED:
            rest.append(AuditRow(bulb, Finding.UNJUDGED, answer=answer))
        else:
            judged.append((bulb, answer))
    if not judged:
        return Audit(manifest, out_of_fold, tuple(rest), None)
    probabilities = np.array([one.prediction.class_probabilities for _, one in judged], float)
    labels = np.array([classes.index(bulb.label) for bulb, _ in judged], int)
    joint = confident_joint(probabilities, labels)
    wrong = (joint.suggested >= 0) & (joint.suggested != labels)
    margins = normalized_margin(probabilities, labels)
    confidences = self_confidence(probabilities, labels)
    best = np.where(wrong, joint.suggested, np.where(margins < 0, probabilities.argmax(1), labels))
    rows = [
        AuditRow(
            bulb,
            _finding(bulb, answer, agrees=bool(best[at] == labels[at])),
            suggested_label=classes[best[at]],
            confident=bool(wrong[at]),
            normalized_margin=float(margins[at]),
            self_confidence=float(confidences[at]),
            answer=answer,
        )
        for at, (bulb, answer) in enumerate(judged)
    ]
    rows.sort(key=_doubt)
    ranked = [replace(row, rank=rank) for rank, row in enumerate(rows, start=1)]
    rest.sort(key=lambda row: list(Finding).index(row.finding))
    return Audit(manifest, out_of_fold, (*ranked, *rest), joint)


def _finding(bulb: Bulb, answer: Answer, *, agrees: bool) -> Finding:
    if agrees:
        return Finding.AGREES
    threshold = answer.reject_threshold
    if threshold is None or bulb.label == GOOD:
        return Finding.OTHER_LABEL
    sides = [view.defect_probability for view in answer.prediction.views]
    if any(side is not None and side >= threshold for side in sides):
        return Finding.OTHER_LABEL
    return Finding.NO_DEFECTIVE_SIDE


def _doubt(row: AuditRow) -> tuple[Any, ...]:
    margin = row.normalized_margin or 0.0
    return list(Finding).index(row.finding), margin, natural_key(row.bulb.bulb_id)


def _by_class(joint: Sequence[Sequence[float]], classes: Sequence[str]) -> Mapping[str, Any]:
    """Return label -> true class -> bulbs."""
    return {
        label: dict(zip(classes, row, strict=True))
        for label, row in zip(classes, joint, strict=True)
    }
