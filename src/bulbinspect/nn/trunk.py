"""The CNN that every view passes through: `(N, 1, H, W) -> (N, out_features, h, w)`.

To add a trunk: a subclass of `Trunk` that sets `out_features`, and a name in `TRUNKS`. A trunk may
be made for views of one size only; it is told which, or None where nobody knows.
"""

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.blocks import ResidualBlock, conv_norm
from bulbinspect.nn.dense_siamese import dense_siamese_layers
from bulbinspect.nn.torchvision_trunk import TORCHVISION_NAMES, load_weights, torchvision_features


class Trunk(nn.Module):
    """A stack of layers that turns a gray picture into a feature map."""

    def __init__(self, layers: nn.Module, *, out_features: int) -> None:
        super().__init__()
        self.layers = layers
        self.out_features = out_features

    def forward(self, pictures: Tensor) -> Tensor:
        """`(N, 1, H, W)` floats -> `(N, out_features, h, w)`."""
        features: Tensor = self.layers(pictures)
        return features


def compact_trunk(widths: tuple[int, ...] = (16, 32, 64, 128)) -> Trunk:
    """Return a slim residual trunk for gray pictures on a CPU; the map is a 16th of each side.

    Full resolution is left at the first layer, where one gray channel makes it dear and poor: at
    128 px the whole trunk takes a twelfth of the multiplications of resnet18.
    """
    layers = nn.Sequential(conv_norm(1, widths[0], kernel=5, stride=2), nn.ReLU(inplace=True))
    for channels, out_channels in itertools.pairwise(widths):
        layers.append(ResidualBlock(channels, out_channels, stride=2))
    return Trunk(layers, out_features=widths[-1])


def torchvision_trunk(name: str) -> Trunk:
    """Return a torchvision network without its classifier, with a stem for one gray channel."""
    layers, out_features = torchvision_features(name)
    return Trunk(layers, out_features=out_features)


def dense_siamese_trunk(size_px: tuple[int, int] | None) -> Trunk:
    """Return the sub-model of answer 3 for views of that height and width; its map is 1×1."""
    if size_px is None:
        raise SpecError("trunk dense_siamese is for views of one size: give height_px and width_px")
    layers, out_features = dense_siamese_layers(*size_px)
    return Trunk(layers, out_features=out_features)


def _of_any_size(build: Callable[[], Trunk]) -> Callable[[tuple[int, int] | None], Trunk]:
    return lambda size_px: build()


TRUNKS: dict[str, Callable[[tuple[int, int] | None], Trunk]] = {
    "compact": _of_any_size(compact_trunk),
    "compact_half": _of_any_size(partial(compact_trunk, (8, 16, 32, 64))),
    **{name: _of_any_size(partial(torchvision_trunk, name)) for name in TORCHVISION_NAMES},
    "dense_siamese": dense_siamese_trunk,
}


def build_trunk(
    name: str, weights: Path | None = None, *, size_px: tuple[int, int] | None = None
) -> Trunk:
    """Return the trunk of that name, with torchvision's weights from a local file if one is given.

    `size_px` is height and width of a view, for a trunk that is made for one size. Raises SpecError
    for an unknown name, listing the known ones, for weights that do not fit, and where the size is
    needed and not known, or too small.
    """
    if name not in TRUNKS:
        raise SpecError(f"unknown trunk {name!r}; known are {', '.join(TRUNKS)}")
    trunk = TRUNKS[name](size_px)
    if weights is not None:
        load_weights(trunk.layers, name, weights)
    return trunk
