"""What docs/certify.md lists is what the command says and takes."""

import re
from pathlib import Path

import pytest
import typer
from tests.ordered_bundle import write_ordered

from bulbinspect.bulb import Bulb, View
from bulbinspect.cli.main import app
from bulbinspect.inspection.certification.certificate import to_dict
from bulbinspect.inspection.certification.certify import TOLERANCE, certify
from bulbinspect.inspection.certification.orders import other_orders
from bulbinspect.inspection.inspector import Inspector

TEXT = (Path(__file__).parents[2] / "docs" / "certify.md").read_text(encoding="utf-8")
KEYS = TEXT.partition("| key | content |")[2].partition("\n\n")[0]
COMMON = {"--help", "--split", "--splits", "--pattern", "--views-in", "--device", "--threads"}


def test_every_key_of_the_json_is_explained_and_no_other(tmp_path, tiny_metadata, draw_bulb):
    inspector = Inspector(write_ordered(tmp_path / "bundle.onnx", tiny_metadata()))
    folder = draw_bulb(tmp_path / "a", [10, 60, 110, 240])
    bulb = Bulb("a", tuple(View(str(name), folder / f"{name}.png") for name in range(4)))
    changes = certify(inspector, [bulb], other_orders(4))
    plain = to_dict(changes, inspector.bundle, TOLERANCE)
    row = plain["bulbs"][0]
    keys = {*plain, *plain["every_order"], *row, *row["lowest"]}
    assert set(re.findall(r"`(\w+)`", KEYS)) == keys


def test_every_option_that_it_alone_has_is_explained():
    command = typer.main.get_command(app).commands["certify"]
    options = {name for param in command.params for name in param.opts if name.startswith("--")}
    assert {name for name in options - COMMON if f"`{name}" not in TEXT} == set()


def test_the_tolerance_is_the_one_that_is_said():
    command = typer.main.get_command(app).commands["certify"]
    (default,) = (one.default for one in command.params if "--tolerance" in one.opts)
    assert default == TOLERANCE == pytest.approx(1e-5)
    assert "`--tolerance`, 1e-5 by default" in TEXT
