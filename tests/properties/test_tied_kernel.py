"""A tied kernel is the convolution that its pattern says, against one written out in numpy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bulbinspect.nn.tied_kernel import TiedKernelConv2d

NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@st.composite
def patterns(draw):
    """Up to 4 × 4 places of up to five letters and zeros, at least one letter."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    letters = draw(st.lists(st.sampled_from("AbCÄé."), min_size=rows * columns, max_size=16))
    places = letters[: rows * columns]
    if set(places) == {"."}:
        places[-1] = "z"
    return "/".join("".join(places[row * columns :][:columns]) for row in range(rows))


@st.composite
def layers(draw):
    """A layer in double precision with any of the options of nn.Conv2d, and pictures for it."""
    groups = draw(st.integers(1, 2))
    options = {
        "in_channels": groups * draw(st.integers(1, 2)),
        "out_channels": groups * draw(st.integers(1, 2)),
        "pattern": draw(patterns()),
        "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "groups": groups,
        "bias": draw(st.booleans()),
        "padding_mode": draw(st.sampled_from(["zeros", *NUMPY_MODES])),
        "dtype": torch.float64,
    }
    options["padding"] = draw(
        st.sampled_from(["same", "valid"]) | st.tuples(st.integers(0, 3), st.integers(0, 3))
    )
    if options["padding"] != "same":
        options["stride"] = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    torch.manual_seed(draw(st.integers(0, 2**31)))
    height, width = draw(st.integers(7, 10)), draw(st.integers(7, 10))
    pictures = torch.randn(2, options["in_channels"], height, width, dtype=torch.float64)
    return TiedKernelConv2d(**options), pictures.requires_grad_()


def written_out(layer, weights):
    """Return the kernel as the pattern says it, place by place."""
    rows = layer.pattern.split("/")
    letters = sorted(set("".join(rows)) - {"."}, key="".join(rows).index)
    kernel = np.zeros((*weights.shape[:2], len(rows), len(rows[0])))
    for row, line in enumerate(rows):
        for column, letter in enumerate(line):
            if letter != ".":
                kernel[..., row, column] = weights[..., letters.index(letter)]
    return kernel, letters


def padded(layer, pictures):
    sides = []
    for axis, kernel in enumerate(layer.kernel_size):
        total = layer.dilation[axis] * (kernel - 1)
        if layer.padding == "same":
            sides.append((total // 2, total - total // 2))
        else:
            side = 0 if layer.padding == "valid" else layer.padding[axis]
            sides.append((side, side))
    mode = NUMPY_MODES.get(layer.padding_mode, "constant")
    return np.pad(pictures, [(0, 0), (0, 0), *sides], mode=mode)


def windows(layer, pictures):
    """Return what each place of the kernel meets: `(rows, columns, N, groups, C/groups, h, w)`."""
    filled = padded(layer, pictures)
    filled = filled.reshape(len(filled), layer.groups, -1, *filled.shape[2:])
    reach = [d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size, strict=True)]
    met = [
        [
            filled[
                ...,
                row * layer.dilation[0] : filled.shape[-2] - reach[0] + row * layer.dilation[0],
                column * layer.dilation[1] : filled.shape[-1]
                - reach[1]
                + column * layer.dilation[1],
            ][..., :: layer.stride[0], :: layer.stride[1]]
            for column in range(layer.kernel_size[1])
        ]
        for row in range(layer.kernel_size[0])
    ]
    return np.array(met)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(layers())
@settings(max_examples=150, deadline=None)
def test_outputs_and_gradients_are_those_of_the_kernel_written_out(drawn):
    layer, pictures = drawn
    kernel, letters = written_out(layer, layer.tied_weight.detach().numpy())
    assert layer.weight.detach().numpy().tolist() == kernel.tolist()
    met = windows(layer, pictures.detach().numpy())
    grouped = kernel.reshape(layer.groups, -1, *kernel.shape[1:])
    expected = np.einsum("rcngihw,goirc->ngohw", met, grouped)
    expected = expected.reshape(len(expected), -1, *expected.shape[3:])
    if layer.bias is not None:
        expected += layer.bias.detach().numpy()[:, None, None]

    outputs = layer(pictures)
    np.testing.assert_allclose(outputs.detach().numpy(), expected, rtol=1e-10, atol=1e-12)

    towards = torch.randn(outputs.shape, dtype=torch.float64)
    outputs.backward(towards)
    pulled = towards.numpy().reshape(len(towards), layer.groups, -1, *towards.shape[2:])
    by_place = np.einsum("rcngihw,ngohw->goirc", met, pulled).reshape(kernel.shape)
    flat = np.array(list(layer.pattern.replace("/", "")))
    by_letter = [by_place.reshape(*kernel.shape[:2], -1)[..., flat == x].sum(-1) for x in letters]
    np.testing.assert_allclose(
        layer.tied_weight.grad.numpy(), np.stack(by_letter, -1), rtol=1e-9, atol=1e-10
    )
    if layer.bias is not None:
        summed = towards.sum((0, 2, 3)).numpy()
        np.testing.assert_allclose(layer.bias.grad.numpy(), summed, rtol=1e-9, atol=1e-10)

    alone = pictures.detach().clone().requires_grad_()
    layer.written_out()(alone).backward(towards)
    torch.testing.assert_close(pictures.grad, alone.grad, rtol=1e-10, atol=1e-12)


@given(st.data())
def test_a_tiled_kernel_is_the_small_one_repeated(data):
    kernel = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    factors = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    layer = TiedKernelConv2d.tiled(2, 3, kernel, factors, dtype=torch.float64)
    small = layer.tied_weight.detach().numpy().reshape(3, 2, *kernel)
    np.testing.assert_array_equal(layer.weight.detach().numpy(), np.tile(small, factors))
