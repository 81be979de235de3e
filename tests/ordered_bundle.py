"""A bundle that minds the order of its views in a way that can be computed by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.special import expit

from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.imaging.preprocess import PreprocessSpec

THRESHOLD = 0.5
PLACES = (0.1, 0.2, 0.3, 0.4)
"""How much the view in each place counts."""

GAIN, OFFSET = 8.0, -4.0


def defect_probability_by_hand(
    levels: Sequence[float], places: Sequence[float] = PLACES, *, max_level: int = 255
) -> float:
    """Return what the bundle says of flat views of these gray levels, 0 for an absent one."""
    return float(expit(GAIN * np.dot(levels, places) / max_level + OFFSET))


def ordered_graph(spec: PreprocessSpec, places: Sequence[float] = PLACES) -> bytes:
    """Build the graph, made for as many views as there are `places`.

    With m the mean of a view from 0 to 1, 0 for an absent one, the second logit is
    GAIN * sum(places * m) + OFFSET, the first 0. A view alone says GAIN * m + OFFSET.
    """
    num_views = len(places)

    def constant(name: str, value: object, kind: type = np.float32) -> onnx.TensorProto:
        return numpy_helper.from_array(np.asarray(value, kind), name)

    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["views"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["floats", "picture_axes"], ["mean"], keepdims=0),
            helper.make_node("Div", ["mean", "max_level"], ["bright"]),
            helper.make_node("Cast", ["present"], ["weight"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["bright", "weight"], ["seen"]),
            helper.make_node("MatMul", ["seen", "places"], ["joined"]),
            helper.make_node("Add", ["joined", "offset"], ["logits"]),
            helper.make_node("Unsqueeze", ["bright", "last"], ["column"]),
            helper.make_node("MatMul", ["column", "gain"], ["scaled"]),
            helper.make_node("Add", ["scaled", "offset"], ["view_logits"]),
        ],
        "ordered",
        [
            helper.make_tensor_value_info(
                "views", TensorProto.UINT8, ["B", num_views, spec.height_px, spec.width_px]
            ),
            helper.make_tensor_value_info("present", TensorProto.BOOL, ["B", num_views]),
        ],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", 2]),
            helper.make_tensor_value_info("view_logits", TensorProto.FLOAT, ["B", num_views, 2]),
        ],
        [
            constant("picture_axes", [2, 3], np.int64),
            constant("last", [2], np.int64),
            constant("max_level", spec.max_level),
            constant("places", [[0.0, GAIN * place] for place in places]),
            constant("gain", [[0.0, GAIN]]),
            constant("offset", [0.0, OFFSET]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def write_ordered(path: Path, metadata: BundleMetadata, places: Sequence[float] = PLACES) -> Bundle:
    """Write a bundle of that graph."""
    return write_bundle(path, ordered_graph(metadata.preprocess, places), metadata)


def rejected_by_hand(levels, places=PLACES):
    """Say whether a bulb of these brightnesses (V,) is rejected at the threshold."""
    return defect_probability_by_hand(levels, places) >= THRESHOLD
