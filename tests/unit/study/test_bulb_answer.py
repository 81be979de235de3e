"""The graph without the answers of the views gives the same answers for bulbs, at less work."""

from collections import Counter
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from tests.ordered_bundle import ordered_graph

from bulbinspect.bundle.bundle import Bundle
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.export.graph import export_graph
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.study.bulb_answer import only_bulb_answer

SPEC = PreprocessSpec(40, 40)
NETWORKS = [
    {"view_pooling": "attention"},
    {"name": "early_fusion"},
    {"name": "early_fusion", "judge_orders": "cyclic"},
    {"name": "single_view", "join": "first"},
]


def convolutions(bundle):
    operators = Counter(node.op_type for node in onnx.load_from_string(bundle.graph).graph.node)
    return operators["Conv"]


def bulbs(spec, number=5, num_views=4):
    generator = np.random.default_rng(0)
    shape = number, num_views, spec.height_px, spec.width_px
    present = generator.random((number, num_views)) < 0.6
    present[:, 1] = True
    return generator.integers(0, 256, shape).astype(np.uint8), present


@pytest.mark.parametrize("values", NETWORKS, ids=lambda values: "-".join(values.values()))
def test_bulbs_get_the_same_answers(tiny_metadata, values):
    torch.manual_seed(1)
    spec = ModelSpec(num_classes=2, num_views=4, height_px=40, width_px=40, **values)
    graph = export_graph(build_model(spec).eval(), SPEC, num_views=4)
    whole = Bundle(graph, tiny_metadata(preprocess=SPEC), "f" * 64)
    part = only_bulb_answer(whole)
    onnx.checker.check_model(onnx.load_from_string(part.graph), full_check=True)
    expected, _ = Runtime(whole, device="cpu").run(*bulbs(SPEC))
    found, repeated = Runtime(part, device="cpu").run(*bulbs(SPEC))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(repeated, np.repeat(found[:, None], 4, axis=1))
    saved = convolutions(whole) - convolutions(part)
    assert (saved > 0) == (values.get("name") in ("early_fusion", "single_view"))
    assert replace(part, graph=whole.graph) == whole


def test_an_evidence_map_is_left_out(tiny_metadata):
    spec = ModelSpec(num_classes=2, num_views=4, height_px=40, width_px=40, name="evidence")
    graph = export_graph(build_model(spec).eval(), SPEC, num_views=4)
    whole = Bundle(graph, tiny_metadata(preprocess=SPEC), "f" * 64)
    part = Runtime(only_bulb_answer(whole), device="cpu")
    assert (Runtime(whole, device="cpu").has_evidence, part.has_evidence) == (True, False)
    expected, _ = Runtime(whole, device="cpu").run(*bulbs(SPEC))
    np.testing.assert_array_equal(part.run(*bulbs(SPEC))[0], expected)


def test_nothing_is_kept_that_only_views_need(tiny_metadata):
    metadata = tiny_metadata()
    whole = Bundle(ordered_graph(metadata.preprocess), metadata, "f" * 64)
    part = only_bulb_answer(whole)
    kept = {one.name for one in onnx.load_from_string(part.graph).graph.initializer}
    assert "places" in kept
    assert "gain" not in kept
    expected, _ = Runtime(whole, device="cpu").run(*bulbs(metadata.preprocess))
    found, _ = Runtime(part, device="cpu").run(*bulbs(metadata.preprocess))
    np.testing.assert_array_equal(found, expected)


def test_views_that_the_answer_is_made_from_keep_theirs(tiny_bundle):
    whole = tiny_bundle()
    expected = Runtime(whole, device="cpu").run(*bulbs(whole.metadata.preprocess))
    part = Runtime(only_bulb_answer(whole), device="cpu")
    for found, wanted in zip(part.run(*bulbs(whole.metadata.preprocess)), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
