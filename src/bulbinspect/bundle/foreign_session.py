"""A foreign graph that is asked like the graph of a bundle."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bundle.foreign import PIXEL_TYPES, ForeignBundle, log_odds
from bulbinspect.bundle.session import Session
from bulbinspect.errors import BundleError


class ForeignSession:
    """Takes `views` and `present`, gives `logits` and `view_logits`, as `docs/bundle.md` says.

    The logits of the two classes are 0 and the log-odds of a defect. Every view says what the bulb
    says, for nothing is known of one alone. `run` may be called from several threads at once.
    """

    outputs = ("logits", "view_logits")

    def __init__(self, session: Session, bundle: ForeignBundle) -> None:
        self.device = session.device
        self._session = session
        self._bundle = bundle
        self._entering = _entering(bundle)
        size = bundle.input.shape[0]
        self._batch_size = size if isinstance(size, int) else None

    def run(self, names: Sequence[str], feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the outputs of these names; BundleError when the network fails."""
        views, present = feed["views"], feed["present"]
        if not present.all():
            raise BundleError("a foreign graph cannot be told that a view is absent")
        odds = np.concatenate([self._ask(part) for part in self._batches(views)])
        logits = np.stack([np.zeros_like(odds), odds], axis=1).astype(np.float32)
        view_logits = np.repeat(logits[:, None], present.shape[1], axis=1)
        outputs = {"logits": logits, "view_logits": view_logits}
        return [outputs[name] for name in names]

    def _batches(self, views: NDArray[Any]) -> list[NDArray[Any]]:
        """Return parts of the batch, no larger than the graph takes at once."""
        size = self._batch_size or len(views)
        return [views[start : start + size] for start in range(0, len(views), size)]

    def _ask(self, views: NDArray[Any]) -> NDArray[np.float64]:
        number = len(views)
        if self._batch_size is not None and number < self._batch_size:  # filled up with the last
            last = np.repeat(views[-1:], self._batch_size - number, axis=0)
            views = np.concatenate([views, last])
        bundle = self._bundle
        feed = {bundle.input_name: self._entering[views]}
        (answer,) = self._session.run([bundle.output], feed)
        if answer.ndim < 1 or len(answer) != len(views):
            raise BundleError(f"the network answered {len(views)} bulbs in shape {answer.shape}")
        return log_odds(answer, bundle.spec)[:number]


def _entering(bundle: ForeignBundle) -> NDArray[Any]:
    """Return what each gray level is to the network, as its input has it."""
    kind = np.dtype(PIXEL_TYPES[bundle.input.element])
    white = bundle.metadata.preprocess.max_level
    levels = np.arange(white + 1)
    if kind.kind in "iu":
        return levels.astype(kind)
    low, high = bundle.spec.scale or (0.0, 1.0)
    return (low + levels / white * (high - low)).astype(kind)
