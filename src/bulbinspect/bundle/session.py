"""A graph that is loaded and can be run. The only file that knows onnxruntime."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray

from bulbinspect.errors import BundleError, UsageError

DEVICES = ("auto", "cpu", "cuda", "openvino")

_FATAL = 4  # onnxruntime prints to stderr by itself; its errors reach us as exceptions anyway
# full float32 everywhere: a verdict must not depend on the machine it was made on
_PROVIDERS: dict[str, tuple[str, dict[str, str]]] = {
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),
    "openvino": ("OpenVINOExecutionProvider", {"device_type": "CPU", "precision": "FP32"}),
}


@dataclass(frozen=True, slots=True)
class Node:
    """An input or output: `element` such as `tensor(float)`, sizes that are numbers or open."""

    element: str
    shape: tuple[int | str | None, ...]


class Session:
    """A loaded graph with its `inputs` and `outputs` by name; `run` may be called by many threads.

    `threads` is how many threads one call may use. `device` is one of `DEVICES`; `auto` takes CUDA
    where onnxruntime has it, else the CPU. BundleError when the graph cannot be loaded, UsageError
    when the device is not to be had. The graph must have been looked through for what is unsafe.
    """

    def __init__(self, graph: bytes, *, device: str = "auto", threads: int = 1) -> None:
        self._session = _load_first(graph, _candidates(device), threads)
        started = self._session.get_providers()[0]  # onnxruntime may have gone back to the CPU
        self.device = next(name for name, (known, _) in _PROVIDERS.items() if known == started)
        if device not in ("auto", self.device):
            raise UsageError(f"device {device!r} is installed but could not be started")
        self.inputs = _nodes("input", self._session.get_inputs())
        self.outputs = _nodes("output", self._session.get_outputs())

    def run(self, names: Sequence[str], feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the outputs of these names; BundleError when the network fails."""
        try:
            answers: list[NDArray[Any]] = self._session.run(list(names), dict(feed))
        except Exception as error:  # onnxruntime's errors share no root of their own
            raise BundleError(f"the network failed: {error}") from error
        return answers


def _nodes(kind: str, nodes: Sequence[Any]) -> dict[str, Node]:
    try:
        return {node.name: Node(node.type, tuple(node.shape or ())) for node in nodes}
    except UnicodeDecodeError as error:
        raise BundleError(f"the {kind}s of the graph have names that are no text") from error


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
