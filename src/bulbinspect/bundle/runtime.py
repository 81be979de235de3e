"""Execute a bundle. The only file that knows onnxruntime."""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from bulbinspect.bundle.bundle import Bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.errors import BundleError, UsageError

DEVICES = ("auto", "cpu", "cuda", "openvino")

_FATAL = 4  # onnxruntime prints to stderr by itself; its errors reach us as exceptions anyway
# full float32 everywhere: a verdict must not depend on the machine it was made on
_PROVIDERS: dict[str, tuple[str, dict[str, str]]] = {
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),
    "openvino": ("OpenVINOExecutionProvider", {"device_type": "CPU", "precision": "FP32"}),
}


class Runtime:
    """A bundle that is loaded and ready; `run` may be called from several threads at once.

    `threads` is how many threads one call may use. `device` is one of `DEVICES`; `auto` takes CUDA
    where onnxruntime has it, else the CPU. BundleError when the graph cannot be loaded or is not
    what its metadata says, UsageError when the device is not to be had.
    """

    def __init__(self, bundle: Bundle, *, device: str = "auto", threads: int = 1) -> None:
        self._metadata = bundle.metadata
        self._session = _load_first(bundle.graph, _candidates(device), threads)
        started = self._session.get_providers()[0]  # onnxruntime may have gone back to the CPU
        self.device = next(name for name, (known, _) in _PROVIDERS.items() if known == started)
        if device not in ("auto", self.device):
            raise UsageError(f"device {device!r} is installed but could not be started")
        _check(self._session, bundle.metadata)
        self.has_evidence = any(one.name == "evidence" for one in self._session.get_outputs())

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
        try:
            answers: list[NDArray[np.float32]] = self._session.run(
                names, {"views": views, "present": present}
            )
        except Exception as error:  # onnxruntime's errors share no root of their own
            raise BundleError(f"the network failed: {error}") from error
        return answers

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


def _candidates(device: str) -> list[str]:
    """Return the devices to try in turn; UsageError when the one that is asked for is not here."""
    installed = ort.get_available_providers()
    available = [name for name, (provider, _) in _PROVIDERS.items() if provider in installed]
    if device == "auto":
        return [name for name in ("cuda", "cpu") if name in available]
    if device not in available:
        raise UsageError(
            f"device {device!r} is not to be had here; available: {', '.join(['auto', *available])}"
        )
    return [device]


def _load(graph: bytes, device: str, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    # never onnxruntime's other format: a file could pass our checks as one and run as the other
    options.add_session_config_entry("session.load_model_format", "ONNX")
    ort.set_default_logger_severity(_FATAL)
    providers = [_PROVIDERS[name] for name in dict.fromkeys((device, "cpu"))]
    try:
        # no fallback: it would print to stdout, and change the device in the middle of a run
        return ort.InferenceSession(graph, options, providers=providers, enable_fallback=0)
    except Exception as error:  # onnxruntime's errors share no root of their own
        raise BundleError(f"the graph cannot be loaded: {error}") from error


def _load_first(graph: bytes, devices: Sequence[str], threads: int) -> ort.InferenceSession:
    """Load the graph on the first of the devices that takes it."""
    for device in devices[:-1]:
        with contextlib.suppress(BundleError):
            return _load(graph, device, threads)
    return _load(graph, devices[-1], threads)


def _check(session: ort.InferenceSession, metadata: BundleMetadata) -> None:
    """Raise BundleError unless inputs and outputs are those that the metadata speaks of."""
    spec = metadata.preprocess
    num_views, num_classes = metadata.num_views, len(metadata.classes)
    pixels = f"tensor({np.dtype(spec.dtype).name})"
    inputs = {
        "views": (pixels, (None, num_views, spec.height_px, spec.width_px)),
        "present": ("tensor(bool)", (None, num_views)),
    }
    outputs = {
        "logits": ("tensor(float)", (None, num_classes)),
        "view_logits": ("tensor(float)", (None, num_views, num_classes)),
    }
    maps = {"evidence": ("tensor(float)", (None, num_views, *_size_of_map(session)))}
    for kind, expected, optional, nodes in (
        ("input", inputs, {}, session.get_inputs()),
        ("output", outputs, maps, session.get_outputs()),
    ):
        try:
            found = {node.name: (node.type, node.shape) for node in nodes}
        except UnicodeDecodeError as error:
            raise BundleError(f"the {kind}s of the graph have names that are no text") from error
        if set(found) - set(optional) != set(expected):
            raise BundleError(
                f"expected the {kind}s {sorted(expected)}, the graph has {sorted(found)}"
            )
        expected = expected | optional
        for name, (element, shape) in found.items():
            if element != expected[name][0] or not _fits(shape, expected[name][1]):
                raise BundleError(
                    f"expected the {kind} {name} as {expected[name][0]} of "
                    f"{_text(expected[name][1])}, the graph has {element} of {_text(shape)}"
                )


def _size_of_map(session: ort.InferenceSession) -> tuple[int | None, ...]:
    """Return height and width of the evidence map; what the graph has is right."""
    shapes = [node.shape for node in session.get_outputs() if node.name == "evidence"]
    return tuple(shapes[0][2:]) if shapes and len(shapes[0]) == 4 else (None, None)


def _fits(found: list[int | str | None], expected: tuple[int | None, ...]) -> bool:
    """Tell whether every number of `found` is the expected one; a name leaves the size open.

    Where a number is expected an open size fits too; the batch (None) must be open.
    """
    return len(found) == len(expected) and all(
        not isinstance(size, int) or size == wanted
        for size, wanted in zip(found, expected, strict=True)
    )


def _text(shape: tuple[int | None, ...] | list[int | str | None]) -> str:
    return "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"
