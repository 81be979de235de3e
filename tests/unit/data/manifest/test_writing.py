from pathlib import Path

import pytest
from tests.unit.data.manifest.conftest import HEADER

from bulbinspect.bulb import Bulb, Part, View, ViewsIn
from bulbinspect.data.manifest import read_manifest, write_manifest
from bulbinspect.errors import DataError


def bulbs_in(folder):
    return (
        Bulb(
            'b "1"',
            (View("0", folder / "a.png", (("lux", "3"),)), View("1", folder / "sub" / "b,.png")),
            "good", "lot\n1", "val",
        ),
        Bulb("b2", (View("0", folder / "c.png", (("camera", "left"),)),)),
    )  # fmt: skip


def test_written_manifest_reads_back(tmp_path):
    path = tmp_path / "manifest.csv"

    write_manifest(path, bulbs_in(tmp_path))

    first, second = read_manifest(path).bulbs
    assert first.views[0].extra == (("lux", "3"), ("camera", ""))
    assert second.views[0].extra == (("lux", ""), ("camera", "left"))
    for read, written in zip((first, second), bulbs_in(tmp_path), strict=True):
        assert [(v.name, v.path) for v in read.views] == [(v.name, v.path) for v in written.views]
        assert (read.bulb_id, read.label, read.group, read.split) == (
            written.bulb_id, written.label, written.group, written.split,
        )  # fmt: skip


def test_written_paths_are_relative_to_the_manifest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_manifest(Path("manifest.csv"), [Bulb("b", (View("0", Path("images/a.png")),))])

    assert (tmp_path / "manifest.csv").read_text() == HEADER + "b,0,images/a.png,,,\n"


def test_manifest_that_could_not_be_read_is_not_written(tmp_path):
    inside, outside = tmp_path / "in" / "a.png", tmp_path / "b.png"
    bulbs = [
        Bulb("empty", ()),
        Bulb("far", (View("0", outside),)),
        Bulb("twice", (View("0", inside), View("0", inside.with_name("b.png")))),
        Bulb("odd", (View("0", inside.with_name("b\udcfc.png")),)),
    ]
    (tmp_path / "in").mkdir()

    with pytest.raises(DataError) as caught:
        write_manifest(tmp_path / "in" / "manifest.csv", bulbs)

    assert len(caught.value.problems) == 4
    for name, problem in zip(
        ("'empty' has no views", "absolute", "already in line 3", "UTF-8"),
        caught.value.problems,
        strict=True,
    ):
        assert name in problem
    assert list((tmp_path / "in").iterdir()) == []


def test_columns_of_pictures_are_written_only_where_needed(tmp_path):
    pages = [
        View(f"{at}", tmp_path / "a.tif", part=Part(ViewsIn.PAGES, at, 2), sha256="0" * 64)
        for at in range(2)
    ]
    plain = View("0", tmp_path / "b.png", (("lux", "3"),))
    path = tmp_path / "manifest.csv"

    write_manifest(path, [Bulb("a", tuple(pages)), Bulb("b", (plain,))])

    assert path.read_text().splitlines() == [
        "bulb_id,view,path,label,group,split,sha256,page,lux",
        f"a,0,a.tif,,,,{'0' * 64},0,",
        f"a,1,a.tif,,,,{'0' * 64},1,",
        "b,0,b.png,,,,,,3",
    ]
    first, _ = read_manifest(path).bulbs
    assert [(view.part, view.sha256) for view in first.views] == [
        (view.part, view.sha256) for view in pages
    ]


def test_parts_that_would_read_back_as_others_are_not_written(tmp_path):
    def stack(name, *parts):
        views = (View(f"{part.index}", tmp_path / f"{name}.tif", part=part) for part in parts)
        return Bulb(name, tuple(views))

    bulbs = [
        stack("some", Part(ViewsIn.PAGES, 0, 3), Part(ViewsIn.PAGES, 1, 3)),
        stack("all", Part(ViewsIn.PAGES, 0, 1)),
    ]

    with pytest.raises(DataError) as caught:
        write_manifest(tmp_path / "manifest.csv", bulbs)

    assert caught.value.problems == tuple(
        f"view '{view}' of bulb 'some' is one of 3 in its file, but the manifest would list 2"
        for view in (0, 1)
    )
    assert list(tmp_path.iterdir()) == []


def test_further_column_with_the_name_of_a_known_one_is_not_written(tmp_path):
    view = View("0", tmp_path / "a.png", (("label", "good"), ("gr\udcfc", "x")))

    with pytest.raises(DataError) as caught:
        write_manifest(tmp_path / "manifest.csv", [Bulb("b", (view,))])

    assert caught.value.problems == (
        "column 'label' has a meaning of its own",
        "column 'gr\\udcfc': bytes that are not UTF-8",
    )
