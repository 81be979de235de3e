"""In which order a bulb's views come in training."""

import collections

import pytest
import torch

from bulbinspect.errors import SpecError
from bulbinspect.training.view_order import VIEW_ORDERS, build_view_order

NUM_BULBS = 600


def orders_of(name, *, seed=0, epoch=0, num_views=4):
    """Return the order that each of many bulbs is given, as tuples."""
    views = torch.arange(num_views).repeat(NUM_BULBS, 1)
    present = views != 1
    moved, still_there = build_view_order(name, seed=seed)(
        views, present, torch.arange(NUM_BULBS), epoch
    )
    assert torch.equal(still_there, moved != 1)
    return [tuple(row) for row in moved.tolist()]


@pytest.mark.parametrize(("name", "expected"), [("as_given", 1), ("all", 24), ("cyclic", 4)])
def test_every_order_of_the_group_comes_about_equally_often_and_no_other(name, expected):
    counts = collections.Counter(orders_of(name))
    assert len(counts) == expected
    assert min(counts.values()) > 0.3 * NUM_BULBS / expected
    if name == "cyclic":
        assert set(counts) == {(0, 1, 2, 3), (3, 0, 1, 2), (2, 3, 0, 1), (1, 2, 3, 0)}


@pytest.mark.parametrize("name", ["all", "cyclic"])
def test_the_order_is_a_function_of_seed_epoch_and_row(name):
    assert orders_of(name, epoch=3) == orders_of(name, epoch=3)
    assert orders_of(name, epoch=3) != orders_of(name, epoch=4)
    assert orders_of(name, seed=1) != orders_of(name, seed=2)


def test_in_evaluation_the_views_stay_as_they_are():
    views, present = torch.arange(40).reshape(10, 4), torch.ones(10, 4, dtype=torch.bool)
    for name in VIEW_ORDERS:
        moved, _ = build_view_order(name, seed=0).eval()(views, present, torch.arange(10), 0)
        assert torch.equal(moved, views)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(SpecError, match="'random'; known are as_given, all, cyclic"):
        build_view_order("random", seed=0)
