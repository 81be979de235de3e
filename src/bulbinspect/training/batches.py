"""Batches of cached bulbs, fetched by index, in an order that depends on (seed, epoch) alone."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from bulbinspect.data.cache import ViewCache
from bulbinspect.training.stateless import order_of


class Batch(NamedTuple):
    """What a training step gets; `rows` says which bulbs of the split they are."""

    views: Tensor  # (B, V, H, W) integers
    present: Tensor  # (B, V) bool
    target: Tensor  # (B,) int64
    rows: Tensor  # (B,) int64, counted on where bulbs are repeated within an epoch
    view_target: Tensor  # (B, V) int64, NO_LABEL where a view is absent or has none


class CachedBulbs(Dataset[Batch]):
    """Some bulbs of a cache, fetched a whole batch at once."""

    def __init__(
        self,
        cache: ViewCache,
        rows: NDArray[np.int64],
        targets: Tensor,
        view_targets: Tensor,
    ) -> None:
        self.cache = cache
        self.rows = rows
        self.targets = targets
        self.view_targets = view_targets

    def __len__(self) -> int:
        return len(self.rows)

    def repeated(self, at_least: int) -> "CachedBulbs":
        """Return these bulbs, all of them as often as it takes to be `at_least` so many.

        Row `r` of it is bulb `r` modulo the number of bulbs: a repetition is a row of its own, and
        augmented as such.
        """
        times = max(1, -(-at_least // len(self)))
        return CachedBulbs(
            self.cache,
            np.tile(self.rows, times),
            self.targets.repeat(times),
            self.view_targets.repeat(times, 1),
        )

    def __getitem__(self, batch: Sequence[int]) -> Batch:
        rows = self.rows[batch]
        views = self.cache.views[rows]
        if views.dtype == np.uint16:  # torch can do little with uint16; int32 holds it whole
            views = views.astype(np.int32)
        return Batch(
            views=torch.from_numpy(views),
            present=torch.from_numpy(self.cache.present[rows]),
            target=self.targets[batch],
            rows=torch.as_tensor(batch),
            view_target=self.view_targets[batch],
        )


class BatchOrder(Sampler[list[int]]):
    """Which bulbs come in which batch: a function of (seed, epoch); without a seed, as they stand.

    Of `num` bulbs the first `take` (None: all) of the order come. The batches of an epoch differ by
    one bulb at most, so that no epoch ends with a crumb. Under DDP each process takes every
    `world_size`-th bulb of each batch.
    """

    def __init__(
        self,
        num: int,
        batch_size: int,
        *,
        seed: int | None,
        take: int | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.num = num
        self.take = num if take is None else min(take, num)
        self.num_batches = max(1, -(-self.take // batch_size))
        self.seed = seed
        self.epoch = 0
        self.rank = rank
        self.world_size = world_size

    def set_epoch(self, epoch: int) -> None:
        """Lightning says here which epoch begins."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[list[int]]:
        order = np.arange(self.num)
        if self.seed is not None:
            order = order_of(self.num, self.seed, self.epoch)
        for batch in np.array_split(order[: self.take], self.num_batches):
            yield batch[self.rank :: self.world_size].tolist()
