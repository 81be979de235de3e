"""Two pictures are one if they differ no more than being saved again would change them."""

import numpy as np
import pytest

from bulbinspect.data.check.verify import Change, differ_as_saved

RNG = np.random.default_rng(0)
BODY, OWN = RNG.standard_normal((2, 64, 64))


def picture(own, *, contrast, white=255):
    """Return a thumb of this contrast (levels of 255) with a share of marks of its own."""
    pixels = 110 + contrast * (BODY + own * OWN)
    return (pixels * white / 255).clip(0, white).round().astype(np.uint16)


def change(levels):
    return Change(levels / 255, np.full((8, 8), levels / 255, np.float32))


@pytest.mark.parametrize("white", [255, 4095])
@pytest.mark.parametrize(("own", "one"), [(0.0, True), (0.1, True), (0.3, False)])
def test_what_saving_changes_is_the_measure(own, one, white):
    first, second = (picture(share, contrast=20, white=white) for share in (0.0, own))
    assert differ_as_saved(first, second, (change(2), change(2)), white) is one


def test_brightness_and_contrast_may_differ():
    second = picture(0.1, contrast=15) + 40
    assert differ_as_saved(picture(0, contrast=20), second, (change(2), change(1.5)), 255)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_saving_changes_in_a_bright_picture_is_no_measure_for_a_dark_one(order):
    pictures = picture(0, contrast=3), picture(0.3, contrast=30)
    changes = change(0.3), change(3)
    first, second = order
    pair = pictures[first], pictures[second], (changes[first], changes[second])
    assert not differ_as_saved(*pair, 255)


def test_a_difference_in_one_place_is_enough():
    second = picture(0, contrast=20).astype(int)
    second[:8, :8] += np.where(OWN[:8, :8] > 0, 8, -8)
    assert not differ_as_saved(picture(0, contrast=20), second, (change(2), change(2)), 255)


def test_a_negative_is_no_copy():
    assert not differ_as_saved(
        picture(0, contrast=20), 255 - picture(0, contrast=20), (change(2), change(2)), 255
    )
