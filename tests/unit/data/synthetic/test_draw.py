import hashlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from bulbinspect.data.synthetic.defects import KINDS
from bulbinspect.data.synthetic.draw import draw_bulb, is_defective
from bulbinspect.errors import SpecError


@pytest.fixture(scope="module")
def pairs():
    """Defective bulbs, each with what it would look like without its defect."""
    return [(draw_bulb(5, i), draw_bulb(5, i, defect_share=0)) for i in range(1, 241, 2)]


def change(pair):
    defective, good = pair
    return np.abs(defective.views.astype(int) - good.views)


def test_every_kind_of_defect_is_drawn(pairs):
    assert {defective.kind for defective, _ in pairs} == set(KINDS)


def test_every_defect_is_seen_by_a_camera_and_changes_what_it_sees(pairs):
    for pair in pairs:
        masks = pair[0].masks
        best = masks.sum((1, 2)).argmax()
        assert masks[best].mean() >= 0.002
        assert change(pair)[best][masks[best]].mean() > 6


def test_a_side_without_the_defect_looks_like_a_good_bulb(pairs):
    for pair in pairs:
        masks, changed = pair[0].masks, change(pair)
        hidden = ~masks.any((1, 2))
        assert hidden.any()  # no defect is seen from all four sides
        assert changed[hidden].mean() < 0.05


def test_truth_marks_most_of_what_the_defect_changed(pairs):
    shares = []
    for pair in pairs:
        clear = change(pair) > 10
        shares.append((clear & pair[0].masks).sum() / max(clear.sum(), 1))
    assert np.mean(shares) > 0.7  # the rest is the lens's blur around it


def test_good_bulbs_have_no_defect(pairs):
    assert all(good.kind == "" and not good.masks.any() for _, good in pairs)


def test_darkest_pixel_does_not_tell_defective_bulbs(pairs):
    """The whole baseline is `scripts/simple-baseline`; this is its shortest form."""
    good = [draw_bulb(5, i) for i in range(0, 240, 2)]
    darkest = [-int(b.views.min()) for b in good] + [-int(d.views.min()) for d, _ in pairs]
    assert abs(roc_auc_score([0] * len(good) + [1] * len(pairs), darkest) - 0.5) < 0.12


def test_another_process_draws_the_same_bytes():
    code = (
        "import hashlib; from bulbinspect.data.synthetic.draw import draw_bulb;"
        "print(hashlib.sha256(draw_bulb(7, 3, shot=1).views.tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = hashlib.sha256(draw_bulb(7, 3, shot=1).views.tobytes()).hexdigest()
    assert there.stdout.strip() == here


@pytest.mark.parametrize("index", [1, 2])
def test_a_larger_picture_shows_the_same_bulb(index):
    small = draw_bulb(2, index, size_px=96).views
    large = draw_bulb(2, index, size_px=192).views
    for view, picture in zip(small, large, strict=True):
        shrunk = np.asarray(Image.fromarray(picture).resize((96, 96), Image.Resampling.BOX))
        assert np.abs(shrunk.astype(int) - view).mean() < 4


def test_another_shot_shows_the_same_bulb_turned():
    first, second = draw_bulb(4, 1), draw_bulb(4, 1, shot=1)
    assert first.kind == second.kind != ""
    assert first.masks.any()
    assert second.masks.any()
    assert (first.views != second.views).mean() > 0.5


@pytest.mark.parametrize("num_views", [1, 2, 3])
def test_few_cameras_still_see_the_defect_in_every_shot(num_views):
    for index in range(1, 40, 2):
        for shot in range(2):
            masks = draw_bulb(9, index, num_views=num_views, shot=shot).masks
            assert masks.mean((1, 2)).max() > 0.001


def test_harder_defects_are_smaller():
    sizes = [
        np.mean([draw_bulb(1, i, difficulty=name).masks.sum() for i in range(1, 60, 2)])
        for name in ("easy", "default", "hard")
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 2 * sizes[2]


def test_share_of_defective_bulbs_is_kept_from_the_start():
    assert [is_defective(i, 0.5) for i in range(4)] == [False, True, False, True]
    assert sum(is_defective(i, 0.1) for i in range(100)) == 10
    assert not any(is_defective(i, 0) for i in range(10))
    assert all(is_defective(i, 1) for i in range(10))


def test_unknown_difficulty_lists_the_known_ones():
    with pytest.raises(SpecError, match="'medium' is unknown; known: easy, default, hard"):
        draw_bulb(0, 0, difficulty="medium")


def test_numbers_that_make_no_sense_are_refused_all_at_once():
    with pytest.raises(SpecError, match=r"seed is -1.*size_px is 8.*defect_share is nan"):
        draw_bulb(-1, 0, size_px=8, defect_share=float("nan"))
