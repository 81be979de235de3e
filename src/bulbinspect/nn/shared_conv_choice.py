"""Which implementation `implementation="auto"` takes."""

import functools

from bulbinspect.nn.conv_options import ConvOptions, Pair
from bulbinspect.nn.shared_conv import why_no_matmul

SMALL_OUTPUT = 2**14


@functools.lru_cache(maxsize=1024)
def choose(
    shape: tuple[int, int, int, int, int],
    filters: int,
    kernel: Pair,
    options: ConvOptions,
    *,
    device: str = "cpu",
    training: bool = False,
) -> str:
    """Return the implementation for `x` of `shape` (B, V, C, H, W), gradients too or not."""
    size = shape[3], shape[4]
    places = options.output_size(size, kernel)
    if not why_no_matmul(size, kernel, options) and (places == (1, 1) or filters * shape[2] == 1):
        return "matmul"
    if device != "cpu":
        return "fold"
    if shape[0] * shape[1] * filters * places[0] * places[1] < SMALL_OUTPUT and not training:
        return "fold"
    return "chunked"
