"""What answers 7, 8, 9 and 16 claim, against convolutions of one view at a time."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate2d
from torch import nn

from bulbinspect.nn.early_fusion import EARLY_FUSIONS, SharedStem, SumViews, build_early_fusion
from bulbinspect.nn.input_weights import AveragedInputWeights, ShuffledInputWeights

ORDER_FREE = ("average_weights", "sum_views")
EXACT = {"rtol": 1e-10, "atol": 1e-12}

seeds = st.integers(0, 2**31)


def conv_of_each_view(views, weight, bias, **options):
    """Sum, over the views, of the convolution of each with its own slice of the weight."""
    pairs = zip(views.split(1, 1), weight.split(1, 1), strict=True)
    each = [F.conv2d(view, part, **options) for view, part in pairs]
    return sum(each) + bias[:, None, None]


def stacked(views, weights, **options):
    return conv_of_each_view(views, *weights, **options).relu()


def sum_views(views, weights, **options):
    weight, bias = weights
    return conv_of_each_view(views, weight.repeat(1, views.shape[1], 1, 1), bias, **options).relu()


def shared_stem(views, weights, **options):
    first, first_bias, second, second_bias = weights
    maps = [F.conv2d(view, first, first_bias, **options).relu() for view in views.split(1, 1)]
    parts = second.split(first.shape[0], 1)
    each = [F.conv2d(one, part, padding=1) for one, part in zip(maps, parts, strict=True)]
    return sum(each) + second_bias[:, None, None]


REFERENCES = {
    "stacked": stacked,
    "shuffle_weights": stacked,
    "average_weights": stacked,
    "sum_views": sum_views,
    "shared_stem": shared_stem,
}


def drawn_views(data, max_views=9):
    num_views = data.draw(st.integers(1, max_views))
    torch.manual_seed(data.draw(seeds))
    height, width = data.draw(st.integers(5, 9)), data.draw(st.integers(5, 9))
    shape = (data.draw(st.integers(1, 3)), num_views, height, width)
    return torch.randn(shape, dtype=torch.float64)


@given(st.sampled_from(sorted(EARLY_FUSIONS)), st.data())
@settings(max_examples=100, deadline=None)
def test_every_early_fusion_is_what_it_says_view_by_view_with_its_gradients(name, data):
    views = drawn_views(data).requires_grad_()
    kernel, out_channels = data.draw(st.sampled_from([1, 3, 5])), data.draw(st.integers(1, 4))
    options = {"stride": data.draw(st.integers(1, 2)), "padding": kernel // 2}
    stem = nn.Sequential(nn.Conv2d(1, out_channels, kernel, **options), nn.ReLU())
    module = build_early_fusion(name, stem, num_views=views.shape[1]).double()
    outputs = module(views)
    sides = [-(-side // options["stride"]) for side in views.shape[2:]]
    assert outputs.shape == (len(views), out_channels, *sides)
    towards = torch.randn_like(outputs)
    outputs.backward(towards)

    again = views.detach().clone().requires_grad_()
    weights = [weight.detach().clone().requires_grad_() for weight in module.parameters()]
    expected = REFERENCES[name](again, weights, **options)
    expected.backward(towards)
    torch.testing.assert_close(outputs, expected, **EXACT)
    torch.testing.assert_close(views.grad, again.grad, **EXACT)
    for ours, theirs in zip(module.parameters(), weights, strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-10)


@given(st.sampled_from(sorted(EARLY_FUSIONS)), st.data())
@settings(max_examples=60, deadline=None)
def test_only_sums_and_averages_ignore_the_order_of_the_views(name, data):
    views = drawn_views(data)
    num_views = views.shape[1]
    stem = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Tanh())
    module = build_early_fusion(name, stem, num_views=num_views).double()
    order = data.draw(st.permutations(range(num_views)))
    outputs, turned = module(views), module(views[:, order])
    if name in ORDER_FREE or order == sorted(order):
        torch.testing.assert_close(turned, outputs, **EXACT)
    else:
        assert not torch.allclose(turned, outputs, rtol=1e-3, atol=1e-3)


@st.composite
def conv_options(draw):
    return {
        "kernel_size": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "padding": draw(st.tuples(st.integers(0, 2), st.integers(0, 2))),
        "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "dtype": torch.float64,
    }


def scipy_conv(view, kernel, conv):
    """One view `(H, W)` with one kernel, by scipy: padded, dilated, strided."""
    rows, columns = conv.dilation
    wide = np.zeros([d * (k - 1) + 1 for d, k in zip(conv.dilation, kernel.shape, strict=True)])
    wide[::rows, ::columns] = kernel
    padded = np.pad(view, [(side, side) for side in conv.padding])
    return correlate2d(padded, wide, mode="valid")[:: conv.stride[0], :: conv.stride[1]]


@given(conv_options(), st.booleans(), st.data())
@settings(max_examples=100, deadline=None)
def test_to_convolve_the_sum_is_to_sum_the_convolutions_without_a_bias(options, bias, data):
    """Answer 9. A bias counts once in the sum, and V times over the views."""
    views = drawn_views(data)
    conv = nn.Conv2d(1, 2, bias=bias, **options)
    summed = conv(SumViews()(views)).detach().numpy()
    kernels = conv.weight.detach().numpy()[:, 0]
    each = [
        [[scipy_conv(view, kernel, conv) for kernel in kernels] for view in bulb]
        for bulb in views.numpy()
    ]  # (B, V, F, h, w)
    expected = np.sum(each, 1)
    np.testing.assert_allclose(
        summed - (conv.bias.detach().numpy()[:, None, None] if bias else 0),
        expected,
        rtol=1e-10,
        atol=1e-11,
    )
    over_views = sum(conv(view) for view in views.split(1, 1)).detach().numpy()
    surplus = (views.shape[1] - 1) * conv.bias.detach().numpy()[:, None, None] if bias else 0
    np.testing.assert_allclose(over_views, summed + surplus, rtol=1e-10, atol=1e-11)


@given(conv_options(), st.booleans(), st.data())
@settings(max_examples=100, deadline=None)
def test_averaged_weights_are_the_mean_kernel_on_the_sum_of_the_views(options, bias, data):
    views = drawn_views(data)
    layer = AveragedInputWeights(views.shape[1], 3, bias=bias, **options)
    with torch.no_grad():  # as an optimiser leaves them
        layer.weight.normal_()
    mean = layer.weight.detach().mean(1, keepdim=True)
    layer.after_step(seed=0, step=0)
    alone = nn.Conv2d(1, 3, bias=bias, **options)
    with torch.no_grad():
        alone.weight.copy_(mean)
        if bias:
            alone.bias.copy_(layer.bias)
    torch.testing.assert_close(layer(views), alone(SumViews()(views)), **EXACT)


@given(conv_options(), seeds, st.integers(0, 10**9), st.data())
@settings(max_examples=100, deadline=None)
def test_shuffled_weights_are_the_views_in_another_order(options, seed, step, data):
    views = drawn_views(data)
    num_views = views.shape[1]
    layer = ShuffledInputWeights(num_views, 3, **options)
    before = layer.weight.detach().clone()
    layer.after_step(seed=seed, step=step)
    (order,) = {
        tuple(
            next(v for v in range(num_views) if before[f, v].equal(kernel))
            for kernel in layer.weight[f]
        )
        for f in range(3)
    }  # the same for every filter
    assert sorted(order) == list(range(num_views))
    moved = torch.empty_like(views)
    moved[:, list(order)] = views  # view v now meets the kernel that was at order[v]
    expected = F.conv2d(moved, before, layer.bias, layer.stride, layer.padding, layer.dilation)
    torch.testing.assert_close(layer(views), expected, **EXACT)


@given(st.sampled_from([1, 2]), st.data())
@settings(max_examples=60, deadline=None)
def test_a_shared_stem_is_one_layer_on_every_view_in_one_dimension_and_in_two(dimensions, data):
    num_views, features = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 4))
    torch.manual_seed(data.draw(seeds))
    layer = {1: nn.Conv1d, 2: nn.Conv2d}[dimensions]
    shared = layer(1, features, 3, stride=2, padding=1, dtype=torch.float64)
    views = torch.randn(2, num_views, *[8] * dimensions, dtype=torch.float64)
    maps = SharedStem(shared)(views)
    for view in range(num_views):
        expected = shared(views[:, view : view + 1])
        torch.testing.assert_close(maps[:, view * features :][:, :features], expected, **EXACT)
    assert maps.shape[1] == num_views * features
