"""A bundle at work: bulbs in, one prediction for each out, in order, whatever happens to them."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Bulb, Prediction, View, ViewPrediction
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import BundleError, PictureError, UsageError
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.inspection.arrange import ViewFault, arrange
from bulbinspect.inspection.verdict import Judge
from bulbinspect.machine import usable_cores

_BATCHES_AHEAD = 3  # for each thread: enough that none waits for the consumer of the answers


class Inspector:
    """Judges bulbs with a bundle; the only way from pictures to a verdict.

    `threads` (None: one for each core the process may use) work at once, each on a batch from the
    files to the answers; `device` is one of `runtime.DEVICES`. The answers do not depend on
    threads, batch size or the order of the bulbs. BundleError or UsageError when the bundle cannot
    judge here.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        device: str = "auto",
        threads: int | None = None,
        batch_size: int = 8,
    ) -> None:
        self.threads = usable_cores() if threads is None else threads
        if self.threads < 1 or batch_size < 1:
            raise UsageError(
                f"threads and batch size must be 1 or more, got {threads} and {batch_size}"
            )
        self.bundle = bundle
        self._judge = Judge(bundle)
        self._runtime = Runtime(bundle, device=device, threads=1)
        self._batch_size = batch_size

    @property
    def device(self) -> str:
        """The device that the network runs on."""
        return self._runtime.device

    def inspect(self, bulbs: Iterable[Bulb]) -> Iterator[Prediction]:
        """Yield one prediction for each bulb, in their order, as they become known.

        Only a few batches are held at a time, however many bulbs there are.
        """
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="inspector")
        waiting: deque[Future[list[Prediction]]] = deque()
        try:
            for batch in _batches(bulbs, self._batch_size):
                waiting.append(pool.submit(self._inspect_batch, batch))
                if len(waiting) > _BATCHES_AHEAD * self.threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _inspect_batch(self, bulbs: Sequence[Bulb]) -> list[Prediction]:
        found = [self._read(bulb) for bulb in bulbs]
        judged = iter(self._run([one for one in found if isinstance(one, _Complete)]))
        return [next(judged) if isinstance(one, _Complete) else one for one in found]

    def _read(self, bulb: Bulb) -> "_Complete | Prediction":
        """Read all views of a bulb, or answer why it cannot be judged."""
        metadata = self.bundle.metadata
        views = arrange(bulb.views, metadata.view_names)
        if isinstance(views, ViewFault):
            return self._judge.unjudged(bulb, views.reason, views.detail, _marked(bulb, views))
        loaded = self._load(views)
        known = [
            ViewPrediction(view.name, view.path)
            if isinstance(one, LoadedView)
            else ViewPrediction(view.name, view.path, one.reason, one.detail)
            for view, one in zip(views, loaded, strict=True)
        ]
        for answer in known:
            if answer.reason:
                detail = f"view {answer.view!r}: {answer.detail}"
                return self._judge.unjudged(bulb, answer.reason, detail, known)
        pixels = [one.pixels for one in loaded if isinstance(one, LoadedView)]
        return _Complete(bulb, views, np.stack(pixels))

    def _load(self, views: Sequence[View]) -> Sequence[LoadedView | PictureError]:
        """Read the views; whatever a picture does to us, its bulb keeps its row."""
        try:
            return load_views(views, self.bundle.metadata.preprocess)
        except Exception as error:
            return [PictureError("unreadable", f"{type(error).__name__}: {error}")] * len(views)

    def _run(self, batch: Sequence["_Complete"]) -> list[Prediction]:
        """Run the network on complete bulbs; one that breaks it is found by running each alone."""
        if not batch:
            return []
        present = np.ones((len(batch), self.bundle.metadata.num_views), bool)
        try:
            logits, view_logits = self._runtime.run(
                np.stack([one.pixels for one in batch]), present
            )
        except BundleError as error:
            if len(batch) == 1:
                return [self._judge.unjudged(batch[0].bulb, "network_failed", str(error))]
            return [answer for one in batch for answer in self._run([one])]
        return [
            self._judge.judge(one.bulb, one.views, logits[index], view_logits[index])
            for index, one in enumerate(batch)
        ]


@dataclass(frozen=True, slots=True)
class _Complete:
    """A bulb of which every view was read: `pixels` (V, H, W) in the order of `views`."""

    bulb: Bulb
    views: tuple[View, ...]
    pixels: NDArray[Any]


def _batches(bulbs: Iterable[Bulb], size: int) -> Iterator[list[Bulb]]:
    source = iter(bulbs)
    while batch := list(islice(source, size)):
        yield batch


def _marked(bulb: Bulb, fault: ViewFault) -> list[ViewPrediction]:
    """Return the views of a bulb, the culprits with the fault's reason."""
    culprits = set(fault.culprits)
    return [
        ViewPrediction(view.name, view.path, fault.reason if view in culprits else "")
        for view in bulb.views
    ]
