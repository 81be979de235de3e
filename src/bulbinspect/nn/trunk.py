"""The CNN that every view passes through: `(N, 1, H, W) -> (N, out_features, h, w)`.

To add a trunk: a subclass of `Trunk` that sets `out_features`, and a name in `TRUNKS`.
"""

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.blocks import ResidualBlock, conv_norm
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


TRUNKS: dict[str, Callable[[], Trunk]] = {
    "compact": compact_trunk,
    **{name: partial(torchvision_trunk, name) for name in TORCHVISION_NAMES},
}


def build_trunk(name: str, weights: Path | None = None) -> Trunk:
    """Return the trunk of that name, with torchvision's weights from a local file if one is given.

    Raises SpecError for an unknown name, listing the known ones, and for weights that do not fit.
    """
    if name not in TRUNKS:
        raise SpecError(f"unknown trunk {name!r}; known are {', '.join(TRUNKS)}")
    trunk = TRUNKS[name]()
    if weights is not None:
        load_weights(trunk.layers, name, weights)
    return trunk
