"""In which other orders the views of a bulb are tried."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bulbinspect.errors import UsageError
from bulbinspect.inspection.variations import MOST_VIEWS, all_orders, shifts


@dataclass(frozen=True, slots=True, eq=False)
class OtherOrders:
    """Orders of V views other than the given one: `rows` (O, V), the `num_shifts` turns first.

    In order o place v of the network gets view `rows[o, v]`. `said` says which orders they are.
    """

    rows: NDArray[np.int64]
    num_shifts: int
    said: str


def other_orders(
    num_views: int, *, only_shifts: bool = False, num_random: int = 100, seed: int = 0
) -> OtherOrders:
    """Return the shifts, and behind them every other order, or above MOST_VIEWS a random choice.

    A shift is what turning the bulb from camera to camera makes. UsageError for one view, which
    has no other order.
    """
    if num_views < 2:
        raise UsageError("a bulb of one view has no other order of its views")
    turns = shifts(num_views)[1:]
    if only_shifts:
        return OtherOrders(turns, len(turns), _shifts(num_views))
    if num_views <= MOST_VIEWS:
        rows = _without(all_orders(num_views), shifts(num_views))
        said = f"all {math.factorial(num_views)} orders"
    else:
        rows = _random_orders(num_views, num_random, seed)
        said = (
            f"{_shifts(num_views)} and {len(rows)} random ones of {num_views}! orders (seed {seed})"
        )
    return OtherOrders(np.concatenate([turns, rows]), len(turns), said)


def _shifts(num_views: int) -> str:
    return f"the {num_views} shifts"


def _without(orders: NDArray[np.int64], unwanted: NDArray[np.int64]) -> NDArray[np.int64]:
    known = {tuple(one) for one in unwanted.tolist()}
    return np.array([one for one in orders.tolist() if tuple(one) not in known], int).reshape(
        -1, orders.shape[1]
    )


def _random_orders(num_views: int, number: int, seed: int) -> NDArray[np.int64]:
    """Return different orders that are no shifts, fewer than `number` where there are no more."""
    number = min(number, math.factorial(num_views) - num_views)
    generator = np.random.default_rng(seed)
    met = {tuple(one) for one in shifts(num_views).tolist()}
    rows: list[tuple[int, ...]] = []
    while len(rows) < number:
        order = tuple(generator.permutation(num_views).tolist())
        if order not in met:
            met.add(order)
            rows.append(order)
    return np.array(rows, np.int64).reshape(-1, num_views)
