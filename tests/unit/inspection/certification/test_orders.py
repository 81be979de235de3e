import itertools
import math

import numpy as np
import pytest

from bulbinspect.errors import UsageError
from bulbinspect.inspection.certification.orders import other_orders

TURNS = {
    2: {(1, 0)},
    4: {(1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2)},
}


@pytest.mark.parametrize("num_views", [2, 3, 4])
def test_every_order_but_the_given_one_is_tried_once_the_shifts_first(num_views):
    orders = other_orders(num_views)
    rows = [tuple(row) for row in orders.rows.tolist()]
    expected = set(itertools.permutations(range(num_views))) - {tuple(range(num_views))}
    assert len(rows) == len(expected)
    assert set(rows) == expected
    assert orders.num_shifts == num_views - 1
    if num_views in TURNS:
        assert set(rows[: orders.num_shifts]) == TURNS[num_views]
    assert orders.said == f"all {math.factorial(num_views)} orders"


def test_the_shifts_alone():
    orders = other_orders(4, only_shifts=True)
    assert set(map(tuple, orders.rows.tolist())) == TURNS[4]
    assert (orders.num_shifts, orders.said) == (3, "the 4 shifts")


@pytest.mark.parametrize(("wanted", "number"), [(0, 0), (30, 30), (115, 115), (1000, 115)])
def test_above_four_views_a_stated_number_of_random_orders_is_tried(wanted, number):
    orders = other_orders(5, num_random=wanted, seed=7)
    rows = {tuple(row) for row in orders.rows.tolist()}
    assert len(rows) == len(orders.rows) == 4 + number
    assert (np.sort(orders.rows, axis=1) == np.arange(5)).all()
    assert tuple(range(5)) not in rows
    assert orders.said == f"the 5 shifts and {number} random ones of 5! orders (seed 7)"


def test_the_same_seed_gives_the_same_orders():
    first, again, other = (other_orders(6, seed=seed).rows for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_many_views_are_no_burden():
    orders = other_orders(400)
    assert orders.rows.shape == (499, 400)
    assert orders.said == "the 400 shifts and 100 random ones of 400! orders (seed 0)"


def test_one_view_has_no_other_order():
    with pytest.raises(UsageError, match="one view"):
        other_orders(1)
