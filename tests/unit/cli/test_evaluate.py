import csv
import hashlib
import json
from pathlib import Path

import pytest

BULBS = {  # level, label, split
    "dark": (50, "good", "test"),
    "dim": (90, "good", "test"),
    "bright": (240, "defect", "test"),
    "faint": (60, "defect", "test"),
    "other": (50, "good", "train"),
}


@pytest.fixture
def manifest(tmp_path: Path, draw_bulb, tiny_bundle) -> Path:
    tiny_bundle()
    rows = ["bulb_id,view,path,label,split"]
    for bulb_id, (level, label, split) in BULBS.items():
        draw_bulb(tmp_path / bulb_id, [level] * 4)
        rows += [f"{bulb_id},{view},{bulb_id}/{view}.png,{label},{split}" for view in range(4)]
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_figures_are_those_computed_by_hand(bulbinspect, manifest, tmp_path):
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 0, done.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["auroc"] == 0.75  # faint is above dark and below dim
    assert (metrics["escape_rate"], metrics["overkill_rate"]) == (0.5, 0.0)
    assert metrics["balanced_accuracy"] == 0.75
    assert (metrics["num_bulbs"], metrics["num_judged"], metrics["split"]) == (4, 4, "test")
    assert metrics["manifest_sha256"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    bundle = (tmp_path / "bundle.onnx").read_bytes()
    assert metrics["model"] == hashlib.sha256(bundle).hexdigest()
    assert "auroc: 0.7500" in done.stdout
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        assert [row["bulb_id"] for row in csv.DictReader(file)] == list(BULBS)[:4]


def test_unjudged_bulbs_are_outside_the_rates_and_exit_code_1(bulbinspect, manifest, tmp_path):
    (tmp_path / "faint" / "0.png").write_bytes(b"")
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 1
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (metrics["escape_rate"], metrics["num_judged"]) == (0.0, 3)
    assert metrics["unjudged"] == {"empty_file": 1}
    assert "unjudged because of empty_file: 1" in done.stderr


def test_the_splits_of_a_run_are_used(bulbinspect, manifest, tmp_path):
    rows = [f"{bulb_id},val,{label}," for bulb_id, (_, label, _) in BULBS.items()]
    (tmp_path / "split.csv").write_text("\n".join(["bulb_id,split,label,group", *rows]) + "\n")
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest]
    done = bulbinspect(*arguments, "--split", "val", "--splits", "split.csv", "--out", "out")
    assert done.exit_code == 0, done.stderr
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["num_bulbs"] == len(BULBS)


def test_a_label_the_bundle_does_not_know_is_refused(bulbinspect, manifest, tmp_path):
    manifest.write_text(manifest.read_text().replace("defect", "crack"))
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 2
    assert "it knows good, defect" in done.stderr
    assert "2 bulbs labelled 'crack'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_manifest_without_splits_says_what_to_do(bulbinspect, manifest, tmp_path):
    with manifest.open(newline="") as file:
        rows = [row[:-1] for row in csv.reader(file)]
    manifest.write_text("\n".join(map(",".join, rows)) + "\n")
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest]
    done = bulbinspect(*arguments, "--out", "out")
    assert done.exit_code == 2
    assert "--split all" in done.stderr
    assert bulbinspect(*arguments, "--split", "all", "--out", "out").exit_code == 0


def test_results_are_never_overwritten(bulbinspect, manifest, tmp_path):
    (tmp_path / "out").mkdir()
    done = bulbinspect("evaluate", "--model", "absent", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 2
    assert "out exists" in done.stderr


def test_the_page_shows_the_bulbs_and_the_figures(bulbinspect, manifest, tmp_path):
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out"]
    done = bulbinspect(*arguments, "--html")
    assert done.exit_code == 0, done.stderr
    page = (tmp_path / "out" / "report.html").read_text()
    for text in ("dark", "faint", "AUROC", "0.750", "escape rate", "0.500"):
        assert text in page
