import csv
import hashlib

from bulbinspect.data.collect.collect import collect
from bulbinspect.data.collect.layout import Layout
from bulbinspect.data.manifest import read_manifest


def test_sub_folders_and_flat_files_are_bulbs_as_predict_sees_them(put, bulbs_of):
    folder = put("b10/left.png", "b9/left.png", "b9/right.png", "c_1_0.png")

    assert bulbs_of(folder) == {
        "b9": ("", "", "", [("left", "b9/left.png"), ("right", "b9/right.png")]),
        "b10": ("", "", "", [("left", "b10/left.png")]),
        "c_1": ("", "", "", [("0", "c_1_0.png")]),
    }


def test_every_picture_has_its_sha256(put):
    folder = put("b_0.png", "b_1.png")
    collect(folder, folder / "manifest.csv", Layout())

    (bulb,) = read_manifest(folder / "manifest.csv").bulbs
    assert [view.sha256 for view in bulb.views] == [
        hashlib.sha256(name).hexdigest() for name in (b"b_0.png", b"b_1.png")
    ]


def test_class_folders_are_labels_and_bulbs_are_below(put, bulbs_of):
    folder = put("good/b1/0.png", "good/b2_0.png", "pass/lot 2/b3/0.png")

    assert bulbs_of(folder, Layout(by_class=True)) == {
        "b1": ("good", "", "", [("0", "good/b1/0.png")]),
        "b2": ("good", "", "", [("0", "good/b2_0.png")]),
        "lot 2/b3": ("pass", "", "", [("0", "pass/lot 2/b3/0.png")]),
    }


def test_pattern_gives_label_group_and_split(put, bulbs_of):
    folder = put("lot7/cam1/b1-good.png", "lot7/cam2/b1-good.png", "lot8/cam1/b2.png")
    pattern = r"(?P<group>lot\d)/cam(?P<view>\d)/(?P<bulb>b\d)(-(?P<label>\w+))?\.png"

    assert bulbs_of(folder, Layout(pattern=pattern)) == {
        "b1": (
            "good", "lot7", "", [("1", "lot7/cam1/b1-good.png"), ("2", "lot7/cam2/b1-good.png")]
        ),
        "b2": ("", "lot8", "", [("1", "lot8/cam1/b2.png")]),
    }  # fmt: skip


def test_class_can_be_part_of_the_name_by_a_pattern(put, bulbs_of):
    folder = put("good/1_0.png", "crack/1_0.png")
    pattern = r"(?P<bulb>(?P<label>[^/]+)/.+)_(?P<view>[^_]+)\.png"

    assert {b: facts[0] for b, facts in bulbs_of(folder, Layout(pattern=pattern)).items()} == {
        "crack/1": "crack", "good/1": "good",
    }  # fmt: skip


def test_labels_come_from_a_csv_with_further_columns(put, tmp_path, bulbs_of):
    folder = put("b1_0.png", "b2_0.png")
    labels = tmp_path / "labels.csv"
    labels.write_text("line,bulb_id,label,group,split\nL1,b2,crack,lot,test\nL2,b1,good,,\n")

    assert bulbs_of(folder, labels=labels) == {
        "b1": ("good", "", "", [("0", "b1_0.png")]),
        "b2": ("crack", "lot", "test", [("0", "b2_0.png")]),
    }
    first, second = read_manifest(folder / "manifest.csv").bulbs
    assert (first.views[0].extra, second.views[0].extra) == ((("line", "L2"),), (("line", "L1"),))


def test_empty_folders_are_no_matter_where_a_pattern_names_the_bulbs(put, bulbs_of):
    folder = put("b_0.png")
    (folder / "empty").mkdir()

    assert list(bulbs_of(folder, Layout(pattern="(?P<bulb>.)_(?P<view>.).png"))) == ["b"]


def test_any_name_that_a_disk_holds_and_utf8_can_say_is_kept(put):
    names = [
        "b\n1_0.png",
        "=cmd()_0.png",
        "<img onerror=alert(1)>_0.png",
        "ü" * 100 + "_0",
        "\"'_0",
    ]
    folder = put(*names)

    collected = collect(folder, folder / "manifest.csv", Layout())

    bulbs = read_manifest(folder / "manifest.csv").bulbs
    assert {bulb.bulb_id for bulb in bulbs} == {name.rpartition("_")[0] for name in names}
    assert all(view.path.is_file() for bulb in bulbs for view in bulb.views)
    assert any("formula" in note for note in collected.notes)


def test_loops_of_links_end(put, bulbs_of):
    folder = put("b/0.png")
    (folder / "a").symlink_to(folder)
    (folder / "b" / "up").symlink_to(folder)

    assert list(bulbs_of(folder)) == ["b"]


def test_same_folder_gives_the_same_bytes(put, tmp_path):
    folder = put(*(f"{label}/b{n}_0.png" for n in range(20) for label in (f"c{n % 3}",)))

    collect(folder, folder / "manifest.csv", Layout(by_class=True))
    collect(folder, folder / "again.csv", Layout(by_class=True))

    assert (folder / "manifest.csv").read_bytes() == (folder / "again.csv").read_bytes()
    with (folder / "manifest.csv").open(newline="") as file:
        assert [row["bulb_id"] for row in csv.DictReader(file)] == [f"b{n}" for n in range(20)]


def test_what_may_be_a_mistake_is_noted(put):
    folder = put("Scratch/b1_0.png", "scratch/b2_0.png", "scratch/b2_1.png", "notes.txt")

    collected = collect(folder, folder / "manifest.csv", Layout(by_class=True))

    assert collected.notes == (
        "files that are no pictures by their names, skipped: 1",
        "bulb 'b1' lacks '1': has fewer views than 2",
        "no label is 'good', so a bundle gives labels, but no verdicts",
        "labels that differ in upper and lower case alone are two: 'Scratch', 'scratch'",
    )


def test_views_called_otherwise_in_each_bulb_are_noted(put):
    folder = put(*(f"b{n}/b{n}_{view}.png" for n in range(3) for view in (0, 1)))

    (note,) = collect(folder, folder / "manifest.csv", Layout()).notes

    assert note.startswith("bulbs have 2 views at most, but these have 6 names")
