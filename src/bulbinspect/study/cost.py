"""What a bundle costs: its weights and its arithmetic, counted in its graph, and its time.

onnx and onnxscript only read the graph.
"""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, shape_inference
from onnxscript.optimizer import optimize

from bulbinspect.bundle.bundle import Bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import BundleError
from bulbinspect.study.bulb_answer import nodes_for, only_bulb_answer

Shape = tuple[int, ...]

_FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16)


@dataclass(frozen=True, slots=True)
class Cost:
    """What judging one bulb takes.

    `parameters` are the weights that the answer for the bulb needs: numbers in floating-point
    tensors of more than one. The exporter has folded normalisations into the convolutions before
    them. `flops_per_bulb` are the multiplications and additions, 2 for each pair, of convolutions
    and matrix products. The head, which multiplies row by row, is left out: D · K pairs.
    """

    parameters: int
    flops_per_bulb: int


def count_cost(bundle: Bundle) -> Cost:
    """Count what the graph's `logits` need for one bulb with all of its views.

    What only the answers of single views need does not count. BundleError for a graph with sizes
    that do not follow from those of its inputs, or with an operator that has arithmetic of a kind
    that is not counted here.
    """
    model = _for_one_bulb(only_bulb_answer(bundle))
    nodes = nodes_for(model, "logits")
    used = {name for node in nodes for name in node.input}
    weights = [one for one in model.graph.initializer if one.name in used]
    shapes = _shapes(model)
    return Cost(
        parameters=sum(
            math.prod(one.dims)
            for one in weights
            if one.data_type in _FLOATS and math.prod(one.dims) > 1
        ),
        flops_per_bulb=sum(_flops(node, shapes) for node in nodes),
    )


def judge_ms(bundle: Bundle, *, repeats: int = 30) -> float:
    """Return the median milliseconds that the runtime alone takes for a bulb by itself.

    On one thread of the CPU, after three for warming up; without the answers of the views.
    """
    spec, num_views = bundle.metadata.preprocess, bundle.metadata.num_views
    runtime = Runtime(only_bulb_answer(bundle), device="cpu", threads=1)
    shape = 1, num_views, spec.height_px, spec.width_px
    views = np.random.default_rng(0).integers(0, spec.max_level + 1, shape, dtype=spec.dtype)
    present = np.ones((1, num_views), bool)
    seconds = []
    for _ in range(3 + repeats):
        start = time.perf_counter()
        runtime.run(views, present)
        seconds.append(time.perf_counter() - start)
    return 1e3 * median(seconds[3:])


def _for_one_bulb(bundle: Bundle) -> ModelProto:
    """Return the graph with its inputs fixed to one bulb, and all other shapes inferred anew.

    Sizes that the graph computes are folded into constants first: inference alone cannot follow
    all of their arithmetic.
    """
    model = onnx.load_model_from_string(bundle.graph)
    sizes = _input_sizes(bundle.metadata)
    for given in model.graph.input:
        kind = given.type.tensor_type.elem_type
        given.CopyFrom(helper.make_tensor_value_info(given.name, kind, sizes[given.name]))
    for result in model.graph.output:
        result.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    try:
        with _quiet():
            folded: ModelProto = optimize(model)
        return shape_inference.infer_shapes(folded, strict_mode=True, data_prop=True)
    except shape_inference.InferenceError as error:
        raise BundleError(f"the sizes inside the graph cannot be inferred: {error}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the folding's own talk off the screen; what fails still raises."""
    logger = logging.getLogger("onnxscript")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _input_sizes(metadata: BundleMetadata) -> dict[str, list[int]]:
    spec, num_views = metadata.preprocess, metadata.num_views
    return {"views": [1, num_views, spec.height_px, spec.width_px], "present": [1, num_views]}


def _shapes(model: ModelProto) -> dict[str, Shape]:
    """Return the shape of every tensor that is known."""
    graph = model.graph
    shapes = {one.name: tuple(one.dims) for one in graph.initializer}
    for one in [*graph.input, *graph.value_info, *graph.output]:
        dims = one.type.tensor_type.shape.dim
        if one.type.tensor_type.HasField("shape") and all(d.HasField("dim_value") for d in dims):
            shapes[one.name] = tuple(dim.dim_value for dim in dims)
    return shapes


def _flops(node: NodeProto, shapes: dict[str, Shape]) -> int:
    if node.op_type in _UNCOUNTED or any(one.type == one.GRAPH for one in node.attribute):
        raise BundleError(f"the arithmetic of {node.op_type} cannot be counted")
    if node.op_type not in _PRODUCTS:
        return 0
    tensors = [node.input[0], node.input[1], node.output[0]]
    known = [shapes[name] for name in tensors if name in shapes]
    if len(known) < len(tensors):
        raise BundleError(f"the sizes of {node.op_type} {node.name!r} are not known")
    return 2 * _PRODUCTS[node.op_type](node, known)


def _conv(node: NodeProto, shapes: Sequence[Shape]) -> int:
    """`weight (F, C / groups, *kernel)`: each place of each output map sums a window."""
    _, weight, out = shapes
    return math.prod(out) * math.prod(weight[1:])


def _matmul(node: NodeProto, shapes: Sequence[Shape]) -> int:
    left, _, out = shapes
    return math.prod(out) * left[-1]


def _gemm(node: NodeProto, shapes: Sequence[Shape]) -> int:
    left, _, out = shapes
    turned = any(one.name == "transA" and one.i for one in node.attribute)
    return math.prod(out) * left[0 if turned else -1]


_PRODUCTS: dict[str, Callable[[NodeProto, Sequence[Shape]], int]] = {
    "Conv": _conv,
    "MatMul": _matmul,
    "Gemm": _gemm,
}

_UNCOUNTED = {
    "Attention", "ConvInteger", "ConvTranspose", "DeformConv", "Einsum", "GRU", "LSTM",
    "MatMulInteger", "QLinearConv", "QLinearMatMul", "RNN",
}  # fmt: skip
