import os
from pathlib import Path

import pytest

from bulbinspect.bundle.find import find_bundle
from bulbinspect.errors import UsageError


def run(folder: Path, *, seconds: int, names: tuple[str, ...] = ("bundle.onnx", "metrics.json")):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
        os.utime(folder / name, (seconds, seconds))
    return folder


def test_a_file_is_taken_as_it_is(tmp_path):
    bundle = run(tmp_path / "run", seconds=1) / "bundle.onnx"
    assert find_bundle(bundle) == bundle


def test_a_run_folder_gives_its_bundle(tmp_path):
    folder = run(tmp_path / "run", seconds=1, names=("bundle.onnx",))
    assert find_bundle(folder) == folder / "bundle.onnx"


def test_the_newest_finished_run_is_found(tmp_path):
    run(tmp_path / "runs" / "2025" / "a", seconds=100)
    newest = run(tmp_path / "runs" / "multirun" / "x" / "0", seconds=300)
    run(tmp_path / "runs" / "2026" / "b", seconds=200)
    assert find_bundle(None, tmp_path / "runs") == newest / "bundle.onnx"


@pytest.mark.parametrize("names", [("bundle.onnx",), ("metrics.json",)])
def test_a_run_that_did_not_finish_is_passed_over(tmp_path, names):
    finished = run(tmp_path / "runs" / "a", seconds=100)
    run(tmp_path / "runs" / "b", seconds=200, names=names)
    assert find_bundle(None, tmp_path / "runs") == finished / "bundle.onnx"


def test_without_any_run_the_error_says_how_to_get_one(tmp_path):
    (tmp_path / "runs").mkdir()
    for runs in (tmp_path / "runs", tmp_path / "absent"):
        with pytest.raises(UsageError, match=r"train\.py experiment=siamese.*--model"):
            find_bundle(None, runs)


def test_a_path_without_bundle_is_named(tmp_path):
    for path in (tmp_path / "absent.onnx", tmp_path):
        with pytest.raises(UsageError, match="no bundle at"):
            find_bundle(path)
