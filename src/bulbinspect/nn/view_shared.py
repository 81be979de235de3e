"""One module, the same weights, every view: kernels bound across the sides of a bulb.

The views are folded into the batch, so that any module for single pictures serves unchanged
(answer 10 of the original question; Keras calls it TimeDistributed). For a single convolution
there are other ways; `shared_conv2d` knows them all and takes the one that was measured fastest.
"""

import functools

import torch
from torch import Tensor, nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.conv_options import ConvOptions, PairLike, pair
from bulbinspect.nn.low_memory import in_pieces
from bulbinspect.nn.shared_conv import SharedConv, implementation_of
from bulbinspect.nn.shared_conv_choice import choose

MEMORY = ("fast", "low")


class ViewShared(nn.Module):
    """Apply `module` to each view alone with the same weights: `(B, V, *in) -> (B, V, *out)`.

    An absent view never reaches the module while training, so that it cannot move the statistics
    of a batch normalisation; in evaluation it passes through, and its output is set to zero.

    `memory="low"` works through the pictures in pieces and computes their activations again in the
    backward pass, so that those of one piece are all there is at any time. Outputs and gradients
    are the same; dropout draws the same numbers both times. Not for batch normalisation in
    training, which is refused with the reason (see `nn.low_memory`).
    """

    def __init__(self, module: nn.Module, *, memory: str = "fast") -> None:
        super().__init__()
        if memory not in MEMORY:
            raise SpecError(f"unknown memory {memory!r}; known are {', '.join(MEMORY)}")
        self.module = module
        self.memory = memory

    def forward(self, views: Tensor, present: Tensor | None = None) -> Tensor:
        """`views (B, V, *in)`, `present (B, V)` bool or None for all -> `(B, V, *out)`."""
        if present is None:
            return unfold_views(self._apply_to(fold_views(views)), views)
        if not self.training:  # every shape stays known, as export needs it
            outputs = unfold_views(self._apply_to(fold_views(views)), views)
            return outputs.masked_fill(~expand_like(present, outputs), 0.0)
        seen = self._apply_to(views[present])  # (number of present views, *out)
        outputs = seen.new_zeros(*present.shape, *seen.shape[1:])
        outputs[present] = seen
        return outputs

    def _apply_to(self, pictures: Tensor) -> Tensor:
        """`(N, *in) -> (N, *out)`, as sparing of memory as was asked for."""
        if self.memory == "low" and not torch.compiler.is_compiling():  # an export traces it whole
            return in_pieces(self.module, pictures)
        outputs: Tensor = self.module(pictures)
        return outputs


def shared_conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: PairLike = 1,
    padding: PairLike = 0,
    dilation: PairLike = 1,
    implementation: str = "auto",
) -> Tensor:
    """Convolve every view with one kernel: `x (B, V, C, H, W)`, `weight (F, C, kh, kw)`.

    Returns `(B, V, F, h, w)`, equal in values and gradients whatever the `implementation` (a name
    in `nn.shared_conv.IMPLEMENTATIONS`; `auto` takes what `nn.shared_conv_choice.choose` says),
    but not always in strides: of few channels `chunked` returns channels_last. Zeros are padded.
    Series are maps of one row. `stride`, `padding` and `dilation` are what
    `torch.nn.functional.conv2d` takes, but for its words `same` and `valid`. SpecError for an
    unknown name, or where an implementation does not apply.
    """
    planned = _plan.__wrapped__ if torch.compiler.is_compiling() else _plan
    try:
        convolve, options = planned(
            x.shape,
            weight.shape,
            None if bias is None else bias.shape,
            (stride, padding, dilation),
            x.device.type,
            torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad),
            implementation,
        )
    except TypeError:  # a list cannot be looked up
        pairs = pair(stride), pair(padding), pair(dilation)
        if pairs == (stride, padding, dilation):
            raise
        steps = dict(zip(("stride", "padding", "dilation"), pairs, strict=True))
        return shared_conv2d(x, weight, bias, **steps, implementation=implementation)
    return convolve(x, weight, bias, options)


@functools.lru_cache(maxsize=1024)
def _plan(
    shape: torch.Size,
    weight_shape: torch.Size,
    bias_shape: torch.Size | None,
    steps: tuple[PairLike, PairLike, PairLike],
    device: str,
    training: bool,
    implementation: str,
) -> tuple[SharedConv, ConvOptions]:
    """Check and choose once for all calls alike: for small shapes that costs more than the rest."""
    options = ConvOptions(*map(pair, steps))
    _check_shapes(shape, weight_shape, bias_shape, options)
    if implementation == "auto":
        num_bulbs, num_views, channels, height, width = shape
        kernel = weight_shape[2], weight_shape[3]
        implementation = "fold"
        if not torch.compiler.is_compiling():  # a compiler fuses a plain convolution by itself
            implementation = choose(
                (num_bulbs, num_views, channels, height, width),
                weight_shape[0],
                kernel,
                options,
                device=device,
                training=training,
            )
    return implementation_of(implementation), options


def _check_shapes(
    shape: torch.Size, weight: torch.Size, bias: torch.Size | None, options: ConvOptions
) -> None:
    """Raise ValueError for shapes that do not fit each other."""
    if len(shape) != 5 or len(weight) != 4 or shape[2] != weight[1] or shape[1] < 1:
        raise ValueError(
            f"expected x (B, V, C, H, W) with a view or more, and weight (F, C, kh, kw), "
            f"got {tuple(shape)} and {tuple(weight)}"
        )
    if bias is not None and bias != weight[:1]:
        raise ValueError(f"expected bias ({weight[0]},), got {tuple(bias)}")
    size = shape[3], shape[4]
    if min(options.output_size(size, (weight[2], weight[3]))) < 1:
        raise ValueError(
            f"a kernel of {tuple(weight[2:])} finds no place in maps of {size} with {options}"
        )


def fold_views(views: Tensor) -> Tensor:
    """`(B, V, *rest) -> (B*V, *rest)`."""
    return views.flatten(0, 1)


def unfold_views(folded: Tensor, views: Tensor) -> Tensor:
    """`(B*V, *rest) -> (B, V, *rest)` with B and V of `views`."""
    return folded.reshape(views.shape[0], views.shape[1], *folded.shape[1:])


def expand_like(mask: Tensor, values: Tensor) -> Tensor:
    """Give a `(B, V)` mask as many trailing ones as `values (B, V, *rest)` has further axes."""
    return mask.reshape(*mask.shape, *[1] * (values.dim() - mask.dim()))
