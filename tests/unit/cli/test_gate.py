"""`--gate` and `--views-in` on the command line."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bulbinspect.bulb import ViewsIn
from bulbinspect.imaging.gate import Gate

DARK, BRIGHT = [50, 60, 70, 80], [240, 250, 200, 220]
GATE = Gate(min_brightness=0.9, max_height_px=99)


@pytest.fixture
def pictures(tmp_path: Path, draw_bulb, tiny_bundle) -> Path:
    """Two bulbs, both too dark for the gate of bundle.onnx."""
    tiny_bundle(gate=GATE)
    draw_bulb(tmp_path / "pictures" / "bright", BRIGHT)
    draw_bulb(tmp_path / "pictures" / "dark", DARK)
    return tmp_path / "pictures"


def verdicts(text: str) -> list[tuple[str, str]]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [(row["verdict"], row["reason"]) for row in rows]


JUDGED = [("reject", "defect"), ("pass", "")]
REFUSED = [("unjudged", "too_dark")] * 2


@pytest.mark.parametrize(
    ("options", "expected", "said"),
    [
        ([], REFUSED, None),
        (["min_brightness=0.1"], JUDGED, "min_brightness 0.1 (in the bundle 0.9)"),
        (["min_brightness=off"], JUDGED, "min_brightness off (in the bundle 0.9)"),
        (["off"], JUDGED, "gate off"),
        (
            ["min_brightness=0.1", "max_height_px=15"],
            [("unjudged", "wrong_size")] * 2,
            "min_brightness 0.1 (in the bundle 0.9); max_height_px 15 (in the bundle 99)",
        ),
    ],
)
def test_limits_are_overridden_and_that_is_said(bulbinspect, pictures, options, expected, said):
    gate = [word for option in options for word in ("--gate", option)]
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx", *gate)
    assert verdicts(done.stdout) == expected
    assert done.exit_code == (0 if expected == JUDGED else 1)
    if said is None:
        assert "overridden" not in done.stderr
    else:
        assert f"gate, overridden: {said}" in done.stderr


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("min_brigthness=0.1", "known: min_brightness, max_brightness"),
        ("min_brightness", "expected NAME=NUMBER, NAME=off"),
        ("min_brightness=dark", "expected NAME=NUMBER, NAME=off"),
        ("min_brightness=nan", "a number from 0 to 1, not nan"),
        ("min_brightness=7", "a number from 0 to 1, not 7.0"),
        ("max_distance=2", "needs the reference"),
    ],
)
def test_an_override_that_makes_no_sense_is_wrong_use(bulbinspect, pictures, option, says):
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx", "--gate", option)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


def test_off_and_a_limit_contradict_each_other(bulbinspect, pictures):
    options = ["--gate", "off", "--gate", "min_brightness=0.1"]
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx", *options)
    assert done.exit_code == 2
    assert "nothing can be set besides" in done.stderr


def test_a_bundle_without_gate_says_so_and_can_be_given_limits(bulbinspect, pictures, tiny_bundle):
    tiny_bundle()
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx")
    assert verdicts(done.stdout) == JUDGED
    assert "gate: none" in done.stderr
    done = bulbinspect("predict", pictures, "--model", "bundle.onnx", "--gate", "min_brightness=1")
    assert verdicts(done.stdout) == REFUSED


def test_evaluate_overrides_too_and_keeps_it_with_the_figures(bulbinspect, pictures, tmp_path):
    lines = [
        f"{bulb},{view},pictures/{bulb}/{view}.png,{label},test"
        for bulb, label in (("bright", "defect"), ("dark", "good"))
        for view in range(4)
    ]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(["bulb_id,view,path,label,split", *lines]) + "\n")
    command = ["evaluate", "--manifest", manifest, "--model", "bundle.onnx", "--out"]
    refused = bulbinspect(*command, "refused")
    assert refused.exit_code == 1
    assert "unjudged because of too_dark: 2" in refused.stderr
    judged = bulbinspect(*command, "judged", "--gate", "min_brightness=off")
    assert judged.exit_code == 0
    assert "gate, overridden: min_brightness off (in the bundle 0.9)" in judged.stderr
    for name, overrides in (
        ("refused", []),
        ("judged", ["min_brightness off (in the bundle 0.9)"]),
    ):
        metrics = json.loads((tmp_path / name / "metrics.json").read_text())
        assert metrics["gate_overrides"] == overrides


def test_the_page_says_that_a_limit_was_overridden(bulbinspect, pictures, tmp_path):
    options = ["--gate", "min_brightness=0.1", "--out", "out", "--html"]
    bulbinspect("predict", pictures, "--model", "bundle.onnx", *options)
    assert "min_brightness 0.1 (in the bundle 0.9)" in (tmp_path / "out/report.html").read_text()


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """A folder of two arrays, each of them the four views of a bulb as channels."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    for name, levels in (("bright", BRIGHT), ("dark", DARK)):
        random = np.random.default_rng(levels[0])
        noise = random.integers(-3, 4, (16, 16, 4))
        np.save(folder / f"{name}.npy", (np.array(levels) + noise).astype(np.uint8))
    return folder


def test_a_folder_is_read_as_the_training_bulbs_lay(bulbinspect, stacks, tiny_bundle, tmp_path):
    tiny_bundle(views_in=ViewsIn.CHANNELS)
    done = bulbinspect("predict", stacks, "--model", "bundle.onnx", "--out", "out")
    assert done.exit_code == 0
    assert verdicts((tmp_path / "out" / "predictions.csv").read_text()) == JUDGED
    with (tmp_path / "out" / "views.csv").open(newline="") as file:
        parts = [row["part"] for row in csv.DictReader(file)]
    assert parts == ["channel 0", "channel 1", "channel 2", "channel 3"] * 2


def test_where_views_lie_can_be_said_otherwise(bulbinspect, stacks, tiny_bundle):
    tiny_bundle()
    command = ["predict", stacks, "--model", "bundle.onnx"]
    assert bulbinspect(*command).exit_code == 2  # arrays are no pictures of single views
    assert verdicts(bulbinspect(*command, "--views-in", "channels").stdout) == JUDGED
    pages = bulbinspect(*command, "--views-in", "pages")
    assert [verdict for verdict, _ in verdicts(pages.stdout)] == ["unjudged"] * 2


def test_a_manifest_says_itself_where_views_lie(bulbinspect, pictures, tmp_path):
    (tmp_path / "manifest.csv").write_text("bulb_id,view,path\n")
    done = bulbinspect("predict", "manifest.csv", "--views-in", "files", "--model", "bundle.onnx")
    assert done.exit_code == 2
    assert "says itself where views lie" in done.stderr


def test_colour_in_a_stack_is_not_read_as_gray(bulbinspect, tiny_bundle, tmp_path):
    tiny_bundle(views_in=ViewsIn.PAGES)
    (tmp_path / "coloured").mkdir()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "coloured" / "a.png")
    done = bulbinspect("predict", "coloured", "--model", "bundle.onnx")
    assert [verdict for verdict, _ in verdicts(done.stdout)] == ["unjudged"]
