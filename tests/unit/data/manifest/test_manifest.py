import hashlib

import pytest
from tests.unit.data.manifest.conftest import HEADER

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.manifest import read_manifest


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
