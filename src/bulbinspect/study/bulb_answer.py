"""The part of a bundle's graph that the answer for the bulb needs, for those who ask for no other.

What each view says is a by-product for some networks, and for others several times the work of the
answer itself: a network of stacked channels judges the bulb again without each of them. Orders,
subsets and cost are about the answer for the bulb, so nobody waits there for the views.
"""

from dataclasses import replace

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper

from bulbinspect.bundle.bundle import Bundle


def nodes_for(model: ModelProto, output: str) -> list[NodeProto]:
    """Return the nodes that an output of the graph depends on, in their order."""
    makers = {name: place for place, node in enumerate(model.graph.node) for name in node.output}
    waiting, places = [output], set()
    while waiting:
        place = makers.get(waiting.pop())
        if place is not None and place not in places:
            places.add(place)
            waiting += model.graph.node[place].input
    return [model.graph.node[place] for place in sorted(places)]


def only_bulb_answer(bundle: Bundle) -> Bundle:
    """Return the bundle with a graph that answers for bulbs alone: its `logits` are the same.

    Its `view_logits` repeat them, unless they are what the `logits` are made from; an evidence map
    is left out. It is for
    measuring within a program: its seal no longer holds.
    """
    model = onnx.load_model_from_string(bundle.graph)
    graph = model.graph
    kept = [NodeProto.FromString(one.SerializeToString()) for one in nodes_for(model, "logits")]
    if not any("view_logits" in node.output for node in kept):
        kept += [
            helper.make_node("Unsqueeze", ["logits", "_one"], ["_column"]),  # (B, 1, K)
            helper.make_node("Shape", ["present"], ["_size"]),
            helper.make_node("Concat", ["_size", "_one"], ["_wanted"], axis=0),  # (B, V, 1)
            helper.make_node("Expand", ["_column", "_wanted"], ["view_logits"]),
        ]
    used = {name for node in kept for name in node.input}
    one = numpy_helper.from_array(np.array([1], np.int64), "_one")
    weights = [weight for weight in [*graph.initializer, one] if weight.name in used]
    outputs = [one for one in graph.output if one.name in ("logits", "view_logits")]
    fewer = helper.make_graph(kept, graph.name, graph.input, outputs, weights)
    graph.CopyFrom(fewer)
    return replace(bundle, graph=model.SerializeToString())
