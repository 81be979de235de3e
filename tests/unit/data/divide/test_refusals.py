import pytest
from tests.unit.data.divide.conftest import FRACTIONS, divide, many, problems_of

from bulbinspect.data.divide import divide_manifest
from bulbinspect.errors import SpecError, UsageError


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


def test_too_few_bulbs_without_labels_are_refused(write):
    rows = [(f"b{n}", "", "", "", f"{n}") for n in range(2)]

    assert problems_of(write(*rows)) == [
        "the manifest has 2 groups, so none for val; 3 are needed for one in each of train, val "
        "and test"
    ]


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
