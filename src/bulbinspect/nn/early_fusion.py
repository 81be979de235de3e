"""Views joined before the trunk: `(B, V, H, W) -> (B, F, h, w)`, the first layers of baselines.

Early fusion takes the views for the channels of one picture, and a stem for one gray picture (a
convolution, its norm and its activation) for a pattern of the first layers. All members but
`sum_views` and `average_weights` are order-bound: they answer otherwise when the bulb is turned.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

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


class ViewsAsChannels(nn.Module):
    """`module` for pictures of V channels, on the views; an absent one is a channel of zeros."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, views: Tensor, present: Tensor | None = None) -> Tensor:
        """`views (B, V, H, W)`, `present (B, V)` bool or None for all -> `(B, F, h, w)`."""
        if present is not None:
            views = views.masked_fill(~expand_like(present, views), 0.0)
        outputs: Tensor = self.module(views)
        return outputs


class SumThenStem(nn.Module):
    """`module` for one gray picture, on the sum of the views."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.sum_views = SumViews()
        self.module = module

    def forward(self, views: Tensor, present: Tensor | None = None) -> Tensor:
        """`views (B, V, H, W)`, `present (B, V)` bool or None for all -> `(B, F, h, w)`."""
        outputs: Tensor = self.module(self.sum_views(views, present))
        return outputs


class MixedStem(nn.Module):
    """Answer 16 whole: `SharedStem`, then a 3×3 convolution over all its V·F maps, to F."""

    def __init__(self, module: nn.Module, *, num_views: int, out_channels: int) -> None:
        super().__init__()
        self.stem = SharedStem(module)
        self.mix = nn.Conv2d(num_views * out_channels, out_channels, 3, padding=1)

    def forward(self, views: Tensor, present: Tensor | None = None) -> Tensor:
        """`views (B, V, H, W)`, `present (B, V)` bool or None for all -> `(B, F, h, w)`."""
        outputs: Tensor = self.mix(self.stem(views, present))
        return outputs


_OPTIONS = ("kernel_size", "stride", "padding", "dilation", "padding_mode")


def _over_views(
    layer: type[nn.Conv2d], one: nn.Conv2d, after: list[nn.Module], num_views: int
) -> nn.Module:
    """Return `one`, with a channel for each view and as such a layer, and what follows it."""
    options: dict[str, Any] = {name: getattr(one, name) for name in _OPTIONS}
    over_views = layer(num_views, one.out_channels, bias=one.bias is not None, **options)
    return ViewsAsChannels(nn.Sequential(over_views, *after))


def _sum_views(one: nn.Conv2d, after: list[nn.Module], num_views: int) -> nn.Module:
    return SumThenStem(nn.Sequential(one, *after))


def _shared_stem(one: nn.Conv2d, after: list[nn.Module], num_views: int) -> nn.Module:
    stem = nn.Sequential(one, *after)
    return MixedStem(stem, num_views=num_views, out_channels=one.out_channels)


EARLY_FUSIONS: dict[str, Callable[[nn.Conv2d, list[nn.Module], int], nn.Module]] = {
    "stacked": partial(_over_views, nn.Conv2d),
    "shuffle_weights": partial(_over_views, ShuffledInputWeights),
    "average_weights": partial(_over_views, AveragedInputWeights),
    "sum_views": _sum_views,
    "shared_stem": _shared_stem,
}


def build_early_fusion(name: str, stem: nn.Sequential, *, num_views: int) -> nn.Module:
    """Return the first layers of that name: `(B, V, H, W)`, `present (B, V)` -> `(B, F, h, w)`.

    `stem` is that of a network for one gray picture, `(N, 1, H, W) -> (N, F, h, w)`: a convolution,
    and what follows it. It becomes part of what is returned; a convolution over all views is drawn
    anew, with the options of the stem's. SpecError for an unknown name, listing the known ones, and
    for a stem that begins otherwise.
    """
    if name not in EARLY_FUSIONS:
        raise SpecError(f"unknown early fusion {name!r}; known are {', '.join(EARLY_FUSIONS)}")
    one, *after = stem if len(stem) else (None,)
    if not isinstance(one, nn.Conv2d) or one.in_channels != 1:
        raise SpecError(f"a stem begins with a convolution of one channel, not with {one}")
    return EARLY_FUSIONS[name](one, after, num_views)
