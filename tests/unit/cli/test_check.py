import json
import shutil

import jsonschema
import numpy as np
import pytest
from PIL import Image
from tests.data_set import DataSet, face

from bulbinspect.data.check.kinds import KINDS, Severity
from bulbinspect.imaging.gate import Gate

TEXT = {"type": "string"}
PLACE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["bulb_id", "view", "path", "line", "label", "split", "how", "part"],
    "properties": {
        **dict.fromkeys(("bulb_id", "view", "path", "label", "split", "how"), TEXT),
        "line": {"type": ["integer", "null"], "minimum": 1},
        "part": {
            "type": ["object", "null"],
            "required": ["kind", "index", "of"],
            "properties": {
                "kind": {"enum": ["channels", "pages"]},
                "index": {"type": "integer", "minimum": 0},
                "of": {"type": "integer", "minimum": 1},
            },
        },
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "num_problems", "kinds", "findings"],
    "properties": {
        "path": TEXT,
        "root": TEXT,
        "manifest_sha256": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
        "model": {"type": ["string", "null"]},
        "preprocess": {"type": "object"},
        "num_bulbs": {"type": "integer"},
        "num_pictures": {"type": "integer"},
        "num_problems": {"type": "integer"},
        "kinds": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "kind": {"enum": list(KINDS)},
                    "severity": {"enum": [one.value for one in Severity]},
                    "meaning": TEXT,
                    "advice": TEXT,
                    "count": {"type": "integer", "minimum": 1},
                },
                "required": ["kind", "severity", "meaning", "advice", "count"],
            },
        },
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "kind": {"enum": list(KINDS)},
                    "severity": {"enum": [one.value for one in Severity]},
                    "reason": TEXT,
                    "detail": TEXT,
                    "places": {"type": "array", "items": PLACE},
                },
                "required": ["kind", "severity", "reason", "detail", "places"],
            },
        },
    },
}


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return DataSet(folder).add_bulbs(5)


def test_a_set_in_order_is_exit_code_0(bulbinspect, data):
    done = bulbinspect("check", data.write())
    assert done.exit_code == 0
    assert "5 bulbs, 20 pictures" in done.stdout
    assert done.stdout.endswith("no problems\n")


def test_problems_are_exit_code_1_and_named_with_row_and_advice(bulbinspect, data):
    data.file(1, 2).write_bytes(b"x")
    shutil.copy(data.file(2, 0), data.file(3, 0))
    done = bulbinspect("check", data.write())
    assert done.exit_code == 1
    assert "line 8, bulb b1, view 2, b1_2.png, good: not_a_picture: expected" in done.stdout
    assert KINDS["exact_copy"].advice in done.stdout
    assert done.stdout.endswith("2 problems of 2 kinds\n")


def test_only_so_many_of_a_kind_are_shown_and_the_rest_counted(bulbinspect, data):
    for bulb in range(5):
        data.file(bulb, 2).write_bytes(b"x%d" % bulb)
    said = bulbinspect("check", data.write(), "--show", "2").stdout
    assert said.count("not_a_picture") == 2
    assert "and 3 more" in said
    assert "refused_picture (5)" in said


def test_json_holds_every_finding_by_the_schema(bulbinspect, data, tmp_path):
    for bulb in range(5):
        data.file(bulb, 2).write_bytes(b"x%d" % bulb)
    data.rows[0].more["sha256"] = "nonsense"
    bulbinspect("check", data.write(), "--json", "check.json")
    written = json.loads((tmp_path / "check.json").read_text(encoding="utf-8"))
    jsonschema.validate(written, SCHEMA)
    codes = [one["kind"] for one in written["findings"]]
    assert codes.count("refused_picture") == 5
    assert "bad_row" in codes
    assert written["num_problems"] == 7  # the bulb of the bad row lacks a view as well
    counts = {one["kind"]: one["count"] for one in written["kinds"]}
    assert counts == {code: codes.count(code) for code in codes}


def test_a_page_with_pictures_is_written(bulbinspect, data, tmp_path):
    data.file(1, 2).write_bytes(b"x")
    bulbinspect("check", data.write(), "--html", "check.html")
    assert "refused_picture" in (tmp_path / "check.html").read_text(encoding="utf-8")


def test_a_folder_is_checked_too(bulbinspect, data):
    data.file(1, 2).unlink()
    done = bulbinspect("check", data.folder)
    assert done.exit_code == 1
    assert "bulb b1: no view '2'; it has '0', '1', '3'" in done.stdout


def test_pictures_are_read_as_declared(bulbinspect, data):
    for bulb in range(5):
        for view in range(4):
            deep = face(10 * bulb + view).astype(np.uint16) * 16
            Image.fromarray(deep).save(data.file(bulb, view))
    assert bulbinspect("check", data.write()).exit_code == 1
    assert bulbinspect("check", data.write(), "--bit-depth", "12").exit_code == 0


def test_a_value_range_is_two_numbers(bulbinspect, data):
    for bulb in range(5):
        for view in range(4):
            floats = face(10 * bulb + view).astype(np.float32) / 255
            Image.fromarray(floats).save(data.file(bulb, view), "TIFF")
    assert bulbinspect("check", data.write(), "--value-range", "0,1").exit_code == 0
    done = bulbinspect("check", data.write(), "--value-range", "1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "expected two numbers" in done.stderr


def test_views_in_one_file_are_found_by_their_number(bulbinspect, tmp_path):
    (tmp_path / "stacked").mkdir()
    for bulb in range(3):
        stack = np.stack([face(10 * bulb + view) for view in range(4)], axis=-1)
        np.save(tmp_path / "stacked" / f"b{bulb}.npy", stack)
    done = bulbinspect("check", "stacked", "--views-in", "channels")
    assert done.exit_code == 0
    assert "3 bulbs, 12 pictures" in done.stdout
    assert "view '3': 3 pictures" in done.stdout


def test_a_model_checks_as_it_would_see_the_pictures(bulbinspect, data, tiny_bundle, tmp_path):
    tiny_bundle(view_names=("0", "1", "2"), gate=Gate(min_width_px=100))
    done = bulbinspect(
        "check", data.write(), "--model", "bundle.onnx", "--json", tmp_path / "check.json"
    )
    assert done.exit_code == 1
    written = json.loads((tmp_path / "check.json").read_text(encoding="utf-8"))
    assert {one["kind"]: one["count"] for one in written["kinds"]}["surplus_view"] == 5
    refused = [one for one in written["findings"] if one["kind"] == "refused_by_gate"]
    assert len(refused) == 20
    assert {one["reason"] for one in refused} == {"wrong_size"}
    assert written["model"]
    assert written["preprocess"]["height_px"] == 16


def test_a_model_says_itself_how_pictures_are_stored(bulbinspect, data, tiny_bundle):
    tiny_bundle()
    done = bulbinspect("check", data.write(), "--model", "bundle.onnx", "--bit-depth", "12")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "leave out the options" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        ["data/table.csv"],
        ["data", "--json", "check.txt"],
        ["data", "--json", "data/manifest.csv"],
        ["data", "--html", "nowhere/check.html"],
        ["data", "--colour", "green-ish"],
        ["data", "--bit-depth", "40"],
        ["data", "--pattern", "("],
        ["data", "--views-in", "layers"],
        ["data", "--view-names", "a,b", "--views-in", "pages", "--pattern", "x"],
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(bulbinspect, data, arguments):
    (data.folder / "table.csv").write_text("name\nx\n")
    before = data.write().read_bytes()
    done = bulbinspect("check", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("bulbinspect: ")
    assert data.manifest.read_bytes() == before


def test_names_cannot_write_to_the_terminal(bulbinspect, tmp_path):
    folder = tmp_path / "pictures" / "\x1b[31mred\nline"
    folder.mkdir(parents=True)
    (folder / "[bold]0.png").write_bytes(b"x")
    done = bulbinspect("check", "pictures")
    assert "\x1b" not in done.stdout
    assert r"\x1b[31mred\x0aline" in done.stdout
    assert "[bold]0" in done.stdout
