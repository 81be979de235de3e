"""Every way to convolve V views with one kernel, as people write it: one dict, equal results.

Each member takes `x (B, V, C, H, W)`, `weight (F, C, kh, kw)`, `bias (F,)` or None, and
`ConvOptions`, and gives `(B, V, F, h, w)`. Strides of the result differ. What a member cannot do it
refuses with SpecError and the reason. The public door, which checks shapes, is
`nn.view_shared.shared_conv2d`.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from bulbinspect.errors import SpecError
from bulbinspect.nn.chunked_conv import chunked
from bulbinspect.nn.conv_options import ConvOptions, Pair

SharedConv = Callable[[Tensor, Tensor, Tensor | None, ConvOptions], Tensor]


def loop(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """One convolution for each view; the results are set side by side once."""
    return torch.stack([_conv(view, weight, bias, options) for view in x.unbind(1)], 1)


def loop_cat(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """One convolution for each view, each concatenated to all before it: V² / 2 copies of views."""
    joined = _conv(x[:, 0], weight, bias, options)
    for view in range(1, x.shape[1]):
        joined = torch.cat([joined, _conv(x[:, view], weight, bias, options)], 1)
    return torch.unflatten(joined, 1, (x.shape[1], weight.shape[0]))


def grouped(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """Views as groups of channels; the weight is repeated V times, so its gradient is summed."""
    num_views = x.shape[1]
    repeated = None if bias is None else bias.repeat(num_views)
    out = F.conv2d(
        x.flatten(1, 2),
        weight.repeat(num_views, 1, 1, 1),
        repeated,
        options.stride,
        options.padding,
        options.dilation,
        groups=num_views,
    )
    return torch.unflatten(out, 1, (num_views, weight.shape[0]))


def conv3d(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """Views as the depth of a volume, and a kernel of depth one."""
    out = F.conv3d(
        x.transpose(1, 2),
        weight.unsqueeze(2),
        bias,
        (1, *options.stride),
        (0, *options.padding),
        (1, *options.dilation),
    )
    return out.transpose(1, 2)


def fold(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """Views folded into the batch, one convolution, unfolded."""
    return torch.unflatten(_conv(x.flatten(0, 1), weight, bias, options), 0, x.shape[:2])


def mosaic(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """Maps side by side in one wide map, and a stride at which no window straddles two of them.

    Applies where a map has one place along its width (the window is the map: stride = map width),
    or where windows do not overlap (the stride is at least what a window spans: every map is
    brought to a whole number of strides). SpecError otherwise.
    """
    reason = why_no_mosaic(_size(x), _kernel(weight), options)
    if reason:
        raise SpecError(f"mosaic does not apply: {reason}")
    num_views, places = x.shape[1], options.output_size(_size(x), _kernel(weight))
    padded = F.pad(x, (options.padding[1],) * 2)
    step = padded.shape[-1] if places[1] == 1 else options.stride[1]
    tile = F.pad(padded, (0, places[1] * step - padded.shape[-1]))  # a negative pad cuts off
    wide = tile.permute(0, 2, 3, 1, 4).flatten(3)  # (B, C, H, V * tile width)
    strides, paddings = (options.stride[0], step), (options.padding[0], 0)
    out = F.conv2d(wide, weight, bias, strides, paddings, options.dilation)
    return torch.unflatten(out, 3, (num_views, places[1])).permute(0, 3, 1, 2, 4)


def why_no_mosaic(size: Pair, kernel: Pair, options: ConvOptions) -> str:
    """Return the reason why no stride keeps windows within maps of `size`, or an empty text."""
    places, span = options.output_size(size, kernel)[1], options.reach(kernel)[1]
    if places == 1 or options.stride[1] >= span:
        return ""
    return (
        f"windows {span} wide at stride {options.stride[1]} overlap, so some would straddle two "
        f"maps; it needs a stride of {span} or more, or a window as wide as the map"
    )


def vmap(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """`torch.func.vmap` over the views of a convolution of one view. Does not heed autocast."""

    def of_one_view(view: Tensor) -> Tensor:
        return _conv(view, weight, bias, options)

    out: Tensor = torch.func.vmap(of_one_view, in_dims=1, out_dims=1)(x)
    return out


def matmul(x: Tensor, weight: Tensor, bias: Tensor | None, options: ConvOptions) -> Tensor:
    """A matrix product (for one weight, a scaling), where that is all there is to a convolution.

    Applies where each map has one place and is not padded, or where the kernel is a single pixel
    at stride 1 without padding. SpecError otherwise.
    """
    reason = why_no_matmul(_size(x), _kernel(weight), options)
    if reason:
        raise SpecError(f"matmul does not apply: {reason}")
    if options.output_size(_size(x), _kernel(weight)) == (1, 1):
        (span_y, span_x), (step_y, step_x) = options.reach(_kernel(weight)), options.dilation
        windows = x[..., :span_y:step_y, :span_x:step_x].reshape(-1, weight[0].numel())
        out = F.linear(windows, weight.flatten(1), bias)
        return out.view(*x.shape[:2], weight.shape[0], 1, 1)
    if weight.numel() == 1 and not torch.is_autocast_enabled(x.device.type):
        scaled = x * weight.view(())
        return scaled if bias is None else scaled.add_(bias.view(()))
    out = weight.flatten(1) @ x.flatten(3)  # (B, V, F, H*W)
    out = out if bias is None else out + bias.to(out.dtype).view(-1, 1)
    return torch.unflatten(out, 3, x.shape[3:])


def why_no_matmul(size: Pair, kernel: Pair, options: ConvOptions) -> str:
    """Return the reason why the convolution is no plain matrix product, or an empty text."""
    if options.padding != (0, 0):
        return "maps are padded"
    one_pixel = kernel == (1, 1) and options.stride == (1, 1)
    if one_pixel or options.output_size(size, kernel) == (1, 1):
        return ""
    return "windows overlap or skip pixels; it needs one window for each map, or a 1×1 kernel"


IMPLEMENTATIONS: dict[str, SharedConv] = {
    "loop": loop,
    "loop_cat": loop_cat,
    "grouped": grouped,
    "conv3d": conv3d,
    "fold": fold,
    "mosaic": mosaic,
    "vmap": vmap,
    "matmul": matmul,
    "chunked": chunked,
}


def implementation_of(name: str) -> SharedConv:
    """Return the implementation of that name; an unknown name lists the known ones."""
    if name not in IMPLEMENTATIONS:
        known = ", ".join(["auto", *IMPLEMENTATIONS])
        raise SpecError(f"unknown implementation {name!r}; known are {known}")
    return IMPLEMENTATIONS[name]


def why_not(name: str, size: Pair, kernel: Pair, options: ConvOptions) -> str:
    """Return why that implementation refuses maps of `size` (H, W), or an empty text."""
    refusals = {"mosaic": why_no_mosaic, "matmul": why_no_matmul}
    return refusals[name](size, kernel, options) if name in refusals else ""


def _conv(pictures: Tensor, weight: Tensor, bias: Tensor | None, o: ConvOptions) -> Tensor:
    return F.conv2d(pictures, weight, bias, o.stride, o.padding, o.dilation)


def _size(x: Tensor) -> Pair:
    return x.shape[3], x.shape[4]


def _kernel(weight: Tensor) -> Pair:
    return weight.shape[2], weight.shape[3]
