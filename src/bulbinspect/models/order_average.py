"""Averaging over the orders of the views at judgement: what an order-bound network can be given."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from bulbinspect.errors import SpecError
from bulbinspect.models.bulb_net import BulbNet

MOST_VIEWS = 5
"""So many views have 120 orders; one more would have 720."""


def every_order(num_views: int) -> list[tuple[int, ...]]:
    """Return the V! orders of the views; SpecError for more than MOST_VIEWS."""
    if num_views > MOST_VIEWS:
        raise SpecError(
            f"judge_orders all is for {MOST_VIEWS} views or fewer: {num_views} views have "
            f"{math.factorial(num_views)} orders; take cyclic"
        )
    return list(itertools.permutations(range(num_views)))


def every_shift(num_views: int) -> list[tuple[int, ...]]:
    """Return the V orders that a bulb shows when it is turned from camera to camera."""
    views = tuple(range(num_views))
    return [views[place:] + views[:place] for place in views]


class OrderAveragedNet(BulbNet):
    """In evaluation the mean answer of `network` over `orders`, in training `network` itself.

    `orders` form a group, such as all shifts: then each of them gives the same answer. The mean is
    of class probabilities. All orders are judged as one batch, so that memory is that of B·O bulbs.
    Gray levels become floats once, not once for each order: `network` gives its `scale` away.

    Its state is that of `network`: weights that were trained without averaging fit.
    """

    orders: Tensor
    shifts: Tensor

    def __init__(self, network: BulbNet, *, orders: list[tuple[int, ...]]) -> None:
        super().__init__()
        self.scale = network.scale
        network.scale = nn.Identity()
        self.network = network
        self.num_views = len(orders[0])
        self.register_buffer("orders", torch.tensor(orders), persistent=False)  # (O, V)
        shifts = torch.tensor(every_shift(self.num_views))  # (V, V)
        self.register_buffer("shifts", shifts, persistent=False)
        self.register_state_dict_post_hook(_without_own_name)  # type: ignore[no-untyped-call]  # torch's own
        self.register_load_state_dict_pre_hook(_with_own_name)  # type: ignore[no-untyped-call]  # torch's own

    def forward(self, views: Tensor, present: Tensor) -> Tensor:
        """See `BulbNet.forward`."""
        return self._mean(self.scale(views), present)

    def _mean(self, pictures: Tensor, present: Tensor) -> Tensor:
        """`(B, V, H, W)` floats, `(B, V)` -> logits `(B, K)`, in training those of `network`."""
        if self.training:
            logits: Tensor = self.network(pictures, present)
            return logits
        each: Tensor = self.network(*_in_orders(pictures, present, self.orders))  # (B*O, K)
        each = each.log_softmax(-1).reshape(pictures.shape[0], len(self.orders), -1)  # (B, O, K)
        return each.logsumexp(1) - math.log(len(self.orders))

    def judge_with_views(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `BulbNet.judge_with_views`; a view says the mean of what it says under every shift.

        Not under all orders: where a view costs as much as a bulb, that would be V times as dear.
        """
        pictures = self.scale(views)
        if self.training:
            return self.network.judge_with_views(pictures, present)
        _, each = self.network.judge_with_views(*_in_orders(pictures, present, self.shifts))
        each = each.reshape(views.shape[0], *self.shifts.shape, -1)  # (B, V, V, K)
        went = self.shifts.argsort(1)[None, :, :, None].expand_as(each)
        return self._mean(pictures, present), each.gather(2, went).mean(1)

    def training_logits(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `BulbNet.training_logits`; those of `network`."""
        return self.network.training_logits(self.scale(views), present)


def _in_orders(views: Tensor, present: Tensor, orders: Tensor) -> tuple[Tensor, Tensor]:
    """Bulbs in every order: `(B, V, H, W)`, `(B, V)`, `(O, V)` -> `(B*O, V, H, W)`, `(B*O, V)`."""
    return views[:, orders].flatten(0, 1), present[:, orders].flatten(0, 1)


def _without_own_name(module: nn.Module, state: dict[str, Any], prefix: str, _: Any) -> None:
    for key in [key for key in state if key.startswith(f"{prefix}network.")]:
        state[prefix + key.removeprefix(f"{prefix}network.")] = state.pop(key)


def _with_own_name(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    for key in [key for key in state if key.startswith(prefix)]:
        state[f"{prefix}network.{key.removeprefix(prefix)}"] = state.pop(key)


AS_GIVEN = "as_given"
JUDGE_ORDERS: dict[str, Callable[[int], list[tuple[int, ...]]]] = {
    AS_GIVEN: lambda num_views: [tuple(range(num_views))],
    "all": every_order,
    "cyclic": every_shift,
}


def average_over_orders(network: BulbNet, name: str, *, num_views: int | None) -> BulbNet:
    """Return `network` averaged over the orders of that name; `as_given` is the network itself.

    SpecError for an unknown name, listing the known ones, and where `num_views` is not known.
    """
    if name not in JUDGE_ORDERS:
        raise SpecError(f"unknown judge_orders {name!r}; known are {', '.join(JUDGE_ORDERS)}")
    if name == AS_GIVEN:
        return network
    if num_views is None:
        raise SpecError(f"judge_orders {name} is for one number of views: give num_views")
    return OrderAveragedNet(network, orders=JUDGE_ORDERS[name](num_views))
