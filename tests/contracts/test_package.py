import ast
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


def test_module_does_not_import_hydra(module):
    imported = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                imported |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(path)):
                imported.add(path)
            case ast.Call(  # import_module("hydra"), which no linter sees
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(path)), *_],
            ):
                imported.add(path)
    assert not {path.partition(".")[0] for path in imported} & {"hydra", "omegaconf"}
