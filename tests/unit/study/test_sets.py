"""The bulbs of a study: drawn once, or somebody's own; refused where no study can be made."""

import csv
import shutil
from dataclasses import replace

import pytest

from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import DataError, UsageError
from bulbinspect.files import locked
from bulbinspect.study.compare import read_runs
from bulbinspect.study.sets import bulbs_of_run, drawn_sets, own_set, refuse_other_bulbs

SETS = {"tiny": {"difficulty": "easy", "train": 12, "val": 4, "test": 8, "seed": 3}}
AGAIN = {"bulbs": 3, "shots": 2, "seed": 4}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("synthetic")


@pytest.fixture(scope="module")
def drawn(place):
    [found] = drawn_sets(SETS, AGAIN, size_px=32, place=place)
    return found


def test_a_drawn_set_has_as_many_bulbs_as_were_asked_for_and_its_truth(drawn):
    splits = [bulb.split for bulb in read_manifest(drawn.manifest).bulbs]
    assert [splits.count(one) for one in ("train", "val", "test")] == [12, 4, 8]
    assert (drawn.name, drawn.available) == ("tiny", 12)
    assert drawn.truth.is_file()
    groups = [bulb.group for bulb in read_manifest(drawn.reshots).bulbs]
    assert sorted(groups.count(one) for one in set(groups)) == [2, 2, 2]


def test_what_is_there_is_not_drawn_again(drawn, place):
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    [again] = drawn_sets(SETS, AGAIN, size_px=32, place=place)
    assert again == drawn
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def test_two_studies_do_not_draw_at_once(tmp_path):
    with locked(tmp_path / ".lock", "held"), pytest.raises(UsageError, match="another study"):
        drawn_sets(SETS, AGAIN, size_px=32, place=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_known_runs_on_other_bulbs_are_refused_before_any_training(drawn, runs, tmp_path):
    runs.add()
    [run], _ = read_runs([runs.root])
    own = read_manifest(drawn.manifest).sha256
    same = replace(run, data=drawn.name, manifest_sha256=own)
    of_another_set = replace(run, data="huge")
    refuse_other_bulbs([drawn], {tmp_path / "known.xz": [same, of_another_set]})
    other = replace(same, manifest_sha256="a" * 64)
    with pytest.raises(UsageError, match=r"known\.xz holds runs on other bulbs"):
        refuse_other_bulbs([drawn], {tmp_path / "known.xz": [same, other]})


def rewritten(drawn, folder, change):
    """Copy the set without its truth to `folder`, each row of its manifest changed."""
    shutil.copytree(drawn.manifest.parent, folder, ignore=shutil.ignore_patterns("truth*"))
    with drawn.manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change(row)
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


def test_a_manifest_without_splits_is_divided_as_training_divides_it(drawn, tmp_path):
    own = own_set(rewritten(drawn, tmp_path / "mine", lambda row: row.update(split="")))
    assert (own.name, own.reshots, own.truth) == ("mine", None, None)
    assert 12 <= own.available <= 16  # 60 % of 24, by class


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda row: row.update(label="good"), "train holds: good"),
        (lambda row: row["split"] == "val" and row.update(label="good"), "val holds: good"),
        (lambda row: row["split"] == "test" and row.update(label=""), "test holds: without label"),
    ],
)
def test_a_split_without_both_classes_is_refused_by_name(drawn, tmp_path, change, found):
    path = rewritten(drawn, tmp_path / "mine", change)
    with pytest.raises(DataError, match=found):
        own_set(path)


def test_the_bulbs_of_a_run_are_those_that_it_says(drawn, tmp_path):
    ids = [bulb.bulb_id for bulb in read_manifest(drawn.manifest).bulbs]
    rows = [f"{one},{'test' if place < 5 else 'train'}" for place, one in enumerate(ids)]
    (tmp_path / "split.csv").write_text("\n".join(["bulb_id,split", *rows]) + "\n")
    assert [one.bulb_id for one in bulbs_of_run(drawn.manifest, tmp_path, "test")] == ids[:5]
