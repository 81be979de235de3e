"""All odd files in one folder, given to the commands: the same outcome in both, a row for each."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.odd.encode import png_of
from tests.odd.every import EVERY
from tests.odd.odd_file import EIGHT_BITS, SIZE

from bulbinspect.bundle.bundle import write_bundle
from bulbinspect.imaging.preprocess import PreprocessSpec

ODD = "2"
# These would not be files of the bulb's folder.
ELSEWHERE = {"folder", "nothing there", "below a file", "name of 300 bytes", "name with a NUL"}
FILES = [odd for odd in EVERY if odd.form == EIGHT_BITS and odd.name not in ELSEWHERE]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Write a bulb for each odd file, which is one of its four views, called .png like the rest."""
    folder = tmp_path / "pictures"
    for number, odd in enumerate(FILES):
        bulb = folder / f"{number:04}"
        bulb.mkdir(parents=True)
        for view in ("0", "1", "3"):
            pixels = np.random.default_rng([number, int(view)]).integers(0, 256, SIZE)
            (bulb / f"{view}.png").write_bytes(png_of(pixels.astype(np.uint8)))
        replace(odd, file_name=f"{ODD}.png").put(bulb)
        for stray in {path.stem for path in bulb.iterdir()} - {"0", "1", "2", "3"}:
            (bulb / stray).rename(tmp_path / f"{number} {stray}")  # the target of a link
            (bulb / f"{ODD}.png").unlink()
            (bulb / f"{ODD}.png").symlink_to(tmp_path / f"{number} {stray}")
    return folder


def test_predict_gives_every_bulb_its_row(
    tmp_path, pictures, bulbinspect, tiny_graph, tiny_metadata
):
    spec = PreprocessSpec(*SIZE)
    write_bundle(tmp_path / "b.onnx", tiny_graph(spec=spec), tiny_metadata(preprocess=spec))

    done = bulbinspect("predict", pictures, "--model", tmp_path / "b.onnx", "--out", "out")

    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    with (tmp_path / "out" / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["bulb_id"] for row in rows] == [f"{number:04}" for number in range(len(FILES))]
    for row, odd in zip(rows, FILES, strict=True):
        assert (row["verdict"] == "unjudged") == bool(odd.reason), odd.name
        assert row["reason"] in ((odd.reason,) if odd.reason else ("", "defect")), odd.name


def test_check_names_every_refused_file_and_no_other(tmp_path, pictures, bulbinspect):
    done = bulbinspect("check", pictures, "--json", "check.json")

    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    findings = json.loads((tmp_path / "check.json").read_text(encoding="utf-8"))["findings"]
    found = {
        (place["bulb_id"], place["view"], finding["reason"])
        for finding in findings
        if finding["reason"]
        for place in finding["places"]
    }
    assert found == {
        (f"{number:04}", ODD, odd.reason) for number, odd in enumerate(FILES) if odd.reason
    }
