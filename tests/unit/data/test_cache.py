import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bulbinspect.bulb import Bulb, Part, View, ViewsIn
from bulbinspect.data import cache
from bulbinspect.data.cache import open_cache
from bulbinspect.errors import DataError
from bulbinspect.imaging.load import load_views
from bulbinspect.imaging.preprocess import PreprocessSpec

SPEC = PreprocessSpec(16, 12, "stretch")


def draw(path, seed, size=(20, 24), dtype=np.uint8):
    top = 256 if dtype == np.uint8 else 4096
    pixels = np.random.default_rng(seed).integers(0, top, size).astype(dtype)
    Image.fromarray(pixels).save(path, "PPM")


@pytest.fixture
def bulbs(tmp_path):
    """Return three bulbs of three views, the second without its middle one."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    made = []
    for number in range(3):
        names = ["left", "right"] if number == 1 else ["left", "mid", "right"]
        views = [View(name, folder / f"{number} {name}.pgm") for name in names]
        for place, view in enumerate(views):
            draw(view.path, 10 * number + place)
        made.append(Bulb(f"b{number}", tuple(views)))
    return made


@pytest.fixture
def opened(bulbs, tmp_path):
    """Open the cache of the bulbs; options replace the arguments."""

    def opened(**options):
        arguments = {
            "bulbs": bulbs,
            "num_views": 3,
            "spec": SPEC,
            "folder": tmp_path / "cache",
            "manifest_sha256": "m",
        }
        return open_cache(**(arguments | options))

    return opened


@pytest.fixture
def decoded(monkeypatch):
    """Collect the pictures that are decoded from here on."""
    paths = []
    load = cache.load_views

    def counted(views, spec):
        paths.extend(view.path for view in views)
        return load(views, spec)

    monkeypatch.setattr(cache, "load_views", counted)
    return paths


def load_view(path, spec):
    (view,) = load_views([View("", path)], spec)
    return view.pixels


def problems_of(open_it, **options):
    with pytest.raises(DataError) as caught:
        open_it(**options)
    return caught.value.problems


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_cached_views_are_the_loaded_ones_and_absent_ones_zero(opened, bulbs):
    found = opened()

    assert found.views.shape == (3, 3, 16, 12)
    assert found.views.dtype == np.uint8
    assert found.present.tolist() == [[True] * 3, [True, False, True], [True] * 3]
    for row, bulb in enumerate(bulbs):
        places = [0, 2] if row == 1 else [0, 1, 2]
        for place, view in zip(places, bulb.views, strict=True):
            np.testing.assert_array_equal(found.views[row, place], load_view(view.path, SPEC))
    assert (found.views[1, 1] == 0).all()


def test_sizes_of_the_pictures_are_kept(opened, bulbs):
    draw(bulbs[0].views[1].path, 7, (31, 9))
    built, found = opened(), opened()

    expected = np.full((3, 3, 2), (20, 24))
    expected[0, 1], expected[1, 1] = (31, 9), (0, 0)
    for cache_of in (built, found):
        np.testing.assert_array_equal(cache_of.picture_sizes, expected)
    with pytest.raises(ValueError, match="read-only"):
        found.picture_sizes[0] = 1


def test_views_that_share_a_file_are_told_apart(opened, tmp_path):
    stack = np.random.default_rng(0).integers(0, 256, (20, 24, 3)).astype(np.uint8)
    np.save(tmp_path / "stack.npy", stack)

    def bulb(*channels):
        parts = [Part(ViewsIn.CHANNELS, channel, 3) for channel in channels]
        views = [View(str(n), tmp_path / "stack.npy", part=part) for n, part in enumerate(parts)]
        return [Bulb("b", tuple(views))]

    straight, turned = opened(bulbs=bulb(0, 1, 2)), opened(bulbs=bulb(2, 1, 0))

    np.testing.assert_array_equal(straight.views[0], turned.views[0, ::-1])
    assert straight.data_sha256 != turned.data_sha256


def test_identical_views_and_changed_hashes_are_named_at_once(opened, bulbs, tmp_path):
    shutil.copy(bulbs[0].views[0].path, bulbs[0].views[2].path)
    wrong = hashlib.sha256(b"another picture").hexdigest()
    left, mid, right = bulbs[2].views
    hashed = Bulb("b2", (replace(left, sha256=wrong), replace(mid, sha256=wrong), right))

    problems = problems_of(opened, bulbs=[bulbs[0], bulbs[1], hashed])

    assert [problem.split("'")[1::2][:2] for problem in problems] == [
        ["b0", "left"],
        ["b0", "right"],
        ["b2", "left"],
        ["b2", "mid"],
    ]
    assert all("identical_views" in problem for problem in problems[:2])
    assert all("changed" in problem for problem in problems[2:])
    assert files(tmp_path / "cache") == []


def test_no_picture_that_was_changed_comes_out_of_the_cache(opened, bulbs):
    hashed = [
        replace(
            bulb,
            views=tuple(
                replace(view, sha256=hashlib.sha256(view.path.read_bytes()).hexdigest())
                for view in bulb.views
            ),
        )
        for bulb in bulbs
    ]
    opened(bulbs=hashed)
    path = bulbs[0].views[1].path
    status = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    (problem,) = problems_of(opened, bulbs=hashed)

    assert "'b0', view 'mid'" in problem
    assert "changed" in problem


def test_deep_views_keep_their_type(opened, bulbs):
    for bulb in bulbs:
        for place, view in enumerate(bulb.views):
            draw(view.path, place, dtype=np.uint16)
    spec = PreprocessSpec(16, 12, bit_depth=12)

    found = opened(spec=spec)

    assert found.views.dtype == np.uint16
    np.testing.assert_array_equal(found.views[0, 0], load_view(bulbs[0].views[0].path, spec))


def test_bulb_with_other_names_fills_the_places_in_order(opened, bulbs):
    odd = Bulb("odd", (View("1", bulbs[0].views[2].path), View("2", bulbs[0].views[0].path)))

    found = opened(bulbs=[*bulbs, odd])

    assert found.present[3].tolist() == [True, True, False]
    np.testing.assert_array_equal(found.views[3, 0], found.views[0, 2])


def test_more_places_than_views_stay_absent(opened):
    assert not opened(num_views=5).present[:, 3:].any()


def test_second_opening_decodes_nothing(opened, decoded):
    first = opened()
    assert len(decoded) == 8
    second = opened()

    assert len(decoded) == 8
    np.testing.assert_array_equal(first.views, second.views)
    assert (first.data_sha256, first.notes) == (second.data_sha256, second.notes)


def test_cache_is_one_file(opened, tmp_path):
    opened()

    (name,) = files(tmp_path / "cache")
    assert name.endswith(".npy")


def test_views_cannot_be_written_to(opened):
    with pytest.raises(ValueError, match="read-only"):
        opened().views[0] = 1


def test_one_changed_byte_is_seen_though_size_and_time_are_the_same(opened, bulbs, decoded):
    before = opened()
    path = bulbs[2].views[1].path
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(bytes(content))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_mtime_ns == status.st_mtime_ns

    after = opened()

    assert len(decoded) == 16
    assert after.data_sha256 != before.data_sha256
    np.testing.assert_array_equal(after.views[2, 1], load_view(path, SPEC))
    assert (after.views[2, 1] != before.views[2, 1]).any()


@pytest.mark.parametrize(
    "change",
    [
        {"spec": PreprocessSpec(16, 12, "pad")},
        {"spec": PreprocessSpec(12, 16, "stretch")},
        {"manifest_sha256": "another"},
        {"num_views": 4},
    ],
)
def test_anything_else_that_changed_is_seen(opened, decoded, change):
    opened()
    opened(**change)

    assert len(decoded) == 16


def test_order_of_bulbs_is_part_of_the_key(opened, bulbs, decoded):
    first = opened()
    second = opened(bulbs=bulbs[::-1])

    assert len(decoded) == 16
    np.testing.assert_array_equal(first.views, second.views[::-1])


def test_touched_file_with_the_same_bytes_is_not_decoded_again(opened, bulbs, decoded):
    opened()
    bulbs[0].views[0].path.touch()
    opened()

    assert len(decoded) == 8


def test_all_unusable_pictures_are_named_at_once(opened, bulbs, tmp_path):
    bulbs[0].views[0].path.write_bytes(b"no picture")
    bulbs[0].views[1].path.unlink()
    bulbs[2].views[2].path.write_bytes(b"")

    problems = problems_of(opened)

    assert len(problems) == 3
    for problem, bulb, view, reason in zip(
        problems,
        (bulbs[0], bulbs[0], bulbs[2]),
        (0, 1, 2),
        ("not_a_picture", "missing_file", "empty_file"),
        strict=True,
    ):
        for part in (bulb.bulb_id, bulb.views[view].name, str(bulb.views[view].path), reason):
            assert part in problem
    assert files(tmp_path / "cache") == []


def test_pipe_among_the_pictures_is_refused_and_not_waited_for(opened, bulbs):
    path = bulbs[0].views[0].path
    path.unlink()
    os.mkfifo(path)

    (problem,) = problems_of(opened)
    assert "not_a_file" in problem


def test_picture_that_changes_during_the_build_is_named(opened, bulbs, monkeypatch, tmp_path):
    load = cache.load_views

    def meddled(views, spec):
        if views[0].path == bulbs[1].views[0].path:
            draw(views[0].path, 99)
        return load(views, spec)

    monkeypatch.setattr(cache, "load_views", meddled)

    (problem,) = problems_of(opened)
    assert "changed" in problem
    assert "'b1'" in problem
    assert files(tmp_path / "cache") == []


def test_bulb_with_too_many_views_is_named(opened):
    assert problems_of(opened, num_views=2) == (
        "bulb 'b0' has 3 views",
        "bulb 'b2' has 3 views",
    )


@pytest.mark.parametrize("bulbs", [[], [Bulb("b", ())]])
def test_nothing_to_cache_is_refused(tmp_path, bulbs):
    with pytest.raises(DataError, match="no pictures"):
        open_cache(bulbs, 4, SPEC, tmp_path, manifest_sha256="m")


def test_note_counts_what_is_scaled_away_and_is_kept(opened):
    spec = PreprocessSpec(4, 4)

    (first,), (second,) = opened(spec=spec).notes, opened(spec=spec).notes

    assert first == second
    assert first.startswith("8 views: a picture of 20 x 24 px")


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
