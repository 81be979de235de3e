import pytest
from tests.unit.data.manifest.conftest import STACKED, problems_of

from bulbinspect.bulb import Part, ViewsIn
from bulbinspect.data.manifest import read_manifest


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
