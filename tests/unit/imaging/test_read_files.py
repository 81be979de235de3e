"""What is no picture or no file, where files lie, and what Pillow has to say about them."""

import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.odd.encode import png_chunk
from tests.pictures import GRAY, encoded, gray_png, png, refusal, tiff, write

from bulbinspect.errors import PictureError
from bulbinspect.imaging.read import read_gray


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"not a picture at all", "not_a_picture"),
        (b"<!doctype html><html></html>", "not_a_picture"),
        (bytes(1000), "not_a_picture"),
        (png(1, 1, 9, 0, b"\0\0"), "damaged"),
        (encoded(GRAY, "GIF"), "unsupported_format"),
        (encoded(GRAY, "WEBP", "RGB"), "unsupported_format"),
        (b"%PDF-1.7", "unsupported_format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported_format"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avif", "unsupported_format"),
        (b"P7\nWIDTH 1\n", "unsupported_format"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(tmp_path, content, reason):
    assert refusal(write(tmp_path, content, "picture.png")) == reason


def test_content_decides_not_the_ending(tmp_path):
    path = write(tmp_path, encoded(GRAY, "PNG"), "picture.csv")

    np.testing.assert_array_equal(read_gray(path), GRAY)


def test_missing_file_is_refused_by_name(tmp_path):
    assert refusal(tmp_path / "none.png") == "missing_file"
    assert refusal(write(tmp_path, b"x") / "below a file.png") == "missing_file"


def test_folder_and_pipe_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    assert refusal(tmp_path) == "not_a_file"
    assert refusal(tmp_path / "pipe") == "not_a_file"


def test_link_to_itself_and_impossible_names_are_unreadable(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    assert refusal(tmp_path / "loop") == "unreadable"
    assert refusal(tmp_path / ("x" * 300)) == "unreadable"
    assert refusal(Path("nul\0l")) == "unreadable"


def test_file_without_permission_is_unreadable(tmp_path, monkeypatch):
    path = write(tmp_path, encoded(GRAY, "PNG"))

    def deny(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # root, who runs tests in containers, may read all

    assert refusal(path) == "unreadable"


def test_names_that_are_not_utf8_are_read(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xfcrste\n.png"))
    path.write_bytes(encoded(GRAY, "PNG"))

    np.testing.assert_array_equal(read_gray(path), GRAY)


def test_file_is_named_nowhere_in_the_detail(tmp_path):
    path = write(tmp_path, png(1, 1, 9, 0, b"\0\0"))

    with pytest.raises(PictureError) as caught:
        read_gray(path)
    assert str(tmp_path) not in caught.value.detail


WARNED_ABOUT = gray_png(GRAY, before=png_chunk(b"acTL", bytes(8)))
"""An animation of no frames: Pillow warns and reads the picture."""


def test_file_that_pillow_warns_about_is_read_without_a_word(tmp_path):
    path = write(tmp_path, WARNED_ABOUT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning), Image.open(path):
            pass

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        np.testing.assert_array_equal(read_gray(path), GRAY)
    assert caught == []


def test_warnings_of_pillow_never_reach_stderr_nor_kill(tmp_path):
    path = write(tmp_path, WARNED_ABOUT)
    script = (
        "import pathlib, sys\nfrom bulbinspect.imaging.read import read_gray\n"
        "print(read_gray(pathlib.Path(sys.argv[1])).shape)"
    )

    for strictness in ("error", "always"):
        done = subprocess.run(
            [sys.executable, "-W", strictness, "-c", script, str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("(24, 20)\n", "")


def test_threads_read_what_one_thread_reads(tmp_path):
    paths = [
        write(tmp_path, WARNED_ABOUT if n % 3 else tiff(GRAY, "MM", bits=8), f"{n}")
        for n in range(60)
    ]

    with ThreadPoolExecutor(8) as pool:
        for pixels in pool.map(read_gray, paths):
            np.testing.assert_array_equal(pixels, GRAY)
