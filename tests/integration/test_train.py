"""`train.py` as its users call it: a process of its own, a run folder as the result."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from bulbinspect.bundle.bundle import read_bundle
from bulbinspect.bundle.find import find_bundle
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.data.synthetic.write import write_set
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.training.checkpoint import network_weights, read_checkpoint

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("train")  # one worker, so that the first run is made once

RECORD = ("config.yaml", "environment.json", "metrics.csv", "split.csv", "bundle.onnx",
          "predictions-val.csv", "predictions-test.csv", "metrics.json")  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Hold a drawn set of 80 bulbs, and every run made from it."""
    folder = tmp_path_factory.mktemp("train")
    write_set(folder / "set", num_bulbs=80, size_px=32, seed=5)
    return folder


def command(place, run, *overrides):
    return [
        sys.executable, str(ROOT / "train.py"), "experiment=siamese", "data=manifest",
        f"data.manifest={place / 'set' / 'manifest.csv'}", f"data.cache_folder={place / 'cache'}",
        "data.preprocess.height_px=32", "data.preprocess.width_px=32", "trainer.max_epochs=4",
        f"hydra.run.dir={place / run}", *overrides,
    ]  # fmt: skip


def train(place, run, *overrides):
    return subprocess.run(
        command(place, run, *overrides), capture_output=True, text=True, check=False, cwd=place
    )


@pytest.fixture(scope="module")
def undisturbed(place):
    done = train(place, "runs/undisturbed")
    assert done.returncode == 0, done.stderr
    return place / "runs" / "undisturbed"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def weights_of(run):
    return network_weights(read_checkpoint(run / "checkpoints" / "best.ckpt"))


def test_a_run_leaves_its_whole_record(undisturbed):
    assert [name for name in RECORD if not (undisturbed / name).is_file()] == []
    assert [path.name for path in undisturbed.rglob("*.part")] == []
    figures = json.loads((undisturbed / "metrics.json").read_text())
    with (undisturbed / "predictions-test.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == figures["test"]["num_bulbs"] == 20
    assert {row["model"] for row in rows} == {sha256(undisturbed / "bundle.onnx")}


def test_every_file_key_and_column_of_a_run_is_explained(undisturbed):
    page = (ROOT / "docs" / "run-folder.md").read_text(encoding="utf-8")
    files = [path for path in undisturbed.rglob("*") if path.is_file()]
    words = {path.relative_to(undisturbed).as_posix() for path in files}
    words = {"tensorboard/" if word.startswith("tensorboard/") else word for word in words}
    for name in ("environment.json", "metrics.json"):
        words |= json.loads((undisturbed / name).read_text()).keys()
    for name in ("metrics.csv", "split.csv"):
        words |= set((undisturbed / name).read_text().split("\n")[0].split(","))
    words |= read_bundle(undisturbed / "bundle.onnx").metadata.provenance.keys()
    assert sorted(word for word in words if f"`{word}`" not in page) == []


def test_the_newest_finished_run_is_found(undisturbed):
    assert find_bundle(None, undisturbed.parent) == undisturbed / "bundle.onnx"


def test_the_bundle_is_sound_and_says_where_it_comes_from(undisturbed):
    onnx.checker.check_model(onnx.load(undisturbed / "bundle.onnx"), full_check=True)
    metadata = read_bundle(undisturbed / "bundle.onnx").metadata
    assert metadata.classes == ("good", "defect")
    assert metadata.view_names == ("1", "2", "3", "4")
    assert metadata.agreement["num_bulbs"] >= 32
    assert metadata.agreement["changed_verdicts"] == 0
    assert metadata.agreement["max_difference"] <= 1e-5
    assert {"manifest_sha256", "data_sha256", "config_sha256", "packages"} <= set(
        metadata.provenance
    )


def test_the_bundle_does_what_the_checkpoint_does_in_any_number_of_views(undisturbed):
    bundle = read_bundle(undisturbed / "bundle.onnx")
    network = build_model(ModelSpec.from_dict(bundle.metadata.model)).eval()
    network.load_state_dict(weights_of(undisturbed))
    generator = np.random.default_rng(1)
    views = generator.integers(0, 256, (5, 4, 32, 32), dtype=np.uint8)
    present = generator.random((5, 4)) < 0.7
    present[:, 0] = True
    logits, view_logits = Runtime(bundle).run(views, present)
    with torch.inference_mode():
        tensors = torch.from_numpy(views), torch.from_numpy(present)
        expected = network(*tensors)
        features = network.view_features(*tensors)
        expected_alone = network.judge_each_view(features)
    np.testing.assert_allclose(logits, expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(view_logits, expected_alone.numpy(), atol=1e-4)


def test_a_killed_run_resumes_to_the_same_weights_metrics_and_predictions(place, undisturbed):
    run = place / "runs" / "killed"
    process = subprocess.Popen(
        command(place, "runs/killed"), cwd=place, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    checkpoint = run / "checkpoints" / "last.ckpt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert read_checkpoint(checkpoint)["epoch"] < 3  # it had not come to its end
    # without hydra.run.dir the run goes on in the folder of its checkpoint
    overrides = [word for word in command(place, "x") if not word.startswith("hydra.run.dir")]
    done = subprocess.run(
        [*overrides, f"ckpt={checkpoint}"], capture_output=True, text=True, check=False, cwd=place
    )
    assert done.returncode == 0, done.stderr
    resumed, expected = weights_of(run), weights_of(undisturbed)
    assert all(torch.equal(resumed[name], expected[name]) for name in expected)
    assert (run / "metrics.csv").read_bytes() == (undisturbed / "metrics.csv").read_bytes()
    for name in ("predictions-val.csv", "predictions-test.csv"):
        assert _without_model(run / name) == _without_model(undisturbed / name)


def _without_model(path):
    """Return the rows without the hash of the bundle, which holds the time of its making."""
    with path.open() as file:
        return [{**row, "model": ""} for row in csv.DictReader(file)]


def test_a_second_run_in_the_same_folder_is_refused(place, undisturbed):
    before = sha256(undisturbed / "bundle.onnx"), (undisturbed / "config.yaml").read_bytes()
    done = train(place, "runs/undisturbed", "seed=1")
    assert done.returncode == 2
    assert "already records a run" in done.stderr
    assert "Traceback" not in done.stderr
    after = sha256(undisturbed / "bundle.onnx"), (undisturbed / "config.yaml").read_bytes()
    assert after == before


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_bulbs(place):
    done = train(place, "runs/nan", "module.learning_rate=1e30")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    record = json.loads((place / "runs" / "nan" / "non-finite.json").read_text())
    assert record["bulbs"]
    assert all(name in done.stderr for name in record["bulbs"])
    assert not (place / "runs" / "nan" / "bundle.onnx").exists()
    for checkpoint in (place / "runs" / "nan").rglob("*.ckpt"):
        assert all(
            w.isfinite().all() for w in network_weights(read_checkpoint(checkpoint)).values()
        )


def test_parts_for_one_size_and_number_are_told_them_by_the_data(place):
    done = train(
        place, "runs/answer-3", "model.trunk=dense_siamese", "model.view_pooling=concat",
        "data.preprocess.height_px=40", "data.preprocess.width_px=44", "trainer.max_epochs=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    spec = ModelSpec.from_dict(read_bundle(place / "runs/answer-3/bundle.onnx").metadata.model)
    assert (spec.num_views, spec.size_px) == (4, (40, 44))
    checkpoint = read_checkpoint(place / "runs/answer-3/checkpoints/best.ckpt")
    assert checkpoint["model_spec"] == spec.to_dict()
    network = build_model(spec)
    network.load_state_dict(network_weights(checkpoint))
    assert network.head.linear.in_features == 4 * 128


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.max_epochs=9", "of a run of 12 steps, this one would have 27"),
        ("model.view_pooling=cyclic", "of another network"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(place, undisturbed, override, message):
    ckpt = undisturbed / "checkpoints" / "best.ckpt"
    done = train(place, f"runs/other-{override.split('=')[0]}", f"ckpt={ckpt}", override)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.view_pooling=median", "known are mean, max"),
        ("model.trunk=dense_siamese", "for views of 36×36 or more, not 32×32"),
        ("data.manifest=nowhere.csv", "nowhere.csv"),
        ("data.manifest=???", "not given: data.manifest"),
        ("ckpt=nowhere/checkpoints/last.ckpt", "last.ckpt is not a checkpoint"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_code_2(place, override, message):
    done = train(place, f"runs/mistake-{abs(hash(override))}", override)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
