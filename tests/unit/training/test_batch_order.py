import itertools

import pytest

from bulbinspect.training.batches import BatchOrder


def epoch_of(order, epoch):
    order.set_epoch(epoch)
    return list(order)


@pytest.mark.parametrize(("num", "batch_size"), [(1, 16), (16, 16), (17, 16), (100, 16), (5, 2)])
def test_every_bulb_comes_once_in_batches_of_nearly_one_size(num, batch_size):
    batches = epoch_of(BatchOrder(num, batch_size, seed=0), 0)
    sizes = [len(batch) for batch in batches]
    assert sorted(itertools.chain.from_iterable(batches)) == list(range(num))
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert len(batches) == len(BatchOrder(num, batch_size, seed=0))


def test_the_order_depends_on_seed_and_epoch_alone():
    first, second = BatchOrder(50, 8, seed=1), BatchOrder(50, 8, seed=1)
    list(second)  # an epoch that the other did not have
    assert epoch_of(first, 3) == epoch_of(second, 3)
    assert epoch_of(first, 3) != epoch_of(first, 4)
    assert epoch_of(first, 3) != epoch_of(BatchOrder(50, 8, seed=2), 3)


def test_without_a_seed_the_bulbs_come_as_they_stand():
    assert list(BatchOrder(5, 2, seed=None)) == [[0, 1], [2, 3], [4]]


def test_processes_share_each_batch_between_them():
    whole = epoch_of(BatchOrder(40, 10, seed=3), 2)
    shares = [epoch_of(BatchOrder(40, 10, seed=3, rank=r, world_size=2), 2) for r in range(2)]
    for batch, first, second in zip(whole, *shares, strict=True):
        assert sorted(batch) == sorted(first + second)
        assert len(first) == len(second)


def test_an_epoch_may_be_a_part_of_the_bulbs_and_another_part_the_next_time():
    order = BatchOrder(50, 8, seed=1, take=20)
    first, second = (list(itertools.chain(*epoch_of(order, epoch))) for epoch in (0, 1))
    assert (len(first), len(set(first)), len(order)) == (20, 20, 3)
    assert set(first) != set(second)
    assert first == list(itertools.chain(*epoch_of(BatchOrder(50, 8, seed=1), 0)))[:20]
