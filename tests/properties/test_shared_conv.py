"""All ways to share a kernel give what a correlation written out in numpy gives, and its gradients.

The bound in float64 is 1e-11 of the largest value possible, about 1e5 rounding steps.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kernels import arrays

from bulbinspect.errors import SpecError
from bulbinspect.nn import chunked_conv
from bulbinspect.nn.conv_options import ConvOptions
from bulbinspect.nn.shared_conv import IMPLEMENTATIONS, why_not
from bulbinspect.nn.view_shared import shared_conv2d

NAMES = ["auto", *IMPLEMENTATIONS]
VIEWS = st.one_of(st.integers(1, 9), st.sampled_from([16, 64, 127, 128]))


@st.composite
def cases(draw):
    """Draw shapes and options at which a window finds at least one place."""
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    dilation = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    stride = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    span = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    least = [max(1, s - 2 * p) for s, p in zip(span, padding, strict=True)]
    size = tuple(draw(st.integers(low, low + 6)) for low in least)
    views = draw(VIEWS)
    bulbs = draw(st.integers(1, 3 if views < 10 else 1))
    shape = (bulbs, views, draw(st.integers(1, 6)), *size)
    filters = draw(st.integers(1, 5))
    piece_bytes = draw(st.sampled_from([1, 800, 10_000, 2**22]))
    return shape, filters, kernel, ConvOptions(stride, padding, dilation), piece_bytes


def correlate(x, weight, bias, options):
    """Window after window: `(B, V, F, h, w)`."""
    size, kernel = x.shape[3:], weight.shape[2:]
    places = options.output_size(size, kernel)
    padded = np.pad(x, [(0, 0)] * 3 + [(p, p) for p in options.padding])
    out = np.empty((*x.shape[:2], len(weight), *places))
    for row in range(places[0]):
        for column in range(places[1]):
            window = padded[(..., *_window((row, column), kernel, options))]
            out[..., row, column] = np.einsum("bvcyx,fcyx->bvf", window, weight) + bias
    return out


def correlate_back(x, weight, gradient, options):
    """Gradients of x, weight and bias, window after window."""
    padded = np.pad(x, [(0, 0)] * 3 + [(p, p) for p in options.padding])
    of_x, of_weight = np.zeros_like(padded), np.zeros_like(weight)
    for row in range(gradient.shape[3]):
        for column in range(gradient.shape[4]):
            at = (..., *_window((row, column), weight.shape[2:], options))
            sent = gradient[..., row, column]
            of_x[at] += np.einsum("bvf,fcyx->bvcyx", sent, weight)
            of_weight += np.einsum("bvf,bvcyx->fcyx", sent, padded[at])
    (top, left), (height, width) = options.padding, x.shape[3:]
    of_x = of_x[..., top : top + height, left : left + width]
    return of_x, of_weight, gradient.sum((0, 1, 3, 4))


def _window(place, kernel, options):
    return tuple(
        slice(p * s, p * s + d * (k - 1) + 1, d)
        for p, s, k, d in zip(place, options.stride, kernel, options.dilation, strict=True)
    )


def run(name, x, weight, bias, options, gradient=None, **kinds):
    tensors = [torch.tensor(a, **kinds).requires_grad_() for a in (x, weight, bias)]
    out = shared_conv2d(
        *tensors,
        stride=options.stride,
        padding=options.padding,
        dilation=options.dilation,
        implementation=name,
    )
    sent = torch.ones_like(out) if gradient is None else torch.tensor(gradient, dtype=out.dtype)
    out.backward(sent)
    return out.detach(), [tensor.grad for tensor in tensors]


@pytest.mark.parametrize("name", NAMES)
@given(case=cases(), with_bias=st.booleans())
@settings(max_examples=40, deadline=None)
def test_outputs_and_gradients_are_those_of_a_correlation_written_out(name, case, with_bias):
    shape, filters, kernel, options, piece_bytes = case
    x, weight, bias = arrays(shape, filters, kernel)
    if name != "auto" and why_not(name, shape[3:], kernel, options):
        with pytest.raises(SpecError, match=f"{name} does not apply: .*overlap|padded|skip"):
            run(name, x, weight, bias, options)
        return
    expected = correlate(x, weight, bias if with_bias else 0 * bias, options)
    gradient = np.random.default_rng(1).standard_normal(expected.shape)
    back = correlate_back(x, weight, gradient, options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunked_conv, "PIECE_BYTES", piece_bytes)
        if with_bias:
            out, gradients = run(name, x, weight, bias, options, gradient)
        else:
            tensors = [torch.tensor(a).requires_grad_() for a in (x, weight)]
            out = shared_conv2d(
                *tensors,
                stride=options.stride,
                padding=options.padding,
                dilation=options.dilation,
                implementation=name,
            )
            out.backward(torch.tensor(gradient))
            out, gradients = out.detach(), [tensor.grad for tensor in tensors]
    np.testing.assert_allclose(out.numpy(), expected, rtol=0, atol=1e-11 * weight[0].size)
    for found, wanted in zip(gradients, back, strict=False):
        bound = 1e-11 * (weight.size + gradient.size)
        np.testing.assert_allclose(found.numpy(), wanted, rtol=0, atol=bound)


@given(case=cases())
@settings(max_examples=25, deadline=None)
def test_the_gradient_by_matrix_product_is_that_of_the_correlation(case):
    shape, filters, kernel, options, _ = case
    x, weight, _ = arrays(shape, filters, kernel)
    places = options.output_size(shape[3:], kernel)
    gradient = np.random.default_rng(1).standard_normal((*shape[:2], filters, *places))
    wanted, _, _ = correlate_back(x, weight, gradient, options)
    found = chunked_conv.input_gradient_by_product(
        torch.tensor(gradient).flatten(0, 1), torch.tensor(weight), shape[3:], options
    )
    np.testing.assert_allclose(found.unflatten(0, shape[:2]).numpy(), wanted, rtol=0, atol=1e-11)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", NAMES)
def test_lower_precision_is_within_its_own_rounding(name, dtype):
    shape, kernel, options = (2, 5, 1, 3, 3), (3, 3), ConvOptions()  # where all of them apply
    x, weight, bias = arrays(shape, 4, kernel)
    x, weight, bias = (torch.tensor(a).to(dtype).double().numpy() for a in (x, weight, bias))
    expected = correlate(x, weight, bias, options)
    gradient = torch.randn(expected.shape).to(dtype).double().numpy()
    back = correlate_back(x, weight, gradient, options)
    out, gradients = run(name, x, weight, bias, options, gradient, dtype=dtype)
    step = torch.finfo(dtype).eps
    for found, wanted in zip([out, *gradients], [expected, *back], strict=True):
        assert found.dtype == dtype
        bound = 8 * step * max(1.0, np.abs(wanted).max())
        np.testing.assert_allclose(found.double().numpy(), wanted, rtol=0, atol=bound)


def layouts():
    base = torch.randn(3, 4, 2, 9, 8, dtype=torch.float64)
    yield "contiguous", base
    yield "views moved", torch.randn(4, 3, 2, 9, 8, dtype=torch.float64).transpose(0, 1)
    yield "every second view", torch.randn(3, 8, 2, 9, 8, dtype=torch.float64)[:, ::2]
    yield "turned", torch.randn(3, 4, 2, 8, 9, dtype=torch.float64).transpose(3, 4)
    yield "one bulb repeated", base[:1].expand(3, -1, -1, -1, -1)
    folded = base.flatten(0, 1).to(memory_format=torch.channels_last)
    yield "channels_last", folded.unflatten(0, (3, 4))


@pytest.mark.parametrize("layout", [name for name, _ in layouts()])
@pytest.mark.parametrize("name", [n for n in NAMES if n not in {"mosaic", "matmul"}])
@pytest.mark.parametrize("piece_bytes", [3000, 2**22])
def test_how_the_input_lies_in_memory_does_not_matter(name, layout, piece_bytes, monkeypatch):
    monkeypatch.setattr(chunked_conv, "PIECE_BYTES", piece_bytes)
    x = dict(layouts())[layout]
    _, weight, bias = arrays((1, 1, 2, 9, 8), 3, (3, 2))
    options = ConvOptions((2, 1), (1, 0), (1, 2))
    x = x.clone(memory_format=torch.preserve_format) if layout == "channels_last" else x
    expected = correlate(x.numpy(), weight, bias, options)
    back = correlate_back(x.numpy(), weight, np.ones_like(expected), options)
    leaf = x.detach().requires_grad_()
    kernels = torch.tensor(weight).requires_grad_()
    out = shared_conv2d(
        leaf, kernels, torch.tensor(bias), stride=(2, 1), padding=(1, 0), dilation=(1, 2),
        implementation=name,
    )  # fmt: skip
    out.sum().backward()  # an expanded gradient, which has no memory of its own
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(leaf.grad.numpy(), back[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(kernels.grad.numpy(), back[1], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "shape", [(1, 1, 1, 1, 1), (1, 1, 3, 4, 5), (0, 2, 1, 4, 4), (5, 1, 2, 1, 9)]
)
@pytest.mark.parametrize("name", ["auto", "loop", "fold", "grouped", "conv3d", "chunked"])
def test_the_smallest_inputs_have_their_shape(name, shape):
    x = torch.randn(shape, requires_grad=True)
    out = shared_conv2d(x, torch.randn(2, shape[2], 1, 1), implementation=name)
    assert out.shape == (*shape[:2], 2, *shape[3:])
    out.sum().backward()
    assert x.grad.shape == shape


@pytest.mark.parametrize("name", [name for name in NAMES if name != "vmap"])
def test_autocast_computes_in_its_own_precision_and_leaves_gradients_in_theirs(name):
    x, weight, bias = (
        torch.tensor(a, dtype=torch.float32).requires_grad_()
        for a in arrays((2, 3, 1, 3, 3), 4, (3, 3))
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = shared_conv2d(x, weight, bias, implementation=name)
    exact = shared_conv2d(x, weight, bias, implementation="fold")
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), exact, rtol=0.03, atol=0.1)
    out.float().sum().backward()
    assert {tensor.grad.dtype for tensor in (x, weight, bias)} == {torch.float32}
