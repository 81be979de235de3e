import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bulbinspect.data.manifest import read_manifest
from bulbinspect.data.synthetic import write
from bulbinspect.data.synthetic.draw import draw_bulb
from bulbinspect.data.synthetic.write import assign_splits, write_set
from bulbinspect.errors import SpecError, UsageError


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "drawn"
    write_set(folder, num_bulbs=12, seed=3, size_px=48)
    return folder


def test_manifest_names_every_picture_once(drawn):
    manifest = rows(drawn / "manifest.csv")
    assert list(manifest[0])[:6] == ["bulb_id", "view", "path", "label", "group", "split"]
    assert sorted(row["path"] for row in manifest) == sorted(
        path.relative_to(drawn).as_posix() for path in (drawn / "images").iterdir()
    )
    assert [row["view"] for row in manifest] == ["1", "2", "3", "4"] * 12
    assert Counter(row["label"] for row in manifest) == {"good": 24, "defect": 24}
    assert all((row["label"] == "good") == (row["kind"] == "") for row in manifest)


def test_reader_takes_the_manifest(drawn):
    manifest = read_manifest(drawn / "manifest.csv")
    assert manifest.classes == ("good", "defect")
    assert [bulb.bulb_id for bulb in manifest.bulbs] == [f"bulb-{i:06d}" for i in range(12)]
    assert all(view.path.is_file() for bulb in manifest.bulbs for view in bulb.views)


def test_pictures_are_the_drawn_views(drawn):
    views = draw_bulb(3, 5, size_px=48).views
    for number, view in enumerate(views, start=1):
        with Image.open(drawn / f"images/bulb-000005_{number}.png") as picture:
            assert (picture.format, picture.mode) == ("PNG", "L")
            np.testing.assert_array_equal(np.asarray(picture), view)


def test_truth_counts_the_pixels_of_its_masks(drawn):
    truth = rows(drawn / "truth.csv")
    assert len(truth) == len(list((drawn / "truth").iterdir())) == 24
    for row in truth:
        with Image.open(drawn / f"truth/{row['bulb_id']}_{row['view']}.png") as picture:
            mask = np.asarray(picture)
        assert set(np.unique(mask)) <= {0, 255}
        assert (mask == 255).sum() == int(row["visible_px"])
    assert {row["bulb_id"]: row["kind"] for row in truth} == {
        row["bulb_id"]: row["kind"] for row in rows(drawn / "manifest.csv") if row["kind"]
    }


def test_bytes_do_not_depend_on_the_number_of_workers(drawn, tmp_path):
    write_set(tmp_path / "again", num_bulbs=12, seed=3, size_px=48, workers=2)
    assert content(tmp_path / "again") == content(drawn)


def test_a_longer_set_begins_with_the_shorter_one(drawn, tmp_path):
    write_set(tmp_path / "longer", num_bulbs=15, seed=3, size_px=48)
    short, long = content(drawn), content(tmp_path / "longer")
    for name in ("manifest.csv", "truth.csv"):
        assert long.pop(name).startswith(short.pop(name))
    assert short.items() < long.items()


def test_another_seed_draws_other_bulbs(drawn, tmp_path):
    write_set(tmp_path / "other", num_bulbs=1, seed=4, size_px=48)
    name = "images/bulb-000000_1.png"
    assert (tmp_path / "other" / name).read_bytes() != (drawn / name).read_bytes()


def test_shots_share_group_and_split_but_not_the_id(tmp_path):
    write_set(tmp_path / "shots", num_bulbs=4, size_px=32, num_views=2, num_shots=3, labels="kinds")
    manifest = rows(tmp_path / "shots/manifest.csv")
    assert len(manifest) == 4 * 3 * 2
    for index in range(4):
        mine = [row for row in manifest if row["group"] == f"bulb-{index:06d}"]
        assert {row["bulb_id"] for row in mine} == {
            f"bulb-{index:06d}{suffix}" for suffix in ("", "-shot2", "-shot3")
        }
        assert len({(row["split"], row["label"], row["kind"]) for row in mine}) == 1
        assert mine[0]["label"] == (mine[0]["kind"] or "good")


def test_default_splits_hold_both_classes_from_twenty_bulbs_on():
    for num_bulbs in (20, 21, 57):
        splits = assign_splits(num_bulbs, defect_share=0.5, fractions=(0.6, 0.15, 0.25))
        assert {(split, i % 2) for i, split in enumerate(splits)} == {
            (split, label) for split in ("train", "val", "test") for label in (0, 1)
        }


@pytest.mark.parametrize(
    "fractions", [(0.5, 0.5), (0.6, 0.6, -0.2), (0.5, 0.2, 0.2), (float("nan"), 0.5, 0.5)]
)
def test_splits_that_are_no_shares_are_refused(fractions):
    with pytest.raises(SpecError, match="a share for each of train, val, test"):
        assign_splits(4, defect_share=0.5, fractions=fractions)


def test_existing_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write_set(tmp_path, num_bulbs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "wrong",
    [{"num_bulbs": 0}, {"num_shots": 0}, {"workers": 0}, {"labels": "both"}, {"size_px": 4}],
)
def test_wrong_numbers_leave_nothing_behind(tmp_path, wrong):
    with pytest.raises(SpecError):
        write_set(tmp_path / "set", **{"num_bulbs": 2, **wrong})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    save, saved = write._save, []

    def fill_up(pixels, path):
        if len(saved) == 10:
            raise OSError(28, "No space left on device", str(path))
        saved.append(path)
        save(pixels, path)

    monkeypatch.setattr(write, "_save", fill_up)
    with pytest.raises(OSError, match="No space left"):
        write_set(tmp_path / "set", num_bulbs=50, size_px=32)
    assert len(saved) == 10
    assert list(tmp_path.iterdir()) == []
