"""What a newcomer's one command promises, and its smaller script."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demo_reaches_what_the_readme_says():
    done = subprocess.run([ROOT / "scripts" / "demo"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    run = Path(re.search(r"everything lies in (.+):\n", done.stdout)[1])
    test = json.loads((run / "metrics.json").read_text())["test"]
    assert test["auroc"] >= 0.97
    assert int(re.search(r"done in (\d+) s", done.stdout)[1]) <= 300
    right, rejected = map(int, re.search(r"(\d+) of (\d+) rejected", done.stdout).groups())
    assert right >= 0.9 * rejected  # of 20 bulbs; the 95 % are held on the test split below
    side = named_side(run / "predictions-test.csv", ROOT / "data" / "synthetic")
    assert side >= 0.95
    page = (run / "verdicts" / "report.html").read_text()
    assert page.count('class="bulb') >= 40
    assert not re.search(r'(src|href)="https?:', page)


def named_side(predictions, sets):
    (truth,) = sets.glob("default-1600x96px-seed0/truth.csv")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "named-side", predictions, truth],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(re.search(r"\(([\d.]+)%", done.stdout)[1]) / 100


def test_named_side_counts_rejected_defective_bulbs_only(tmp_path):
    (tmp_path / "truth.csv").write_text(
        "bulb_id,view,kind,visible_px\n"
        "a,1,crack,30\na,2,crack,0\n"
        "b,1,dent,0\nb,2,dent,9\n"
        "c,1,chip,9\nc,2,chip,0\n"
    )
    (tmp_path / "predictions.csv").write_text(
        "bulb_id,verdict,defective_view\n"
        "a,reject,1\n"  # right
        "b,reject,1\n"  # wrong
        "c,pass,\n"  # escaped: names no side
        "d,reject,2\n"  # good: has no defect to show
        "e,unjudged,\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "scripts" / "named-side",
            tmp_path / "predictions.csv",
            tmp_path / "truth.csv",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 of 2 rejected defective bulbs (50.0%; by chance 50.0%)" in done.stdout


@pytest.mark.parametrize("arguments", [["nowhere.csv"], ["a", "b"], ["--help"]])
def test_the_demo_refuses_what_it_cannot_use_in_one_line(arguments):
    done = subprocess.run(
        [ROOT / "scripts" / "demo", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
