import csv
import hashlib
from collections import Counter

import pytest

from bulbinspect.bulb import Bulb, Part, View, ViewsIn
from bulbinspect.data.divide import divide_manifest
from bulbinspect.data.manifest import read_manifest, write_manifest
from bulbinspect.errors import DataError, SpecError, UsageError

FRACTIONS = {"train": 0.6, "val": 0.15, "test": 0.25}


def digest(name):
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture
def write(tmp_path):
    """Write a manifest of (bulb id, label, group, split, content of its picture or None).

    The hash of the content stands in the manifest; with None the picture is in the folder instead.
    """

    def write(*rows):
        bulbs = []
        for bulb_id, label, group, split, content in rows:
            path = tmp_path / f"{bulb_id}.png"
            sha256 = digest(content) if content is not None else ""
            bulbs.append(Bulb(bulb_id, (View("0", path, sha256=sha256),), label, group, split))
        write_manifest(tmp_path / "manifest.csv", bulbs)
        return tmp_path / "manifest.csv"

    return write


def many(num_groups, size=3, labels=("good", "crack"), split=""):
    return [
        (f"{label}-{group}-{n}", label, f"lot {group}", split, f"{label}{group}{n}")
        for group in range(num_groups)
        for label in labels
        for n in range(size)
    ]


def divide(path, **options):
    options = {"fractions": FRACTIONS, "seed": 0, **options}
    return divide_manifest(path, path.with_name("new.csv"), **options)


def problems_of(path, **options):
    with pytest.raises(DataError) as caught:
        divide(path, **options)
    assert not path.with_name("new.csv").exists()
    return list(caught.value.problems)


def splits_in(path):
    return {bulb.bulb_id: bulb.split for bulb in read_manifest(path).bulbs}


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


def test_group_divided_by_the_splits_that_stand_is_refused(write):
    path = write(
        ("a", "good", "lot 1", "train", "a"), ("b", "good", "lot 1", "val", "b"),
        ("c", "good", "lot 1", "", "c"), ("d", "good", "lot 2", "test", "d"),
    )  # fmt: skip

    assert problems_of(path) == [
        "group 'lot 1' is divided: bulb 'a' is in train, bulb 'b' is in val"
    ]


def test_class_with_too_few_groups_is_refused_with_the_number_needed(write):
    rows = [*many(9), ("x", "chip", "lot x", "", "x"), ("y", "chip", "lot y", "", "y")]

    assert problems_of(write(*rows)) == [
        "class 'chip' has 2 groups, so none for val; 3 are needed for one in each of train, val "
        "and test"
    ]
    assert problems_of(write(*rows[:-1]), fractions={"train": 0.8, "val": 0.2}) == [
        "class 'chip' has 1 group, so none for val; 2 are needed for one in each of train and val"
    ]
    divide(write(*rows), fractions={"train": 0.8, "val": 0.2, "test": 0.0})


def test_class_whose_splits_stand_elsewhere_is_refused_in_other_words(write):
    chips = [(f"x{n}", "chip", f"x{n}", "test", f"x{n}") for n in range(3)]

    (problem,) = problems_of(write(*many(9), *chips))

    assert problem.startswith("class 'chip' has 3 groups, so none for train and val")
    assert "--redo" in problem


def test_class_that_only_test_lacks_is_noted(write):
    rows = [(b, label, g, "test" if g == "lot 0" else "", c) for b, label, g, _, c in many(9)]
    chips = [("x", "chip", "x", "train", "x"), ("y", "chip", "y", "val", "y")]

    (note,) = divide(write(*rows, *chips)).notes

    assert note.startswith("class 'chip' has 2 groups, so none for test")


def test_too_few_bulbs_without_labels_are_refused(write):
    rows = [(f"b{n}", "", "", "", f"{n}") for n in range(2)]

    assert problems_of(write(*rows)) == [
        "the manifest has 2 groups, so none for val; 3 are needed for one in each of train, val "
        "and test"
    ]


def same_picture_everywhere(num_copies):
    """Bulbs of different groups, some with the same picture: sure to land in several splits."""
    rows = many(40, size=1)
    return [(*row[:-1], "the same") for row in rows[:num_copies]] + rows[num_copies:]


def test_same_picture_in_two_splits_is_refused_by_the_hashes_of_the_manifest(write):
    problems = problems_of(write(*same_picture_everywhere(30)))

    assert problems
    for problem in problems:
        assert problem.startswith("'crack-0-0.png' of bulb 'crack-0-0' in ")
        assert problem.endswith(
            "are the same picture; give both bulbs one group, or --join-copies does"
        )


def test_pictures_without_a_hash_are_hashed(write, tmp_path):
    rows = [(*row[:-1], None) for row in many(40, size=1)]
    for number, row in enumerate(rows):
        (tmp_path / f"{row[0]}.png").write_text("the same" if number < 30 else f"{number}")

    assert all("are the same picture" in problem for problem in problems_of(write(*rows)))
    mixed = [(*row[:-1], "the same" if n < 15 else None) for n, row in enumerate(rows)]
    assert any(f"-{group}-0'" in problem for problem in problems_of(write(*mixed))
               for group in range(8, 15))  # fmt: skip


def test_pictures_that_cannot_be_hashed_are_named(write, tmp_path):
    rows = [(*row[:-1], None) for row in many(9, size=1)]
    for row in rows[2:]:
        (tmp_path / f"{row[0]}.png").write_text(row[0])

    assert problems_of(write(*rows)) == [
        "'crack-0-0.png': missing_file: there is no such file",
        "'good-0-0.png': missing_file: there is no such file",
    ]


def test_copies_can_be_made_one_group(write, tmp_path):
    division = divide(write(*same_picture_everywhere(6)), join_copies=True)

    splits = splits_in(tmp_path / "new.csv")
    # each copy takes its whole group along, and the groups hold a bulb of each class
    joined = [f"{label}-{group}-0" for group in range(3) for label in ("good", "crack")]
    assert len({splits[bulb_id] for bulb_id in joined}) == 1
    assert len(set(division.groups)) == 40 - 2
    assert division.notes == ("pairs of bulbs that have a picture in common, made one group: 5",)


def test_copies_joined_across_splits_that_stand_are_refused(write):
    rows = [*many(9), ("x", "good", "", "train", "the same"), ("y", "good", "", "val", "the same")]

    assert problems_of(write(*rows), join_copies=True) == [
        "the group of bulb 'x' is divided: bulb 'x' is in train, bulb 'y' is in val"
    ]


def test_copies_in_one_group_are_no_leak_but_noted(write):
    rows = [*many(9), ("x", "good", "twin", "", "the same"), ("y", "good", "twin", "", "the same")]

    (note,) = divide(write(*rows)).notes

    assert note.startswith("pairs of bulbs that have a picture in common")


def test_parts_of_one_file_are_no_copies(tmp_path):
    bulbs = [
        Bulb(
            f"b{n}",
            tuple(
                View(f"{at}", tmp_path / f"{n}.tif", (), Part(ViewsIn.PAGES, at, 2), digest(f"{n}"))
                for at in range(2)
            ),
        )
        for n in range(20)
    ]
    write_manifest(tmp_path / "manifest.csv", bulbs)

    assert divide(tmp_path / "manifest.csv").notes == ()


def test_written_manifest_must_be_new_and_beside_the_old_one(write, tmp_path):
    path = write(*many(9))
    (tmp_path / "sub").mkdir()

    for out, message in (
        (path, "exists already"),
        (tmp_path / "sub" / "new.csv", "must lie in the folder"),
        (tmp_path / "none" / "new.csv", "must lie in the folder"),
    ):
        with pytest.raises(UsageError, match=message):
            divide_manifest(path, out, fractions=FRACTIONS, seed=0)


def test_fractions_that_make_no_sense_are_refused(write):
    with pytest.raises(SpecError, match="sum to 1"):
        divide(write(*many(9)), fractions={"train": 0.6, "val": 0.6, "test": 0.1})


def test_bad_rows_are_refused(tmp_path):
    (tmp_path / "manifest.csv").write_text("bulb_id,view,path\nb,,a.png\n")

    assert problems_of(tmp_path / "manifest.csv") == ["line 2: no view"]
