from pathlib import Path

import pytest

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.manifest import read_manifest
from bulbinspect.data.visible_sides import known_sides, visible_sides


def bulb(bulb_id, label="crack", view_labels=("", "")):
    views = (
        View(str(n), Path(f"{bulb_id}_{n}.png"), (("view_label", one),))
        for n, one in enumerate(view_labels)
    )
    return Bulb(bulb_id, tuple(views), label)


def test_sides_are_those_with_a_pixel_of_the_defect():
    truth = {"a": {"0": 0, "1": 7}, "b": {"0": 1, "1": 2}, "c": {"0": 0, "1": 0}}
    sides = visible_sides([bulb("a"), bulb("b"), bulb("c")], truth)
    assert sides == {"a": {"1"}, "b": {"0", "1"}, "c": frozenset()}


def test_labels_of_views_say_it_too_and_come_first():
    labelled = bulb("a", view_labels=("crack", "good"))
    assert visible_sides([labelled], {"a": {"0": 0, "1": 9}}) == {"a": {"0"}}


@pytest.mark.parametrize(
    ("one", "truth"),
    [
        (bulb("a"), {}),
        (bulb("a"), {"a": {"0": 5}}),  # nothing is known of the other side
        (bulb("a"), {"a": {"x": 5, "y": 5}}),
        (bulb("a", view_labels=("crack", "")), {}),
        (bulb("a", "good"), {"a": {"0": 5, "1": 5}}),
        (bulb("a", ""), {"a": {"0": 5, "1": 5}}),
    ],
)
def test_of_other_bulbs_nothing_is_known(one, truth):
    assert visible_sides([one], truth) == {}


def write(folder, truth=None):
    (folder / "manifest.csv").write_text(
        "bulb_id,view,path,label\na,0,a0.png,crack\na,1,a1.png,crack\n"
    )
    for name in ("a0.png", "a1.png"):
        (folder / name).touch()
    if truth is not None:
        (folder / "truth.csv").write_text(truth)
    return read_manifest(folder / "manifest.csv")


def test_the_truth_of_drawn_bulbs_is_read(tmp_path):
    manifest = write(tmp_path, "bulb_id,view,kind,visible_px\na,0,crack,12\na,1,crack,0\n")
    assert known_sides(manifest) == ({"a": {"0"}}, ())


def test_without_it_nothing_is_known(tmp_path):
    assert known_sides(write(tmp_path)) == ({}, ())


@pytest.mark.parametrize("truth", ["bulb_id,view\na,0\n", "bulb_id,view,visible_px\na,0,many\n"])
def test_another_table_of_that_name_is_a_note(tmp_path, truth):
    sides, notes = known_sides(write(tmp_path, truth))
    assert sides == {}
    assert "truth.csv beside the manifest cannot be read" in notes[0]
