"""Stride, padding and dilation of a convolution, and the size of what comes out."""

from dataclasses import dataclass

Pair = tuple[int, int]


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


def pair(value: int | Pair) -> Pair:
    """Return `(value, value)` for one number, and a pair as it is."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _places(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
