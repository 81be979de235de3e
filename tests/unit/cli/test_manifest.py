import os

import numpy as np
import pytest

from bulbinspect.data.manifest import read_manifest


@pytest.fixture
def pictures(tmp_path):
    """Two bulbs of two views in each of two class folders; every file has a content of its own."""
    for label in ("good", "crack"):
        for number in (1, 2):
            for view in (0, 1):
                path = tmp_path / "pictures" / label / f"{label[0]}{number}_{view}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(path.name.encode())
    return tmp_path / "pictures"


def test_manifest_is_written_and_what_was_found_is_printed(bulbinspect, pictures):
    done = bulbinspect("manifest", "pictures", "--by", "class")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "4 bulbs, 8 pictures: pictures/manifest.csv",
        "label  bulbs",
        "crack  2",
        "good   2",
        "view   bulbs",
        "0      4",
        "1      4",
    ]
    bulbs = read_manifest(pictures / "manifest.csv").bulbs
    assert [(bulb.bulb_id, bulb.label) for bulb in bulbs] == [
        ("c1", "crack"), ("c2", "crack"), ("g1", "good"), ("g2", "good"),
    ]  # fmt: skip


def test_notes_go_to_stderr(bulbinspect, pictures):
    (pictures / "good" / "g1_1.png").unlink()
    (pictures / "readme.txt").touch()

    done = bulbinspect("manifest", "pictures", "--by", "class", "--out", "m.csv")

    assert done.exit_code == 0
    assert "note" not in done.stdout
    assert "note: files that are no pictures by their names, skipped: 1" in done.stderr
    assert "note: bulb 'g1' lacks '1': has fewer views than 2" in done.stderr


def test_everything_wrong_is_named_with_exit_code_2(bulbinspect, pictures):
    (pictures / "good" / "c1_0.png").write_bytes(b"c1_0.png")
    (pictures / "crack" / "x\x1b[2J_0.png").write_bytes(b"")

    done = bulbinspect("manifest", "pictures", "--by", "class")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "bulb 'c1' has the label 'crack'" in done.stderr
    assert "'crack/c1_0.png' and 'good/c1_0.png', both of bulb 'c1', are the same" in done.stderr
    assert "empty_file" in done.stderr
    assert "\x1b" not in done.stderr
    assert not (pictures / "manifest.csv").exists()


def test_second_run_leaves_the_first_manifest_alone(bulbinspect, pictures):
    bulbinspect("manifest", "pictures", "--by", "class")
    before = (pictures / "manifest.csv").read_bytes()

    done = bulbinspect("manifest", "pictures")

    assert done.exit_code == 2
    assert "pictures/manifest.csv exists already" in done.stderr
    assert (pictures / "manifest.csv").read_bytes() == before


def test_pattern_and_labels_reach_the_manifest(bulbinspect, pictures):
    (pictures.parent / "labels.csv").write_text("bulb_id,label,group\ng1,good,a\nzz,good,b\n")
    options = (
        "manifest", "pictures", "--out", "m.csv", "--labels", "labels.csv",
        "--pattern", r".+/(?P<bulb>.+)_(?P<view>.)\.png",
    )  # fmt: skip

    refused = bulbinspect(*options)
    done = bulbinspect(*options, "--allow-unlabelled", "--allow-absent")

    assert refused.exit_code == 2
    assert "bulb 'g2' has no row in labels.csv" in refused.stderr
    assert "bulb 'zz' has no pictures" in refused.stderr
    assert done.exit_code == 0
    assert "(none)  3" in done.stdout
    assert "note: bulbs without a label in labels.csv: 3" in done.stderr


def test_stacked_views_are_named(bulbinspect, tmp_path):
    (tmp_path / "stacks").mkdir()
    for number in range(3):
        views = np.random.default_rng(number).integers(0, 255, (8, 8, 2)).astype(np.uint8)
        np.save(tmp_path / "stacks" / f"b{number}.npy", views)

    done = bulbinspect("manifest", "stacks", "--views-in", "channels", "--view-names", "left,right")

    assert done.exit_code == 0
    assert "left    3" in done.stdout
    header, first, *_ = (tmp_path / "stacks" / "manifest.csv").read_text().splitlines()
    assert header == "bulb_id,view,path,label,group,split,sha256,channel"
    assert first.startswith("b0,left,b0.npy,,,,")
    assert first.endswith(",0")


def test_many_views_are_cut_short(bulbinspect, pictures):
    for number in range(40):
        (pictures / "good" / f"g1_x{number}.png").write_bytes(os.urandom(8))

    done = bulbinspect("manifest", "pictures", "--by", "class")

    assert "12 others" in done.stdout
    assert len(done.stdout.splitlines()) < 40


@pytest.mark.parametrize("folder", ["none", "pictures/good/g1_0.png"])
def test_what_is_no_folder_is_wrong_use(bulbinspect, pictures, folder):
    done = bulbinspect("manifest", folder)

    assert done.exit_code == 2
    assert f"{folder} is no folder of pictures" in done.stderr


@pytest.mark.parametrize(
    "options",
    [("--by", "colour"), ("--views-in", "pixels"), ("--view-names", "a,b"), ("--pattern", "(")],
)
def test_wrong_options_are_one_line_and_exit_code_2(bulbinspect, pictures, options):
    done = bulbinspect("manifest", "pictures", *options)

    assert done.exit_code == 2
    assert "Traceback" not in done.stderr
    assert not (pictures / "manifest.csv").exists()


def test_help_names_the_layouts(bulbinspect):
    done = bulbinspect("manifest", "--help")

    for word in ("--by", "--pattern", "--labels", "--views-in", "Example:"):
        assert word in done.stdout
