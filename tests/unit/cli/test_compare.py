import importlib.util

import pytest
from tests.run_folders import BADLY, WELL, Made, RunFolders


@pytest.fixture
def runs(tmp_path, tiny_bundle):
    runs = RunFolders(tmp_path / "runs", tiny_bundle)
    for seed in range(2):
        runs.add("siamese", seed=seed, test=WELL)
        runs.add("channel_shuffle", seed=seed, test=BADLY)
        runs.add("channel_shuffle", seed=seed, size=200, test=WELL)
        runs.add("siamese", seed=seed, size=200, test=WELL)
    return runs


def test_runs_are_compared_and_the_answer_is_said(bulbinspect, runs, tmp_path):
    done = bulbinspect("compare", "runs", "--out", "out", "--resamples", "100")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("arm ")
    assert any(line.startswith("channel_shuffle  0.812 (") for line in lines)
    assert "channel_shuffle needs 2.0 times the bulbs" in done.stdout
    assert done.stderr.splitlines()[-1] == "results: out"
    assert "note: without study.json" not in done.stderr
    assert (tmp_path / "out" / "report.html").exists()


def test_runs_that_differ_are_listed_and_nothing_is_written(bulbinspect, runs, tmp_path):
    runs.add("siamese", name="odd", seed=7, test=WELL | {"more": Made(0.1)})
    done = bulbinspect("compare", "runs", "--out", "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-2:] == [
        "bulbinspect: these runs cannot be compared:",
        "  odd: other test bulbs: has 'more' besides",
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("absent", "--out", "out"), "absent is no folder"),
        (("runs", "--out", "runs"), "runs exists"),
        (("runs", "--out", "out", "--reference", "x"), "there are: channel_shuffle, siamese"),
        (("runs", "--out", "out", "--resamples", "9"), "greater than or equal to 100"),
        (("--out", "out"), "Missing parameter: runs"),
        (("runs",), "Missing parameter: out"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(bulbinspect, runs, arguments, says):
    done = bulbinspect("compare", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("bulbinspect: ")
    assert says in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_broken_run_is_named(bulbinspect, runs):
    (runs.root / "siamese-100-steps-0" / "config.yaml").write_text("\x1b[31m: [")
    done = bulbinspect("compare", "runs", "--out", "out")
    assert done.exit_code == 2
    assert "siamese-100-steps-0/config.yaml cannot be read as YAML" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("package", ["matplotlib", "yaml"])
def test_what_is_not_installed_is_said_before_any_work(bulbinspect, runs, monkeypatch, package):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == package else find(name)
    )
    done = bulbinspect("compare", "runs", "--out", "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"bulbinspect: not installed: {package}; `pip install 'bulbinspect[study]'` brings it\n"
    )


def test_hostile_names_do_not_reach_the_terminal(bulbinspect, runs):
    runs.add("\x1b[2J\u202e", name="odd")
    done = bulbinspect("compare", "runs", "--out", "out", "--resamples", "100")
    assert done.exit_code == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert r"\x1b[2J" in done.stdout
