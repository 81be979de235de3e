"""What a path may turn out to be: no file at all, or a sound picture under an odd name."""

import os
from pathlib import Path

from tests.odd import encode
from tests.odd.odd_file import GRAY, OddFile, of

PICTURE = encode.png_of(GRAY)


def _link_loop(path: Path) -> None:
    path.symlink_to(path.name)


def _link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere.png")


def _link_to_a_picture(path: Path) -> None:
    target = path.with_name("target of a link")
    target.write_bytes(PICTURE)
    path.symlink_to(target.name)


def _below_a_file(path: Path) -> None:
    """Leave it absent: its parent is a file, which is what `file_name` says."""
    path.parent.write_bytes(PICTURE)


NO_FILES = [
    OddFile("nothing there", "missing_file", place=lambda path: None),
    OddFile("folder", "not_a_file", place=Path.mkdir),
    OddFile("pipe", "not_a_file", place=os.mkfifo),
    OddFile("link to itself", "unreadable", place=_link_loop),
    OddFile("link to nothing", "missing_file", place=_link_to_nothing),
    OddFile("below a file", "missing_file", place=_below_a_file, file_name="file/picture.png"),
    OddFile("name of 300 bytes", "unreadable", place=lambda path: None, file_name="x" * 300),
    OddFile("name with a NUL", "unreadable", place=lambda path: None, file_name="a\0b.png"),
    OddFile("link to a picture", GRAY, place=_link_to_a_picture),
]

ODD_NAMES = {
    "name with a newline": "a\nb\r.png",
    "name that is a formula": "=cmd()|' !A0.png",
    "name that is a script": "<img src=x onerror=alert(1)>.png",
    "name that is not UTF-8": b"b\xfcrste\xff.png",
    "name with a terminal code": "\x1b[2J\x07.png",
    "name of 255 bytes": "x" * 251 + ".png",
    "name with quotes and a comma": "\"a',b;.png",
    "name that goes from right to left": "\u202egnp.exe",
    "name with blanks": " .png",
}

NAMED = [
    OddFile(name, GRAY, of(PICTURE), file_name=file_name) for name, file_name in ODD_NAMES.items()
]
