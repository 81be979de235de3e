import csv
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit
from tests.shots import draw_shot

from bulbinspect.imaging.gate import Gate

LEVELS = {"dark": (50, "good"), "dim": (110, "good"), "bright": (200, "crack")}


def write_set(folder: Path, *, seed=0, shift=0, limit="") -> Path:
    """Draw the golden bulbs; the tiny bundle says sigmoid(8 m - 4) of a mean m from 0 to 1."""
    rows = ["bulb_id,view,path,label,limit"]
    for bulb_id, (level, label) in LEVELS.items():
        draw_shot(folder / bulb_id, level + shift, seed=seed)
        rows += [f"{bulb_id},{view},{bulb_id}/{view}.png,{label},{limit}" for view in range(4)]
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def golden(tmp_path: Path, tiny_bundle, bulbinspect) -> Path:
    """Return a golden set that was recorded with `bundle.onnx`."""
    tiny_bundle()
    folder = write_set(tmp_path / "golden")
    done = bulbinspect("verify", "golden", "--record", "--model", "bundle.onnx")
    assert done.exit_code == 0, done.stderr
    return folder


VERIFY = ("verify", "golden", "--model", "bundle.onnx")


def test_the_record_holds_what_was_computed_by_hand(golden, tmp_path):
    record = json.loads((golden / "expected.json").read_text())
    bundle = (tmp_path / "bundle.onnx").read_bytes()
    assert record["model"] == hashlib.sha256(bundle).hexdigest()
    for one in record["bulbs"]:
        level, label = LEVELS[one["bulb_id"]]
        by_hand = expit(8 * level / 255 - 4)
        assert one["defect_probability"] == pytest.approx(by_hand, abs=1e-6)
        assert one["verdict"] == ("reject" if by_hand >= 0.5 else "pass")
        assert one["label"] == label
        for view, digest, part in one["pictures"]:
            content = (golden / one["bulb_id"] / f"{view}.png").read_bytes()
            assert (digest, part) == (hashlib.sha256(content).hexdigest(), "")


def test_what_is_as_recorded_ends_with_0(bulbinspect, golden, tmp_path):
    done = bulbinspect(*VERIFY, "--out", "out")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "3 bulbs, 0 not as recorded" in done.stdout
    result = json.loads((tmp_path / "out" / "verify.json").read_text())
    assert result["as_recorded"]
    assert result["largest_change"] == 0
    assert (
        result["record_sha256"]
        == hashlib.sha256((golden / "expected.json").read_bytes()).hexdigest()
    )
    with (tmp_path / "out" / "verify.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["bulb_id"], row["differs"]) for row in rows] == [(one, "") for one in LEVELS]


def brighten(folder):
    path = folder / "dark" / "0.png"
    Image.fromarray(np.asarray(Image.open(path)) + np.uint8(3)).save(path)


def lose_a_bulb(folder):
    manifest = folder / "manifest.csv"
    rows = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(row for row in rows if not row.startswith("dim,")))


def lose_a_view(folder):
    manifest = folder / "manifest.csv"
    rows = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(row for row in rows if not row.startswith("dim,2,")))


def add_a_bulb(folder):
    draw_shot(folder / "more", 40)
    rows = "".join(f"more,{view},more/{view}.png,good,\n" for view in range(4))
    manifest = folder / "manifest.csv"
    manifest.write_text(manifest.read_text() + rows)


def swap_two_views(folder):
    one, other = folder / "dim" / "0.png", folder / "dim" / "1.png"
    os.rename(one, folder / "kept.dat")  # noqa: PTH104
    os.rename(other, one)  # noqa: PTH104
    os.rename(folder / "kept.dat", other)  # noqa: PTH104


FAULTS = {
    "another picture": (brighten, "changed_picture", "dark"),
    "a picture that is gone": (lambda f: (f / "dim" / "1.png").unlink(), "unjudged", "dim"),
    "an empty picture": (lambda f: (f / "dim" / "1.png").write_bytes(b""), "unjudged", "dim"),
    "two views swapped": (swap_two_views, "changed_picture", "dim"),
    "a bulb that is gone": (lose_a_bulb, "missing", "dim"),
    "a view that is gone": (lose_a_view, "changed_views", "dim"),
    "a bulb too many": (add_a_bulb, "surplus", "more"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_is_as_recorded(bulbinspect, golden, tmp_path, fault):
    act, code, bulb_id = FAULTS[fault]
    act(golden)
    done = bulbinspect(*VERIFY, "--out", "out")
    assert done.exit_code == 1, done.stdout + done.stderr
    result = json.loads((tmp_path / "out" / "verify.json").read_text())
    assert not result["as_recorded"]
    rows = {row["bulb_id"]: row for row in result["bulbs"]}
    assert set(rows) >= set(LEVELS)
    assert code in rows[bulb_id]["differs"]
    assert [name for name, row in rows.items() if row["differs"]] == [bulb_id]


def test_another_bundle_is_named(bulbinspect, golden, tiny_bundle):
    first = json.loads((golden / "expected.json").read_text())["model"]
    other = tiny_bundle(provenance={"seed": 7})
    done = bulbinspect(*VERIFY)
    assert done.exit_code == 1
    assert f"another bundle: recorded with {first}, judged with {other.sha256}" in done.stdout
    assert "3 bulbs, 0 not as recorded" in done.stdout


def test_another_network_moves_probability_and_verdict(bulbinspect, golden, tmp_path, tiny_bundle):
    tiny_bundle(graph={"gains": (0.0, 12.0)})
    done = bulbinspect(*VERIFY, "--out", "out")
    assert done.exit_code == 1
    rows = json.loads((tmp_path / "out" / "verify.json").read_text())["bulbs"]
    assert [row["differs"] for row in rows] == [
        ["changed_probability"],
        ["changed_verdict", "changed_probability"],  # 12 * 110 / 255 - 4 is above 0
        ["changed_probability"],
    ]


def test_other_limits_of_the_gate_are_a_difference(bulbinspect, tmp_path, tiny_bundle):
    tiny_bundle(gate=Gate(min_brightness=0.1))
    write_set(tmp_path / "golden")
    assert bulbinspect("verify", "golden", "--record", "--model", "bundle.onnx").exit_code == 0
    done = bulbinspect(*VERIFY, "--gate", "min_brightness=off")
    assert done.exit_code == 1
    assert "other limits of the gate" in done.stdout


def test_pictures_taken_anew_are_held_to_the_verdicts(bulbinspect, golden, tmp_path):
    write_set(tmp_path / "today", seed=1, shift=2)
    arguments = [*VERIFY, "--retake", "today"]
    done = bulbinspect(*arguments)
    assert done.exit_code == 0, done.stdout + done.stderr
    by_hand = max(
        abs(expit(8 * (level + 2) / 255 - 4) - expit(8 * level / 255 - 4))
        for level, _ in LEVELS.values()
    )
    assert f"largest change of the defect probability: {by_hand:.2g}" in done.stdout
    write_set(tmp_path / "brighter", seed=2, shift=20)
    done = bulbinspect(*VERIFY, "--retake", "brighter")
    assert done.exit_code == 1
    assert "it was pass, and is reject" in done.stdout


def test_recorded_pictures_are_no_retake(bulbinspect, golden):
    done = bulbinspect(*VERIFY, "--retake", "golden")
    assert done.exit_code == 1
    assert "3 bulbs, 3 not as recorded" in done.stdout
    assert "it was not taken anew" in done.stdout


def test_a_folder_of_pictures_needs_no_manifest(bulbinspect, golden):
    (golden / "manifest.csv").unlink()
    done = bulbinspect(*VERIFY)
    assert done.exit_code == 0, done.stdout + done.stderr


def test_a_defective_bulb_that_passes_is_recorded_only_at_the_limit(
    bulbinspect, tmp_path, tiny_bundle
):
    tiny_bundle(graph={"gains": (0.0, 2.0)})  # everything passes
    write_set(tmp_path / "golden")
    record = ("verify", "golden", "--record", "--model", "bundle.onnx")
    done = bulbinspect(*record)
    assert done.exit_code == 2
    assert "bulb 'bright' is labelled 'crack' and passes" in done.stderr
    assert not (tmp_path / "golden" / "expected.json").exists()
    write_set(tmp_path / "limit", limit="yes")
    done = bulbinspect(*record[:1], "limit", *record[2:])
    assert done.exit_code == 0
    assert "every bulb passes" in done.stderr


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--record",), "recorded already"),
        (("--record", "--retake", "golden"), "leave out"),
        (("--record", "--out", "out"), "leave out"),
        (("--expected", "absent.json"), "no record"),
        (("--retake", "absent"), "does not exist"),
        (("--out", "golden"), "golden exists"),
        (("--tolerance", "2"), "less than or equal to 1"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(bulbinspect, golden, more, told):
    before = (golden / "expected.json").read_bytes()
    done = bulbinspect(*VERIFY, *more)
    assert done.exit_code == 2
    assert told in done.stderr
    assert (golden / "expected.json").read_bytes() == before


def test_a_bundle_without_a_good_class_is_refused(bulbinspect, tmp_path, tiny_bundle):
    tiny_bundle(classes=("apple", "pear"))
    write_set(tmp_path / "golden")
    done = bulbinspect("verify", "golden", "--record", "--model", "bundle.onnx")
    assert done.exit_code == 2
    assert "no class 'good'" in done.stderr


def test_a_record_may_lie_elsewhere(bulbinspect, golden, tmp_path):
    (golden / "expected.json").rename(tmp_path / "release.json")
    assert bulbinspect(*VERIFY).exit_code == 2
    assert bulbinspect(*VERIFY, "--expected", "release.json").exit_code == 0
