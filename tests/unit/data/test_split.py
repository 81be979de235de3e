from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.assign import split_by_group
from bulbinspect.data.split import complete_splits, read_splits, write_splits
from bulbinspect.errors import DataError, SpecError

FRACTIONS = {"train": 0.7, "val": 0.15, "test": 0.15}


def bulb(bulb_id, label="good", group="", split=""):
    return Bulb(bulb_id, (View("0", Path(f"{bulb_id}.png")),), label, group, split)


def bulbs_of(*groups):
    """Bulbs of (label, group, split, how many)."""
    return [
        bulb(f"{label}-{group}-{n}", label, group, split)
        for label, group, split, count in groups
        for n in range(count)
    ]


def counts(bulbs):
    return Counter((one.split, one.label) for one in bulbs)


def test_bulbs_without_splits_get_all_three():
    bulbs = bulbs_of(*(("good", f"lot {n}", "", 5) for n in range(100)))
    bulbs += bulbs_of(*(("crack", f"lot {n}", "", 1) for n in range(100)))

    result = complete_splits(bulbs, fractions=FRACTIONS, seed=0)

    assert result.notes == ()
    assert [one.bulb_id for one in result.bulbs] == [one.bulb_id for one in bulbs]
    assert counts(result.bulbs) == {
        ("train", "good"): 350, ("train", "crack"): 70,
        ("val", "good"): 75, ("val", "crack"): 15,
        ("test", "good"): 75, ("test", "crack"): 15,
    }  # fmt: skip


def test_given_splits_stay_as_they_are():
    bulbs = bulbs_of(("good", "a", "train", 3), ("good", "b", "val", 3), ("good", "c", "test", 3))

    result = complete_splits(bulbs, fractions=FRACTIONS, seed=0)

    assert (result.bulbs, result.notes) == (tuple(bulbs), ())


def test_missing_val_is_carved_from_train_by_group():
    train = [(label, f"{label} {n}", "train", 4) for label in ("good", "crack") for n in range(20)]
    test = [("good", "far", "test", 9), ("crack", "far too", "test", 9)]

    result = complete_splits(bulbs_of(*train, *test), fractions=FRACTIONS, seed=0)

    found = counts(result.bulbs)
    assert (found["test", "good"], found["test", "crack"]) == (9, 9)
    assert 8 <= found["val", "good"] <= 20  # 15 of 85 parts of 80 are 14
    assert 8 <= found["val", "crack"] <= 20
    of_group = {}
    for one in result.bulbs:
        of_group.setdefault(one.group, set()).add(one.split)
    assert all(len(splits) == 1 for splits in of_group.values())
    (note,) = result.notes
    assert "carved from train" in note


def test_one_group_for_each_class_is_carved_by_bulb_and_said():
    bulbs = bulbs_of(*((label, label, "train", 10) for label in ("apple", "kiwi", "lime")))

    result = complete_splits(bulbs, fractions=FRACTIONS, seed=0)

    found = counts(result.bulbs)
    for label in ("apple", "kiwi", "lime"):
        assert found["val", label] in (1, 2)
        assert found["train", label] == 10 - found["val", label]
    assert any("shares groups with train" in note for note in result.notes)


def test_class_of_one_group_goes_to_train_while_the_others_are_split():
    bulbs = bulbs_of(
        *((label, f"{label} {n}", "", 3) for label in ("good", "crack") for n in range(20)),
        ("chip", "the only", "", 6),
    )

    result = complete_splits(bulbs, fractions=FRACTIONS, seed=0)

    assert counts(result.bulbs)["train", "chip"] == 6
    assert result.notes == (
        "val has no bulb of 'chip': there are too few groups",
        "test has no bulb of 'chip': there are too few groups",
    )


def test_bulbs_without_a_split_among_others_are_left_out_and_counted():
    bulbs = bulbs_of(("good", "", "train", 4), ("good", "", "val", 2), ("good", "", "", 3))

    result = complete_splits(bulbs, fractions=FRACTIONS, seed=0)

    assert counts(result.bulbs)["", "good"] == 3
    assert result.notes == ("3 of 9 bulbs have no split and are left out",)


def test_group_in_two_given_splits_is_said():
    bulbs = bulbs_of(
        ("good", "lot 1", "train", 2), ("good", "lot 1", "val", 1), ("good", "", "val", 1)
    )

    (note,) = complete_splits(bulbs, fractions=FRACTIONS, seed=0).notes

    assert note == "groups in more than one split, so that figures flatter: 1 ('lot 1')"


def test_split_of_fraction_0_is_not_made_and_not_missed():
    bulbs = bulbs_of(*(("good", f"{n}", "", 1) for n in range(20)))

    result = complete_splits(bulbs, fractions={"train": 0.5, "val": 0.5, "test": 0}, seed=0)

    assert counts(result.bulbs) == {("train", "good"): 10, ("val", "good"): 10}
    assert result.notes == ()


@pytest.mark.parametrize(
    "fractions",
    [
        {},
        {"train": 1.0},
        {"train": 0.5, "val": 0.2},
        {"train": 0.5, "val": 0.5, "holdout": 0.0},
        {"train": 1.5, "val": -0.5},
        {"train": float("nan"), "val": 0.5},
    ],
)
def test_fractions_that_make_no_sense_are_refused(fractions):
    with pytest.raises(SpecError, match="sum to 1"):
        complete_splits([bulb("b")], fractions=fractions, seed=0)


def worst_share(labels, splits):
    """Return how far the share of any class in any split is from its fraction, at most."""
    total = Counter(labels)
    found = Counter(zip(splits, labels, strict=True))
    return max(
        abs(found[split, label] / total[label] - fraction)
        for split, fraction in FRACTIONS.items()
        for label in total
    )


def test_classes_are_shared_out_as_evenly_as_by_scikit_learn():
    """Against StratifiedGroupKFold of 20 folds: 14 for train, 3 for val, 3 for test."""
    generator = np.random.default_rng(0)
    ours, theirs = [], []
    for seed in range(5):
        groups = [f"lot {n}" for n in generator.integers(0, 150, 2000)]
        odds = {name: generator.dirichlet([4, 1, 0.5]) for name in sorted(set(groups))}
        labels = [generator.choice(["good", "crack", "chip"], p=odds[name]) for name in groups]
        folds = StratifiedGroupKFold(20, shuffle=True, random_state=seed)
        fold_of = np.empty(len(labels), int)
        for fold, (_, rows) in enumerate(folds.split(labels, labels, groups)):
            fold_of[rows] = fold
        names = np.array(["train"] * 14 + ["val"] * 3 + ["test"] * 3)
        theirs.append(worst_share(labels, names[fold_of]))
        ours.append(
            worst_share(labels, split_by_group(labels, groups, fractions=FRACTIONS, seed=seed))
        )

    assert np.mean(ours) <= np.mean(theirs)
    assert max(ours) < 0.02


def test_other_seed_gives_another_split():
    labels, groups = ["good"] * 40, [f"{n}" for n in range(40)]

    one, two = (split_by_group(labels, groups, fractions=FRACTIONS, seed=seed) for seed in (0, 1))

    assert one != two
    assert Counter(one) == Counter(two)


def test_written_splits_read_back(tmp_path):
    bulbs = [bulb('b, "1"', "good", "lot\r1", "train"), bulb("b2", "crack", "", "")]

    write_splits(tmp_path / "split.csv", bulbs)

    assert read_splits(tmp_path / "split.csv") == {'b, "1"': "train", "b2": ""}
    assert (tmp_path / "split.csv").read_text().startswith("bulb_id,split,label,group\n")


def test_all_bad_rows_of_splits_are_named_at_once(tmp_path):
    path = tmp_path / "split.csv"
    path.write_text("bulb_id,split\nb1,train\nb2,holdout\nb1,val\nb3\n")

    with pytest.raises(DataError) as caught:
        read_splits(path)

    assert caught.value.problems == (
        "line 3: split 'holdout' is none of train, val, test",
        "line 4: bulb 'b1' is already there",
        "line 5: 1 cells, the header has 2",
    )


def test_file_that_holds_no_splits_is_refused(tmp_path):
    (tmp_path / "other.csv").write_text("bulb_id,label\nb,good\n")

    with pytest.raises(DataError, match="no column 'split'"):
        read_splits(tmp_path / "other.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_splits(tmp_path / "none.csv")
