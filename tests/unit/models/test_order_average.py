"""The mean answer over orders, against one order after the other."""

import itertools

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from tests.networks import name_of, network_of, views_of

from bulbinspect.errors import SpecError
from bulbinspect.models.spec import ModelSpec, build_model

SHIFTS = [[0, 1, 2, 3], [1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2]]
ORDERS = {"all": [list(order) for order in itertools.permutations(range(4))], "cyclic": SHIFTS}
every_averaging = pytest.mark.parametrize("judge_orders", ORDERS)
every_network = pytest.mark.parametrize(
    "values",
    [{"name": "early_fusion"}, {"name": "per_view_kernels"}, {"view_pooling": "concat"}],
    ids=name_of,
)


@every_averaging
@every_network
def test_the_answer_is_the_mean_of_the_probabilities_of_every_order(values, judge_orders):
    plain, averaged = network_of(values), network_of(values, judge_orders=judge_orders)
    views, present = views_of(2), torch.tensor([[True] * 4, [True, True, False, True]])
    orders = ORDERS[judge_orders]
    with torch.inference_mode():
        each = [plain(views[:, order], present[:, order]).numpy() for order in orders]
        logits = averaged(views, present).numpy()
    expected = np.mean(softmax(np.asarray(each, float), axis=-1), axis=0)
    np.testing.assert_allclose(softmax(logits, axis=-1), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(logits, log_softmax(logits, axis=-1), atol=1e-5)
    assert np.ptp(softmax(each, axis=-1), axis=0).max() > 1e-3  # the orders do differ


@every_averaging
@every_network
def test_a_view_says_the_mean_of_what_it_says_under_every_shift(values, judge_orders):
    plain, averaged = network_of(values), network_of(values, judge_orders=judge_orders)
    views, present = views_of(2), torch.tensor([[True] * 4, [True, True, False, True]])
    with torch.inference_mode():
        found = averaged.judge_with_views(views, present)[1]
        expected = torch.zeros_like(found)
        for order in SHIFTS:
            each = plain.judge_with_views(views[:, order], present[:, order])[1]
            for place, view in enumerate(order):
                expected[:, view] += each[:, place] / 4
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        for order in SHIFTS:
            turned = averaged.judge_with_views(views[:, order], present[:, order])[1]
            torch.testing.assert_close(turned, found[:, order], rtol=1e-4, atol=1e-5)


@every_averaging
def test_weights_trained_without_averaging_fit_and_go_back(judge_orders):
    plain = network_of({"name": "early_fusion"})
    averaged = build_model(
        ModelSpec(name="early_fusion", num_classes=3, num_views=4, judge_orders=judge_orders)
    )
    holder = torch.nn.ModuleDict({"network": averaged})
    assert averaged.state_dict().keys() == plain.state_dict().keys()
    assert set(holder.state_dict()) == {f"network.{name}" for name in plain.state_dict()}
    averaged.load_state_dict(plain.state_dict())
    for name, value in averaged.state_dict().items():
        assert value.equal(plain.state_dict()[name])
    holder.load_state_dict({f"network.{name}": v * 0 for name, v in plain.state_dict().items()})
    assert all((value == 0).all() for value in averaged.state_dict().values())
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\).*odd"):
        averaged.load_state_dict({**plain.state_dict(), "odd": torch.zeros(1)})
    with pytest.raises(RuntimeError, match="Missing key"):
        averaged.load_state_dict({})


@every_averaging
def test_in_training_nothing_is_averaged(judge_orders):
    plain = network_of({"name": "early_fusion"}).train()
    averaged = network_of({"name": "early_fusion"}, judge_orders=judge_orders).train()
    views, present = views_of(2), torch.ones(2, 4, dtype=torch.bool)
    assert averaged(views, present).equal(plain(views, present))
    for ours, theirs in zip(
        averaged.judge_with_views(views, present), plain.judge_with_views(views, present),
        strict=True,
    ):  # fmt: skip
        assert ours.equal(theirs)


def test_all_orders_are_for_five_views_or_fewer():
    five = build_model(ModelSpec(num_classes=2, num_views=5, judge_orders="all")).eval()
    assert five.orders.shape == (120, 5)
    with pytest.raises(SpecError, match="6 views have 720 orders; take cyclic"):
        build_model(ModelSpec(num_classes=2, num_views=6, judge_orders="all"))
    six = build_model(ModelSpec(num_classes=2, num_views=6, judge_orders="cyclic"))
    assert six.orders.shape == (6, 6)


def test_the_number_of_views_must_be_known():
    with pytest.raises(SpecError, match="judge_orders all is for one number of views: give num_v"):
        build_model(ModelSpec(num_classes=2, judge_orders="all"))
