"""Networks of somebody else, whose answers can be computed by hand.

Each sees how bright its views are, and has one input.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tests.ordered_bundle import GAIN, OFFSET, PLACES

FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8


def foreign_graph(
    *,
    answer: str = "logits",
    classes: int = 2,
    good: int = 0,
    element: int = FLOAT,
    white: float = 1.0,
    batch: int | str = "B",
    side: int | str = 16,
    flat: bool = False,
    divided: bool = False,
    places: Sequence[float] = PLACES,
    outputs: Sequence[str] = ("answer",),
) -> bytes:
    """Build the graph, where m is the mean of a view over `white`.

    z is GAIN * sum(places * m) + OFFSET. Of two classes that which is not `good` has the logit z,
    of three both others z - log 2, the good one 0; one number is z. `answer` is logits, or
    probabilities: their softmax, or the sigmoid of one number. `flat` gives (B,) in place of
    (B, 1). `divided` multiplies z by m / m of the first place: NaN where that view is black.
    """
    row = np.zeros((1, classes), np.float32)
    shift = np.zeros(classes, np.float32)
    defects = [place for place in range(classes) if classes == 1 or place != good]
    row[0, defects] = 1.0
    shift[defects] = -np.log(len(defects))

    def constant(name: str, value: object, kind: type = np.float32) -> onnx.TensorProto:
        return numpy_helper.from_array(np.asarray(value, kind), name)

    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "picture_axes"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "white"], ["bright"]),
        helper.make_node("MatMul", ["bright", "places"], ["joined"]),
        helper.make_node("Add", ["joined", "offset"], ["whole"]),
    ]
    odds = "whole"
    if divided:
        nodes += [
            helper.make_node("Gather", ["bright", "first"], ["one"], axis=1),
            helper.make_node("Div", ["one", "one"], ["one_or_nan"]),
            helper.make_node("Mul", ["whole", "one_or_nan"], ["perhaps"]),
        ]
        odds = "perhaps"
    nodes += [
        helper.make_node("MatMul", [odds, "row"], ["spread"]),
        helper.make_node("Add", ["spread", "shift"], ["logits"]),
    ]
    last = "logits"
    if answer == "probabilities":
        kind = "Sigmoid" if classes == 1 else "Softmax"
        nodes.append(helper.make_node(kind, ["logits"], ["probabilities"]))
        last = "probabilities"
    if flat:
        nodes.append(helper.make_node("Squeeze", [last, "last_axis"], ["flat"]))
        last = "flat"
    nodes += [helper.make_node("Identity", [last], [name]) for name in outputs]
    shape = [batch] if flat else [batch, classes]
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info("pixels", element, [batch, len(places), side, side])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
        [
            constant("picture_axes", [2, 3], np.int64),
            constant("white", white),
            constant("places", [[GAIN * place] for place in places]),
            constant("offset", [OFFSET]),
            constant("first", [0], np.int64),
            constant("row", row),
            constant("shift", shift),
            constant("last_axis", [1], np.int64),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()
