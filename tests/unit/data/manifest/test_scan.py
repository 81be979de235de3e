import hashlib

import pytest
from tests.unit.data.manifest.conftest import STACKED

from bulbinspect.bulb import Part, ViewsIn
from bulbinspect.data.manifest import scan_manifest
from bulbinspect.errors import DataError


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
