"""Calibration and thresholds of a bundle, chosen anew on bulbs whose labels are known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Bulb, Verdict
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.errors import DataError, UsageError
from bulbinspect.inspection.evaluation.evaluate import ALL, choose_bulbs, refuse_unknown_labels
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import watched
from bulbinspect.metrics.calibration import Calibration, fit_calibration
from bulbinspect.metrics.choose_point import Wanted, choose_point, refuse_too_few
from bulbinspect.metrics.operating_point import OperatingPoint
from bulbinspect.metrics.probability import defect_probability, softmax

_LEARNT = "train"
_SMALLEST = 1e-300
"""The logarithm of a smaller softmax has lost its digits; for the share of a kind it is this."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """N labelled bulbs that a bundle judged.

    `logits` (N, K) are the network's own, but for a number added to all K of a bulb; `target` (N,)
    are class indices, of which `good` is one. `num_groups` counts the groups of the defective
    bulbs, each bulb without a group as one. `unjudged` counts the bulbs left out, by reason.
    """

    logits: NDArray[np.float64]
    target: NDArray[np.int64]
    good: int
    num_groups: int
    unjudged: Counter[str]

    @property
    def defective(self) -> NDArray[np.bool_]:
        """Which of the bulbs are defective (N,)."""
        return np.not_equal(self.target, self.good)

    def probability(self, calibration: Calibration | None) -> NDArray[np.float64]:
        """Return the defect probabilities (N,); without a calibration those of the softmax."""
        if calibration is None:
            return defect_probability(softmax(self.logits), self.good)
        return defect_probability(calibration.apply(self.logits, self.good), self.good)


def unlearnt_bulbs(
    bulbs: Sequence[Bulb],
    split: str,
    splits: Mapping[str, str] | None = None,
    *,
    same_manifest: bool = False,
) -> list[Bulb]:
    """Return the bulbs of a split as `choose_bulbs` does, but none that a network learnt from.

    UsageError for `train`, and for `ALL` where some are in it. With `same_manifest` the network
    learnt from bulbs of this manifest; then it must be known from which.
    """
    if split == _LEARNT:
        raise UsageError(
            "of bulbs that it learnt from a network is too sure: choose thresholds on another "
            "split, or on another manifest"
        )
    chosen = choose_bulbs(bulbs, split, splits)
    if split != ALL:
        return chosen
    known = [bulb.split if splits is None else splits.get(bulb.bulb_id, "") for bulb in bulbs]
    learnt = known.count(_LEARNT)
    if learnt:
        raise UsageError(
            f"{learnt} of {len(bulbs)} bulbs are in {_LEARNT}, and of bulbs that it learnt from a "
            "network is too sure: choose another split"
        )
    if same_manifest and not any(known):
        raise UsageError(
            "the network learnt from bulbs of this manifest: say from which with "
            "`--splits RUN/split.csv`, and choose another split"
        )
    return chosen


def judge_labelled(
    bundle: Bundle, bulbs: Sequence[Bulb], *, wanted: Wanted | None = None, **options: Any
) -> Judged:
    """Judge bulbs by the network alone, without the bundle's calibration.

    `options` are those of Inspector. UsageError for a bundle without a good class, DataError for a
    label that it does not know, for bulbs too few for what is `wanted`, before any is judged, and
    for logits so large that the softmax does not tell them.
    """
    classes, good = bundle.metadata.classes, bundle.metadata.good_index
    if good is None:
        raise UsageError("the bundle has no good class: nothing passes, so there is no threshold")
    refuse_unknown_labels(bulbs, classes)
    if wanted is not None:
        num_good = sum(bulb.label == classes[good] for bulb in bulbs)
        refuse_too_few(wanted, num_good=num_good, num_defective=len(bulbs) - num_good)
    bare = replace(bundle, metadata=replace(bundle.metadata, calibration=None))
    answers = watched(Inspector(bare, **options).inspect(bulbs), len(bulbs))
    unjudged: Counter[str] = Counter()
    probabilities, target, groups = [], [], set()
    for bulb, answer in zip(bulbs, answers, strict=True):
        if answer.verdict is Verdict.UNJUDGED:
            unjudged[answer.reason] += 1
            continue
        probabilities.append(answer.class_probabilities)
        target.append(classes.index(bulb.label))
        if target[-1] != good:
            groups.add((bulb.group, "" if bulb.group else bulb.bulb_id))
    known = np.array(probabilities, float).reshape(len(target), len(classes))
    lost = np.minimum(known[:, good], defect_probability(known, good)) < _SMALLEST
    if lost.any():
        raise DataError(
            f"the network is so sure of {lost.sum()} of {len(lost)} bulbs that double precision "
            "cannot tell how sure; it cannot be calibrated"
        )
    logits = np.log(np.maximum(known, _SMALLEST))
    return Judged(logits, np.array(target, np.int64), good, len(groups), unjudged)


def calibrate(
    metadata: BundleMetadata,
    judged: Judged,
    wanted: Wanted,
    *,
    chosen_on: str,
    keep_calibration: bool = False,
) -> tuple[Calibration | None, OperatingPoint]:
    """Return calibration and operating point for the bundle of `metadata`.

    The prevalence stated in `wanted` re-weights the probabilities; without one that of the bundle's
    own calibration stays. UsageError where a prevalence is stated for a bundle that keeps having no
    calibration, DataError where the bulbs cannot support what is wanted.
    """
    old = metadata.calibration
    if keep_calibration:
        calibration = old
        if calibration is None and wanted.prevalence is not None:
            raise UsageError(
                "the bundle has no calibration to keep, so that a prevalence cannot re-weight its "
                "probabilities; let it be calibrated"
            )
    else:
        calibration = fit_calibration(
            judged.logits, judged.target, good=judged.good, chosen_on=chosen_on
        )
    stated = wanted.prevalence
    if stated is None and old is not None:
        stated = old.production_prevalence
    if calibration is not None:
        calibration = replace(calibration, production_prevalence=stated)
    return calibration, choose_point(
        judged.defective,
        judged.probability(calibration),
        replace(wanted, prevalence=stated),
        chosen_on=chosen_on,
    )


def metadata_with(
    metadata: BundleMetadata,
    calibration: Calibration | None,
    point: OperatingPoint,
    source: Mapping[str, str],
) -> BundleMetadata:
    """Return the metadata of the new bundle; `source` says of which bundle and bulbs it is."""
    provenance = {**metadata.provenance, "calibrated": dict(source)}
    return replace(metadata, calibration=calibration, operating_point=point, provenance=provenance)
