import hashlib
from pathlib import Path

import pytest

from bulbinspect.bulb import Bulb, Part, View, ViewsIn
from bulbinspect.data.manifest import read_manifest, scan_manifest, write_manifest
from bulbinspect.errors import DataError

HEADER = "bulb_id,view,path,label,group,split\n"


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "manifest.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def problems_of(path, **options):
    with pytest.raises(DataError) as caught:
        read_manifest(path, **options)
    return list(caught.value.problems)


def test_rows_become_bulbs_in_order_of_appearance(write):
    path = write(
        HEADER
        + "b9,1,images/b9_1.png,good,lot 1,train\n"
        + "b1,0,images/b1_0.png,crack,lot 2,test\n"
        + "b9,0,images/b9_0.png,good,lot 1,train\n"
    )

    manifest = read_manifest(path)

    folder = path.parent / "images"
    nine = Bulb(
        "b9", (View("0", folder / "b9_0.png"), View("1", folder / "b9_1.png")),
        "good", "lot 1", "train",
    )  # fmt: skip
    one = Bulb("b1", (View("0", folder / "b1_0.png"),), "crack", "lot 2", "test")
    assert manifest.bulbs == (nine, one)
    assert manifest.path == path
    assert manifest.num_views == 2
    assert manifest.select("test") == (one,)
    assert manifest.select("val") == ()


def test_views_are_in_natural_order(write):
    rows = "".join(f"b,view {name},{name}.png\n" for name in (10, 2, 1))

    manifest = read_manifest(write("bulb_id,view,path\n" + rows))

    assert [view.name for view in manifest.bulbs[0].views] == ["view 1", "view 2", "view 10"]


def test_columns_after_the_first_three_are_optional(write):
    bulb = read_manifest(write("path,bulb_id,view\na.png,b,0\n")).bulbs[0]

    assert (bulb.label, bulb.group, bulb.split) == ("", "", "")
    assert bulb.views[0].path.name == "a.png"


def test_further_columns_are_kept(write):
    manifest = read_manifest(
        write("bulb_id,camera,view,path,lux\nb,left,0,a.png,\nb,top,1,b.png,3\n")
    )

    assert [view.extra for view in manifest.bulbs[0].views] == [
        (("camera", "left"), ("lux", "")),
        (("camera", "top"), ("lux", "3")),
    ]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["stain", "good", "crack"], ("good", "crack", "stain")),
        (["kiwi", "apple"], ("apple", "kiwi")),
        (["", "good"], ("good",)),
        (["", ""], ()),
    ],
)
def test_classes_are_sorted_with_good_first(write, labels, classes):
    rows = "".join(f"b{n},0,{n}.png,{label}\n" for n, label in enumerate(labels))

    assert read_manifest(write("bulb_id,view,path,label\n" + rows)).classes == classes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_what_editors_make_of_a_file_is_accepted(write, encoding, newline):
    text = 'bulb_id,view,path\n"b, ""1""",0,größe.png\n\nb2,0,two.png\n'.replace("\n", newline)

    manifest = read_manifest(write(text, encoding))

    assert [bulb.bulb_id for bulb in manifest.bulbs] == ['b, "1"', "b2"]
    assert manifest.bulbs[0].views[0].path.name == "größe.png"


def test_hash_is_that_of_the_file(write):
    path = write(HEADER + "b,0,a.png,,,\n")

    assert read_manifest(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_all_bad_rows_are_named_at_once_by_their_lines(write):
    path = write(
        HEADER
        + "b1,0,1_0.png,good,g,train\n"  # line 2
        + "b1,1,1_1.png,crack,h,test\n"
        + "\n"
        + "b2,0\n"  # line 5
        + ",,\n"
        + ",,,,,\n"
        + 'b3,"0\n0",3.png,good,g,train\n'  # lines 8 and 9
        + "b1,0,1_2.png,good,g,train\n"  # line 10
        + "b4,0,1_0.png,good,g,train\n"
        + "b5,0,5.png,good,g,holdout\n"
        + "b6 ,0,6.png, good,g,train\n"
        + 'b7,"0"x,7.png,good,g,train\n'
        + "b8,0,8.png,good,g,train\n"
    )

    assert problems_of(path) == [
        "line 3: label 'crack' of bulb 'b1' is 'good' in line 2",
        "line 3: group 'h' of bulb 'b1' is 'g' in line 2",
        "line 3: split 'test' of bulb 'b1' is 'train' in line 2",
        "line 5: 2 cells, the header has 6",
        "line 6: 3 cells, the header has 6",
        "line 7: no bulb_id",
        "line 7: no view",
        "line 7: no path",
        "line 10: view '0' of bulb 'b1' is already in line 2",
        "line 11: picture '1_0.png' is already in line 2",
        "line 12: split 'holdout' is none of train, val, test",
        "line 13: bulb_id 'b6 ' has blanks around it",
        "line 13: label ' good' has blanks around it",
        "line 14: ',' expected after '\"'",
    ]


def test_bytes_that_are_not_utf8_are_named_by_line(write):
    path = write(HEADER.encode() + b"b1,0,a.png,,,\nb2,0,gr\xfc\xdfe.png,,,\nb3,,c.png,,,\n")

    assert problems_of(path) == ["line 3: bytes that are not UTF-8", "line 4: no view"]


def test_quote_that_never_ends_is_named_by_the_line_where_it_starts(write):
    assert problems_of(write(HEADER + 'b1,0,a.png,,,\nb2,0,"b.png,,,\nb3,0,c.png,,,\n')) == [
        "line 3: unexpected end of data"
    ]


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("/etc/passwd", "is absolute"),
        ("../a.png", "leaves the folder"),
        ("images/../../a.png", "leaves the folder"),
    ],
)
def test_path_that_leaves_the_folder_is_refused_unless_allowed(write, place, problem):
    path = write(f"bulb_id,view,path\nb,0,{place}\n")

    (found,) = problems_of(path)
    assert found.startswith(f"line 2: path '{place}' {problem}")
    allowed = read_manifest(path, allow_outside=True)
    assert allowed.bulbs[0].views[0].path == path.parent / place


@pytest.mark.parametrize("place", ["images/../a.png", "a..b.png", "..png", "c:d.png"])
def test_path_that_stays_in_the_folder_is_allowed(write, place):
    path = write(f"bulb_id,view,path\nb,0,{place}\n")

    assert read_manifest(path).bulbs[0].views[0].path == path.parent / place


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: the file is empty"),
        ("bulb_id,view,label\nb,0,good\n", "line 1: no column 'path'"),
        ("bulb_id;view;path\nb;0;a.png\n", "line 1: no column 'bulb_id'"),
        ("bulb_id,view,path,path\nb,0,a.png,b.png\n", "line 1: column 'path' stands there 2 times"),
        (HEADER, "line 2: no rows below the header"),
        (HEADER.encode("utf-16"), "line 1: bytes that are not UTF-8"),
    ],
)
def test_file_that_is_no_manifest_says_what_it_lacks(write, text, problem):
    assert problem in problems_of(write(text))


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_manifest_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(tmp_path / name)


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


STACKED = "bulb_id,view,path,sha256,channel,page\n"


def test_rows_that_name_one_file_by_channel_are_its_parts(write):
    path = write(STACKED + "b1,left,a.npy,,1,\nb1,top,./a.npy,,0,\nb2,left,b.tif,,,0\n")

    one, two = read_manifest(path).bulbs

    assert [(view.name, view.path, view.part) for view in one.views] == [
        ("top", path.parent / "a.npy", Part(ViewsIn.CHANNELS, 0, 2)),
        ("left", path.parent / "a.npy", Part(ViewsIn.CHANNELS, 1, 2)),
    ]
    assert two.views[0].part == Part(ViewsIn.PAGES, 0, 1)


def test_parts_of_one_file_keep_its_order_and_those_of_several_that_of_their_names(write):
    path = write(
        STACKED + "b1,z,1.tif,,,0\nb1,a,1.tif,,,1\nb2,z,2.tif,,,0\nb2,a,2.tif,,,1\nb2,b,3.tif,,,0\n"
    )

    one, two = read_manifest(path).bulbs

    assert [view.name for view in one.views] == ["z", "a"]
    assert [view.name for view in two.views] == ["a", "b", "z"]


def test_sha256_is_kept_in_lower_case(write):
    digest = "0123456789abcdefABCDEF" + "f" * 42
    path = write(STACKED + f"b1,0,a.png,{digest},,\nb1,1,b.png,,,\n")

    assert [view.sha256 for view in read_manifest(path).bulbs[0].views] == [digest.lower(), ""]


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        (["b1,0,a.png,abc,,"], ["line 2: sha256 'abc' is not 64 hexadecimal digits"]),
        (
            [f"b1,0,a.png,{'g' * 64},,"],
            [f"line 2: sha256 '{'g' * 64}' is not 64 hexadecimal digits"],
        ),
        (["b1,0,a.tif,,0,0"], ["line 2: channel '0' and page '0'; a view is one or the other"]),
        (["b1,0,a.tif,,-1,"], ["line 2: channel '-1' is no whole number from 0 to 9999"]),
        (
            ["b1,0,a.tif,,,0", "b1,1,a.tif,,,1.0"],
            ["line 3: page '1.0' is no whole number from 0 to 9999"],
        ),
        (["b1,0,a.tif,,,²"], ["line 2: page '²' is no whole number from 0 to 9999"]),
        (
            ["b1,0,a.tif,,,0", "b1,1,a.tif,,,2"],
            [
                "line 2: picture 'a.tif' has 2 rows, so it needs the pages 0 to 1; "
                "found 0 in line 2, 2 in line 3"
            ],
        ),
        (["b1,0,a.tif,,,1"], [
            "line 2: picture 'a.tif' has 1 rows, so it needs the pages 0 to 0; found 1 in line 2"
        ]),
        (
            ["b1,0,a.tif,,0,", "b1,1,a.tif,,0,"],
            ["line 3: channel 0 of picture 'a.tif' is already in line 2"],
        ),
        (
            ["b1,0,a.tif,,0,", "b1,1,a.tif,,,1"],
            ["line 3: picture 'a.tif' has a channel in line 2"],
        ),
        (
            ["b1,0,a.tif,,0,", "b2,1,a.tif,,1,"],
            ["line 3: picture 'a.tif' is one of bulb 'b1' in line 2"],
        ),
        (["b1,0,a.tif,,0,", "b1,1,a.tif,,,"], ["line 3: picture 'a.tif' is already in line 2"]),
        (["b1,0,a.tif,,,", "b1,1,a.tif,,1,"], ["line 3: picture 'a.tif' is already in line 2"]),
        (["b1,0,a.tif,,,", "b2,1,./a.tif,,,"], ["line 3: picture './a.tif' is already in line 2"]),
        (
            [f"b1,0,a.tif,{'0' * 64},0,", f"b1,1,a.tif,{'1' * 64},1,"],
            ["line 3: sha256 of picture 'a.tif' is another in line 2"],
        ),
    ],
)  # fmt: skip
def test_every_breach_of_stacked_views_and_hashes_is_named(write, rows, problems):
    assert problems_of(write(STACKED + "".join(f"{row}\n" for row in rows))) == problems


def test_scan_keeps_the_good_rows_and_their_lines(write):
    path = write(
        "bulb_id,view,path,label,split,page\n"
        "b1,1,1_1.png,good,holdout,\n"  # line 2
        "b1,0,1_0.png,crack,,\n"
        "b2,0\n"
        "b3,0,../3.png,good,,\n"
        "b4,0,1_0.png,good,,\n"  # line 6
        "b5,1,5.tif,good,val,1\n"
        "b5,0,5.tif,good,val,0\n"
        "b6,1,6.tif,good,val,1\n"
        "b7,0,7.png,good,test,\n"  # line 10
        "b7,0,7_again.png,good,test,\n"
    )

    scanned = scan_manifest(path)

    assert [problem.split(":")[0] for problem in scanned.problems] == [
        f"line {line}" for line in (2, 3, 3, 4, 5, 6, 9, 11)
    ]
    assert [(bulb.bulb_id, bulb.label, bulb.split) for bulb in scanned.bulbs] == [
        ("b1", "good", ""),  # of the first row, and no split that is none
        ("b5", "good", "val"),
        ("b7", "good", "test"),
    ]
    assert scanned.lines == {("b1", "0"): 3, ("b5", "0"): 8, ("b5", "1"): 7, ("b7", "0"): 10}
    assert [view.part for view in scanned.bulbs[1].views] == [
        Part(ViewsIn.PAGES, 0, 2),
        Part(ViewsIn.PAGES, 1, 2),
    ]
    assert scanned.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_scan_of_parts_that_are_not_in_order_keeps_none_of_them(write):
    path = write(STACKED + "b1,0,a.tif,,,0\nb1,1,a.tif,,,x\nb2,0,b.tif,,,3\nb2,1,b.tif,,,3\n")

    scanned = scan_manifest(path)

    assert (scanned.bulbs, len(scanned.problems)) == ((), 2)


@pytest.mark.parametrize("text", ["", "bulb_id,view\nb,0\n"])
def test_scan_refuses_only_what_has_no_header(write, text):
    with pytest.raises(DataError, match="line 1"):
        scan_manifest(write(text))
    with pytest.raises(DataError, match="cannot be read"):
        scan_manifest(write(text).with_name("none.csv"))


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
