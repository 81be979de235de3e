"""A bundle at work: bulbs in, one prediction for each out, in order, whatever happens to them."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Bulb, Prediction, Verdict, View, ViewPrediction
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import BundleError, PictureError, UsageError
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.inspection.arrange import ViewFault, arrange
from bulbinspect.inspection.frozen import SeenPictures
from bulbinspect.inspection.verdict import Judge, view_prediction
from bulbinspect.machine import usable_cores

_Pictures = tuple[tuple[str, bytes], ...]  # name of the view, digest of its pixels

_BATCHES_AHEAD = 3  # for each thread: enough that none waits for the consumer of the answers


class Inspector:
    """Judges bulbs with a bundle; the only way from pictures to a verdict.

    `threads` (None: one for each core the process may use) work at once, each on a batch from the
    files to the answers; `device` is one of `runtime.DEVICES`. The answers do not depend on
    threads or batch size, and on the order of the bulbs only where a picture comes twice.
    BundleError or UsageError when the bundle cannot judge here. `runtime` is the network alone.
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
        self.runtime = Runtime(bundle, device=device, threads=1)
        self._batch_size = batch_size

    @property
    def device(self) -> str:
        """The device that the network runs on."""
        return self.runtime.device

    def inspect(self, bulbs: Iterable[Bulb]) -> Iterator[Prediction]:
        """Yield one prediction for each bulb, in their order, as they become known.

        They must come in the order in which they were photographed, if a frozen camera is to be
        found. Only a few batches are held at a time, however many bulbs there are.
        """
        yield from (answer.prediction for answer in self._answers(bulbs, keep_pixels=False))

    def inspect_with_pixels(
        self, bulbs: Iterable[Bulb]
    ) -> Iterator[tuple[Prediction, NDArray[Any] | None]]:
        """Do as `inspect`, and yield what the network saw too: `(V, H, W)`.

        None of a bulb that is unjudged, and of one that was judged without all of its views.
        """
        for answer in self._answers(bulbs, keep_pixels=True):
            judged = answer.prediction.verdict is not Verdict.UNJUDGED
            yield answer.prediction, answer.pixels if judged else None

    def _answers(self, bulbs: Iterable[Bulb], *, keep_pixels: bool) -> Iterator["_Answer"]:
        gate = self.bundle.metadata.gate
        remembered = None if gate is None else gate.remembered_bulbs
        found = self._answers_of_batches(_batches(bulbs, self._batch_size), keep_pixels)
        if remembered is None:
            yield from found
            return
        seen = SeenPictures(remembered)
        for answer in found:
            yield replace(answer, prediction=self._unless_frozen(answer, seen))

    def _answers_of_batches(
        self, batches: Iterable[Sequence[Bulb]], keep_pixels: bool
    ) -> Iterator["_Answer"]:
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="inspector")
        waiting: deque[Future[list[_Answer]]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(self._inspect_batch, batch, keep_pixels))
                if len(waiting) > _BATCHES_AHEAD * self.threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _inspect_batch(self, bulbs: Sequence[Bulb], keep_pixels: bool) -> list["_Answer"]:
        found = [self._read(bulb) for bulb in bulbs]
        complete = [one for one in found if isinstance(one, _Complete)]
        judged = iter(zip(self._run(complete), complete, strict=True))
        answers = []
        for one in found:
            if isinstance(one, _Complete):
                prediction, bulb = next(judged)
                kept = bulb.pixels if keep_pixels and bulb.present.all() else None
                one = _Answer(prediction, bulb.pictures, kept)
            answers.append(one)
        return answers

    def _read(self, bulb: Bulb) -> "_Complete | _Answer":
        """Read all views of a bulb, or answer why it cannot be judged."""
        metadata = self.bundle.metadata
        arranged = arrange(bulb.views, metadata.view_names, min_views=metadata.min_views)
        if isinstance(arranged, ViewFault):
            some = bulb.views[: 2 * metadata.num_views]  # however many there are
            pictures = _pictures(some, self._load(some)) if metadata.gate else ()
            marked, reason = _marked(bulb, arranged), arranged.reason
            return _Answer(self._judge.unjudged(bulb, reason, arranged.detail, marked), pictures)
        present = np.array([view is not None for view in arranged])
        views = tuple(view for view in arranged if view is not None)
        loaded = self._load(views)
        pictures = _pictures(views, loaded)
        fit = [self._pass_gate(one) if isinstance(one, LoadedView) else one for one in loaded]
        known = [
            view_prediction(view)
            if isinstance(one, LoadedView)
            else view_prediction(view, one.reason, one.detail)
            for view, one in zip(views, fit, strict=True)
        ]
        for answer in known:
            if answer.reason:
                detail = f"view {answer.view!r}: {answer.detail}"
                return _Answer(self._judge.unjudged(bulb, answer.reason, detail, known), pictures)
        complete = [one for one in fit if isinstance(one, LoadedView)]
        refusal = metadata.gate and metadata.gate.refusal_of_bulb(complete)
        if refusal:
            return _Answer(self._judge.unjudged(bulb, refusal.reason, refusal.detail), pictures)
        shape = metadata.num_views, *complete[0].pixels.shape
        pixels = np.zeros(shape, complete[0].pixels.dtype)
        pixels[present] = [one.pixels for one in complete]
        return _Complete(bulb, views, pixels, present, pictures)

    def _load(self, views: Sequence[View]) -> Sequence[LoadedView | PictureError]:
        """Read the views; whatever a picture does to us, its bulb keeps its row."""
        try:
            return load_views(views, self.bundle.metadata.preprocess)
        except Exception as error:
            return [PictureError("unreadable", f"{type(error).__name__}: {error}")] * len(views)

    def _pass_gate(self, view: LoadedView) -> LoadedView | PictureError:
        """Return the view, or why it must not be judged."""
        metadata = self.bundle.metadata
        if metadata.gate is None:
            return view
        try:
            return metadata.gate.refusal(view, metadata.preprocess.max_level) or view
        except Exception as error:
            return PictureError("gate_failed", f"{type(error).__name__}: {error}")

    def _unless_frozen(self, answer: "_Answer", seen: SeenPictures) -> Prediction:
        """Return the prediction, or that of a bulb with a picture that an earlier one had."""
        prediction = answer.prediction
        found = seen.look(prediction.bulb_id, answer.pictures)
        if not found or prediction.verdict is Verdict.UNJUDGED:
            return prediction
        texts = {
            view: f"it has the same pixels as view {sight.view!r} of bulb {sight.bulb_id!r}"
            for view, sight in found.items()
        }
        known = [
            ViewPrediction(view.view, view.path, "frozen_camera", texts[view.view], part=view.part)
            if view.view in texts
            else ViewPrediction(view.view, view.path, part=view.part)
            for view in prediction.views
        ]
        view, text = next(iter(texts.items()))
        bulb = Bulb(prediction.bulb_id, ())
        return self._judge.unjudged(bulb, "frozen_camera", f"view {view!r}: {text}", known)

    def _run(self, batch: Sequence["_Complete"]) -> list[Prediction]:
        """Run the network on complete bulbs; one that breaks it is found by running each alone."""
        if not batch:
            return []
        present = np.stack([one.present for one in batch])
        try:
            logits, view_logits, evidence = self.runtime.run_with_evidence(
                np.stack([one.pixels for one in batch]), present
            )
        except BundleError as error:
            if len(batch) == 1:
                return [self._judge.unjudged(batch[0].bulb, "network_failed", str(error))]
            return [answer for one in batch for answer in self._run([one])]
        return [
            self._judge.judge(
                one.bulb,
                one.views,
                logits[index],
                view_logits[index][one.present],
                None if evidence is None else evidence[index][one.present],
                detail=self._without(one.present),
            )
            for index, one in enumerate(batch)
        ]

    def _without(self, present: NDArray[np.bool_]) -> str:
        """Say which views a bulb was judged without."""
        names = self.bundle.metadata.view_names
        absent = [repr(name) for name, there in zip(names, present, strict=True) if not there]
        return f"judged without {', '.join(absent)}" if absent else ""


@dataclass(frozen=True, slots=True)
class _Complete:
    """A bulb of which every view is fit: `views` are those that there are, in their order.

    `pixels` (V, H, W) are zeros where `present` (V,) is False.
    """

    bulb: Bulb
    views: tuple[View, ...]
    pixels: NDArray[Any]
    present: NDArray[np.bool_]
    pictures: _Pictures


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a worker found out about a bulb, and its pictures for the memory.

    `pixels` (V, H, W) are those of a complete bulb, where somebody asked for them.
    """

    prediction: Prediction
    pictures: _Pictures
    pixels: NDArray[Any] | None = None


def _batches(bulbs: Iterable[Bulb], size: int) -> Iterator[list[Bulb]]:
    source = iter(bulbs)
    while batch := list(islice(source, size)):
        yield batch


def _marked(bulb: Bulb, fault: ViewFault) -> list[ViewPrediction]:
    """Return the views of a bulb, the culprits with the fault's reason."""
    culprits = set(fault.culprits)
    return [view_prediction(view, fault.reason if view in culprits else "") for view in bulb.views]


def _pictures(views: Sequence[View], loaded: Sequence[LoadedView | PictureError]) -> _Pictures:
    """Return the digests of the pictures that could be read, fit to be judged or not."""
    return tuple(
        (view.name, one.digest) for view, one in zip(views, loaded, strict=True) if one.digest
    )
