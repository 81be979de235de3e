"""What every division into splits keeps, whatever the bulbs."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bulbinspect.data.assign import split_by_group

fractions = st.sampled_from(
    [
        {"train": 0.7, "val": 0.15, "test": 0.15},
        {"train": 0.8, "val": 0.2},
        {"train": 0.34, "val": 0.33, "test": 0.33},
        {"train": 0.98, "val": 0.01, "test": 0.01},
    ]
)
seeds = st.integers(0, 2**32)
rows = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", *"123456789"])), max_size=60)


@given(rows, fractions, seeds)
def test_every_bulb_is_assigned_and_no_group_divided(rows, fractions, seed):
    labels, groups = [label for label, _ in rows], [group for _, group in rows]

    splits = split_by_group(labels, groups, fractions=fractions, seed=seed)

    assert len(splits) == len(rows)
    assert set(splits) <= fractions.keys()
    of_group = {(group, split) for group, split in zip(groups, splits, strict=True) if group}
    assert len(of_group) == len({group for group in groups if group})
    assert splits == split_by_group(labels, groups, fractions=fractions, seed=seed)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), max_size=30), fractions, seeds
)
def test_every_split_has_each_class_that_has_groups_enough(sizes, fractions, seed):
    labels = [label for label, size in sizes for _ in range(size)]
    groups = [f"{number}" for number, (_, size) in enumerate(sizes) for _ in range(size)]

    splits = split_by_group(labels, groups, fractions=fractions, seed=seed)

    found = set(zip(splits, labels, strict=True))
    by_size = sorted(fractions, key=lambda split: -fractions[split])
    for label, num_groups in Counter(label for label, _ in sizes).items():
        for split in by_size[:num_groups]:
            assert (split, label) in found


@given(st.integers(100, 300), st.integers(100, 300), fractions, seeds)
def test_fractions_of_single_bulbs_are_met_to_two_bulbs(num_good, num_bad, fractions, seed):
    labels = ["good"] * num_good + ["bad"] * num_bad

    splits = split_by_group(labels, [""] * len(labels), fractions=fractions, seed=seed)

    found = Counter(zip(splits, labels, strict=True))
    for split, fraction in fractions.items():
        for label, count in (("good", num_good), ("bad", num_bad)):
            assert abs(found[split, label] - fraction * count) <= 2
