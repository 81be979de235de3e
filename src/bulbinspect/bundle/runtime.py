"""Execute a bundle."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bundle.bundle import Bundle
from bulbinspect.bundle.foreign import ForeignBundle
from bulbinspect.bundle.foreign_session import ForeignSession
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.session import Session
from bulbinspect.errors import BundleError

_Shape = tuple[int | str | None, ...]


class Runtime:
    """A bundle that is loaded and ready; `run` may be called from several threads at once.

    `threads` is how many threads one call may use. `device` is one of `session.DEVICES`; `auto`
    takes CUDA where onnxruntime has it, else the CPU. BundleError when the graph cannot be loaded
    or is not what its metadata says, UsageError when the device is not to be had.
    """

    def __init__(self, bundle: Bundle, *, device: str = "auto", threads: int = 1) -> None:
        self._metadata = bundle.metadata
        session = Session(bundle.graph, device=device, threads=threads)
        self.device = session.device
        self._session: Session | ForeignSession = session
        if isinstance(bundle, ForeignBundle):
            self._session = ForeignSession(session, bundle)
        else:
            _check(session, bundle.metadata)
        self.has_evidence = "evidence" in self._session.outputs

    def run(
        self, views: NDArray[Any], present: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Judge a batch: views (B, V, H, W), present (B, V) -> logits (B, K), (B, V, K).

        The second are what each view says: what it would answer alone, or what it adds where views
        are fused early; the mean of that over the shifts where orders are averaged. BundleError
        when the network fails.
        """
        logits, view_logits = self._run(["logits", "view_logits"], views, present)
        self._refuse_other_shapes(logits, view_logits, present)
        return logits, view_logits

    def run_with_evidence(
        self, views: NDArray[Any], present: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None]:
        """Do as `run`, and return the evidence maps (B, V, h, w), None of a graph without them.

        They are the log-odds of a defect at each place, before calibration.
        """
        if not self.has_evidence:
            return *self.run(views, present), None
        names = ["logits", "view_logits", "evidence"]
        logits, view_logits, evidence = self._run(names, views, present)
        self._refuse_other_shapes(logits, view_logits, present)
        if evidence.shape[:2] != present.shape:
            raise BundleError(
                f"the network answered with evidence of the shape {evidence.shape} "
                f"for {present.shape} bulbs and views"
            )
        return logits, view_logits, evidence

    def _run(
        self, names: Sequence[str], views: NDArray[Any], present: NDArray[np.bool_]
    ) -> list[NDArray[np.float32]]:
        return self._session.run(names, {"views": views, "present": present})

    def _refuse_other_shapes(
        self,
        logits: NDArray[np.float32],
        view_logits: NDArray[np.float32],
        present: NDArray[np.bool_],
    ) -> None:
        num_bulbs, num_views = present.shape
        num_classes = len(self._metadata.classes)
        expected = (num_bulbs, num_classes), (num_bulbs, num_views, num_classes)
        if (logits.shape, view_logits.shape) != expected:
            raise BundleError(
                f"the network answered in the shapes {logits.shape} and {view_logits.shape} "
                f"where {expected[0]} and {expected[1]} belong"
            )


def _check(session: Session, metadata: BundleMetadata) -> None:
    """Raise BundleError unless inputs and outputs are those that the metadata speaks of."""
    spec = metadata.preprocess
    num_views, num_classes = metadata.num_views, len(metadata.classes)
    pixels = f"tensor({np.dtype(spec.dtype).name})"
    inputs: dict[str, tuple[str, _Shape]] = {
        "views": (pixels, (None, num_views, spec.height_px, spec.width_px)),
        "present": ("tensor(bool)", (None, num_views)),
    }
    outputs: dict[str, tuple[str, _Shape]] = {
        "logits": ("tensor(float)", (None, num_classes)),
        "view_logits": ("tensor(float)", (None, num_views, num_classes)),
    }
    maps: dict[str, tuple[str, _Shape]] = {
        "evidence": ("tensor(float)", (None, num_views, *_size_of_map(session)))
    }
    for kind, expected, optional, found in (
        ("input", inputs, {}, session.inputs),
        ("output", outputs, maps, session.outputs),
    ):
        if set(found) - set(optional) != set(expected):
            raise BundleError(
                f"expected the {kind}s {sorted(expected)}, the graph has {sorted(found)}"
            )
        expected = expected | optional
        for name, node in found.items():
            element, shape = expected[name]
            if node.element != element or not _fits(node.shape, shape):
                raise BundleError(
                    f"expected the {kind} {name} as {element} of {_text(shape)}, "
                    f"the graph has {node.element} of {_text(node.shape)}"
                )


def _size_of_map(session: Session) -> _Shape:
    """Return height and width of the evidence map; what the graph has is right."""
    node = session.outputs.get("evidence")
    return (None, None) if node is None or len(node.shape) != 4 else node.shape[2:]


def _fits(found: _Shape, expected: _Shape) -> bool:
    """Tell whether every number of `found` is the expected one; a name leaves the size open.

    Where a number is expected an open size fits too; the batch (None) must be open.
    """
    return len(found) == len(expected) and all(
        not isinstance(size, int) or size == wanted
        for size, wanted in zip(found, expected, strict=True)
    )


def _text(shape: _Shape) -> str:
    return "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"
