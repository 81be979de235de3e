"""What every division into folds keeps, whatever the bulbs."""

from hypothesis import assume, given
from hypothesis import strategies as st

from bulbinspect.bulb import Bulb
from bulbinspect.data.folds import fold_as_test
from bulbinspect.errors import DataError

rows = st.lists(
    st.tuples(
        st.sampled_from(["train", "train", "val", "test", ""]),
        st.sampled_from(["good", "crack"]),
        st.sampled_from(["", *"123456789"]),
    ),
    min_size=20,
    max_size=60,
)


@given(rows, st.integers(2, 4), st.integers(0, 2**32), st.booleans())
def test_every_bulb_is_test_once_and_no_group_is_learnt_from_and_judged(rows, folds, seed, taken):
    bulbs = [
        Bulb(f"b{number}", (), label, group, split)
        for number, (split, label, group) in enumerate(rows)
    ]
    try:
        runs = [
            fold_as_test(bulbs, fold=fold, folds=folds, seed=seed, with_test=taken).bulbs
            for fold in range(folds)
        ]
    except DataError:  # too few groups: refused for every fold alike
        assume(False)
    for before, *after in zip(bulbs, *runs, strict=True):
        splits = [bulb.split for bulb in after]
        if before.split in ("train", "val", *(["test"] if taken else [])):
            rest = "train" if before.split == "test" else before.split
            assert sorted(splits) == sorted(["test", *[rest] * (folds - 1)])
        else:
            assert set(splits) == {""}
    for run in runs:
        learnt = {bulb.group for bulb in run if bulb.split in ("train", "val")} - {""}
        judged = {bulb.group for bulb in run if bulb.split == "test"} - {""}
        assert not learnt & judged
        for split, least in (("train", 1), ("val", 1), ("test", 1)):
            assert sum(bulb.split == split for bulb in run) >= least
        labels = {bulb.label for bulb in run if bulb.split}
        assert {bulb.label for bulb in run if bulb.split == "train"} == labels
