import csv
from collections import Counter

import pytest
from tests.unit.data.divide.conftest import digest, divide, many, splits_in

from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import UsageError


def test_every_bulb_gets_a_split_and_no_group_is_divided(write, tmp_path):
    division = divide(write(*many(40)))

    bulbs = read_manifest(tmp_path / "new.csv").bulbs
    assert {bulb.bulb_id: bulb.split for bulb in division.bulbs} == splits_in(tmp_path / "new.csv")
    assert Counter(bulb.split for bulb in bulbs) == {"train": 144, "val": 36, "test": 60}
    assert len({(bulb.group, bulb.split) for bulb in bulbs}) == 40
    assert len(set(division.groups)) == 40
    assert division.notes == ()


def test_only_the_split_column_changes(tmp_path):
    path = tmp_path / "manifest.csv"
    rows = [
        [f"b{n % 20}", f"{n // 20}", f"p/{n}.png", "lux, 3", digest(f"{n}"), "=1+1"]
        for n in range(40)
    ]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["bulb_id", "view", "path", "light", "sha256", "odd"], *rows])

    divide(path)

    with (tmp_path / "new.csv").open(newline="") as file:
        header, *found = csv.reader(file)
    assert header == ["bulb_id", "view", "path", "light", "sha256", "odd", "split"]
    assert [row[:-1] for row in found] == rows
    splits = {}
    for row in found:
        splits.setdefault(row[0], set()).add(row[-1])
    assert all(len(some) == 1 for some in splits.values())


def test_splits_depend_on_seed_and_not_on_the_order_of_rows(write, tmp_path):
    rows = many(40)
    divide(write(*rows))
    first = splits_in(tmp_path / "new.csv")

    (tmp_path / "new.csv").unlink()
    divide(write(*reversed(rows)))
    assert splits_in(tmp_path / "new.csv") == first

    (tmp_path / "new.csv").unlink()
    divide(write(*rows), seed=1)
    assert splits_in(tmp_path / "new.csv") != first


def test_splits_that_stand_are_kept_and_their_groups_followed(write, tmp_path):
    rows = many(40, size=1)
    given = {"lot 0": "test", "lot 1": "val", "lot 2": "train"}
    half = [
        (b, label, g, given.get(g, "") if label == "good" else "", c) for b, label, g, _, c in rows
    ]

    divide(write(*half))

    bulbs = read_manifest(tmp_path / "new.csv").bulbs
    for bulb in bulbs:
        assert bulb.split == given.get(bulb.group, bulb.split) != ""
    assert Counter(bulb.split for bulb in bulbs) == {"train": 48, "val": 12, "test": 20}


def test_redo_forgets_the_splits_that_stand(write, tmp_path):
    path = write(*many(40, split="train"))
    with pytest.raises(UsageError, match="--redo"):
        divide(path)

    divide(path, redo=True)

    assert Counter(splits_in(tmp_path / "new.csv").values()) == {
        "train": 144, "val": 36, "test": 60,
    }  # fmt: skip


def test_val_is_carved_out_of_train_and_test_stays(write, tmp_path):
    train = many(20, split="train")
    test = [(f"t{b}", label, f"t{g}", "test", f"t{c}") for b, label, g, _, c in many(5)]

    divide(write(*train, *test), carve_val=True)

    assert Counter(splits_in(tmp_path / "new.csv").values()) == {
        "train": 96, "val": 24, "test": 30,
    }  # fmt: skip


@pytest.mark.parametrize("split", ["val", "test", ""])
def test_val_is_carved_only_where_there_is_train_and_no_val(write, split):
    with pytest.raises(UsageError, match="no val"):
        divide(write(*many(9, split=split)), carve_val=True)


def test_class_that_only_test_lacks_is_noted(write):
    rows = [(b, label, g, "test" if g == "lot 0" else "", c) for b, label, g, _, c in many(9)]
    chips = [("x", "chip", "x", "train", "x"), ("y", "chip", "y", "val", "y")]

    (note,) = divide(write(*rows, *chips)).notes

    assert note.startswith("class 'chip' has 2 groups, so none for test")
