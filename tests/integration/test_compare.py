"""Comparing needs no learning wing: it reads what runs left behind."""

import json
import subprocess
import sys

from tests.line_pc import LEARNING_WING, without
from tests.run_folders import BADLY, WELL, RunFolders

WITHOUT_IT = without(*LEARNING_WING)


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
