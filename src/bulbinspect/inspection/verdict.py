"""From logits to the answer for a bulb. No number that is not finite becomes a verdict."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Bulb, Prediction, Verdict, View, ViewPrediction
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.errors import BundleError
from bulbinspect.metrics.probability import defect_probability, softmax


class Judge:
    """Turns the logits of a bundle into predictions, at the bundle's operating point.

    BundleError when there is a good class but no threshold: nobody could say what passes.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._model = bundle.sha256
        self._classes = bundle.metadata.classes
        self._good = bundle.metadata.good_index
        self._reject_threshold: float | None = None
        if self._good is not None:
            if bundle.metadata.operating_point is None:
                raise BundleError("the bundle has a good class but no operating point to judge by")
            self._reject_threshold = bundle.metadata.operating_point.reject_threshold

    def judge(
        self,
        bulb: Bulb,
        views: Sequence[View],
        logits: NDArray[np.float32],
        view_logits: NDArray[np.float32],
    ) -> Prediction:
        """Answer for one bulb: logits (K,), view_logits (V, K) in the order of `views`."""
        if not (np.isfinite(logits).all() and np.isfinite(view_logits).all()):
            return self.unjudged(bulb, "non_finite", "the network answered NaN or infinity")
        probabilities, view_probabilities = softmax(logits), softmax(view_logits)
        defect = self._defect_probabilities(probabilities[None])[0]
        view_defects = self._defect_probabilities(view_probabilities)
        ranks = suspicion_ranks(view_defects)
        verdict = self._verdict(defect)
        rejected = verdict is Verdict.REJECT
        return Prediction(
            bulb.bulb_id,
            verdict,
            self._model,
            reason="defect" if rejected else "",
            label=self._label(probabilities, verdict),
            defect_probability=defect,
            defective_view=views[ranks.index(1)].name if rejected else "",
            class_probabilities=tuple(probabilities.tolist()),
            views=tuple(
                replace(
                    view_prediction(view),
                    defect_probability=alone,
                    suspicion_rank=rank,
                    class_probabilities=tuple(each),
                )
                for view, alone, rank, each in zip(
                    views, view_defects, ranks, view_probabilities.tolist(), strict=True
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

    def _defect_probabilities(self, probabilities: NDArray[np.float64]) -> list[float | None]:
        """Return 1 - P(good) for each row; None for each without a good class."""
        if self._good is None:
            return [None] * len(probabilities)
        return list(defect_probability(probabilities, self._good).tolist())

    def _verdict(self, defect: float | None) -> Verdict | None:
        if self._reject_threshold is None or defect is None:
            return None
        # in this order, because whatever does not compare must not pass
        return Verdict.PASS if defect < self._reject_threshold else Verdict.REJECT

    def _label(self, probabilities: NDArray[np.float64], verdict: Verdict | None) -> str:
        """Return the most probable class; of a rejected bulb the most probable other than good."""
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
