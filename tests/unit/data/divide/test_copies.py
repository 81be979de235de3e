from tests.unit.data.divide.conftest import digest, divide, many, problems_of, splits_in

from bulbinspect.bulb import Bulb, Part, View, ViewsIn
from bulbinspect.data.manifest import write_manifest


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
