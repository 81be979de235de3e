"""The runner of studies, on a plan so small that it says nothing of any arm."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PLAN = {
    "trunk": "compact_half",
    "size_px": 32,
    "batch_size": 16,
    "bulbs_per_epoch": 64,
    "epochs": 2,
    "recipe": {"model.standardise": "true"},
    "varied_bulbs": 5,
    "sets": {"tiny": {"difficulty": "easy", "train": 60, "val": 40, "test": 40, "seed": 11}},
    "reshots": {"bulbs": 4, "shots": 2, "seed": 12},
    "learning_rates": {"values": [0.001], "bulbs": 40, "seed": 100},
    "parts": [
        {"arms": ["siamese", "channel_shuffle"], "bulbs": [30, 60], "seeds": [0]},
        {"arms": ["channel_shuffle_tta"], "bulbs": [60], "seeds": [0]},
    ],
    "four_times": [],
    "trained_as": {"channel_shuffle_tta": "channel_shuffle"},
    "reference": "siamese",
    "baseline": "channel_shuffle",
}
RUNS = [
    ("channel_shuffle", 30), ("channel_shuffle", 60), ("channel_shuffle_tta", 60),
    ("siamese", 30), ("siamese", 60),
]  # fmt: skip


def command(plan, *more):
    return [sys.executable, str(ROOT / "scripts/study"), str(plan), "--jobs", "1", *map(str, more)]


def study(plan, *more):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command(plan, *more), capture_output=True, text=True, env=environment, check=False
    )


def begun(plan, *more):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command(plan, *more), stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip


def wait_for(found):
    until = time.monotonic() + 120
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


def facts(folder):
    read = [json.loads(path.read_text()) for path in folder.glob("*/study.json")]
    return {(one["arm"], one["num_train"]): one for one in read}


def judged(folder):
    """Return what the bundle of each run said of each test bulb; the bundle itself has a date."""
    said = {}
    for path in folder.glob("*/predictions-test.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        said[path.parent.name] = [(line["bulb_id"], line["probabilities"]) for line in lines]
    return said


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "tiny.yaml"
    path.write_text(yaml.safe_dump(PLAN))
    return path


@pytest.fixture(scope="module")
def undisturbed(plan, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    done = study(plan, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def test_a_plan_that_cannot_be_is_refused_in_one_line(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump({**PLAN, "colour": 1}))
    done = study(path, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "colour" in done.stderr


def test_a_key_that_train_py_lacks_is_refused_before_anything_is_trained(plan, tmp_path):
    done = study(plan, "--out", tmp_path / "out", "trainer.epochs=1")
    assert done.returncode == 2
    assert "trainer.epochs=1" in done.stderr.splitlines()[-1]
    assert not list(tmp_path.rglob("config.yaml"))


def test_a_second_study_in_the_same_folder_says_so_in_one_line(plan, tmp_path):
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = study(plan, "--out", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "another study" in done.stderr


@pytest.mark.parametrize(
    ("labels", "reason"),
    [({"test": ["good", "good"]}, "test holds: good"), ({"train": ["bad", "dark"]}, "train holds")],
)
def test_bulbs_that_cannot_be_compared_are_refused_before_training(plan, tmp_path, labels, reason):
    manifest = tmp_path / "manifest.csv"
    rows = ["bulb_id,view,path,label,split"]
    for split in ("train", "val", "test"):
        for at, label in enumerate(labels.get(split, ["good", "bad"])):
            rows.append(f"{split}{at},1,{split}{at}.png,{label},{split}")
    manifest.write_text("\n".join(rows) + "\n")
    done = study(plan, "--manifest", manifest, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert reason in done.stderr


@pytest.mark.slow
def test_every_planned_run_is_done_once_and_the_comparison_shows_them(undisturbed):
    done = facts(undisturbed / "tiny/runs")
    assert sorted(done) == RUNS
    assert len(list((undisturbed / "tiny/runs").iterdir())) == len(RUNS)
    trained, taken = done["channel_shuffle", 60], done["channel_shuffle_tta", 60]
    assert trained["cost"]["train_s"] == taken["cost"]["train_s"] > 0
    result = json.loads((undisturbed / "tiny/compared/results.json").read_text())
    shown = {(one["arm"], one["num_train"]): one["auroc"] for one in result["runs"]}
    own = {}
    for path in (undisturbed / "tiny/runs").glob("*/study.json"):
        one = json.loads(path.read_text())
        metrics = json.loads((path.parent / "metrics.json").read_text())
        own[one["arm"], one["num_train"]] = metrics["test"]["auroc"]
    assert shown == pytest.approx(own)


@pytest.mark.slow
def test_finished_runs_are_left_alone_and_further_overrides_are_other_runs(
    plan, undisturbed, tmp_path
):
    out = shutil.copytree(undisturbed, tmp_path / "study")
    runs = out / "tiny/runs"
    before = {path: path.stat().st_mtime_ns for path in runs.glob("*/*")}
    again = study(plan, "--out", out)
    assert again.returncode == 0, again.stderr
    assert "\n\n" not in again.stderr
    assert {path: path.stat().st_mtime_ns for path in runs.glob("*/*")} == before
    other = study(plan, "--out", out, "trainer.max_epochs=1")
    assert other.returncode == 0, other.stderr
    new = [folder for folder in runs.iterdir() if folder / "config.yaml" not in before]
    epochs = [yaml.safe_load((one / "config.yaml").read_text())["trainer"] for one in new]
    assert [one["max_epochs"] for one in epochs] == [1] * len(RUNS)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_study_that_is_ended_in_the_middle_goes_on_to_the_same_answers(
    plan, undisturbed, tmp_path, how
):
    process = begun(plan, "--out", tmp_path)
    wait_for(lambda: list(tmp_path.rglob("last.ckpt")))
    process.send_signal(how)
    errors = process.communicate(timeout=10)[1]
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "Traceback" not in errors
        assert "the same command goes on" in errors.splitlines()[-1]
    done = study(plan, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    said, expected = judged(tmp_path / "tiny/runs"), judged(undisturbed / "tiny/runs")
    assert said == {name: expected[name] for name in said}
    assert sorted(facts(tmp_path / "tiny/runs")) == RUNS


@pytest.mark.slow
def test_a_run_that_was_killed_while_it_was_measured_is_not_trained_again(
    plan, undisturbed, tmp_path
):
    out = shutil.copytree(undisturbed, tmp_path / "study")
    (folder,) = (out / "tiny/runs").glob("siamese-30-*")
    metrics = (folder / "metrics.json").stat().st_mtime_ns
    (folder / "study.json").unlink()
    done = study(plan, "--out", out)
    assert done.returncode == 0, done.stderr
    assert (folder / "study.json").exists()
    assert (folder / "metrics.json").stat().st_mtime_ns == metrics


@pytest.mark.slow
def test_a_killed_worker_ends_the_study_in_one_line_and_nothing_is_lost(plan, tmp_path):
    process = begun(plan, "--out", tmp_path)
    wait_for(lambda: list(tmp_path.rglob("study.json")))
    worker = subprocess.run(
        ["pgrep", "-P", str(process.pid), "-f", "spawn_main"],  # noqa: S607
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    os.kill(int(worker.stdout.split()[0]), signal.SIGKILL)
    errors = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    assert "a worker was killed" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    assert list(tmp_path.rglob("study.json"))


@pytest.mark.slow
def test_a_run_that_fails_is_named_with_its_reason_and_the_others_are_done(tmp_path):
    rates = {"values": [1e30, 1e31], "bulbs": 40, "seed": 100}
    path = tmp_path / "wild.yaml"
    path.write_text(yaml.safe_dump({**PLAN, "learning_rates": rates}))
    done = study(path, "--out", tmp_path / "out")
    assert done.returncode == 1
    failed = [line for line in done.stderr.splitlines() if line.startswith("failed: ")]
    assert sum("not finite" in line for line in failed) == 4
    assert sum("left out" in line for line in failed) == 2


@pytest.mark.slow
def test_runs_that_an_archive_holds_are_taken_for_done(plan, undisturbed, tmp_path):
    archive = undisturbed / "tiny/runs.xz"
    done = study(plan, "--out", tmp_path, "--known", archive)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "tiny/runs").exists()
    first, second = (
        json.loads((out / "tiny/compared/results.json").read_text())
        for out in (undisturbed, tmp_path)
    )
    assert first["arms"] == second["arms"]
    assert first["runs"] == second["runs"]
