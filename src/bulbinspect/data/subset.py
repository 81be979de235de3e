"""Fewer training bulbs, for learning curves: the first of an order, so that sets are nested."""

import random
from collections.abc import Sequence
from dataclasses import replace

from bulbinspect.bulb import Bulb
from bulbinspect.errors import DataError


def nested_train(bulbs: Sequence[Bulb], num: int, *, seed: int) -> tuple[Bulb, ...]:
    """Return all bulbs, those of train beyond the first `num` without a split.

    The order is one of groups, drawn from `seed`, but that one bulb of each class comes first; only
    the last group may be cut. So the bulbs of a smaller `num` are among those of a larger one, and
    are what a plant has that photographed fewer groups. DataError where train has fewer
    than `num` bulbs, or `num` is less than the classes.
    """
    groups: dict[str | int, list[int]] = {}
    for row, bulb in enumerate(bulbs):
        if bulb.split == "train":
            groups.setdefault(bulb.group or row, []).append(row)
    members = list(groups.values())
    available = sum(map(len, members))
    classes = {bulbs[row].label for rows in members for row in rows}
    if not len(classes) <= num <= available:
        raise DataError(
            f"train_bulbs must be from {len(classes)}, the number of classes, to {available}, the "
            f"bulbs of train; got {num}"
        )
    random.Random(seed).shuffle(members)
    order = [row for rows in _each_class_first(bulbs, members) for row in rows]
    kept = set(order[:num])
    return tuple(
        replace(bulb, split="") if bulb.split == "train" and row not in kept else bulb
        for row, bulb in enumerate(bulbs)
    )


def _each_class_first(bulbs: Sequence[Bulb], groups: Sequence[list[int]]) -> list[list[int]]:
    """Return the groups in their order, but one bulb of each class before all others."""
    first: dict[str, int] = {}
    for rows in groups:
        for row in rows:
            first.setdefault(bulbs[row].label, row)
    front = set(first.values())
    rest = [[row for row in rows if row not in front] for rows in groups]
    return [sorted(front), *rest]
