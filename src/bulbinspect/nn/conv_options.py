"""Stride, padding and dilation of a convolution, and the size of what comes out."""

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import SupportsIndex

Pair = tuple[int, int]
PairLike = SupportsIndex | Iterable[SupportsIndex]


@dataclass(frozen=True, slots=True)
class ConvOptions:
    """Each a pair (rows, columns), as `torch.nn.functional.conv2d` means them; zeros are padded."""

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    def output_size(self, size: Pair, kernel: Pair) -> Pair:
        """Return (h, w) for maps of `size` (H, W); 0 or less where no window fits."""
        return (
            _places(size[0], kernel[0], self.stride[0], self.padding[0], self.dilation[0]),
            _places(size[1], kernel[1], self.stride[1], self.padding[1], self.dilation[1]),
        )

    def reach(self, kernel: Pair) -> Pair:
        """Return the rows and columns of pixels that one window spans, dilation included."""
        return self.dilation[0] * (kernel[0] - 1) + 1, self.dilation[1] * (kernel[1] - 1) + 1


def pair(value: PairLike) -> Pair:
    """Return (rows, columns) of what `torch.nn.functional.conv2d` takes for them.

    That is one whole number for both, or a sequence of one or two. ValueError for anything else.
    """
    if isinstance(value, int):
        return value, value
    try:
        numbers = tuple(value) if isinstance(value, Iterable) else (value,)
        whole = [operator.index(number) for number in numbers]  # numpy's too
    except TypeError:
        whole = []
    if len(whole) not in (1, 2):
        raise ValueError(f"expected one whole number, or one for rows and columns, got {value!r}")
    return whole[0], whole[-1]


def _places(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
