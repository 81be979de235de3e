"""From logits to the answer for a bulb. No number that is not finite becomes a verdict."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Bulb, Prediction, Verdict, View, ViewPrediction
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.errors import BundleError
from bulbinspect.metrics.probability import defect_probability, softmax

_REASONS: dict[Verdict | None, str] = {Verdict.REJECT: "defect", Verdict.REVIEW: "near_threshold"}


class Judge:
    """Turns the logits of a bundle into predictions, at the bundle's operating point.

    BundleError when there is a good class but no threshold: nobody could say what passes.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._model = bundle.sha256
        self._classes = bundle.metadata.classes
        self._good = bundle.metadata.good_index
        self._calibration = bundle.metadata.calibration
        self._thresholds: tuple[float, float] | None = None  # below: pass, from: reject
        if self._good is not None:
            point = bundle.metadata.operating_point
            if point is None:
                raise BundleError("the bundle has a good class but no operating point to judge by")
            self._thresholds = point.pass_threshold, point.reject_threshold

    def judge(
        self,
        bulb: Bulb,
        views: Sequence[View],
        logits: NDArray[np.float32],
        view_logits: NDArray[np.float32],
        evidence: NDArray[np.float32] | None = None,
        detail: str = "",
    ) -> Prediction:
        """Answer for one bulb: logits (K,), view_logits (V, K) in the order of `views`.

        `evidence` (V, h, w) are the maps of a network that has them; `detail` is kept as it is.
        """
        if not (np.isfinite(logits).all() and np.isfinite(view_logits).all()):
            return self.unjudged(bulb, "non_finite", "the network answered NaN or infinity")
        probabilities, view_probabilities = self.probabilities(logits, view_logits)
        defect = self._defect_probabilities(probabilities[None])[0]
        view_defects = self._defect_probabilities(view_probabilities)
        ranks = suspicion_ranks(view_defects)
        verdict = self._verdict(defect)
        suspected = verdict in (Verdict.REJECT, Verdict.REVIEW)
        maps: Sequence[tuple[tuple[float, ...], ...]] = [()] * len(views)
        if evidence is not None and np.isfinite(evidence).all():
            maps = [tuple(map(tuple, one)) for one in evidence.astype(float).round(4).tolist()]
        return Prediction(
            bulb.bulb_id,
            verdict,
            self._model,
            reason=_REASONS.get(verdict, ""),
            detail=detail,
            label=self._label(probabilities, verdict),
            defect_probability=defect,
            defective_view=views[ranks.index(1)].name if suspected else "",
            class_probabilities=tuple(probabilities.tolist()),
            views=tuple(
                replace(
                    view_prediction(view),
                    defect_probability=alone,
                    suspicion_rank=rank,
                    class_probabilities=tuple(each),
                    evidence=map_of_view,
                )
                for view, alone, rank, each, map_of_view in zip(
                    views, view_defects, ranks, view_probabilities.tolist(), maps, strict=True
                )
            ),
        )

    def unjudged(
        self, bulb: Bulb, reason: str, detail: str, views: Sequence[ViewPrediction] = ()
    ) -> Prediction:
        """Answer for a bulb that cannot be judged; `views` say what is known of its views."""
        known = views or [view_prediction(view) for view in bulb.views]
        return Prediction(
            bulb.bulb_id,
            Verdict.UNJUDGED,
            self._model,
            reason=reason,
            detail=detail,
            views=tuple(known),
        )

    def probabilities(self, *logits: NDArray[np.float32]) -> list[NDArray[np.float64]]:
        """Return calibrated probabilities of logits `(..., K)`, the same shapes."""
        if self._calibration is None or self._good is None:
            return [softmax(one) for one in logits]
        return [self._calibration.apply(one, self._good) for one in logits]

    def _defect_probabilities(self, probabilities: NDArray[np.float64]) -> list[float | None]:
        """Return 1 - P(good) for each row; None for each without a good class."""
        if self._good is None:
            return [None] * len(probabilities)
        return list(defect_probability(probabilities, self._good).tolist())

    def _verdict(self, defect: float | None) -> Verdict | None:
        if self._thresholds is None or defect is None:
            return None
        pass_below, reject_from = self._thresholds
        # in this order, because whatever does not compare must not pass
        if defect < pass_below:
            return Verdict.PASS
        return Verdict.REVIEW if defect < reject_from else Verdict.REJECT

    def _label(self, probabilities: NDArray[np.float64], verdict: Verdict | None) -> str:
        """Return the most probable class; of a bulb that does not pass the most probable defect."""
        if verdict is Verdict.PASS and self._good is not None:
            return self._classes[self._good]
        candidates = probabilities.copy()
        if self._good is not None:
            candidates[self._good] = -1
        return self._classes[int(np.argmax(candidates))]


def suspicion_ranks(defects: Sequence[float | None]) -> list[int | None]:
    """Return 1 for the largest defect probability, 2 for the next; of equals the first counts more.

    None for views without one.
    """
    known = [place for place, defect in enumerate(defects) if defect is not None]
    order = sorted(known, key=lambda place: -(defects[place] or 0.0))  # stable
    ranks: list[int | None] = [None] * len(defects)
    for rank, place in enumerate(order, start=1):
        ranks[place] = rank
    return ranks


def view_prediction(view: View, reason: str = "", detail: str = "") -> ViewPrediction:
    """Return what is said of a view that gave no probabilities."""
    return ViewPrediction(view.name, view.path, reason, detail, part=view.part)
