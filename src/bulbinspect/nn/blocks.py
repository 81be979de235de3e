"""The two bricks of the compact trunk."""

from torch import Tensor, nn


def conv_norm(channels: int, out_channels: int, *, kernel: int, stride: int = 1) -> nn.Sequential:
    """A convolution without bias that keeps the size (over `stride`), and batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(channels, out_channels, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut (He et al., CVPR 2016). `(N, C, H, W)` in and out.

    The shortcut shrinks by averaging before its 1×1 convolution, so that it sees every pixel and
    not one of four (resnet-D: He et al., CVPR 2019).
    """

    def __init__(self, channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.first = conv_norm(channels, out_channels, kernel=3, stride=stride)
        self.second = conv_norm(out_channels, out_channels, kernel=3)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut.append(nn.AvgPool2d(stride, ceil_mode=True))
        if stride > 1 or channels != out_channels:
            self.shortcut.append(conv_norm(channels, out_channels, kernel=1))
        nn.init.zeros_(self.second.get_parameter("1.weight"))  # starts as the shortcut alone

    def forward(self, features: Tensor) -> Tensor:
        """`(N, C, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))`."""
        changed = self.second(self.relu(self.first(features)))
        joined: Tensor = self.relu(changed + self.shortcut(features))
        return joined
