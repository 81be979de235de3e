"""Two processes train together, whatever the part of a batch that each of them gets."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bulbinspect.data.manifest import read_manifest
from bulbinspect.data.synthetic.write import write_set

ROOT = Path(__file__).parents[2]
SIZE_PX, BATCH_SIZE, EPOCHS = 32, 6, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hold a drawn set of which one training bulb alone has labels of its views."""
    path = tmp_path_factory.mktemp("ddp")
    write_set(
        path / "set", num_bulbs=30, size_px=SIZE_PX, difficulty="easy", view_labels=True, seed=4,
        fractions=(0.6, 0.2, 0.2),
    )  # fmt: skip
    manifest = path / "set" / "manifest.csv"
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labelled = next(
        row["bulb_id"] for row in rows if (row["split"], row["label"]) == ("train", "defect")
    )
    for row in rows:
        if row["bulb_id"] != labelled:
            row["view_label"] = ""
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def train(folder, run, *overrides):
    command = [
        sys.executable, ROOT / "train.py", "experiment=siamese", "data=manifest",
        f"data.manifest={folder / 'set' / 'manifest.csv'}",
        f"data.cache_folder={folder / 'cache'}", f"data.batch_size={BATCH_SIZE}",
        f"data.preprocess.height_px={SIZE_PX}", f"data.preprocess.width_px={SIZE_PX}",
        "data.gate=off", f"trainer.max_epochs={EPOCHS}", f"hydra.run.dir={folder / run}",
        *overrides,
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (folder / run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file)), done.stderr


def test_a_part_of_a_batch_without_a_labelled_view_keeps_no_process_waiting(folder):
    rows, said = train(
        folder, "two", "trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2",
        "trainer.precision=32-true",
    )  # fmt: skip
    assert "MEMBER: 2/2" in said  # two processes they were
    num_train = len(read_manifest(folder / "set" / "manifest.csv").select("train"))
    steps = -(-num_train // BATCH_SIZE)  # as one process has
    assert [int(row["step"]) for row in rows] == [steps * (n + 1) for n in range(EPOCHS)]
    assert all(0 < float(row["train/view_loss"]) < 10 for row in rows)
    assert (folder / "two" / "bundle.onnx").is_file()


def gradients(folder, num_processes):
    """Return what one step on the whole of train would move the weights by, as one vector."""
    out = folder / f"gradients-{num_processes}.pt"
    command = [
        sys.executable, ROOT / "tests" / "ddp_gradients.py", folder / "set" / "manifest.csv",
        folder / "gradient-cache", out, str(num_processes),
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = torch.load(out, weights_only=True)
    assert written["processes"] == num_processes
    return torch.cat([gradient.flatten() for gradient in written["gradients"].values()])


def test_a_labelled_view_counts_as_much_in_two_processes_as_in_one(folder):
    assert len(read_manifest(folder / "set" / "manifest.csv").select("train")) % 2 == 0
    one, two = gradients(folder, 1), gradients(folder, 2)
    assert (two - one).norm() < 1e-5 * one.norm()
