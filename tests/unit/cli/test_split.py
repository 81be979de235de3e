import hashlib

import pytest

from bulbinspect.data.manifest import read_manifest


@pytest.fixture
def manifest(tmp_path):
    """Forty bulbs in twenty groups, half of them good, with a hash each."""
    rows = ["bulb_id,view,path,label,group,split,sha256,lux"]
    for number in range(40):
        label = ("good", "crack")[number % 2]
        digest = hashlib.sha256(f"{number}".encode()).hexdigest()
        rows.append(f"b{number},0,{number}.png,{label},lot {number // 2},,{digest},{number}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "manifest.csv"


def test_what_landed_where_is_printed(bulbinspect, manifest):
    done = bulbinspect("split", "manifest.csv", "--out", "new.csv", "--fractions", "0.6,0.15,0.25")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "40 bulbs: new.csv",
        "label   train         groups  val         groups  test         groups",
        "crack   12     60.0%  12      3    15.0%  3       5     25.0%  5",
        "good    12     60.0%  12      3    15.0%  3       5     25.0%  5",
        "all     24     60.0%  12      6    15.0%  3       10    25.0%  5",
        "wanted         60.0%               15.0%                25.0%",
    ]
    assert {bulb.split for bulb in read_manifest(manifest.with_name("new.csv")).bulbs} == {
        "train", "val", "test",
    }  # fmt: skip


def test_leak_is_named_with_exit_code_2(bulbinspect, manifest):
    same = hashlib.sha256(b"same").hexdigest()
    text = manifest.read_text()
    for number in range(40):
        text = text.replace(hashlib.sha256(f"{number}".encode()).hexdigest(), same)
    manifest.write_text(text)

    done = bulbinspect("split", "manifest.csv", "--out", "new.csv")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "are the same picture; give both bulbs one group, or --join-copies" in done.stderr
    assert not manifest.with_name("new.csv").exists()


def test_nothing_is_overwritten(bulbinspect, manifest):
    done = bulbinspect("split", "manifest.csv", "--out", "manifest.csv", "--redo")

    assert done.exit_code == 2
    assert "manifest.csv exists already" in done.stderr


def test_options_reach_the_division(bulbinspect, manifest):
    bulbinspect("split", "manifest.csv", "--out", "a.csv", "--fractions", "0.5,0.5,0")
    again = bulbinspect("split", "a.csv", "--out", "b.csv")
    redone = bulbinspect("split", "a.csv", "--out", "b.csv", "--redo", "--seed", "3")
    other = bulbinspect("split", "a.csv", "--out", "c.csv", "--redo", "--seed", "4")

    assert again.exit_code == 2
    assert "every bulb in a.csv has a split; --redo" in again.stderr
    assert redone.exit_code == other.exit_code == 0
    folder = manifest.parent
    assert (folder / "b.csv").read_bytes() != (folder / "c.csv").read_bytes()


@pytest.mark.parametrize("fractions", ["most,some,few", "0.5,0.5", "0.5,0.5,0.5", "1,0,0"])
def test_fractions_that_make_no_sense_are_wrong_use(bulbinspect, manifest, fractions):
    done = bulbinspect("split", "manifest.csv", "--out", "new.csv", "--fractions", fractions)

    assert done.exit_code == 2
    assert "fractions" in done.stderr
    assert not manifest.with_name("new.csv").exists()


def test_help_says_what_is_refused(bulbinspect):
    done = bulbinspect("split", "--help")

    assert "Refused: a picture or a group in two splits" in " ".join(done.stdout.split())
    assert "--join-copies" in done.stdout
