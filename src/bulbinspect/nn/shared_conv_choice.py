"""Which implementation `implementation="auto"` takes: a rule for shapes and devices, and why."""

from bulbinspect.nn.chunked_conv import FEW_CHANNELS
from bulbinspect.nn.conv_options import ConvOptions, Pair
from bulbinspect.nn.shared_conv import why_no_matmul

FEW_VALUES = 2**16
"""Below so many output values a piece costs more than it saves, with few input channels."""

FEW_VALUES_DEEP = 2**20
"""The same with more input channels: 4 MiB in float32, from where pages are supplied anew."""


def choose(
    shape: tuple[int, int, int, int, int],
    filters: int,
    kernel: Pair,
    options: ConvOptions,
    *,
    device: str = "cpu",
    training: bool = False,
) -> str:
    """Return the name for `x` of `shape` (B, V, C, H, W); `training`: a backward pass follows.

    Measured on the CPU (`bulbinspect bench kernels`, and a grid of C = 1…64, F = 1…64, map sides
    3…200, kernels 1…9, with stock and with raised malloc thresholds, one thread):

    * one place for each map, or a single weight: `matmul`. A convolution of such shapes spends its
      time on arranging memory;
    * up to 4 input channels and from 65,536 output values: `chunked`, forward and backward. In the
      backward pass the margin is widest: a direct convolution gives the gradient of few input
      channels slowly, whoever calls it;
    * more input channels: the product needs as long as the convolution, so only the pages of the
      output are left to be gained: `chunked` from 2**20 output values;
    * anything smaller: `fold`, which has the least to do in Python.

    Other devices: `fold`, the one that needs no copy; not measured yet. `training` makes no
    difference to the rule so far.
    """
    size = shape[3], shape[4]
    places = options.output_size(size, kernel)
    one_weight = filters * shape[2] == 1
    if (places == (1, 1) or one_weight) and not why_no_matmul(size, kernel, options):
        return "matmul"
    least = FEW_VALUES if shape[2] <= FEW_CHANNELS else FEW_VALUES_DEEP
    few = shape[0] * shape[1] * filters * places[0] * places[1] < least
    return "fold" if few or device != "cpu" else "chunked"
