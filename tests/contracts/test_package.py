import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "bulbinspect"
MODULES = sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.fixture(params=MODULES, ids=name)
def module(request):
    return request.param


INITS = [path for path in MODULES if path.name == "__init__.py"]


@pytest.mark.parametrize("init", INITS, ids=name)
def test_init_holds_one_docstring_and_nothing_else(init):
    tree = ast.parse(init.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_every_folder_of_code_says_what_lives_there():
    folders = {path.parent for path in MODULES}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_module_says_what_it_is(module):
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))


def test_module_fits_in_300_lines(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 300


def test_module_does_not_know_hydra(module):
    # import-linter sees the imports; this also sees import_module("hydra") and lazy tricks.
    source = module.read_text(encoding="utf-8").lower()
    assert not re.search(r"\b(hydra|omegaconf)\b", source)
