import os
from pathlib import Path

import pytest

from bulbinspect.bulb import ViewsIn
from bulbinspect.data.folder import list_folder
from bulbinspect.errors import DataError, UsageError


@pytest.fixture
def touch(tmp_path):
    """Make empty files in the folder that is listed, and the folders they need."""

    def touch(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return touch


def found(folder, pattern=None):
    """Return bulb id -> [(view name, path below the folder)]."""
    return {
        bulb.bulb_id: [(v.name, v.path.relative_to(folder).as_posix()) for v in bulb.views]
        for bulb in list_folder(folder, pattern)
    }


def test_sub_folder_is_a_bulb_and_its_files_the_views(touch):
    folder = touch("b1/left.png", "b1/right.png", "lot 2/b1/left.tif")

    assert found(folder) == {
        "b1": [("left", "b1/left.png"), ("right", "b1/right.png")],
        "lot 2/b1": [("left", "lot 2/b1/left.tif")],
    }


def test_flat_files_are_named_bulb_and_view(touch):
    folder = touch("b_1_0.png", "b_1_1.png", "c.d_left.jpeg", "e_0")

    assert found(folder) == {
        "b_1": [("0", "b_1_0.png"), ("1", "b_1_1.png")],
        "c.d": [("left", "c.d_left.jpeg")],
        "e": [("0", "e_0")],
    }


def test_bulbs_and_views_are_in_natural_order(touch):
    folder = touch(*(f"b{bulb}_{view}.png" for bulb in (10, 9, 1) for view in (11, 2, 1)))

    assert list(found(folder)) == ["b1", "b9", "b10"]
    assert [view for view, _ in found(folder)["b9"]] == ["1", "2", "11"]


def test_length_is_known_and_bulbs_can_be_asked_for_again(touch):
    listing = list_folder(touch("a_0.png", "a_1.png", "b/0.png"))

    assert len(listing) == 2
    assert list(listing) == list(listing)


def test_pattern_is_matched_with_the_path_below_the_folder(touch):
    folder = touch("cam0/b1.png", "cam1/b1.png", "cam0/b2.png", "cam1/notes.bin", "b3.png")

    assert found(folder, r"cam(?P<view>\d)/(?P<bulb>b\d)\.png") == {
        "b1": [("0", "cam0/b1.png"), ("1", "cam1/b1.png")],
        "b2": [("0", "cam0/b2.png")],
        "b3": [("", "b3.png")],
        "cam1/notes": [("", "cam1/notes.bin")],
    }


@pytest.mark.parametrize("pattern", [r"(?P<bulb>.+)", r"(?P<view>.+)", "(?P<bulb>.+", "b.+"])
def test_pattern_that_cannot_tell_bulb_and_view_is_refused(touch, pattern):
    with pytest.raises(UsageError, match="pattern"):
        list_folder(touch("b_0.png"), pattern)


@pytest.mark.parametrize("name", ["photo.png", "_0.png", "b_.png", "b", "7.tif"])
def test_file_that_does_not_fit_is_a_bulb_of_its_own(touch, name):
    assert found(touch(name)) == {name.split(".")[0]: [("", name)]}


def test_two_files_for_one_view_both_stay(touch):
    assert found(touch("b_0.png", "b_0.tif", "c/0.png", "c/0.jpg")) == {
        "b": [("0", "b_0.png"), ("0", "b_0.tif")],
        "c": [("0", "c/0.jpg"), ("0", "c/0.png")],
    }


def test_flat_files_and_a_sub_folder_of_one_name_are_one_bulb(touch):
    assert found(touch("b_0.png", "b/0.png")) == {"b": [("0", "b/0.png"), ("0", "b_0.png")]}


def test_empty_sub_folder_is_a_bulb_without_views(touch):
    folder = touch("b1/0.png", "b3/readme.txt")
    (folder / "b2").mkdir()

    assert found(folder) == {"b1": [("0", "b1/0.png")], "b2": [], "b3": []}


def test_empty_folder_has_no_bulbs(tmp_path):
    listing = list_folder(tmp_path)

    assert (len(listing), list(listing), listing.notes) == (0, [], ())


def test_what_is_passed_over_is_counted(touch):
    listing = list_folder(
        touch("b_0.png", "manifest.csv", "README.MD", "Thumbs.db", ".DS_Store", ".git/b_1.png")
    )

    assert [bulb.bulb_id for bulb in listing] == ["b"]
    assert listing.notes == (
        "files that are no pictures by their names, skipped: 3",
        "hidden files and folders skipped: 2",
    )


def test_file_of_unknown_kind_is_not_passed_over(touch):
    assert list(found(touch("b_0.xyz", "odd.docx", "csv"))) == ["b", "csv", "odd"]


def test_folder_of_flat_files_below_the_named_one_is_pointed_out(touch):
    (note,) = list_folder(touch(*(f"images/b{n}_0.png" for n in range(101)))).notes

    assert "'images' has 101 views" in note


@pytest.mark.parametrize(
    "name",
    [
        b"b\n1_0.png",
        b"=cmd()_0.png",
        b"<img onerror=alert(1)>_0.png",
        b"b\xfc_0.png",
        b"b" * 250 + b"_0",
    ],
)
def test_any_name_that_a_disk_holds_is_listed(tmp_path, name):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()

    (bulb,) = list_folder(tmp_path)

    assert os.fsencode(bulb.bulb_id) == name.rsplit(b"_", 1)[0]
    assert bulb.views[0].path.is_file()


def test_links_to_files_and_folders_are_followed(touch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "0.png").touch()
    folder = touch("a_0.png")
    (folder / "b").symlink_to(elsewhere)
    (folder / "c_0.png").symlink_to(elsewhere / "0.png")

    assert list(found(folder)) == ["a", "b", "c"]


def test_loops_of_links_end(touch):
    folder = touch("b/0.png")
    (folder / "a").symlink_to(folder)
    (folder / "b" / "up").symlink_to(folder)
    (folder / "c").symlink_to(folder / "b")

    listing = list_folder(folder)

    assert [bulb.bulb_id for bulb in listing] == ["b"]
    assert listing.notes == ("links to folders that are listed already, skipped: 3",)


def test_link_to_nothing_is_a_view_that_will_be_missed(touch):
    folder = touch("b_0.png")
    (folder / "b_1.png").symlink_to(folder / "gone.png")
    (folder / "b_2.png").symlink_to(folder / "b_2.png")

    assert [view for view, _ in found(folder)["b"]] == ["0", "1", "2"]


def test_folder_that_cannot_be_read_is_a_bulb_without_views(touch, monkeypatch):
    folder = touch("a/0.png", "b/0.png")
    scandir = os.scandir

    def deny(path):
        if Path(path) == folder / "b":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", deny)  # root, who runs tests in containers, may read all

    assert found(folder) == {"a": [("0", "a/0.png")], "b": []}
    assert "could not be read" in list_folder(folder).notes[0]


@pytest.mark.parametrize("name", ["none", "file.png"])
def test_what_is_no_folder_is_refused(touch, name):
    with pytest.raises(DataError, match="cannot be read"):
        list_folder(touch("file.png") / name)


def stacked(folder, kind=ViewsIn.CHANNELS, names=("0", "1"), pattern=None):
    """Return bulb id -> [(view name, path below the folder, kind, index, of)]."""
    return {
        bulb.bulb_id: [
            (v.name, v.path.relative_to(folder).as_posix(), v.part.kind, v.part.index, v.part.of)
            for v in bulb.views
        ]
        for bulb in list_folder(folder, pattern, views_in=kind, view_names=names)
    }


@pytest.mark.parametrize("kind", [ViewsIn.CHANNELS, ViewsIn.PAGES])
def test_each_file_of_stacked_views_is_a_bulb(touch, kind):
    folder = touch("b_10.npy", "b_9.tif", "lot 2/b.png")

    assert stacked(folder, kind) == {
        "b_9": [("0", "b_9.tif", kind, 0, 2), ("1", "b_9.tif", kind, 1, 2)],
        "b_10": [("0", "b_10.npy", kind, 0, 2), ("1", "b_10.npy", kind, 1, 2)],
        "lot 2/b": [("0", "lot 2/b.png", kind, 0, 2), ("1", "lot 2/b.png", kind, 1, 2)],
    }


def test_parts_keep_their_place_in_the_file_whatever_their_names(touch):
    (views,) = stacked(touch("b.tif"), names=("top", "left")).values()

    assert [(name, index) for name, _, _, index, _ in views] == [("top", 0), ("left", 1)]


def test_pattern_of_stacked_views_needs_only_the_bulb(touch):
    folder = touch("img-7.tif", "img-8.tif", "other.tif")

    assert list(stacked(folder, pattern=r"img-(?P<bulb>\d+)\.tif")) == ["7", "8", "other"]
    with pytest.raises(UsageError, match="group bulb"):
        stacked(folder, pattern=r"img-(\d+)\.tif")


def test_two_stacked_files_of_one_bulb_both_stay(touch):
    (views,) = stacked(touch("b.tif", "b.png")).values()

    assert [(name, path) for name, path, *_ in views] == [
        ("0", "b.png"), ("0", "b.tif"), ("1", "b.png"), ("1", "b.tif"),
    ]  # fmt: skip


def test_folder_without_stacked_files_is_no_bulb_but_an_unreadable_one_is(touch, monkeypatch):
    folder = touch("a/0.tif", "b/0.tif", "c/readme.txt")
    scandir = os.scandir

    def deny(path):
        if Path(path) == folder / "b":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", deny)
    listing = list_folder(folder, views_in=ViewsIn.PAGES, view_names=("0", "1"))

    assert {bulb.bulb_id: len(bulb.views) for bulb in listing} == {"a/0": 2, "b": 0}
    assert any(note.startswith("folders without pictures") for note in listing.notes)


@pytest.mark.parametrize("names", [(), ("0", "0"), ("0", "")])
def test_stacked_views_need_a_name_each(touch, names):
    with pytest.raises(UsageError, match="need a name each"):
        list_folder(touch("b.tif"), views_in=ViewsIn.PAGES, view_names=names)


def test_arrays_are_passed_over_unless_views_are_stacked(touch):
    folder = touch("b_0.npy", "b_1.npz")

    assert found(folder) == {}
    assert list(stacked(folder)) == ["b_0"]
