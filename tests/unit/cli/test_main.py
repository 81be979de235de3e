import subprocess
import sys
from pathlib import Path

import pytest

from bulbinspect.bundle import find
from bulbinspect.errors import DataError, UsageError


def test_help_names_every_verb(bulbinspect):
    done = bulbinspect("--help")
    assert done.exit_code == 0
    for verb in ("predict", "evaluate", "synth", "bench"):
        assert f"\n  {verb} " in done.stdout


def test_without_arguments_there_is_help(bulbinspect):
    assert bulbinspect() == bulbinspect("--help")


def test_version(bulbinspect):
    done = bulbinspect("--version")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("bulbinspect 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("judge",),
        ("predict",),
        ("predict", "folder", "--threads", "0"),
        ("predict", "folder", "--threads", "many"),
        ("predict", "folder", "--modell", "x"),
        ("predict", "absent"),
        ("evaluate", "--out", "x"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(bulbinspect, arguments):
    done = bulbinspect(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("bulbinspect: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (UsageError("not so"), 2, "bulbinspect: not so\n"),
        (DataError("two bad rows", ["line 3", "line 4"]), 2, "two bad rows\n  line 3\n  line 4\n"),
        (OSError(28, "No space left on device", "out/x"), 2, "No space left on device: 'out/x'\n"),
        (UsageError("\x1b[2J\udcff"), 2, "bulbinspect: \\x1b[2J\\udcff\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_is_told_without_traceback(bulbinspect, monkeypatch, error, code, says):
    def fail(model: Path | None) -> None:
        raise error

    monkeypatch.setattr(find, "find_bundle", fail)
    done = bulbinspect("predict", ".")
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.endswith(says)
    assert "Traceback" not in done.stderr


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nsys.argv = ['bulbinspect', '--help']\n"
        "from bulbinspect.cli.main import run\n"
        "try:\n    run()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "PIL", "onnxruntime", "torch", "scipy", "jinja2", "rich"}
    assert not heavy & set(done.stderr.split())
