"""What `chunked` does by itself: its second derivatives too, and only the gradients asked for."""

import pytest
import torch
from tests.kernels import arrays

from bulbinspect.nn import chunked_conv
from bulbinspect.nn.view_shared import shared_conv2d


@pytest.mark.parametrize("channels", [1, chunked_conv.FEW_CHANNELS + 1])
def test_first_and_second_derivatives_of_chunked_are_those_of_differences(channels, monkeypatch):
    monkeypatch.setattr(chunked_conv, "PIECE_BYTES", 400)
    x, weight, bias = (
        torch.tensor(a).requires_grad_() for a in arrays((2, 3, channels, 5, 4), 2, (3, 2))
    )

    def convolve(x, weight, bias):
        return shared_conv2d(
            x, weight, bias, stride=(2, 1), padding=1, dilation=(1, 2), implementation="chunked"
        )

    assert torch.autograd.gradcheck(convolve, (x, weight, bias))
    assert torch.autograd.gradgradcheck(convolve, (x, weight, bias))


@pytest.mark.parametrize(
    "wanted", [(True, False, False), (False, True, False), (False, False, True)]
)
def test_chunked_computes_only_the_gradients_asked_for(wanted):
    x, weight, bias = (torch.tensor(a) for a in arrays((2, 3, 1, 5, 4), 2, (3, 2)))
    tensors = [t.requires_grad_(w) for t, w in zip((x, weight, bias), wanted, strict=True)]
    shared_conv2d(*tensors, implementation="chunked").square().sum().backward()
    assert tuple(tensor.grad is not None for tensor in tensors) == wanted


def test_what_follows_chunked_may_change_it_in_place():
    x, weight, bias = (torch.tensor(a).requires_grad_() for a in arrays((2, 3, 1, 5, 4), 2, (3, 2)))
    out = shared_conv2d(x, weight, bias, implementation="chunked")
    torch.relu_(out).sum().backward()
    by_chunked = x.grad.clone()
    x.grad = None
    torch.relu(shared_conv2d(x, weight, bias, implementation="fold")).sum().backward()
    torch.testing.assert_close(by_chunked, x.grad)
