"""The promises of the network, over all trunks and all poolings."""

import itertools

import pytest
import torch

from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.nn.spatial_pooling import SPATIAL_POOLINGS
from bulbinspect.nn.trunk import TRUNKS
from bulbinspect.nn.view_pooling import ORDER_BOUND_POOLINGS, VIEW_POOLINGS

SPECS = [
    *({"view_pooling": name} for name in VIEW_POOLINGS),
    *({"spatial_pooling": name} for name in SPATIAL_POOLINGS),
    *({"trunk": name} for name in TRUNKS),
    {"standardise": False},
]
ORDER_BOUND_SPECS = [{"view_pooling": name, "num_views": 4} for name in ORDER_BOUND_POOLINGS]
EVERY_SPEC = pytest.mark.parametrize("values", SPECS, ids=lambda v: "-".join(map(str, v.values())))
EVERY_SPEC_AND_BASELINE = pytest.mark.parametrize(
    "values", [*SPECS, *ORDER_BOUND_SPECS], ids=lambda v: "-".join(map(str, v.values()))
)


def network_of(values):
    torch.manual_seed(3)
    return build_model(ModelSpec(num_classes=3, height_px=40, width_px=48, **values)).eval()


def views_of(num_views, num_bulbs=2, size_px=40):
    generator = torch.Generator().manual_seed(num_views)
    shape = (num_bulbs, num_views, size_px, size_px + 8)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def orders_of(network, num_views):
    shifts = [tuple((i + k) % num_views for i in range(num_views)) for k in range(num_views)]
    if network.view_pooling.symmetry == "cyclic":
        return shifts
    return [*shifts, *itertools.islice(itertools.permutations(range(num_views)), 0, 24, 5)]


@EVERY_SPEC
def test_every_order_of_the_views_gives_the_same_logits(values):
    network, views = network_of(values), views_of(4)
    present = torch.tensor([[True] * 4, [True, False, True, True]])
    with torch.inference_mode():
        expected = network(views, present)
        for order in orders_of(network, 4):
            logits = network(views[:, order], present[:, order])
            torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", VIEW_POOLINGS)
@pytest.mark.parametrize("num_views", range(1, 9))
def test_any_number_of_views_is_judged_alike_in_every_order(name, num_views):
    network, views = network_of({"view_pooling": name}), views_of(num_views, size_px=24)
    present = torch.ones(2, num_views, dtype=torch.bool)
    with torch.inference_mode():
        expected = network(views, present)
        assert expected.shape == (2, 3)
        for order in orders_of(network, num_views):
            torch.testing.assert_close(
                network(views[:, order], present), expected, rtol=1e-4, atol=1e-5
            )


@EVERY_SPEC_AND_BASELINE
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_the_pixels_of_an_absent_view_do_not_matter(values, training):
    network, views = network_of(values), views_of(4).float()
    present = torch.tensor([[True, False, True, True], [False, True, True, False]])
    spoilt = views.clone()
    spoilt[~present] = 1e6
    answers = []
    for pixels in (views, spoilt):
        network.train(training)  # batch statistics are where an absent view would leak in
        torch.manual_seed(0)  # some trunks drop layers at random
        answers.append(network(pixels, present).detach())
    torch.testing.assert_close(answers[0], answers[1], rtol=0, atol=0)


@EVERY_SPEC
def test_a_view_logit_is_the_answer_for_a_bulb_of_that_view_alone(values):
    network, views = network_of(values), views_of(4)
    everything = torch.ones(2, 4, dtype=torch.bool)
    with torch.inference_mode():
        view_logits = network.judge_each_view(network.view_features(views, everything))
        for view in range(4):
            alone = network(views[:, view : view + 1], everything[:, :1])
            torch.testing.assert_close(view_logits[:, view], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("values", ORDER_BOUND_SPECS, ids=str)
def test_order_bound_networks_answer_otherwise_when_the_bulb_is_turned(values):
    network, views = network_of(values), views_of(4)
    views[:, 1] //= 4  # untrained, it tells two views of noise hardly apart
    everything = torch.ones(2, 4, dtype=torch.bool)
    with torch.inference_mode():
        logits, turned = network(views, everything), network(views[:, [1, 2, 3, 0]], everything)
    assert not torch.isclose(turned, logits, rtol=1e-4, atol=1e-5).any()


@pytest.mark.parametrize("values", ORDER_BOUND_SPECS, ids=str)
def test_an_order_bound_view_logit_is_the_answer_with_all_other_views_absent(values):
    network, views = network_of(values), views_of(4)
    everything = torch.ones(2, 4, dtype=torch.bool)
    with torch.inference_mode():
        view_logits = network.judge_each_view(network.view_features(views, everything))
        for view in range(4):
            alone = torch.zeros_like(everything)
            alone[:, view] = True
            expected = network(views, alone)
            torch.testing.assert_close(view_logits[:, view], expected, rtol=1e-4, atol=1e-5)


@EVERY_SPEC_AND_BASELINE
def test_every_weight_learns(values):
    network, views = network_of(values).train(), views_of(4)
    for layer in network.modules():  # blocks that start as their shortcut have nothing to pass on
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(layer.weight)
    network(views, torch.ones(2, 4, dtype=torch.bool)).square().sum().backward()
    silent = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert silent == []


def test_standardised_views_answer_alike_under_another_lamp_and_gain():
    network, views = network_of({"standardise": True}), views_of(4).float() / 4 + 20
    present = torch.ones(2, 4, dtype=torch.bool)
    with torch.inference_mode():
        torch.testing.assert_close(
            network(views * 1.7 + 30, present), network(views, present), rtol=1e-3, atol=1e-4
        )


def test_blank_views_give_finite_logits():
    for standardise in (False, True):
        network = network_of({"standardise": standardise})
        for level in (0, 255):
            views = torch.full((1, 4, 32, 32), level, dtype=torch.uint8)
            assert network(views, torch.ones(1, 4, dtype=torch.bool)).isfinite().all()
