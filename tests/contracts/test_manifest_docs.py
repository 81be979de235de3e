"""What docs/manifest.md says of columns, messages and keys is what the code does."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from bulbinspect.data.manifest import COLUMNS, REQUIRED, read_manifest
from bulbinspect.errors import DataError
from bulbinspect.imaging.preprocess import FITS, PreprocessSpec

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "manifest.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```csv\n(.+?)```", TEXT, re.DOTALL)[1]


def test_example_is_a_manifest(tmp_path):
    (tmp_path / "manifest.csv").write_text(EXAMPLE)

    manifest = read_manifest(tmp_path / "manifest.csv")

    assert [bulb.split for bulb in manifest.bulbs] == ["train", "test"]
    assert manifest.classes == ("good", "crack")


def test_example_beside_the_data_is_a_manifest(tmp_path):
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^    ((?:bulb_id|b\d),.+)$", page, re.MULTILINE)
    (tmp_path / "manifest.csv").write_text("\n".join(rows))

    assert len(read_manifest(tmp_path / "manifest.csv").bulbs) == 2


def test_every_column_is_explained():
    rows = re.findall(r"^\| `(\w+)` \| (needed|optional) \|", TEXT, re.MULTILINE)

    assert rows == [(c, "needed" if c in REQUIRED else "optional") for c in COLUMNS]


@pytest.mark.parametrize(
    "row",
    [
        "b3,0",
        "b3,,images/b3.png,good,monday,train",
        "b3,0,images/b3.png, good,monday,train",
        "b1,2,images/b1_2.png,crack,monday,train",
        "b3,0,images/b3.png,good,monday,holdout",
        "b1,0,images/b3.png,good,monday,train",
        "b3,0,images/b1_0.png,good,monday,train",
    ],
)
def test_messages_read_as_they_are_said_to(tmp_path, row):
    (tmp_path / "manifest.csv").write_text(EXAMPLE + row + "\n")

    with pytest.raises(DataError) as caught:
        read_manifest(tmp_path / "manifest.csv")

    (problem,) = caught.value.problems
    assert f"`{problem.removeprefix('line 6: ')}`" in TEXT


def test_keys_of_preprocessing_are_explained_with_their_defaults():
    table = TEXT.split("## Folders")[0]
    explained = {
        key: default.strip(" `")
        for keys, default in re.findall(
            r"^\| ((?:`\w+`(?:, )?)+) \| ([^|]+) \|", table, re.MULTILINE
        )
        for key in re.findall(r"\w+", keys)
    }

    for key, default in asdict(PreprocessSpec()).items():
        assert explained[key] == str(default)
    assert all(f"`{fit}`" in table for fit in FITS)
