"""What docs/manifest.md says of columns, messages and keys is what the code does."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from bulbinspect.bulb import Part, ViewsIn
from bulbinspect.data.divide import divide_manifest
from bulbinspect.data.manifest import COLUMNS, REQUIRED, read_manifest, scan_manifest
from bulbinspect.errors import DataError
from bulbinspect.imaging.preprocess import FITS, PreprocessSpec

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "manifest.md").read_text(encoding="utf-8")
EXAMPLE, STACKED = re.findall(r"```csv\n(.+?)```", TEXT, re.DOTALL)


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


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("abc,,", "sha256 'abc' is not 64 hexadecimal digits"),
        (",,1.5", "page '1.5' is no whole number from 0 to 9999"),
        (",0,0", "channel '0' and page '0'; a view is one or the other"),
    ],
)
def test_messages_about_hashes_and_parts_read_as_they_are_said_to(tmp_path, cells, said):
    text = f"bulb_id,view,path,sha256,channel,page\nb1,0,b1.tif,{cells}\n"
    (tmp_path / "manifest.csv").write_text(text)

    assert scan_manifest(tmp_path / "manifest.csv").problems == (f"line 2: {said}",)
    assert f"`{said}`" in TEXT


def test_stacked_example_is_a_manifest(tmp_path):
    (tmp_path / "manifest.csv").write_text(STACKED)

    (bulb,) = read_manifest(tmp_path / "manifest.csv").bulbs

    assert [view.part for view in bulb.views] == [Part(ViewsIn.PAGES, at, 2) for at in range(2)]


@pytest.mark.parametrize(
    "row",
    [
        "b1,back,stacks/b1.tif,good,,2,",
        "b1,back,stacks/b1.tif,good,,0,",
        "b2,back,stacks/b1.tif,good,,1,",
        "b1,back,stacks/b1.tif,good,1,,",
        "b1,back,stacks/b1.tif,good,,,",
        f"b1,back,stacks/b1.tif,good,,1,{'0' * 64}",
    ],
)
def test_messages_about_stacked_views_read_as_they_are_said_to(tmp_path, row):
    header = "bulb_id,view,path,label,channel,page,sha256\n"
    (tmp_path / "manifest.csv").write_text(f"{header}b1,front,stacks/b1.tif,good,,0,\n{row}\n")

    (problem,) = scan_manifest(tmp_path / "manifest.csv").problems

    assert f"`{problem.partition(': ')[2]}`" in TEXT


@pytest.mark.parametrize(
    "rows",
    [
        ["b1,good,,train,0", "b2,good,,val,0", "b3,good,,,1"],
        ["b1,chip,lot 1,train,1", "b2,chip,lot 2,test,2", "b3,,,val,3", "b4,,,,4"],
        ["b1,good,lot 1,train,1", "b2,good,lot 1,val,2", "b3,good,,,3"],
    ],
)
def test_messages_of_refused_splits_read_as_they_are_said_to(tmp_path, rows):
    lines = ["bulb_id,view,path,label,group,split,sha256"]
    for row in rows:
        bulb_id, label, group, split, picture = row.split(",")
        digest = picture * 64
        lines.append(f"{bulb_id},0,{bulb_id}.png,{label},{group},{split},{digest}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))

    with pytest.raises(DataError) as caught:
        divide_manifest(
            tmp_path / "manifest.csv", tmp_path / "new.csv",
            fractions={"train": 0.6, "val": 0.15, "test": 0.25}, seed=0,
        )  # fmt: skip

    assert any(f"`{problem}`" in TEXT for problem in caught.value.problems)


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
