"""A view-shared convolution that works through the views in pieces: `chunked`.

Four things make it fast on a CPU (measured in docs/kernels.md):

* for few input channels, kernels laid out channels_last, in which oneDNN writes its result as it
  is; to the default layout it would first write a blocked copy of the whole output;
* pieces that fit the cache, each written into one preallocated output, so that a new output costs
  its own pages and no more;
* huge pages behind the output (`nn.pages`), where the system must supply them anew;
* for few input channels, the gradient of the input by a matrix product: a direct convolution with
  one output channel leaves most lanes of the processor idle.

The pieces of the backward pass are cut from `x` itself, so nothing is kept but `x` and the weight:
no folded copy of a non-contiguous `x`, no copy in half precision under autocast.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bulbinspect.nn.conv_options import ConvOptions
from bulbinspect.nn.pages import ask_for_huge_pages, is_fresh

PIECE_BYTES = 8 * 2**20
"""Output of a piece: enough for two cores, and small beside what is convolved."""

FEW_CHANNELS = 4
"""Up to so many input channels the gradient of the input is a matrix product (CPU)."""


def chunked(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """`x (B, V, C, H, W)`, `weight (F, C, kh, kw)` -> `(B, V, F, h, w)`.

    The result is channels_last in memory for up to `FEW_CHANNELS` input channels, else as `x` is.
    Autocast is heeded. The gradient can be differentiated again.
    """
    folded: Tensor = _ChunkedConv.apply(x, weight, bias, options)
    return torch.unflatten(folded, 0, x.shape[:2])


class _ChunkedConv(torch.autograd.Function):
    """`x (B, V, C, H, W)` -> `(B*V, F, h, w)`; see the head of the file."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions
    ) -> Tensor:
        """Convolve piece by piece."""
        ctx.save_for_backward(x, weight)
        ctx.options = options
        ctx.dtype = dtype = _compute_dtype(x)
        kernels, bias = _kernels(weight, x, dtype), None if bias is None else bias.to(dtype)
        output = _empty_output(x, weight, options, dtype)
        if _at_once(x, dtype) and not is_fresh(output):
            del output  # the convolution finds the same memory
            return _convolve(x.flatten(0, 1), kernels, bias, options)
        ask_for_huge_pages(output)
        for piece, places in _pieces(x, output):
            output[places] = _convolve(piece.to(dtype), kernels, bias, options)
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Go through the pieces again: each adds its share to the gradients."""
        (gradient,) = gradients
        x, weight = ctx.saved_tensors
        need_x, need_weight, need_bias = ctx.needs_input_grad[:3]
        options, kernels = ctx.options, _kernels(weight, x, ctx.dtype)
        by_product = need_x and x.device.type == "cpu" and x.shape[2] <= FEW_CHANNELS
        mask = [need_x and not by_product, need_weight, need_bias]
        sum_dtype = torch.promote_types(ctx.dtype, torch.float32)
        for_weight = torch.zeros_like(kernels, dtype=sum_dtype) if need_weight else None
        for_bias = gradient.new_zeros(weight.shape[0], dtype=sum_dtype) if need_bias else None
        for_x = torch.empty(x.shape, dtype=x.dtype, device=x.device) if need_x else None
        if for_x is not None:
            ask_for_huge_pages(for_x)
        for piece, places in _pieces(x, gradient):
            part = gradient[places].to(ctx.dtype)
            of_x, of_weight, of_bias = _backward(part, piece.to(ctx.dtype), kernels, options, mask)
            if for_x is not None:
                if by_product:
                    of_x = input_gradient_by_product(part, kernels, x.shape[3:], options)
                for_x.flatten(0, 1)[places] = of_x
            if for_weight is not None:
                for_weight += of_weight
            if for_bias is not None:
                for_bias += of_bias
        return (
            for_x,
            None if for_weight is None else for_weight.to(weight.dtype),
            None if for_bias is None else for_bias.to(weight.dtype),
            None,
        )


def input_gradient_by_product(
    gradient: Tensor, weight: Tensor, size: tuple[int, int], options: ConvOptions
) -> Tensor:
    """`gradient (N, F, h, w)`, `weight (F, C, kh, kw)` -> gradient of the maps `(N, C, H, W)`.

    One matrix product gives what every place sends back through every weight; each weight's share
    is then added at its offset.
    """
    filters, channels, *kernel = weight.shape
    num, _, *places = gradient.shape
    rows = gradient.permute(0, 2, 3, 1).reshape(-1, filters)  # (N*h*w, F)
    sent = weight.flatten(1).t() @ rows.t()  # (C*kh*kw, N*h*w)
    sent = sent.view(channels, *kernel, num, *places)
    (pad_y, pad_x), (step_y, step_x) = options.padding, options.stride
    maps = gradient.new_zeros(num, channels, size[0] + 2 * pad_y, size[1] + 2 * pad_x)
    for row in range(kernel[0]):
        top = row * options.dilation[0]
        ys = slice(top, top + (places[0] - 1) * step_y + 1, step_y)
        for column in range(kernel[1]):
            left = column * options.dilation[1]
            xs = slice(left, left + (places[1] - 1) * step_x + 1, step_x)
            maps[:, :, ys, xs] += sent[:, row, column].transpose(0, 1)
    return maps[:, :, pad_y : pad_y + size[0], pad_x : pad_x + size[1]]


def _pieces(x: Tensor, folded: Tensor) -> Iterator[tuple[Tensor, slice]]:
    """Cut `x (B, V, C, H, W)` to pictures `(n, C, H, W)`, each with its places in `folded` (B*V).

    A piece is some whole bulbs, or some views of one bulb, so that cutting never copies more than
    the piece, however `x` lies in memory.
    """
    num_bulbs, num_views = x.shape[:2]
    if num_bulbs * num_views == 0:
        return
    most = max(1, PIECE_BYTES * len(folded) // max(1, folded.nbytes))
    bulbs = max(1, min(num_bulbs, most // num_views))
    views = -(-num_views // -(-num_views // min(most, num_views)))  # of equal size
    for bulb in range(0, num_bulbs, bulbs):
        for view in range(0, num_views, views):
            piece = x[bulb : bulb + bulbs, view : view + views].flatten(0, 1)
            start = bulb * num_views + view
            yield piece, slice(start, start + len(piece))


def _convolve(pictures: Tensor, weight: Tensor, bias: Tensor | None, o: ConvOptions) -> Tensor:
    return F.conv2d(pictures, weight, bias, o.stride, o.padding, o.dilation)


def _backward(
    gradient: Tensor, pictures: Tensor, weight: Tensor, options: ConvOptions, mask: list[bool]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of pictures, weight and bias that `mask` asks for, the others None."""
    if not any(mask):
        return (gradient,) * 3  # nobody looks
    gradients: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        gradient,
        pictures,
        weight,
        [weight.shape[0]],
        options.stride,
        options.padding,
        options.dilation,
        False,
        [0, 0],
        1,
        mask,
    )
    return gradients


def _compute_dtype(x: Tensor) -> torch.dtype:
    kind = x.device.type
    if torch.is_autocast_enabled(kind) and x.dtype != torch.float64:
        return torch.get_autocast_dtype(kind)
    return x.dtype


def _layout(x: Tensor) -> torch.memory_format:
    """Return how kernels and output lie: as `x` does, and channels_last if it has few channels."""
    if x.shape[2] <= FEW_CHANNELS or x.stride(2) == 1:
        return torch.channels_last
    return torch.contiguous_format


def _kernels(weight: Tensor, x: Tensor, dtype: torch.dtype) -> Tensor:
    return weight.to(dtype=dtype, memory_format=_layout(x))


def _empty_output(x: Tensor, weight: Tensor, options: ConvOptions, dtype: torch.dtype) -> Tensor:
    places = options.output_size((x.shape[3], x.shape[4]), (weight.shape[2], weight.shape[3]))
    return torch.empty(
        (x.shape[0] * x.shape[1], weight.shape[0], *places),
        dtype=dtype,
        device=x.device,
        memory_format=_layout(x),
    )


def _at_once(x: Tensor, dtype: torch.dtype) -> bool:
    """Say whether one convolution over everything would copy nothing but its result."""
    if x.dtype != dtype:
        return False
    return x.is_contiguous() and x.shape[2] == 1
