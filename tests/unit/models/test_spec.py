import json
from dataclasses import replace

import pytest
import torch
from tests.networks import EVERY_NETWORK, name_of, network_of, views_of

from bulbinspect.errors import SpecError
from bulbinspect.models.spec import MODELS, READ_BY, ModelSpec, build_model


@pytest.mark.parametrize("values", [{"view_pooling": "cyclic"}, *EVERY_NETWORK], ids=name_of)
def test_a_spec_comes_back_from_json_as_it_was_and_so_do_the_weights(values):
    spec = ModelSpec(num_classes=3, dropout=0.25, max_level=4095, num_views=4, **values)
    again = ModelSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
    assert again == spec
    build_model(again).load_state_dict(build_model(spec).state_dict())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_classes": 1}, "2 or more, not 1"),
        ({"num_classes": 2, "dropout": 1.0}, "not 1.0"),
        ({"num_classes": 2, "max_level": 0}, "not 0"),
        ({"num_classes": 2, "num_views": 0}, "num_views must be 1 or more, not 0"),
        ({"num_classes": 2, "height_px": 0, "width_px": 9}, "height_px must be 1 or more, not 0"),
        ({"num_classes": 2, "width_px": 64}, "both or not at all"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(values, message):
    with pytest.raises(SpecError, match=message):
        ModelSpec(**values)


def test_missing_and_unknown_values_are_named():
    values = ModelSpec(num_classes=2).to_dict()
    with pytest.raises(SpecError, match=r"these differ: .*'backbone'"):
        ModelSpec.from_dict({**values, "backbone": "x"})
    del values["trunk"]
    with pytest.raises(SpecError, match=r"these differ: .*'trunk'"):
        ModelSpec.from_dict(values)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "name",
            "unknown model 'odd'; known are siamese, early_fusion, per_view_kernels, single_view",
        ),
        ("trunk", "unknown trunk 'odd'; known are compact"),
        ("norm", "unknown norm 'odd'; known are batch, group"),
        ("spatial_pooling", "unknown spatial pooling 'odd'; known are mean"),
        ("view_pooling", "unknown view pooling 'odd'; known are mean"),
        ("fusion", "unknown early fusion 'odd'; known are stacked"),
        ("join", "unknown join 'odd'; known are mean_logit, or, first"),
        ("judge_orders", "unknown judge_orders 'odd'; known are as_given, all, cyclic"),
        ("memory", "unknown memory 'odd'; known are fast, low"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(name, message):
    for model in READ_BY.get(name, MODELS) if name != "name" else ("odd",):
        values = {"num_classes": 2, "num_views": 4, "name": model, name: "odd"}
        with pytest.raises(SpecError, match=message):
            build_model(ModelSpec(**values))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("view_pooling", "max"),
        ("memory", "low"),
        ("fusion", "sum_views"),
        ("join", "or"),
        ("join", "odd"),
    ],
)
def test_a_value_that_a_model_does_not_read_must_be_left_at_its_default(name, value):
    for model in MODELS.keys() - READ_BY[name]:
        default = ModelSpec(num_classes=2, num_views=4, name=model)
        message = f"model {model} does not read {name}: leave it at '.+', not '{value}'"
        with pytest.raises(SpecError, match=message):
            build_model(replace(default, **{name: value}))


COMPACT = {  # widths 16, 32, 64, 128: a convolution of 5×5, then blocks
    "stem": 16 * 25 + 2 * 16,
    "rest": sum(10 * c * (2 * c) + 9 * (2 * c) ** 2 + 6 * (2 * c) for c in (16, 32, 64)),
}
TRUNK, HEAD, SHARPNESS = sum(COMPACT.values()), 128 * 2 + 2, 128


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, TRUNK + SHARPNESS + HEAD),
        ({"norm": "group"}, TRUNK + SHARPNESS + HEAD),
        ({"view_pooling": "concat"}, TRUNK + 4 * 128 * 2 + 2),
        ({"view_pooling": "pairs"}, TRUNK + 2 * 128 * 2 + 2),
        ({"name": "per_view_kernels"}, 4 * TRUNK + SHARPNESS + HEAD),
        ({"name": "single_view"}, TRUNK + HEAD),
        ({"name": "early_fusion"}, TRUNK + 3 * 16 * 25 + HEAD),
        ({"name": "early_fusion", "fusion": "average_weights"}, TRUNK + 3 * 16 * 25 + HEAD),
        ({"name": "early_fusion", "fusion": "sum_views"}, TRUNK + HEAD),
        ({"name": "early_fusion", "fusion": "shared_stem"}, TRUNK + 4 * 16 * 16 * 9 + 16 + HEAD),
        ({"name": "early_fusion", "judge_orders": "all"}, TRUNK + 3 * 16 * 25 + HEAD),
    ],
    ids=str,
)
def test_every_network_has_as_many_weights_as_its_parts(values, expected):
    network = build_model(ModelSpec(num_classes=2, num_views=4, **values))
    assert sum(weight.numel() for weight in network.parameters()) == expected


def test_low_memory_needs_a_trunk_without_batch_normalisation_to_train():
    views, present = views_of(2), torch.ones(2, 4, dtype=torch.bool)
    for name in READ_BY["memory"]:
        low = build_model(ModelSpec(num_classes=2, name=name, memory="low"))
        with pytest.raises(SpecError, match=r"batch normalisation in training.*GroupNorm"):
            low.training_logits(views, present)
        assert low.eval()(views, present).shape == (2, 2)


@pytest.mark.parametrize("name", READ_BY["memory"])
def test_a_step_with_low_memory_is_that_with_more(name):
    views, present = views_of(5), torch.rand(5, 4) < 0.8
    present[:, 0] = True
    weights = []
    for memory in ("fast", "low"):
        network = network_of({"name": name, "norm": "group", "memory": memory}).train()
        logits, bulb = network.training_logits(views, present)
        torch.nn.functional.cross_entropy(logits, bulb % 3).backward()
        torch.optim.SGD(network.parameters(), lr=0.01).step()
        weights.append(torch.cat([weight.detach().flatten() for weight in network.parameters()]))
    torch.testing.assert_close(*weights, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"trunk": "dense_siamese"}, "for views of one size: give height_px and width_px"),
        ({"view_pooling": "concat"}, "concat is for one number of views: give num_views"),
        (
            {"trunk": "dense_siamese", "height_px": 35, "width_px": 128},
            "for views of 36×36 or more, not 35×128",
        ),
    ],
)
def test_parts_for_one_size_or_number_are_refused_where_it_is_not_known(values, message):
    with pytest.raises(SpecError, match=message):
        build_model(ModelSpec(num_classes=2, **values))


def test_the_weights_of_parts_for_one_size_and_number_come_back_from_the_spec():
    spec = ModelSpec(
        num_classes=2,
        trunk="dense_siamese",
        view_pooling="concat",
        num_views=3,
        height_px=40,
        width_px=48,
    )
    again = build_model(ModelSpec.from_dict(json.loads(json.dumps(spec.to_dict()))))
    again.load_state_dict(build_model(spec).state_dict())
    assert again.head.linear.in_features == 3 * 128
