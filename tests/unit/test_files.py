import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from bulbinspect.files import whole_file, whole_folder, write_json


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write_and_raise(file, error):
    file.write("new")
    raise error


def test_file_appears_when_the_block_ends(tmp_path):
    with whole_file(tmp_path / "a.txt") as file:
        file.write("größe\r\n\n")
        assert not (tmp_path / "a.txt").exists()

    assert contents(tmp_path) == {"a.txt": "größe\r\n\n".encode()}


def test_bytes_replace_what_was_there(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"old")

    with whole_file(tmp_path / "a.bin", "wb") as file:
        file.write(b"\0\xff")

    assert contents(tmp_path) == {"a.bin": b"\0\xff"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_failed_block_leaves_the_old_file_and_nothing_else(tmp_path, error):
    (tmp_path / "a.txt").write_bytes(b"old")

    with pytest.raises(error), whole_file(tmp_path / "a.txt") as file:
        write_and_raise(file, error)

    assert contents(tmp_path) == {"a.txt": b"old"}


def test_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space"), whole_file(tmp_path / "a.txt") as file:
        file.write("new")

    assert contents(tmp_path) == {"a.txt": b"old"}


def test_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    seen = []
    fsync = os.fsync

    def noted(descriptor):
        seen.append((tmp_path / "a.txt").exists())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with whole_file(tmp_path / "a.txt") as file:
        file.write("new")

    assert seen == [False, True]  # the file, then the folder that names it


def test_name_taken_by_a_folder_is_an_error_that_leaves_nothing(tmp_path):
    (tmp_path / "a").mkdir()

    with pytest.raises(OSError, match="directory"), whole_file(tmp_path / "a") as file:
        file.write("new")

    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "name", ["b" * 255, "\N{CJK UNIFIED IDEOGRAPH-706F}" * 85, "b\udcfc\n.txt"]
)
def test_any_name_that_a_disk_holds_can_be_written(tmp_path, name):
    with whole_file(tmp_path / name) as file:
        file.write("new")

    assert contents(tmp_path) == {name: b"new"}


KILLED = """
import os, signal, sys
from pathlib import Path
from bulbinspect.files import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write("new")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_writer_leaves_the_old_file(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old")

    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "a.txt")], check=False, capture_output=True
    )

    assert done.returncode == -signal.SIGKILL
    found = contents(tmp_path)
    assert found.pop("a.txt") == b"old"
    (left,) = found
    assert left.startswith(".a.txt.")
    assert left.endswith(".part")


def test_folder_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "below" / "out"

    with whole_folder(path) as folder:
        (folder / "a.txt").write_text("new")
        assert not path.exists()
        assert folder.parent == path.parent

    assert contents(path) == {"a.txt": b"new"}
    assert [found.name for found in path.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failed_block_leaves_no_folder(tmp_path, error):
    with (
        pytest.raises(error),
        whole_folder(tmp_path / "out") as folder,
        (folder / "a.txt").open("w") as file,
    ):
        write_and_raise(file, error)

    assert list(tmp_path.iterdir()) == []


def test_folder_with_something_in_it_is_not_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_bytes(b"old")

    with pytest.raises(OSError, match="not empty"), whole_folder(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("new")

    assert contents(tmp_path / "out") == {"old.txt": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_json_is_what_was_given_and_ends_with_a_line_end(tmp_path):
    values = {"text": 'é "\n\udcff', "numbers": [1, 0.1, None, True]}
    write_json(tmp_path / "a.json", values)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == values
    assert text.endswith("}\n")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_leaves_the_old_file(tmp_path, number):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"loss": number})
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.json", "old")]
