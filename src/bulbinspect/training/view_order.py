"""In which order a bulb's views come in training: what the channel-shuffle baseline learns from."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.early_fusion import ShuffleViews
from bulbinspect.training.stateless import seed_of


class AsGiven(nn.Module):
    """The order of the manifest. A network that ignores the order needs no other."""

    def forward(
        self, views: Tensor, present: Tensor, rows: Tensor, epoch: int
    ) -> tuple[Tensor, Tensor]:
        """`views (B, V, *rest)`, `present (B, V)`, `rows (B,)` -> the first two, unchanged."""
        return views, present


class TurnViews(ShuffleViews):
    """Only the V orders that a bulb shows when it is turned from camera to camera."""

    def order(
        self, num_views: int, row: int, epoch: int
    ) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return 0…V-1 shifted round, by as much as that bulb is in that epoch."""
        shift = np.random.default_rng([self.seed, epoch, row]).integers(num_views)
        return np.roll(np.arange(num_views), shift)


VIEW_ORDERS: dict[str, Callable[[int], nn.Module]] = {
    "as_given": lambda seed: AsGiven(),
    "all": lambda seed: ShuffleViews(seed=seed),
    "cyclic": lambda seed: TurnViews(seed=seed),
}


def build_view_order(name: str, *, seed: int) -> nn.Module:
    """Return the order of that name; an unknown name lists the known ones."""
    if name not in VIEW_ORDERS:
        raise SpecError(f"unknown view order {name!r}; known are {', '.join(VIEW_ORDERS)}")
    return VIEW_ORDERS[name](seed_of(seed, _PURPOSE))


_PURPOSE = 4  # apart from the draws of the augmentation, which start from the same seed
