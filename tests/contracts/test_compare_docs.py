"""What docs/compare.md lists is what the code does, and the README's table is that of the study."""

import importlib.machinery
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.results_schema import SCHEMA
from tests.run_folders import BADLY, RunFolders

from bulbinspect.study.compare import compare
from bulbinspect.study.figures import OF_FEWER_VIEWS
from bulbinspect.study.interval import Resampling
from bulbinspect.study.write import COLUMNS, PLOTS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")


def documented_columns():
    """Return the names in the first cells of the table of `results.csv`."""
    table = TEXT.partition("## `results.csv`")[2].partition("\n\n**")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_column_is_explained_and_no_other():
    fewer = {f"{name}_<n>_views" for name in OF_FEWER_VIEWS}
    assert documented_columns() == {*COLUMNS, *fewer}


@pytest.mark.parametrize("key", SCHEMA["properties"])
def test_every_key_of_the_result_is_explained(key):
    assert f"`{key}`" in TEXT


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_is_named(name):
    assert f"`{name}`" in TEXT


def script():
    path = str(ROOT / "scripts" / "readme-table")
    loader = importlib.machinery.SourceFileLoader("readme_table", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def test_the_readme_shows_the_study_that_is_committed():
    command = [sys.executable, ROOT / "scripts" / "readme-table", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_readme_has_the_place_for_the_table():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count(script().BEGIN) == text.count(script().END) == 1
    assert text.index(script().BEGIN) < text.index(script().END)


def test_the_table_is_written_between_the_markers_and_again_the_same(tmp_path, tiny_bundle):
    runs = RunFolders(tmp_path / "runs", tiny_bundle)
    runs.add("siamese")
    runs.add("siamese", size=800)
    runs.add("early_fusion", test=BADLY)
    runs.add("early_fusion", size=800, test=BADLY)
    results = json.dumps(compare([runs.root], resampling=Resampling(100)))
    module = script()
    text = f"before\n\n{module.BEGIN}\nold\n{module.END}\n\nafter\n"
    written = module.with_table(text, results)
    assert written.startswith(f"before\n\n{module.BEGIN}\n\n| arm |")
    assert written.endswith(f"|\n\n{module.END}\n\nafter\n")
    assert "old" not in written
    assert "| **siamese** | **1.000 (1.000–1.000)** |" in written
    assert "| early_fusion | 0.812 (" in written
    assert "AUROC, 100 bulbs | AUROC, 800 bulbs" in written
    assert module.with_table(written, results) == written
