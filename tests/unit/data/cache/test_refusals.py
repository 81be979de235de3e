import hashlib
import os
import shutil
from dataclasses import replace

import pytest
from tests.unit.data.cache.conftest import SPEC, draw, files, problems_of

from bulbinspect.bulb import Bulb
from bulbinspect.data import cache
from bulbinspect.data.cache import open_cache
from bulbinspect.errors import DataError


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
