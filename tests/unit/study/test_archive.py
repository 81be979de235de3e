"""An archive holds all that comparing runs again needs, and nothing broken gets out of one."""

import json
import lzma

import numpy as np
import pytest
from tests.run_folders import BADLY, WELL, bulbs

from bulbinspect.errors import DataError
from bulbinspect.study.archive import read_archive, write_archive
from bulbinspect.study.compare import compare, read_runs
from bulbinspect.study.interval import Resampling

FEW = Resampling(100)


@pytest.fixture
def folder(runs):
    for seed in (0, 1):
        runs.add("siamese", seed=seed, test=WELL)
        runs.add("channel_shuffle", seed=seed, test=BADLY)
    return runs.root


def test_a_comparison_of_the_archive_is_that_of_the_folders(folder, tmp_path):
    write_archive(tmp_path / "runs.xz", read_runs([folder])[0])
    from_folders = compare([folder], resampling=FEW)
    from_archive = compare([tmp_path / "runs.xz"], resampling=FEW)
    for result in (from_folders, from_archive):
        result.pop("notes")  # that the manifest is not there
    assert from_archive == from_folders


def test_unjudged_bulbs_and_odd_names_survive(runs, tmp_path):
    odd = bulbs((0.1, None, 0.3), (1 / 3, 0.9, None))
    odd["é<script>"] = odd["g0"]
    runs.add("<script>\n", name="odd", test=odd)
    (before,), _ = read_runs([runs.root])
    write_archive(tmp_path / "runs.xz", [before])
    (after,) = read_archive(tmp_path / "runs.xz")
    assert (after.arm, after.test.ids) == (before.arm, before.test.ids)
    np.testing.assert_allclose(after.test.probability, before.test.probability, rtol=1e-8)
    assert after.test.rejected.tolist() == before.test.rejected.tolist()
    assert after.measured == before.measured


def test_a_run_that_is_in_a_folder_too_is_taken_from_there(folder, tmp_path):
    write_archive(tmp_path / "runs.xz", read_runs([folder])[0])
    both, _ = read_runs([tmp_path / "runs.xz", folder])
    assert len(both) == 4
    assert {run.folder.parent for run in both} == {folder}


def damaged(values, kind):
    if kind == "version":
        return {**values, "format_version": 7}
    if kind == "no runs":
        return {key: value for key, value in values.items() if key != "runs"}
    run = values["runs"][0]
    if kind == "short":
        run["test"]["probability"].pop()
    elif kind == "bulbs":
        run["test"]["bulbs"] = 9
    elif kind == "preprocess":
        run["preprocess"]["fit"] = 3
    return values if kind != "list" else [values]


@pytest.mark.parametrize("kind", ["version", "no runs", "short", "bulbs", "preprocess", "list"])
def test_a_damaged_archive_is_refused_in_a_line_that_names_it(folder, tmp_path, kind):
    path = tmp_path / "runs.xz"
    write_archive(path, read_runs([folder])[0])
    values = damaged(json.loads(lzma.decompress(path.read_bytes())), kind)
    path.write_bytes(lzma.compress(json.dumps(values).encode()))
    with pytest.raises(DataError, match=r"runs\.xz"):
        read_archive(path)


@pytest.mark.parametrize(
    "content", [b"", b"text", lzma.compress(b"[1, 2"), lzma.compress(b"{}")[:-9]]
)
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "runs.xz").write_bytes(content)
    with pytest.raises(DataError, match=r"runs\.xz"):
        read_archive(tmp_path / "runs.xz")
