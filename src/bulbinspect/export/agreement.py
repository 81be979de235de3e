"""The proof that a bundle does what the trained network does."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import ExportError
from bulbinspect.export.graph import Judgement
from bulbinspect.metrics.calibration import Calibration
from bulbinspect.metrics.probability import defect_probability, softmax

MIN_BULBS = 32
MAX_DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Agreement:
    """How far the two were apart over `num_bulbs` bulbs and all their views.

    `max_difference` is of probabilities, 0…1. `changed_verdicts` counts bulbs on the other side of
    the reject threshold, or with another most probable class where there is no threshold.
    """

    num_bulbs: int
    max_difference: float
    changed_verdicts: int

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name, ready for JSON."""
        return asdict(self)


def prove_agreement(
    judgement: Judgement,
    runtime: Runtime,
    views: NDArray[Any],
    present: NDArray[np.bool_],
    *,
    good: int | None,
    calibration: Calibration | None = None,
    reject_threshold: float | None,
    batch_size: int = 16,
) -> Agreement:
    """Run `views (N, V, H, W)` integers, `present (N, V)` through both; refuse unless they agree.

    Probabilities are those of the softmax, verdicts those of the `calibration`, if there is one.
    Raises ExportError for fewer than MIN_BULBS bulbs, a difference above MAX_DIFFERENCE, one that
    is not a number, or any changed verdict.
    """
    if len(views) < MIN_BULBS:
        raise ExportError(f"agreement is proved on {MIN_BULBS} bulbs or more, got {len(views)}")
    largest, changed = 0.0, 0
    for start in range(0, len(views), batch_size):
        batch = slice(start, start + batch_size)
        shipped = runtime.run_with_evidence(views[batch], present[batch])
        trained = _run_torch(judgement, views[batch], present[batch])
        known = [one for one in shipped if one is not None]
        for name, ours, theirs in zip(judgement.outputs, trained, known, strict=True):
            meant = expit if name == "evidence" else softmax
            difference = np.abs(meant(ours) - meant(theirs)).max()
            largest = float(np.maximum(largest, difference))  # NaN stays NaN
        answers = [
            _answer(side[0], good, calibration, reject_threshold) for side in (trained, shipped)
        ]
        changed += int(np.sum(answers[0] != answers[1]))
    agreement = Agreement(len(views), largest, changed)
    if not largest <= MAX_DIFFERENCE or changed:
        raise ExportError(
            f"the exported network differs from the trained one by {largest:.2g} in probability "
            f"(allowed {MAX_DIFFERENCE:g}) and changes {changed} of {len(views)} verdicts"
        )
    return agreement


def _run_torch(
    judgement: Judgement, views: NDArray[Any], present: NDArray[np.bool_]
) -> list[NDArray[np.float32]]:
    with torch.inference_mode():
        answers = judgement(torch.from_numpy(views.astype(np.int32)), torch.from_numpy(present))
    return [one.numpy() for one in answers]


def _answer(
    logits: NDArray[np.float32],
    good: int | None,
    calibration: Calibration | None,
    reject_threshold: float | None,
) -> NDArray[Any]:
    answers: NDArray[Any] = logits.argmax(-1)
    if good is not None and reject_threshold is not None:
        known = softmax(logits) if calibration is None else calibration.apply(logits, good)
        answers = defect_probability(known, good) >= reject_threshold
    return answers
