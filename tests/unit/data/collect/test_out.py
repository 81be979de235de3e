from pathlib import Path

import pytest

from bulbinspect.bulb import ViewsIn
from bulbinspect.data.collect.collect import collect
from bulbinspect.data.collect.layout import Layout
from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import UsageError


def test_manifest_may_lie_above_the_pictures(put, tmp_path, monkeypatch):
    put("b_0.png")
    monkeypatch.chdir(tmp_path)

    collect(Path("pictures"), Path("manifest.csv"), Layout())

    (bulb,) = read_manifest(tmp_path / "manifest.csv").bulbs
    assert bulb.views[0].path == tmp_path / "pictures" / "b_0.png"
    assert ",pictures/b_0.png," in (tmp_path / "manifest.csv").read_text()


@pytest.mark.parametrize("out", ["elsewhere/manifest.csv", "pictures/b/manifest.csv"])
def test_manifest_that_would_have_to_name_pictures_outside_is_refused(put, tmp_path, out):
    put("b/0.png", "c/0.png")
    (tmp_path / "elsewhere").mkdir()

    with pytest.raises(UsageError, match=r"--out .*pictures/manifest.csv"):
        collect(tmp_path / "pictures", tmp_path / out, Layout())


@pytest.mark.parametrize("way", ["../pictures", "../link"])
def test_ways_round_and_links_to_the_folder_are_understood(put, tmp_path, monkeypatch, way):
    put("b_0.png")
    (tmp_path / "link").symlink_to("pictures")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")

    collect(Path(way), Path("../manifest.csv"), Layout())

    (bulb,) = read_manifest(tmp_path / "manifest.csv").bulbs
    assert bulb.views[0].path.is_file()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_nothing_that_exists_is_overwritten(put, kind):
    folder = put("b_0.png")
    out = folder / "manifest.csv"
    if kind == "file":
        out.write_text("mine")
    elif kind == "folder":
        out.mkdir()
    else:
        out.symlink_to("nothing.csv")

    with pytest.raises(UsageError, match="exists already"):
        collect(folder, out, Layout())

    assert kind != "file" or out.read_text() == "mine"
    assert not (folder / "nothing.csv").exists()


def test_manifest_that_could_be_taken_for_a_picture_is_refused(put):
    with pytest.raises(UsageError, match=r"\.csv"):
        collect(put("b_0.png"), put() / "manifest", Layout())


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        collect(tmp_path / "none", tmp_path / "manifest.csv", Layout())


@pytest.mark.parametrize(
    "layout",
    [
        {"by_class": True, "pattern": "(?P<bulb>.)(?P<view>.)"},
        {"view_names": ("a", "b")},
        {"views_in": ViewsIn.PAGES, "view_names": ("a", "a")},
        {"views_in": ViewsIn.PAGES, "view_names": ("",)},
    ],
)
def test_layouts_that_contradict_themselves_are_refused(layout):
    with pytest.raises(UsageError):
        Layout(**layout)


@pytest.mark.parametrize("pattern", ["(", "(?P<bulb>.)", "(?P<bulb>.)(?P<view>.)(?P<lot>.)"])
def test_pattern_that_cannot_tell_what_is_needed_is_refused(put, pattern):
    with pytest.raises(UsageError, match="pattern"):
        collect(put("b_0.png"), put() / "manifest.csv", Layout(pattern=pattern))
