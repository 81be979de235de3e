import csv

import pytest
import typer
from typer.testing import CliRunner

from bulbinspect.cli.synth import DifficultyName, synth
from bulbinspect.data.synthetic.difficulty import DIFFICULTIES
from bulbinspect.errors import UsageError


@pytest.fixture
def call():
    app = typer.Typer()
    app.command()(synth)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def test_help_offers_every_difficulty():
    assert [name.value for name in DifficultyName] == list(DIFFICULTIES)


def test_options_reach_the_set(call, tmp_path):
    out = tmp_path / "set"
    done = call(
        out, "--bulbs", 4, "--seed", 2, "--size", 40, "--views", 3, "--shots", 2,
        "--difficulty", "easy", "--defect-share", 1, "--splits", "0,0,1", "--labels", "kinds",
        "--workers", 1,
    )  # fmt: skip
    assert done.exit_code == 0
    assert str(out / "manifest.csv") in done.stdout
    with (out / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 2 * 3
    assert {row["split"] for row in rows} == {"test"}
    assert all(row["label"] == row["kind"] != "" for row in rows)


def test_splits_that_are_no_numbers_are_wrong_use(call, tmp_path):
    done = call(tmp_path / "set", "--splits", "most,some")
    assert isinstance(done.exception, UsageError)
    assert "expected three numbers" in str(done.exception)


@pytest.mark.parametrize("option", [("--bulbs", 0), ("--size", 31), ("--difficulty", "medium")])
def test_wrong_options_are_refused_before_anything_is_drawn(call, tmp_path, option):
    assert call(tmp_path / "set", *option).exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("labels", ["binary", "kinds"])
def test_labels_of_views_are_those_of_the_sides_that_show_the_defect(call, tmp_path, labels):
    out = tmp_path / "set"
    done = call(
        out, "--bulbs", 6, "--seed", 3, "--size", 40, "--labels", labels, "--view-labels",
        "--workers", 1,
    )  # fmt: skip
    assert done.exit_code == 0
    with (out / "truth.csv").open(encoding="utf-8", newline="") as file:
        shown = {
            (row["bulb_id"], row["view"]): int(row["visible_px"]) for row in csv.DictReader(file)
        }
    with (out / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["label"] == "good" for row in rows} == {True, False}
    for row in rows:
        shows = shown.get((row["bulb_id"], row["view"]), 0) > 0
        assert row["view_label"] == (row["label"] if shows else "good")
    sides = {row["view_label"] == "good" for row in rows if row["label"] != "good"}
    assert sides == {True, False}  # a defective bulb has sides of both kinds


def test_without_asking_no_view_is_labelled(call, tmp_path):
    assert call(tmp_path / "set", "--bulbs", 1, "--size", 40, "--workers", 1).exit_code == 0
    header = (tmp_path / "set" / "manifest.csv").read_text(encoding="utf-8").split("\n")[0]
    assert "view_label" not in header.split(",")
