"""A bundle with an evidence map that can be computed by hand."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tests.conftest import make_graph

from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.bundle.metadata import BundleMetadata

GAIN, OFFSET = 8.0, -4.0


def write_with_evidence(path: Path, metadata: BundleMetadata, *, places: int = 4) -> Bundle:
    """Write `make_graph` with a map of `places` x `places`: 8 m - 4 of the mean m of each, 0 to 1.

    The pictures must be squares that can be divided so.
    """
    spec = metadata.preprocess
    model = onnx.load_from_string(make_graph(spec=spec))
    side = spec.height_px // places
    for name, value in (("map_gain", GAIN / spec.max_level), ("map_offset", OFFSET)):
        model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    model.graph.node.extend(
        [
            helper.make_node(
                "AveragePool",
                ["floats"],
                ["pooled"],
                kernel_shape=[side, side],
                strides=[side, side],
            ),
            helper.make_node("Mul", ["pooled", "map_gain"], ["map_scaled"]),
            helper.make_node("Add", ["map_scaled", "map_offset"], ["evidence"]),
        ]
    )
    shape = ["B", "V", places, places]
    model.graph.output.append(helper.make_tensor_value_info("evidence", TensorProto.FLOAT, shape))
    return write_bundle(path, model.SerializeToString(), metadata)
