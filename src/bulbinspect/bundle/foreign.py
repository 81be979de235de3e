"""An ONNX file that is none of ours: what it wants, and what its answer means, as somebody says.

It is read to be measured, never to judge a line: `read_bundle` refuses it, and nothing writes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import GOOD, ViewsIn
from bulbinspect.bundle.bundle import Bundle, read_bytes
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.protobuf import refuse_unsafe
from bulbinspect.bundle.session import Node, Session
from bulbinspect.errors import BundleError, SpecError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.metrics.operating_point import OperatingPoint

ANSWERS = ("logits", "probabilities")

PIXEL_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(uint16)": np.uint16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}
_NUMBERS = ("tensor(float)", "tensor(float16)", "tensor(double)")
_ROUNDING = 1e-3  # a softmax in half precision may end above 1 by as much
_LEAST = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSpec:
    """How the pixels enter a foreign graph, and what its answer says.

    `answer` is one of ANSWERS: what the `output` holds, which may be "" where there is one only.
    Either `good` or `defective` says which class of the answer is that; all others are then of the
    other sort. An answer of one number has the class 0. `scale` (black, white) is what the lowest
    and the highest gray level are to the network; None: 0 and 1, or for whole numbers the levels.
    """

    answer: str
    good: int | None = None
    defective: int | None = None
    output: str = ""
    scale: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS:
            raise SpecError(f"the answer must be {' or '.join(ANSWERS)}, got {self.answer!r}")
        if (self.good is None) == (self.defective is None):
            raise SpecError("say which class of the answer is good, or which is defective")
        if self.known_class < 0:
            raise SpecError(f"classes are counted from 0, got {self.known_class}")
        black, white = self.scale or (0.0, 1.0)
        if not np.isfinite([black, white]).all() or black == white:
            raise SpecError(f"the scale must be black and another number for white, got {black}")

    @property
    def known_class(self) -> int:
        """The class that `good` or `defective` names."""
        return self.good if self.good is not None else self.defective or 0


@dataclass(frozen=True, slots=True)
class ForeignGraph:
    """A foreign file that was read: `model` as it stands, the one input, the outputs.

    `sha256` is that of the file.
    """

    model: bytes
    sha256: str
    input_name: str
    input: Node
    outputs: dict[str, Node]

    @property
    def sizes(self) -> tuple[int | None, int | None, int | None]:
        """Views, height and width where the graph says them, else None."""
        views, height, width = (
            size if isinstance(size, int) else None for size in self.input.shape[1:]
        )
        return views, height, width


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignBundle(Bundle):
    """A foreign graph with what was said of it, so that bulbs can be read and judged alike."""

    spec: ForeignSpec
    output: str
    input_name: str
    input: Node


def read_foreign(path: Path) -> ForeignGraph:
    """Read a foreign file; BundleError if it is unsafe, or does not take views (B, V, H, W)."""
    try:
        model = read_bytes(path)
        refuse_unsafe(model)
        session = Session(model, device="cpu")
        if len(session.inputs) != 1:
            raise BundleError(
                f"it must have one input, the views (B, V, H, W); it has {sorted(session.inputs)}"
            )
        ((name, node),) = session.inputs.items()
        if len(node.shape) != 4 or node.element not in PIXEL_TYPES:
            raise BundleError(
                f"its input must be (B, V, H, W) of {', '.join(PIXEL_TYPES)}; "
                f"{name!r} is {node.shape} of {node.element}"
            )
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error
    digest = hashlib.sha256(model).hexdigest()
    return ForeignGraph(model, digest, name, node, session.outputs)


def foreign_bundle(
    graph: ForeignGraph,
    spec: ForeignSpec,
    *,
    view_names: Sequence[str],
    preprocess: PreprocessSpec,
    threshold: float,
    views_in: ViewsIn = ViewsIn.FILES,
) -> ForeignBundle:
    """Return what an inspector can judge with, at this reject threshold, without any gate.

    SpecError where the spec, the names or the size are not those of the graph.
    """
    sizes = (len(view_names), preprocess.height_px, preprocess.width_px)
    for what, found, wanted in zip(("views", "height", "width"), sizes, graph.sizes, strict=True):
        if wanted not in (None, found):
            raise SpecError(f"the graph takes {wanted} as {what}, not {found}")
    levels = np.dtype(PIXEL_TYPES[graph.input.element])
    if levels.kind in "iu":
        if spec.scale is not None:
            raise SpecError("the graph takes whole numbers, the gray levels: there is no scale")
        if preprocess.max_level > np.iinfo(levels.name).max:
            raise SpecError(f"{preprocess.bit_depth} bits do not fit into {graph.input.element}")
    metadata = BundleMetadata(
        classes=(GOOD, "defect"),
        view_names=tuple(view_names),
        preprocess=preprocess,
        views_in=views_in,
        # nothing was measured; the counts are the least that a point can have
        operating_point=OperatingPoint(threshold, threshold, "given", "nothing", 1, 1, 0.0, 0.0),
    )
    output = _output(graph, spec)
    return ForeignBundle(
        graph.model,
        metadata,
        graph.sha256,
        spec=spec,
        output=output,
        input_name=graph.input_name,
        input=graph.input,
    )


def _output(graph: ForeignGraph, spec: ForeignSpec) -> str:
    """Return the name of the output; SpecError where it is not to be known or has no such class."""
    names = sorted(graph.outputs)
    if spec.output not in (names if len(names) > 1 else ["", *names]):
        raise SpecError(f"say which output is the answer; the graph has {', '.join(names)}")
    name = spec.output or names[0]
    element, shape = graph.outputs[name].element, graph.outputs[name].shape
    classes = 1 if len(shape) < 2 else shape[-1]
    lacks_class = isinstance(classes, int) and classes <= spec.known_class
    if element not in _NUMBERS or len(shape) not in (1, 2) or lacks_class:
        raise SpecError(
            f"the output {name!r} is {element} of {shape}; it must be numbers (B, K) "
            f"or (B,), with a class {spec.known_class} counted from 0"
        )
    return name


def log_odds(answer: NDArray[Any], spec: ForeignSpec) -> NDArray[np.float64]:
    """Return the log-odds of a defect (B,) from an answer (B, K) or (B,).

    A probability is taken for no closer than 1e-15 to 0 and 1. NaN where a number of the answer is
    not finite. BundleError for another shape, and for a probability that is none.
    """
    values = np.asarray(answer, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[1] <= spec.known_class:
        raise BundleError(
            f"the network answered in the shape {answer.shape}, where there is no class "
            f"{spec.known_class} of (B, K), counted from 0"
        )
    odds = np.full(len(values), np.nan)
    finite = np.isfinite(values).all(axis=1)
    of_finite = _of_probabilities if spec.answer == "probabilities" else _of_logits
    odds[finite] = of_finite(values[finite], spec.known_class)
    return -odds if spec.good is not None else odds


def _of_logits(values: NDArray[np.float64], known: int) -> NDArray[np.float64]:
    """Return the log-odds of a class against all others; a number alone is that already."""
    others = np.delete(values, known, axis=1)
    against = np.logaddexp.reduce(others, axis=1) if others.shape[1] else 0.0
    odds: NDArray[np.float64] = values[:, known] - against
    return odds


def _of_probabilities(values: NDArray[np.float64], known: int) -> NDArray[np.float64]:
    share = values[:, known]
    strange = share[(share < -_ROUNDING) | (share > 1 + _ROUNDING)]
    if strange.size:
        raise BundleError(
            f"the network answered {strange[0]:.4g} where a probability was said to be: are they "
            "logits?"
        )
    share = np.clip(share, _LEAST, 1 - _LEAST)
    odds: NDArray[np.float64] = np.log(share) - np.log1p(-share)
    return odds
