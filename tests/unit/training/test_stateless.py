import numpy as np
import torch

from bulbinspect.training.stateless import generator_of, order_of, seed_of


def test_seeds_differ_where_their_numbers_differ():
    seeds = {seed_of(a, b) for a in range(-50, 50) for b in range(100)}
    assert len(seeds) == 10_000
    assert seed_of(1, 2) != seed_of(2, 1)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_are_the_same_on_every_machine_and_day():
    assert seed_of(0, 0) == 520810605562734633
    assert order_of(8, 0, 1).tolist() == [4, 1, 3, 2, 0, 7, 5, 6]


def test_draws_do_not_touch_or_depend_on_global_state():
    torch.manual_seed(1)
    np.random.seed(1)  # the global state that must not matter
    first = torch.rand(3, generator=generator_of(5)), order_of(9, 5)
    before = torch.get_rng_state()
    second = torch.rand(3, generator=generator_of(5)), order_of(9, 5)
    assert torch.equal(first[0], second[0])
    assert (first[1] == second[1]).all()
    assert torch.equal(before, torch.get_rng_state())


def test_every_bulb_comes_once_an_epoch():
    assert sorted(order_of(100, 3, 4)) == list(range(100))
    assert order_of(100, 3, 4).tolist() != order_of(100, 3, 5).tolist()
