import hashlib
import os
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.data.cache.conftest import SPEC, load_view, problems_of

from bulbinspect.imaging.preprocess import PreprocessSpec


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
