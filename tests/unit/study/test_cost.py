"""What a bundle costs, against closed forms and against torch's own counter."""

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from tests.ordered_bundle import ordered_graph
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bulbinspect.bundle.bundle import Bundle
from bulbinspect.errors import BundleError
from bulbinspect.export.graph import export_graph
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.study.cost import count_cost, judge_ms

SIZE_PX = 40
SPEC = PreprocessSpec(SIZE_PX, SIZE_PX)


@pytest.fixture(scope="module")
def bundle_of(tiny_metadata):
    """Return a bundle of a graph: nodes after `floats` (B, 4, 16, 16) up to `logits`."""

    def make(nodes, **constants):
        graph = helper.make_graph(
            [helper.make_node("Cast", ["views"], ["floats"], to=TensorProto.FLOAT), *nodes],
            "by hand",
            [
                helper.make_tensor_value_info("views", TensorProto.UINT8, ["B", 4, 16, 16]),
                helper.make_tensor_value_info("present", TensorProto.BOOL, ["B", 4]),
            ],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", 2])],
            [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        model.ir_version = 10
        return Bundle(model.SerializeToString(), tiny_metadata(), "f" * 64)

    return make


def node(operator, given, made, **options):
    return helper.make_node(operator, given.split(), made.split(), **options)


def random(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_a_convolution_costs_a_window_for_each_place_of_each_map(bundle_of):
    nodes = [
        node("Conv", "floats kernel bias", "maps", group=2, strides=[2, 1], pads=[1, 0, 1, 0]),
        node("GlobalAveragePool", "maps", "means"),
        node("Flatten", "means", "features"),
        node("Gemm", "features head", "logits", transB=1),
    ]
    cost = count_cost(
        bundle_of(nodes, kernel=random(6, 2, 3, 5), bias=random(6), head=random(2, 6))
    )
    places = ((16 + 2 - 3) // 2 + 1) * (16 - 5 + 1)
    assert cost.flops_per_bulb == 2 * (places * 6 * (2 * 3 * 5) + 6 * 2)
    assert cost.parameters == 6 * 2 * 3 * 5 + 6 + 2 * 6


def test_products_of_matrices_cost_their_three_sizes(bundle_of):
    nodes = [
        node("MatMul", "floats wide", "stack"),  # 4 products of (16, 16) and (16, 5)
        node("ReduceMean", "stack axes", "rows", keepdims=0),  # (B, 16)
        node("Transpose", "rows", "columns", perm=[1, 0]),
        node("Gemm", "columns head", "logits", transA=1),  # (B, 5) from (5, B), and (5, 2)
    ]
    axes = np.array([1, 2])
    cost = count_cost(bundle_of(nodes, wide=random(16, 5), head=random(5, 2), axes=axes))
    assert cost.flops_per_bulb == 2 * (4 * 16 * 16 * 5 + 5 * 2)
    assert cost.parameters == 16 * 5 + 5 * 2


def test_what_only_the_views_answers_need_does_not_count(tiny_metadata):
    metadata = tiny_metadata()
    cost = count_cost(Bundle(ordered_graph(metadata.preprocess), metadata, "f" * 64))
    assert cost.flops_per_bulb == 2 * 4 * 2  # not the products with `gain`
    assert cost.parameters == 4 * 2 + 2


def test_arithmetic_that_is_not_counted_is_refused(bundle_of):
    nodes = [
        node("Einsum", "floats wide", "logits", equation="bvhw,wk->bk"),
    ]
    with pytest.raises(BundleError, match="arithmetic of Einsum cannot be counted"):
        count_cost(bundle_of(nodes, wide=random(16, 2)))


def test_arithmetic_inside_a_branch_is_refused(bundle_of):
    def branch(name):
        result = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        return helper.make_graph([node("MatMul", "floats wide", name)], name, [], [result])

    nodes = [
        node("ReduceMax", "floats", "largest", keepdims=0),
        node("Cast", "largest", "which", to=TensorProto.BOOL),
        node("If", "which", "stack", then_branch=branch("one"), else_branch=branch("other")),
        node("ReduceMean", "stack axes", "logits", keepdims=0),
    ]
    with pytest.raises(BundleError, match="arithmetic of If cannot be counted"):
        count_cost(bundle_of(nodes, wide=random(16, 2), axes=np.array([1, 2])))


def test_sizes_that_depend_on_the_picture_are_refused(bundle_of):
    nodes = [
        node("NonZero", "floats", "places"),  # (4, as many as are not black)
        node("Cast", "places", "numbers", to=TensorProto.FLOAT),
        node("Transpose", "numbers", "rows", perm=[1, 0]),
        node("MatMul", "rows wide", "each"),
        node("ReduceMean", "each axes", "logits"),
    ]
    with pytest.raises(BundleError, match=r"sizes of MatMul .* are not known"):
        count_cost(bundle_of(nodes, wide=random(4, 2), axes=np.array([0])))


def shipped(tiny_metadata, network, num_views=4):
    graph = export_graph(network, SPEC, num_views=num_views)
    names = tuple(str(view) for view in range(num_views))
    return Bundle(graph, tiny_metadata(view_names=names, preprocess=SPEC), "f" * 64)


def network_of(**values):
    torch.manual_seed(0)
    spec = ModelSpec(num_classes=2, num_views=4, height_px=SIZE_PX, width_px=SIZE_PX, **values)
    return build_model(spec).eval()


NETWORKS = [
    {"view_pooling": "gated_attention"},
    {"view_pooling": "cyclic"},  # rolls its views by sizes that the graph computes
    {"view_pooling": "concat", "standardise": True},
    {"trunk": "dense_siamese"},
    {"name": "early_fusion", "fusion": "shared_stem"},
    {"name": "early_fusion", "judge_orders": "cyclic"},
    {"name": "single_view", "join": "first"},
]


@pytest.mark.parametrize("values", NETWORKS, ids=lambda values: "-".join(map(str, values.values())))
def test_a_network_costs_what_torch_counts(tiny_metadata, values):
    network = network_of(**values)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 4, SIZE_PX, SIZE_PX), torch.ones(1, 4, dtype=torch.bool))
    cost = count_cost(shipped(tiny_metadata, network))
    assert cost.flops_per_bulb == counter.get_total_flops() > 1e7


def test_a_shared_trunk_costs_a_pass_for_each_view(tiny_metadata):
    network = network_of(view_pooling="max")
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network.trunk.module(torch.zeros(1, 1, SIZE_PX, SIZE_PX))
    for num_views in (1, 3):
        cost = count_cost(shipped(tiny_metadata, network, num_views))
        assert cost.flops_per_bulb == num_views * counter.get_total_flops()


@pytest.mark.parametrize("num_views", [1, 3, 4])
def test_one_view_costs_one_of_the_passes_that_judging_all_of_them_costs(tiny_metadata, num_views):
    one, every = (
        count_cost(shipped(tiny_metadata, network_of(name="single_view", join=join), num_views))
        for join in ("first", "mean_logit")
    )
    assert every.flops_per_bulb == num_views * one.flops_per_bulb > 1e7
    assert every.parameters == one.parameters


def test_the_weights_are_those_of_the_network_with_its_normalisations_folded(tiny_metadata):
    network = network_of(view_pooling="attention")
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):  # as after training, so that none is an identity
            for values in (module.weight, module.bias, module.running_mean, module.running_var):
                nn.init.uniform_(values, 0.5, 1.5)
    norms = [one for one in network.modules() if isinstance(one, nn.BatchNorm2d)]
    trained = sum(weight.numel() for weight in network.parameters())
    cost = count_cost(shipped(tiny_metadata, network))
    # of the scale and the offset of each map the offset remains
    single = sum(weight.numel() == 1 for weight in network.parameters())
    assert cost.parameters == trained - sum(norm.num_features for norm in norms) - single
    assert norms


def test_the_time_for_a_bulb_is_measured(tiny_bundle):
    assert 0 < judge_ms(tiny_bundle(), repeats=3) < 1000
