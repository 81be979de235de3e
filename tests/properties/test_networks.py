"""What every network promises, however it is made inside."""

import pytest
import torch
from tests.networks import (
    EVERY_NETWORK,
    EVERY_ORDER,
    ORDERS,
    SAME_UNDER,
    name_of,
    network_of,
    views_of,
)
from torch import nn

every_network = pytest.mark.parametrize("values", EVERY_NETWORK, ids=name_of)

SOFTMAX_BIAS = "view_pooling.score.bias"
"""A softmax over the views does not see it: its gradient is rounding, on some processors zero."""


def mask(*absent, num_bulbs=2):
    present = torch.ones(num_bulbs, 4, dtype=torch.bool)
    for bulb, view in absent:
        present[bulb, view] = False
    return present


@every_network
def test_exactly_the_orders_of_its_symmetry_leave_the_answer_as_it_is(values):
    network, views, present = network_of(values), views_of(2), mask((1, 2))
    same = set()
    with torch.inference_mode():
        expected = network(views, present).softmax(-1)
        for order in ORDERS:
            found = network(views[:, order], present[:, order]).softmax(-1)
            difference = float((found - expected).abs().max())
            assert difference < 1e-6 or difference > 1e-5, "neither rounding nor another answer"
            same |= {order} if difference < 1e-6 else set()
    assert same == SAME_UNDER.get(name_of(values), EVERY_ORDER)


@every_network
def test_answers_have_the_shapes_of_the_protocol_and_agree_with_each_other(values):
    network, views, present = network_of(values), views_of(3), mask((1, 2), (2, 0), num_bulbs=3)
    with torch.inference_mode():
        logits = network(views, present)
        again, view_logits = network.judge_with_views(views, present)
    assert (logits.shape, view_logits.shape) == ((3, 3), (3, 4, 3))
    torch.testing.assert_close(again, logits)
    assert view_logits.isfinite().all()
    assert network.num_views in (None, 4)


@every_network
def test_bulbs_do_not_matter_to_each_other(values):
    network, views, present = network_of(values), views_of(3), mask((1, 2), num_bulbs=3)
    with torch.inference_mode():
        together = network.judge_with_views(views, present)
        for bulb in range(3):
            alone = network.judge_with_views(views[[bulb]], present[[bulb]])
            torch.testing.assert_close(alone[0][0], together[0][bulb], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(alone[1][0], together[1][bulb], rtol=1e-4, atol=1e-5)


@every_network
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_an_absent_view_does_not_matter_not_even_nan(values, training):
    present = mask((0, 1), (1, 0), (1, 3))
    answers = []
    for level in (7.0, 1e6, torch.nan):
        network = network_of(values).train(training)
        torch.manual_seed(0)
        views = torch.where(present[..., None, None], views_of(2), level)
        logits, view_logits = network.judge_with_views(views, present)
        answers.append((logits, view_logits[present], *network.training_logits(views, present)))
    for first, *others in zip(*answers, strict=True):
        assert first.isfinite().all()
        for other in others:
            torch.testing.assert_close(other, first, rtol=0, atol=0)


@every_network
def test_a_network_for_one_number_of_views_refuses_others_and_one_for_any_takes_them(values):
    network, views = network_of(values), views_of(2)[:, :3]
    if network.num_views is None:
        assert network(views, mask()[:, :3]).shape == (2, 3)
    else:
        with pytest.raises((ValueError, IndexError), match=r"made for 4 views, got 3|out of"):
            network(views, mask()[:, :3])


@every_network
def test_training_holds_each_row_against_a_bulb_that_it_shows(values):
    network, views, present = network_of(values), views_of(3), mask((0, 1), num_bulbs=3)
    with torch.no_grad():
        logits, bulb = network.training_logits(views, present)
        assert bulb.dtype == torch.int64
        if values.get("name") == "single_view":
            assert bulb.tolist() == [0] * 3 + [1] * 4 + [2] * 4
            alone = network_of({"name": "single_view", "join": "first"})
            expected = [
                alone(views[[row], [view]][None], mask()[:1, :1])
                for row, view in present.nonzero().tolist()
            ]
            torch.testing.assert_close(logits, torch.cat(expected), rtol=1e-4, atol=1e-5)
        else:
            assert bulb.tolist() == [0, 1, 2]
            if hasattr(network, "network"):  # trained without averaging over orders
                expected = network.network(network.scale(views), present)
            else:
                expected = network(views, present)
            torch.testing.assert_close(logits, expected, rtol=0, atol=0)


@every_network
def test_one_step_down_its_training_loss_moves_every_weight(values):
    network, views, present = network_of(values).train(), views_of(4), mask(num_bulbs=4)
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    logits, bulb = network.training_logits(views, present)
    loss = nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0])[bulb])
    loss.backward()
    torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.0).step()
    still = [name for name, weight in network.named_parameters() if weight.equal(before[name])]
    assert [name for name in still if name != SOFTMAX_BIAS] == []
    assert network.eval()(views, present).isfinite().all()
