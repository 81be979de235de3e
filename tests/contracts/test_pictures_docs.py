"""What docs/pictures.md says of kinds, reasons and declared forms is what the reader does."""

import ast
import csv
import re
from pathlib import Path

import pytest
from tests.odd.every import EVERY, FAMILIES
from tests.odd.stacks import STACKS

from bulbinspect import imaging
from bulbinspect.data.manifest import read_manifest
from bulbinspect.imaging.file import FORMATS
from bulbinspect.imaging.form import COLOURS, PictureForm

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
DRAWN = [*EVERY, *STACKS]


def section(title: str) -> str:
    """Return what stands below a heading, up to the next one of its rank or above."""
    rank = re.search(rf"^(#+) {re.escape(title)}$", TEXT, re.MULTILINE)[1]
    below = TEXT.split(f"\n{rank} {title}\n")[1]
    return re.split(rf"^#{{2,{len(rank)}}} ", below, flags=re.MULTILINE)[0]


def codes(text: str) -> set[str]:
    return set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", text))


def first_cells(title: str) -> list[str]:
    return re.findall(r"^\| ([^|]+) \|", section(title), re.MULTILINE)[1:]


def words(node: ast.AST) -> set[str]:
    """Return the texts that an expression may stand for."""
    if isinstance(node, ast.IfExp):
        return words(node.body) | words(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) else set()


def reasons_in_code() -> set[str]:
    """Return each reason with which imaging makes a PictureError, the gate's among them."""
    found: set[str] = set()
    for file in Path(imaging.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PictureError":
                found |= words(node.args[0])
            if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                found |= {word for word in words(node.value.elts[0]) if isinstance(word, str)}
    return found


def test_every_reason_has_its_row():
    rows = {code for cell in first_cells("Reasons") for code in codes(cell)}

    assert {"changed", "truncated", "missing_view", "undeclared_depth", "blurred"} <= rows
    assert rows == reasons_in_code()


def test_every_reason_of_the_reader_is_in_the_table_of_kinds_or_of_a_declared_form():
    of_the_gate = codes(next(cell for cell in first_cells("Reasons") if "too_dark" in cell))
    explained = TEXT.split("## Reasons")[0] + TEXT.split("## Declared forms")[1]

    assert reasons_in_code() - of_the_gate - {"identical_views"} <= codes(explained)


def test_every_reason_of_the_reader_is_that_of_a_drawn_file():
    of_the_gate = codes(next(cell for cell in first_cells("Reasons") if "too_dark" in cell))
    not_of_one_file = {"changed"}  # which every drawn file is, with the hash of another

    drawn = {odd.reason for odd in DRAWN} - {""}
    assert drawn == reasons_in_code() - of_the_gate - not_of_one_file


def test_every_format_is_named_and_drawn():
    named = TEXT.split("## Kinds of files")[0]
    letters = {"PPM": ("PGM", "PBM", "PPM", "PFM")}

    for name in (*FORMATS, "NPY"):
        for word in letters.get(name, (name,)):
            assert re.search(rf"\b{word}\b", named), word
    for word in ("PNG", "JPEG", "TIFF", "BMP", "PGM", "PBM", "PPM", "PFM", "NPY"):
        assert any(word in odd.name and not odd.reason for odd in EVERY), word
        assert any(word in odd.name and odd.reason for odd in EVERY) or word == "PBM"


def test_every_family_of_drawn_files_has_members_and_names_of_its_own():
    assert all(FAMILIES.values())
    assert len({odd.name for odd in EVERY}) == len(EVERY)


@pytest.mark.parametrize(
    ("title", "key"), [("Depth", "bit_depth"), ("Range", "value_range"), ("Colour", "colour")]
)
def test_every_declared_form_is_explained(title, key):
    assert key in PictureForm.__dataclass_fields__
    assert f"`{key}`" in section(title)
    assert f"data.preprocess.{key}=" in section(title)
    assert f"--{key.replace('_', '-')} " in section(title)


def test_every_colour_is_explained():
    assert set(COLOURS) - {"refuse"} <= codes(section("Colour"))


def test_example_of_stacked_views_is_a_manifest(tmp_path):
    example = re.search(r"```csv\n(.+?)```", TEXT, re.DOTALL)[1]
    (tmp_path / "manifest.csv").write_text(example)

    (bulb,) = read_manifest(tmp_path / "manifest.csv").bulbs

    rows = list(csv.DictReader(example.splitlines()))
    assert [view.part.index for view in bulb.views] == [int(row["channel"]) for row in rows]
    assert {view.part.of for view in bulb.views} == {len(rows)}


def test_measured_tables_add_up():
    """Catch a table that was mended by hand: the last row is the sum of the others."""
    tables = [
        table
        for table in re.findall(r"(?:^\|.+\|\n)+", section("Measured"), re.MULTILINE)
        if "**all**" in table
    ]
    assert len(tables) == 2
    for table in tables:
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
        ]
        for column in range(1, len(rows[0]) - 1):
            numbers = [int(row[column].replace(",", "")) for row in rows]
            assert sum(numbers[:-1]) == numbers[-1]
        for row in rows:
            refused = [int(n.replace(",", "")) for n in re.findall(r"` ([\d,]+)", row[-1])]
            counts = [int(cell.replace(",", "")) for cell in row[1:-1]]
            assert counts[0] == sum(counts[1:]) + sum(refused)
