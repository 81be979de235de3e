"""The same file has the same outcome wherever it is read: alone, in check, in training, judged."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from tests.odd.conftest import spec_of
from tests.odd.encode import png_of
from tests.odd.every import EVERY
from tests.odd.law import refused_by_training, refused_by_whole_check
from tests.odd.odd_file import EIGHT_BITS, SIZE, OddFile

from bulbinspect.bulb import Bulb, Verdict, View
from bulbinspect.data.cache import open_cache
from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.imaging.read import read_gray

NAMES = ("0", "1", "2", "3")
ODD = 2  # the place of the odd file among the views

every_odd_file = pytest.mark.parametrize("odd", EVERY, ids=str)


def sound_bulb(folder: Path, odd: Path, form: PictureForm) -> Bulb:
    """Return a bulb of three drawn pictures and the odd file."""
    folder.mkdir()
    dtype = np.uint8 if form.bit_depth == 8 else np.uint16
    views = []
    for place, name in enumerate(NAMES):
        path = odd
        if place != ODD:
            rng = np.random.default_rng(place)
            path = folder / f"{name}.png"
            path.write_bytes(png_of(rng.integers(0, form.max_level + 1, SIZE).astype(dtype)))
        views.append(View(name, path))
    return Bulb("bulb", tuple(views), label="good")


def assert_pixels(pixels: np.ndarray, odd: OddFile) -> None:
    assert pixels.dtype == (np.uint8 if odd.form.bit_depth == 8 else np.uint16)
    assert pixels.shape == odd.outcome.shape
    assert np.abs(pixels.astype(int) - odd.outcome.astype(int)).max() <= odd.tolerance


def test_names_are_given_once():
    names = [odd.name for odd in EVERY]
    assert len(names) == len(set(names))


@every_odd_file
def test_file_is_read_exactly_or_refused_by_name(tmp_path, odd):
    path = odd.put(tmp_path)
    if not odd.reason:
        assert_pixels(read_gray(path, odd.form), odd)
        return
    with pytest.raises(PictureError) as caught:
        read_gray(path, odd.form)
    assert (caught.value.reason, bool(caught.value.detail)) == (odd.reason, True)


@every_odd_file
def test_outcome_is_the_same_in_check_in_training_and_in_judging(tmp_path, odd, inspector):
    bulb = sound_bulb(tmp_path / "sound", odd.put(tmp_path), odd.form)
    spec = spec_of(odd.form)
    loaded = load_views(bulb.views, spec)
    (answer,) = inspector(odd.form).inspect([bulb])

    assert [isinstance(one, LoadedView) for one in loaded] == [
        place != ODD or not odd.reason for place in range(len(NAMES))
    ]
    if odd.reason:
        assert loaded[ODD].reason == odd.reason
        assert (answer.verdict, answer.reason) == (Verdict.UNJUDGED, odd.reason)
        assert [view.reason for view in answer.views] == ["", "", odd.reason, ""]
        assert answer.defect_probability is None
        refused = [("bulb", NAMES[ODD], odd.reason)]
        assert refused_by_training([bulb], 4, spec, tmp_path / "cache") == refused
        assert refused_by_whole_check([bulb], spec) == refused
        return

    assert_pixels(loaded[ODD].pixels, odd)
    assert refused_by_whole_check([bulb], spec) == []
    cached = open_cache([bulb], 4, spec, tmp_path / "cache", manifest_sha256="")
    assert cached.present.all()
    for place, one in enumerate(loaded):
        np.testing.assert_array_equal(cached.views[0, place], one.pixels)
    bright = np.mean([one.pixels for one in loaded]) / spec.max_level
    assert answer.defect_probability == pytest.approx(expit(8 * bright - 4), abs=1e-5)
    assert answer.verdict is (Verdict.REJECT if bright >= 0.5 else Verdict.PASS)


@every_odd_file
def test_file_with_the_hash_of_another_is_refused(tmp_path, odd):
    path = odd.put(tmp_path)

    (loaded,) = load_views([View("0", path, sha256="0" * 64)], spec_of(odd.form))

    no_file = odd.reason in {"missing_file", "not_a_file", "empty_file", "unreadable"}
    assert loaded.reason == (odd.reason if no_file else "changed")


@pytest.fixture
def as_nobody():
    """Drop the rights of root, who may read everything; skip where that cannot be."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(65534)
    except OSError:
        pytest.skip("the rights of root cannot be dropped here")
    yield
    os.seteuid(0)


@pytest.mark.parametrize("locked", ["file", "folder"])
def test_file_that_may_not_be_read_is_unreadable(tmp_path_factory, locked, as_nobody):
    # nobody may not enter the folders of pytest, which belong to root; so one is made beside them
    folder = Path(os.path.expandvars("$TMPDIR")) if "TMPDIR" in os.environ else Path("/tmp")  # noqa: S108
    path = folder / f"bulbinspect-{os.getpid()}-{locked}" / "picture.png"
    path.parent.mkdir()
    try:
        path.write_bytes(png_of(np.zeros(SIZE, np.uint8)))
        (path if locked == "file" else path.parent).chmod(0)
        (loaded,) = load_views([View("0", path)], spec_of(EIGHT_BITS))
        assert loaded.reason == "unreadable"
        assert "ermission denied" in loaded.detail
    finally:
        path.parent.chmod(stat.S_IRWXU)
        path.unlink()
        path.parent.rmdir()
