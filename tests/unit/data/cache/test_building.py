import errno
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from tests.unit.data.cache.conftest import draw, files, load_view

from bulbinspect.bulb import Bulb, View
from bulbinspect.data import cache
from bulbinspect.data.cache import open_cache
from bulbinspect.errors import DataError
from bulbinspect.imaging.preprocess import PreprocessSpec


@pytest.mark.parametrize(
    "damage", [lambda c: b"", lambda c: c[:-1], lambda c: c[:200], lambda c: b"x" * 999]
)
def test_cache_that_is_not_whole_is_built_anew(opened, tmp_path, decoded, damage):
    whole = np.array(opened().views)
    (name,) = files(tmp_path / "cache")
    path = tmp_path / "cache" / name
    path.write_bytes(damage(path.read_bytes()))

    np.testing.assert_array_equal(opened().views, whole)
    assert len(decoded) == 16


def test_full_disk_leaves_nothing_and_names_the_path(opened, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(DataError, match=r"cache.*cannot be written: No space left"):
        opened()
    assert files(tmp_path / "cache") == []


def test_folder_that_cannot_be_made_is_named(opened, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(DataError, match="cannot be written"):
        opened(folder=tmp_path / "file" / "cache")


def test_two_builders_at_once_build_once(opened, decoded):
    found = []
    threads = [threading.Thread(target=lambda: found.append(opened())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(decoded) == 8
    np.testing.assert_array_equal(found[0].views, found[1].views)


SLOW_BUILD = """
import sys, time
from pathlib import Path
from bulbinspect.bulb import Bulb, View
from bulbinspect.data import cache
from bulbinspect.imaging.preprocess import PreprocessSpec

folder, paths = Path(sys.argv[1]), sorted(Path(sys.argv[2]).iterdir())
load = cache.load_views

def slow(views, spec):
    if views[0].path == paths[-1]:
        print("late", flush=True)
        time.sleep(60)
    return load(views, spec)

cache.load_views = slow
bulbs = [Bulb(path.stem, (View("0", path),)) for path in paths]
cache.open_cache(bulbs, 1, PreprocessSpec(64, 64), folder, manifest_sha256="m")
"""


def test_killed_build_leaves_no_cache_and_the_next_one_is_right(tmp_path):
    pictures, folder = tmp_path / "pictures", tmp_path / "cache"
    pictures.mkdir()
    for number in range(30):
        draw(pictures / f"{number:02}.pgm", number, (70, 70))
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW_BUILD, str(folder), str(pictures)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert child.stdout.readline() == b"late\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    (left,) = files(folder)
    assert left.endswith(".part")

    paths = sorted(pictures.iterdir())
    bulbs = [Bulb(path.stem, (View("0", path),)) for path in paths]
    spec = PreprocessSpec(64, 64)
    found = open_cache(bulbs, 1, spec, folder, manifest_sha256="m")

    for row, path in enumerate(paths):
        np.testing.assert_array_equal(found.views[row, 0], load_view(path, spec))
    (name,) = files(folder)
    assert name.endswith(".npy")


def test_second_process_waits_for_a_living_builder_and_keeps_its_file(opened, tmp_path, decoded):
    folder = tmp_path / "cache"
    folder.mkdir()
    with cache._only_builder(folder):
        (folder / ".other.npy.0.part").touch()
        waiting = threading.Thread(target=opened)
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
        assert (folder / ".other.npy.0.part").exists()
        assert decoded == []
    waiting.join()

    assert len(decoded) == 8
    assert not (folder / ".other.npy.0.part").exists()
