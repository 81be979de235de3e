"""A graph that was traced for one network serves all alike, with their own weights."""

import json

import pytest
import torch

from bulbinspect.export import graph
from bulbinspect.export.graph import export_graph
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec, build_model

SIZE_PX = 32
PREPROCESS = PreprocessSpec(SIZE_PX, SIZE_PX)
KINDS = [
    {},
    {"view_pooling": "attention", "norm": "group", "standardise": True},
    {"name": "early_fusion", "fusion": "average_weights", "judge_orders": "cyclic"},
]


def spec_of(values):
    return ModelSpec(
        num_classes=2, num_views=3, height_px=SIZE_PX, width_px=SIZE_PX, trunk="compact", **values
    )


def network_of(spec, seed):
    """Return a network whose running statistics, too, are its own."""
    torch.manual_seed(seed)
    network = build_model(spec)
    network.train()(torch.randint(0, 256, (4, 3, SIZE_PX, SIZE_PX)), torch.ones(4, 3).bool())
    return network.eval()


@pytest.mark.parametrize("values", KINDS, ids=lambda values: values.get("name", "siamese"))
def test_the_graph_is_the_one_that_would_have_been_traced(values):
    spec = spec_of(values)
    alike = json.dumps(spec.to_dict())
    first, second = network_of(spec, 0), network_of(spec, 1)
    graphs = [export_graph(one, PREPROCESS, num_views=3, alike=alike) for one in (first, second)]
    assert graphs[0] != graphs[1]
    assert graphs[1] == export_graph(second, PREPROCESS, num_views=3)
    assert graphs[0] == export_graph(first, PREPROCESS, num_views=3, alike=alike)


def test_only_some_graphs_are_kept(monkeypatch):
    monkeypatch.setattr(graph, "_templates", {})
    monkeypatch.setattr(graph, "_MOST_TEMPLATES", 1)
    network = network_of(spec_of({}), 0)
    for alike in ("one", "other"):
        export_graph(network, PREPROCESS, num_views=3, alike=alike)
    (kept,) = graph._templates
    assert kept.startswith("other")
