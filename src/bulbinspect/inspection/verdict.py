"""From logits to the answer for a bulb. No number that is not finite becomes a verdict."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Bulb, Prediction, Verdict, View, ViewPrediction
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.errors import BundleError


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
        each = [
            ViewPrediction(
                view.name,
                view.path,
                defect_probability=self._defect_probability(probabilities),
                class_probabilities=tuple(probabilities.tolist()),
            )
            for view, probabilities in zip(views, softmax(view_logits), strict=True)
        ]
        probabilities = softmax(logits)
        defect_probability = self._defect_probability(probabilities)
        verdict = self._verdict(defect_probability)
        rejected = verdict is Verdict.REJECT
        return Prediction(
            bulb.bulb_id,
            verdict,
            self._model,
            reason="defect" if rejected else "",
            label=self._label(probabilities, verdict),
            defect_probability=defect_probability,
            defective_view=max(each, key=_defect_probability_of).view if rejected else "",
            class_probabilities=tuple(probabilities.tolist()),
            views=tuple(each),
        )

    def unjudged(
        self, bulb: Bulb, reason: str, detail: str, views: Sequence[ViewPrediction] = ()
    ) -> Prediction:
        """Answer for a bulb that cannot be judged; `views` say what is known of its views."""
        known = views or [ViewPrediction(view.name, view.path) for view in bulb.views]
        return Prediction(
            bulb.bulb_id,
            Verdict.UNJUDGED,
            self._model,
            reason=reason,
            detail=detail,
            views=tuple(known),
        )

    def _defect_probability(self, probabilities: NDArray[np.float64]) -> float | None:
        """Return 1 - P(good), summed from the other classes because that loses no digits."""
        if self._good is None:
            return None
        return min(1.0, float(np.delete(probabilities, self._good).sum()))

    def _verdict(self, defect_probability: float | None) -> Verdict | None:
        if self._reject_threshold is None or defect_probability is None:
            return None
        # in this order, because whatever does not compare must not pass
        return Verdict.PASS if defect_probability < self._reject_threshold else Verdict.REJECT

    def _label(self, probabilities: NDArray[np.float64], verdict: Verdict | None) -> str:
        """Return the most probable class; of a rejected bulb the most probable other than good."""
        if verdict is Verdict.PASS and self._good is not None:
            return self._classes[self._good]
        candidates = probabilities.copy()
        if self._good is not None:
            candidates[self._good] = -1
        return self._classes[int(np.argmax(candidates))]


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the probabilities over the last axis, in double precision."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def _defect_probability_of(view: ViewPrediction) -> float:
    return view.defect_probability or 0.0
