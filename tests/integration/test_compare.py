"""Comparing needs no learning wing: it reads what runs left behind."""

import json
import subprocess
import sys

from tests.run_folders import BADLY, WELL, RunFolders

LEARNING_WING = ("torch", "torchvision", "lightning", "torchmetrics", "hydra", "omegaconf", "onnx")
WITHOUT_IT = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {LEARNING_WING!r}:
            raise ModuleNotFoundError(f"{{name}} is not here", name=name)

sys.meta_path.insert(0, Absent())
from bulbinspect.cli.main import run
run()
"""


def test_runs_are_compared_where_torch_is_not(tmp_path, tiny_bundle):
    runs = RunFolders(tmp_path / "runs", tiny_bundle)
    for seed in range(3):
        runs.add("siamese", seed=seed, test=WELL)
        runs.add("channel_shuffle", seed=seed, test=BADLY)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_IT, "compare", "runs", "--out", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (difference,) = json.loads((tmp_path / "out" / "results.json").read_text())["differences"]
    assert difference["auroc"]["mean"] == -3 / 16
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
