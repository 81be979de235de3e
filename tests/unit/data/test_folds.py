from collections import Counter

import pytest

from bulbinspect.bulb import Bulb
from bulbinspect.data.folds import check_fold, fold_as_test
from bulbinspect.errors import DataError, SpecError


def bulbs(*counts):
    """Return bulbs in groups of two: (split, label, number of groups)."""
    return [
        Bulb(f"{split}-{label}-{group}-{n}", (), label, f"{split}-{label}-{group}", split)
        for split, label, num_groups in counts
        for group in range(num_groups)
        for n in range(2)
    ]


USUAL = bulbs(
    ("train", "good", 30), ("train", "crack", 15), ("val", "good", 10), ("val", "crack", 5),
    ("test", "good", 8), ("test", "crack", 4), ("", "good", 3),
)  # fmt: skip


def folded(some=USUAL, *, folds=5, seed=0, **options):
    return [fold_as_test(some, fold=k, folds=folds, seed=seed, **options) for k in range(folds)]


def judged_in(results):
    return [[bulb.bulb_id for bulb in one.bulbs if bulb.split == "test"] for one in results]


def test_every_bulb_of_train_and_val_is_test_once():
    found = Counter(bulb_id for ids in judged_in(folded()) for bulb_id in ids)
    assert found == {bulb.bulb_id: 1 for bulb in USUAL if bulb.split in ("train", "val")}


def test_the_rest_stays_where_it_was_and_test_is_left_out():
    for result in folded():
        assert [bulb.bulb_id for bulb in result.bulbs] == [bulb.bulb_id for bulb in USUAL]
        for before, after in zip(USUAL, result.bulbs, strict=True):
            allowed = {before.split, "test"} if before.split in ("train", "val") else {""}
            assert after.split in allowed
        assert result.notes[1] == "bulbs of test in no fold, and in no run: 24"


def test_every_fold_has_its_share_of_each_class_of_train_and_of_val():
    by_id = {bulb.bulb_id: bulb for bulb in USUAL}
    for ids in judged_in(folded()):
        found = Counter((by_id[one].split, by_id[one].label) for one in ids)
        assert found == {
            ("train", "good"): 12, ("train", "crack"): 6, ("val", "good"): 4, ("val", "crack"): 2,
        }  # fmt: skip


def test_no_group_is_divided():
    for result in folded():
        splits = {}
        for bulb in result.bulbs:
            splits.setdefault(bulb.group, set()).add(bulb.split)
        assert all(len(some) == 1 for some in splits.values())


def test_folds_depend_on_the_seed_and_not_on_the_order_of_the_bulbs():
    usual = [set(ids) for ids in judged_in(folded())]
    assert [set(ids) for ids in judged_in(folded(USUAL[::-1]))] == usual
    assert [set(ids) for ids in judged_in(folded(seed=1))] != usual


def test_test_is_divided_too_where_that_is_asked():
    results = folded(with_test=True)
    found = Counter(bulb_id for ids in judged_in(results) for bulb_id in ids)
    assert found == {bulb.bulb_id: 1 for bulb in USUAL if bulb.split}
    for result in results:
        after = [b.split for a, b in zip(USUAL, result.bulbs, strict=True) if a.split == "test"]
        assert set(after) == {"train", "test"}
        assert len(result.notes) == 1


def test_the_sizes_are_told():
    assert folded()[3].notes[0] == "fold 3 of 5 is test: 72 train, 24 val, 24 test"


def test_what_a_fold_would_lack_is_said_of_every_fold():
    few = bulbs(
        ("train", "good", 4), ("train", "crack", 1), ("val", "good", 4), ("val", "crack", 1)
    )
    with pytest.raises(DataError, match="2 folds of these groups") as caught:
        fold_as_test(few, fold=0, folds=2, seed=0)
    texts = sorted(text.partition(": ")[2] for text in caught.value.problems)
    assert texts == ["no group of 'crack' is left for train", "val keeps 'good' alone"]
    with pytest.raises(DataError, match="no group is left to be its test"):
        fold_as_test(bulbs(("train", "good", 2), ("val", "good", 2)), fold=0, folds=9, seed=0)


@pytest.mark.parametrize(
    ("fold", "folds"),
    [(0, None), (None, 5), (5, 5), (-1, 5), (0, 1), (0.0, 5), (True, 5), (0, "5")],
)
def test_a_fold_that_makes_no_sense_is_refused(fold, folds):
    with pytest.raises(SpecError, match="folds and fold go together"):
        check_fold(fold, folds)


def test_no_folds_are_no_trouble():
    check_fold(None, None)
