"""Runs on folds by `train.py -m`, and the audit of labels that they allow."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from bulbinspect.data.manifest import read_manifest
from bulbinspect.data.synthetic.write import write_set

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("train")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Hold a drawn set and a run on each of its two folds, too short to learn anything."""
    folder = tmp_path_factory.mktemp("folds")
    write_set(folder / "set", num_bulbs=48, size_px=32, seed=5)
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "train.py"), "-m", "experiment=siamese", "data=manifest",
            f"data.manifest={folder / 'set' / 'manifest.csv'}", "data.folds=2", "data.fold=0,1",
            f"data.cache_folder={folder / 'cache'}", "data.preprocess.height_px=32",
            "data.preprocess.width_px=32", "trainer.max_epochs=1", "judged=[test]",
            "model.trunk=compact_half", f"hydra.sweep.dir={folder / 'runs'}",
        ],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def audit(place, runs, out):
    return subprocess.run(
        [
            Path(sys.executable).with_name("bulbinspect"), "audit-labels", place / runs,
            "--manifest", place / "set" / "manifest.csv", "--out", place / out,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_each_bulb_of_train_and_val_is_ranked_by_the_run_that_never_saw_it(place):
    done = audit(place, "runs", "out")
    assert done.returncode == 1, done.stderr  # the manifest's own test is in no run
    with (place / "out" / "audit.csv").open(newline="") as file:
        rows = {row["bulb_id"]: row for row in csv.DictReader(file)}
    bulbs = read_manifest(place / "set" / "manifest.csv").bulbs
    assert rows.keys() == {bulb.bulb_id for bulb in bulbs}
    for bulb in bulbs:
        row = rows[bulb.bulb_id]
        assert (row["finding"] == "no_fold") == (bulb.split == "test")
        if row["run"]:
            splits = (place / "runs" / row["run"] / "split.csv").read_text()
            assert f"\n{bulb.bulb_id},test," in splits


def test_one_fold_alone_is_refused(place):
    done = audit(place, "runs/0", "alone")
    assert done.returncode == 2
    assert "in no run's test (is the run of a fold missing?)" in done.stderr
