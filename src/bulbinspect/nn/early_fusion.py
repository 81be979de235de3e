"""Views joined before the trunk: `(B, V, H, W) -> (B, F, H, W)`, the first layers of baselines.

Early fusion takes the views for the channels of one picture. All members but `sum_views` and
`average_weights` are order-bound: they answer otherwise when the bulb is turned.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.input_weights import AveragedInputWeights, ShuffledInputWeights
from bulbinspect.nn.view_shared import ViewShared, expand_like


class SumViews(nn.Module):
    """Answer 9: all views added to one picture. `(B, V, *rest) -> (B, 1, *rest)`.

    Without a bias, to convolve the sum is to sum the convolutions, at a V-th of the work; what came
    from which view is lost. An absent view adds nothing.
    """

    def forward(self, views: Tensor, present: Tensor | None = None) -> Tensor:
        """`views (B, V, *rest)`, `present (B, V)` bool or None for all -> `(B, 1, *rest)`."""
        if present is not None:
            views = views.masked_fill(~expand_like(present, views), 0.0)
        return views.sum(1, keepdim=True)


class SharedStem(nn.Module):
    """Answer 16: one shared first layer on every view, its maps set side by side, view by view.

    `module` is made for one channel: `(N, 1, *in) -> (N, F, *out)`, in one dimension or in two.
    What follows is an ordinary layer for V·F channels, which can see what the views have in common.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.shared = ViewShared(module)

    def forward(self, views: Tensor, present: Tensor | None = None) -> Tensor:
        """`views (B, V, *in)`, `present (B, V)` bool or None for all -> `(B, V * F, *out)`."""
        maps: Tensor = self.shared(views.unsqueeze(2), present)  # (B, V, F, *out)
        return maps.flatten(1, 2)


class ShuffleViews(nn.Module):
    """The channel-shuffle baseline of answer 4: the views of each bulb in random order.

    So in training: the order is a function of (seed, epoch, row), whatever else is in the batch. In
    evaluation the views stay as they are.
    """

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        if seed < 0:
            raise SpecError(f"seed must be 0 or more, not {seed}")
        self.seed = seed

    def forward(
        self, views: Tensor, present: Tensor, rows: Tensor, epoch: int
    ) -> tuple[Tensor, Tensor]:
        """`views (B, V, *rest)`, `present (B, V)`, `rows (B,)` -> views and present, reordered."""
        if not self.training:
            return views, present
        orders = np.stack([self.order(views.shape[1], row, epoch) for row in rows.tolist()])
        order = torch.from_numpy(orders).to(views.device)  # (B, V)
        bulb = torch.arange(len(order), device=views.device).unsqueeze(1)
        return views[bulb, order], present[bulb, order]

    def order(
        self, num_views: int, row: int, epoch: int
    ) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return 0…V-1 in the order of that bulb in that epoch."""
        return np.random.default_rng([self.seed, epoch, row]).permutation(num_views)


def _sum_views(num_views: int, out_channels: int, kernel: int) -> nn.Module:
    return nn.Sequential(SumViews(), nn.Conv2d(1, out_channels, kernel, padding="same"))


def _shared_stem(num_views: int, out_channels: int, kernel: int) -> nn.Module:
    shared = nn.Sequential(nn.Conv2d(1, out_channels, kernel, padding="same"), nn.ReLU())
    mixed = nn.Conv2d(num_views * out_channels, out_channels, kernel, padding="same")
    return nn.Sequential(SharedStem(shared), mixed)


def _conv_over_views(layer: type[nn.Conv2d]) -> Callable[[int, int, int], nn.Module]:
    return lambda num_views, out_channels, kernel: layer(
        num_views, out_channels, kernel, padding="same"
    )


EARLY_FUSIONS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "stacked": _conv_over_views(nn.Conv2d),
    "shuffle_weights": _conv_over_views(ShuffledInputWeights),
    "average_weights": _conv_over_views(AveragedInputWeights),
    "sum_views": _sum_views,
    "shared_stem": _shared_stem,
}


def build_early_fusion(name: str, num_views: int, out_channels: int, kernel: int = 3) -> nn.Module:
    """Return the first layers of that name, `(B, V, H, W) -> (B, out_channels, H, W)`.

    An unknown name lists the known ones.
    """
    if name not in EARLY_FUSIONS:
        raise SpecError(f"unknown early fusion {name!r}; known are {', '.join(EARLY_FUSIONS)}")
    return EARLY_FUSIONS[name](num_views, out_channels, kernel)
