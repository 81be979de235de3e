"""A line PC has no torch: the inspection wing works where the learning wing cannot be imported."""

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.line_pc import LEARNING_WING, without

WITHOUT_IT = without(*LEARNING_WING, "scipy.stats")  # that is a second no verdict needs


@pytest.fixture
def line_pc(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `bulbinspect` with these arguments in a fresh interpreter without the learning wing."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_IT, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


def test_the_learning_wing_is_absent_in_this_interpreter():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_IT.partition("from bulbinspect")[0] + "import torch"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "torch is not on a line PC" in done.stderr


def test_predict_judges_a_folder(line_pc, tiny_bundle, draw_bulb, tmp_path):
    tiny_bundle()
    draw_bulb(tmp_path / "pictures" / "dark", [50, 60, 70, 80])
    draw_bulb(tmp_path / "pictures" / "bright", [240, 250, 200, 220])
    done = line_pc("predict", "pictures", "--model", "bundle.onnx", "--out", "out", "--html")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        verdicts = {row["bulb_id"]: row["verdict"] for row in csv.DictReader(file)}
    assert verdicts == {"bright": "reject", "dark": "pass"}
    assert "bright" in (tmp_path / "out" / "report.html").read_text()


def test_evaluate_measures_a_manifest(line_pc, tiny_bundle, draw_bulb, tmp_path):
    tiny_bundle()
    rows = ["bulb_id,view,path,label,split"]
    for bulb_id, level, label in (("dark", 60, "good"), ("bright", 230, "defect")):
        draw_bulb(tmp_path / bulb_id, [level] * 4)
        rows += [f"{bulb_id},{view},{bulb_id}/{view}.png,{label},test" for view in range(4)]
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    done = line_pc(
        "evaluate", "--model", "bundle.onnx", "--manifest", "manifest.csv", "--out", "out"
    )
    assert done.returncode == 0, done.stderr
    assert "auroc: 1.0000" in done.stdout
