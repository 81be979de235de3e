"""Weights rearranged after each step: what that amounts to over a whole training."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.early_fusion import SumViews
from bulbinspect.nn.input_weights import (
    AveragedInputWeights,
    RearrangedConv2d,
    ShuffledInputWeights,
    rearrange_input_weights,
)

BATCHES = torch.randn(12, 3, 4, 7, 7, dtype=torch.float64, generator=torch.Generator())
WANTED = torch.randn(12, 3, 2, 5, 5, dtype=torch.float64, generator=torch.Generator())


def step_down(network, batch, wanted, learning_rate):
    loss = (network(batch) - wanted).square().mean()
    network.zero_grad()
    loss.backward()
    with torch.no_grad():
        for weight in network.parameters():
            weight -= learning_rate * weight.grad
    return loss.item()


def test_to_shuffle_weights_after_each_step_is_to_shuffle_the_views_of_whole_batches():
    """With plain gradient descent: the losses of the two are the same, step by step."""
    torch.manual_seed(0)
    shuffled = ShuffledInputWeights(4, 2, 3, dtype=torch.float64)
    plain = copy.deepcopy(shuffled)
    places = np.arange(4)  # which view the kernel of a place meets now
    for step, (batch, wanted) in enumerate(zip(BATCHES, WANTED, strict=True)):
        expected = step_down(plain, batch[:, places], wanted, 0.1)
        assert step_down(shuffled, batch, wanted, 0.1) == pytest.approx(expected, rel=1e-12)
        before = shuffled.weight.detach().clone()
        shuffled.after_step(seed=5, step=step)
        taken = [next(v for v in range(4) if before[0, v].equal(k)) for k in shuffled.weight[0]]
        moved = np.empty(4, int)
        moved[taken] = np.arange(4)
        places = moved[places]
    assert places.tolist() != [0, 1, 2, 3]
    torch.testing.assert_close(shuffled.weight[:, places], plain.weight)


def test_to_average_weights_after_each_step_is_to_sum_the_views_and_learn_more_slowly():
    """Plain gradient descent at a rate r is one kernel on the sum at r / V."""
    torch.manual_seed(0)
    averaged = AveragedInputWeights(4, 2, 3, bias=False, dtype=torch.float64)
    shared = nn.Conv2d(1, 2, 3, bias=False, dtype=torch.float64)
    with torch.no_grad():
        shared.weight.copy_(averaged.weight[:, :1])
    summed = nn.Sequential(SumViews(), shared)
    for step, (batch, wanted) in enumerate(zip(BATCHES, WANTED, strict=True)):
        expected = step_down(summed, batch, wanted, 0.1 / 4)
        assert step_down(averaged, batch, wanted, 0.1) == pytest.approx(expected, rel=1e-12)
        averaged.after_step(seed=0, step=step)
    torch.testing.assert_close(averaged.weight, shared.weight.expand(-1, 4, -1, -1))


@pytest.mark.parametrize("num_views", [1, 4, 100])
def test_averaged_weights_begin_alike_with_the_variance_of_an_ordinary_convolution(num_views):
    torch.manual_seed(0)
    layer = AveragedInputWeights(num_views, 20_000, 3, bias=False)
    assert layer.weight.equal(layer.weight[:, :1].expand_as(layer.weight))
    variance = layer.weight[:, 0].var().item()
    assert variance == pytest.approx(1 / (3 * 9 * num_views), rel=0.02)


def test_the_order_depends_on_seed_and_step_alone():
    def shuffled(seed, step):
        layer = ShuffledInputWeights(50, 1, 1)
        with torch.no_grad():
            layer.weight.copy_(torch.arange(50.0).reshape(1, 50, 1, 1))
        layer.after_step(seed=seed, step=step)
        return layer.weight.flatten().tolist()

    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    layer = ShuffledInputWeights(50, 1, 1)
    torch.set_rng_state(before[0])
    layer.after_step(seed=0, step=0)
    assert torch.get_rng_state().equal(before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    first = shuffled(0, 0)
    assert shuffled(0, 0) == first
    assert len({tuple(shuffled(seed, step)) for seed in range(4) for step in range(4)}) == 16


def test_all_such_layers_of_a_network_are_rearranged_and_no_others():
    network = nn.Sequential(
        AveragedInputWeights(3, 2, 1),
        nn.Sequential(ShuffledInputWeights(2, 4, 1)),
        nn.Conv2d(4, 4, 1),
    )
    with torch.no_grad():
        network[0].weight.copy_(torch.arange(6.0).reshape(2, 3, 1, 1))
    before = copy.deepcopy(network.state_dict())
    for step in range(9):
        rearrange_input_weights(network, seed=0, step=step)
    after = network.state_dict()
    assert after["0.weight"].flatten().tolist() == [1, 1, 1, 4, 4, 4]
    assert after["2.weight"].equal(before["2.weight"])
    pairs = after["1.0.weight"].flatten(1).sort(1).values
    assert pairs.equal(before["1.0.weight"].flatten(1).sort(1).values)


@pytest.mark.parametrize("layer", [ShuffledInputWeights, AveragedInputWeights])
def test_every_other_option_of_the_convolution_is_its_own(layer):
    conv = layer(4, 6, (3, 1), stride=2, padding=(1, 0), padding_mode="circular", bias=False)
    assert conv(torch.randn(1, 4, 8, 8)).shape == (1, 6, 4, 4)
    with pytest.raises(SpecError, match="groups is 1, not 2"):
        layer(4, 6, 3, groups=2)


def test_a_layer_that_does_not_rearrange_says_so():
    with pytest.raises(TypeError, match="RearrangedConv2d does not say"):
        RearrangedConv2d(1, 1, 1).after_step(seed=0, step=0)
