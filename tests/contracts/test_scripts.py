import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASH_SCRIPTS = sorted(
    path
    for folder in ("scripts", ".ci")
    for path in (ROOT / folder).iterdir()
    if path.is_file() and path.read_bytes().startswith(b"#!/usr/bin/env bash\n")
)


def test_the_words_people_and_ci_use_are_there():
    names = {path.relative_to(ROOT).as_posix() for path in BASH_SCRIPTS}
    assert {"scripts/setup", "scripts/test", "scripts/lint", ".ci/run"} <= names


@pytest.mark.parametrize("script", BASH_SCRIPTS, ids=lambda path: path.name)
def test_script_can_be_run_and_stops_at_the_first_error(script):
    assert os.access(script, os.X_OK)
    subprocess.run(["/usr/bin/env", "bash", "-n", script], check=True)
    assert "\nset -euo pipefail\n" in script.read_text(encoding="utf-8")


def test_ci_runs_what_people_run():
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("exec scripts/test")


def test_constraints_are_names_with_versions_and_nothing_else():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    odd = [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)]
    assert odd == []
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(set(names))
    assert {"torch", "torchvision", "lightning", "pillow", "onnxruntime"} <= set(names)


def test_setup_refuses_a_python_that_does_not_run(tmp_path):
    for name in ("constraints.txt", "pyproject.toml", "scripts/setup"):
        copy = tmp_path / "a folder" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        ["/usr/bin/env", "bash", tmp_path / "a folder" / "scripts/setup"],
        env={**os.environ, "PYTHON": "/nowhere/python3.12"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "PYTHON=/nowhere/python3.12 is not a working Python" in done.stderr
    assert not (tmp_path / "a folder" / ".venv").exists()


def test_the_study_says_how_to_set_up_where_nothing_is_installed():
    bare = [sys.executable, "-I", "-S", ROOT / "scripts/study", "quick"]  # without site-packages
    done = subprocess.run(bare, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr == (
        "scripts/study: not set up here; run scripts/setup, then `. .venv/bin/activate`\n"
    )
