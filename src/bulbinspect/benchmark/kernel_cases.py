"""The shapes that people asked about, and what each costs at the least."""

from dataclasses import dataclass

from bulbinspect.nn.conv_options import ConvOptions

PASSES = ("forward", "forward + backward")


@dataclass(frozen=True, kw_only=True)
class KernelCase:
    """`shape (B, V, C, H, W)` convolved with `filters` kernels of `kernel` (rows, columns)."""

    name: str
    shape: tuple[int, int, int, int, int]
    filters: int
    kernel: tuple[int, int]
    stride: int = 1

    @property
    def options(self) -> ConvOptions:
        """Stride as a pair; no padding, no dilation."""
        stride = (self.stride if self.kernel[0] > 1 else 1, self.stride)
        return ConvOptions(stride=stride)

    @property
    def output_shape(self) -> tuple[int, int, int, int, int]:
        """(B, V, F, h, w)."""
        places = self.options.output_size((self.shape[3], self.shape[4]), self.kernel)
        return (*self.shape[:2], self.filters, *places)

    def operations(self, what: str) -> float:
        """Additions and multiplications of a pass; backward does two convolutions more."""
        window = self.shape[2] * self.kernel[0] * self.kernel[1]
        return 2.0 * _product(self.output_shape) * window * (1 if what == "forward" else 3)

    def moved_bytes(self, what: str, item_bytes: int = 4) -> float:
        """Bytes read and written at the least: each input once, each result once."""
        x, out = _product(self.shape), _product(self.output_shape)
        backward = out + 2 * x  # reads the gradient and x, writes the gradient of x
        return float(item_bytes * (x + out + (0 if what == "forward" else backward)))


CASES = (
    KernelCase(name="rgb 200", shape=(10, 3, 1, 200, 200), filters=20, kernel=(5, 5)),
    KernelCase(name="4 views 128", shape=(16, 4, 1, 128, 128), filters=20, kernel=(5, 5)),
    KernelCase(name="100 views 64", shape=(4, 100, 1, 64, 64), filters=20, kernel=(5, 5)),
    KernelCase(name="pixel", shape=(10, 4, 1, 100, 100), filters=1, kernel=(1, 1)),
    KernelCase(name="whole map", shape=(32, 16, 1, 3, 3), filters=1, kernel=(3, 3)),
    KernelCase(name="stem 224", shape=(8, 4, 1, 224, 224), filters=64, kernel=(7, 7), stride=2),
    KernelCase(name="inner layer", shape=(16, 4, 64, 56, 56), filters=64, kernel=(3, 3)),
    KernelCase(name="series", shape=(16, 8, 1, 1, 8192), filters=32, kernel=(1, 9)),
)
LARGE = ("rgb 200", "4 views 128", "100 views 64")


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
