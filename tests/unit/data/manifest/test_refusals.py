import pytest
from tests.unit.data.manifest.conftest import HEADER, problems_of

from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import DataError


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
