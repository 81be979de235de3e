import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from bulbinspect.inspection.predict import PICTURES
from bulbinspect.report.page_pictures import Pictures

DARK, BRIGHT = [50, 60, 70, 80], [240, 250, 200, 220]


@pytest.fixture
def pictures(tmp_path: Path, draw_bulb, tiny_bundle) -> Path:
    """A folder of two bulbs, beside bundle.onnx."""
    tiny_bundle()
    draw_bulb(tmp_path / "pictures" / "bright", BRIGHT)
    draw_bulb(tmp_path / "pictures" / "dark", DARK)
    return tmp_path / "pictures"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_rows_go_to_stdout_and_counts_to_stderr(bulbinspect, pictures):
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx")
    assert done.exit_code == 0
    assert [(row["bulb_id"], row["verdict"]) for row in rows_of(done.stdout)] == [
        ("bright", "reject"),
        ("dark", "pass"),
    ]
    assert "2 bulbs in" in done.stderr
    assert "1 pass, 1 reject" in done.stderr
    assert "reject threshold: 0.5 (by hand on val)" in done.stderr
    assert f"model: {rows_of(done.stdout)[0]['model'][:12]}" in done.stderr


def test_results_go_to_a_folder(bulbinspect, pictures, tmp_path):
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx", "--out", "out")
    assert (done.exit_code, done.stdout) == (0, "")
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [
        "predictions.csv",
        "predictions.jsonl",
        "views.csv",
    ]
    rows = rows_of((tmp_path / "out" / "predictions.csv").read_text())
    lines = lines_of(tmp_path / "out" / "predictions.jsonl")
    views = rows_of((tmp_path / "out" / "views.csv").read_text())
    assert [row["bulb_id"] for row in rows] == [line["bulb_id"] for line in lines]
    assert [(one["bulb_id"], one["view"]) for one in views] == [
        (bulb, view) for bulb in ("bright", "dark") for view in "0123"
    ]
    assert "results: out" in done.stderr


def test_the_page_may_have_its_pictures_beside_it(bulbinspect, pictures, tmp_path):
    judge = ["predict", pictures, "--model", "bundle.onnx", "--html", "--out"]
    assert bulbinspect(*judge, "out", "--pictures", "folder").exit_code == 0
    assert len(list((tmp_path / "out" / "report_files").iterdir())) == 8
    assert "data:image" not in (tmp_path / "out" / "report.html").read_text()
    refused = bulbinspect(*judge, "other", "--pictures", "nowhere")
    assert refused.exit_code == 2
    assert refused.stderr == "bulbinspect: --pictures is one of inline, folder, not 'nowhere'\n"
    assert tuple(Pictures) == PICTURES


def test_an_unjudged_bulb_is_exit_code_1(bulbinspect, pictures):
    (pictures / "dark" / "2.png").unlink()
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx")
    assert done.exit_code == 1
    assert rows_of(done.stdout)[1]["reason"] == "missing_view"
    assert "unjudged because of: 1 missing_view" in done.stderr


def test_a_manifest_is_judged_too(bulbinspect, pictures, tmp_path):
    lines = [f"lamp,{view},pictures/dark/{view}.png" for view in "0123"]
    (tmp_path / "manifest.csv").write_text("\n".join(["bulb_id,view,path", *lines]) + "\n")
    done = bulbinspect("predict", "manifest.csv", "--model", "bundle.onnx")
    assert [(row["bulb_id"], row["verdict"]) for row in rows_of(done.stdout)] == [("lamp", "pass")]


def test_flat_files_are_judged_by_a_pattern(bulbinspect, pictures, tmp_path):
    (tmp_path / "flat").mkdir()
    for view in "0123":
        source = pictures / "dark" / f"{view}.png"
        source.rename(tmp_path / "flat" / f"cam{view}-lamp7.png")
    pattern = r"cam(?P<view>\d)-(?P<bulb>.*)\.png"
    done = bulbinspect("predict", "flat", "--model", "bundle.onnx", "--pattern", pattern)
    assert [(row["bulb_id"], row["verdict"]) for row in rows_of(done.stdout)] == [("lamp7", "pass")]


def test_results_are_never_overwritten(bulbinspect, pictures, tmp_path):
    (tmp_path / "out").mkdir()
    done = bulbinspect("predict", pictures, "--model", "absent.onnx", "--out", "out")
    assert (done.exit_code, list((tmp_path / "out").iterdir())) == (2, [])
    assert "out exists" in done.stderr


def test_a_run_that_breaks_leaves_nothing(bulbinspect, pictures, tmp_path, monkeypatch):
    from bulbinspect.inspection.inspector import Inspector

    def break_down(self, bulbs):
        yield from ()
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr(Inspector, "inspect", break_down)
    before = sorted(tmp_path.iterdir())
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx", "--out", "out")
    assert done.exit_code == 2
    assert "cannot be written to out: No space left on device" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("empty",), "no bulbs in empty"),
        (("absent",), "absent does not exist"),
        (("pictures", "--html"), "--html needs --out"),
        (("pictures", "--device", "tpu"), "available: auto, cpu"),
        (("pictures/dark/0.png", "--pattern", "x"), "is a manifest"),
    ],
)
def test_wrong_use_says_what_is_wrong(bulbinspect, pictures, tmp_path, arguments, says):
    (tmp_path / "empty").mkdir()
    done = bulbinspect("predict", *arguments, "--model", "bundle.onnx")
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_model_the_error_says_how_to_get_one(bulbinspect, pictures):
    done = bulbinspect("predict", pictures)
    assert done.exit_code == 2
    assert "python train.py experiment=siamese" in done.stderr


def test_the_newest_finished_run_is_the_default(bulbinspect, pictures, tmp_path):
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "bundle.onnx").rename(tmp_path / "runs" / "a" / "bundle.onnx")
    (tmp_path / "runs" / "a" / "metrics.json").write_text("{}")
    assert bulbinspect("predict", pictures).exit_code == 0


@pytest.mark.parametrize("name", [b"=cmd()", b"a\nb", b"\x1b[2J", b"\xff\xfe", b"<img onerror=x>"])
def test_hostile_names_have_their_row_and_reach_no_terminal(bulbinspect, pictures, tmp_path, name):
    hostile = os.fsdecode(name)
    (pictures / "dark").rename(pictures / hostile)
    for out in ("out", None):
        arguments = ["predict", pictures, "--model", "bundle.onnx"]
        done = bulbinspect(*arguments, *(("--out", out, "--html") if out else ()))
        assert done.exit_code == 0
        assert "\x1b" not in done.stdout + done.stderr
    lines = lines_of(tmp_path / "out" / "predictions.jsonl")
    assert sorted(line["bulb_id"] for line in lines) == sorted(["bright", hostile])
    rows = rows_of((tmp_path / "out" / "predictions.csv").read_text())
    assert len(rows) == 2
    assert not any(row["bulb_id"].startswith("=") for row in rows)
