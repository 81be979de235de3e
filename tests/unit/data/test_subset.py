"""Nested training sets: smaller ones are part of larger ones, groups stay together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulbinspect.bulb import Bulb
from bulbinspect.data.subset import nested_train
from bulbinspect.errors import DataError


def bulbs_of(groups, labels, splits):
    return [
        Bulb(str(row), (), label=label, group=group, split=split)
        for row, (group, label, split) in enumerate(zip(groups, labels, splits, strict=True))
    ]


def train_ids(bulbs):
    return {bulb.bulb_id for bulb in bulbs if bulb.split == "train"}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "b", "c", "d"]),
        st.sampled_from(["good", "defect"]),
        st.sampled_from(["train", "train", "val", "test", ""]),
    ),
    min_size=4,
    max_size=40,
)


@given(rows=ROWS, seed=st.integers(0, 5))
def test_each_size_holds_all_smaller_ones_every_class_and_no_more_than_one_cut_group(rows, seed):
    bulbs = bulbs_of(*zip(*rows, strict=True))
    train = train_ids(bulbs)
    classes = {bulb.label for bulb in bulbs if bulb.split == "train"}
    smaller = set()
    for num in range(max(len(classes), 1), len(train) + 1):
        chosen = nested_train(bulbs, num, seed=seed)
        ids = train_ids(chosen)
        assert len(ids) == num
        assert smaller <= ids <= train
        kept = [bulb for bulb in chosen if bulb.bulb_id in ids]
        assert {bulb.label for bulb in kept} == classes
        cut = 0
        for group in {bulb.group for bulb in kept} - {""}:
            whole = {b.bulb_id for b in bulbs if b.group == group and b.split == "train"}
            cut += not whole <= ids
        assert cut <= 1 + len(classes)  # the last group, and those that gave a class its first bulb
        for before, after in zip(bulbs, chosen, strict=True):
            if before.split != "train":
                assert after == before
        smaller = ids


def test_another_seed_gives_another_set_and_the_same_seed_the_same():
    bulbs = bulbs_of([""] * 40, ["good", "defect"] * 20, ["train"] * 40)
    first, again, other = (train_ids(nested_train(bulbs, 10, seed=seed)) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("num", [0, 1, 5])
def test_more_bulbs_than_there_are_or_fewer_than_classes_are_refused(num):
    bulbs = bulbs_of([""] * 4, ["good", "defect"] * 2, ["train"] * 4)
    with pytest.raises(DataError, match=f"from 2, the number of classes, to 4.*got {num}"):
        nested_train(bulbs, num, seed=0)
