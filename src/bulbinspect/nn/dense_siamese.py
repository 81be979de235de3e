"""The Siamese sub-model of answer 3: three convolutions and two dense layers, as it was posted.

It has no feature map: its dense layers know the size of the view, and forget the places.
"""

from torch import Tensor, nn

from bulbinspect.errors import SpecError

_CHANNELS = 16
_HIDDEN = 512
_FEATURES = 128
_MIN_PX = 36


def dense_siamese_layers(height_px: int, width_px: int) -> tuple[nn.Module, int]:
    """Return the layers `(N, 1, height_px, width_px) -> (N, D, 1, 1)` and their D, 128.

    Three times a valid 5×5 convolution to 16 channels and a maximum over 2×2, then dense layers to
    512 and 128, all with ReLU: 1,259,072 parameters at 128 px. Most of them, and the size, are in
    the first dense layer. Raises SpecError for views too small to leave a place for it.
    """
    if min(height_px, width_px) < _MIN_PX:
        raise SpecError(
            f"trunk dense_siamese is for views of {_MIN_PX}×{_MIN_PX} or more, "
            f"not {height_px}×{width_px}"
        )
    layers = nn.Sequential(OneSize(height_px, width_px))
    for channels in (1, _CHANNELS, _CHANNELS):
        layers.extend([nn.Conv2d(channels, _CHANNELS, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2)])
    places = _side_of_map(height_px) * _side_of_map(width_px)
    layers.extend(
        [
            nn.Flatten(),
            nn.Linear(_CHANNELS * places, _HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(_HIDDEN, _FEATURES),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (_FEATURES, 1, 1)),
        ]
    )
    return layers, _FEATURES


class OneSize(nn.Module):
    """Let pictures of one size through, refuse all others. `(N, C, H, W)` in and out."""

    def __init__(self, height_px: int, width_px: int) -> None:
        super().__init__()
        self.height_px = height_px
        self.width_px = width_px

    def forward(self, pictures: Tensor) -> Tensor:
        """`(N, C, height_px, width_px)` as it came; any other size is a ValueError."""
        height, width = pictures.shape[-2:]
        if (height, width) != (self.height_px, self.width_px):
            raise ValueError(
                f"this trunk was made for views of {self.height_px}×{self.width_px}, "
                f"got {height}×{width}"
            )
        return pictures


def _side_of_map(side: int) -> int:
    for _ in range(3):
        side = (side - 4) // 2
    return side
