import numpy as np
import pytest

from bulbinspect.data.synthetic.shape import PROFILES, draw_shape


@pytest.mark.parametrize("seed", range(40))
def test_body_fits_its_picture_and_has_no_hole(seed):
    shape = draw_shape(np.random.default_rng(seed), 128)
    low, high = shape.profile.largest_radius
    assert low <= shape.largest_radius <= high < 0.45
    assert shape.tallness < 0.95
    assert shape.radius.min() > 0


def test_slope_is_what_the_radius_changes_by():
    shape = draw_shape(np.random.default_rng(3), 400)
    step = shape.tallness / 400
    climbed = np.cumsum((shape.slope[1:] + shape.slope[:-1]) / 2 * step)
    np.testing.assert_allclose(climbed, shape.radius[1:] - shape.radius[0], atol=0.002)


def test_every_family_is_drawn_and_no_two_bodies_are_alike():
    shapes = [draw_shape(np.random.default_rng(seed), 64) for seed in range(60)]
    assert {id(shape.profile) for shape in shapes} == {id(p) for p in PROFILES.values()}
    assert len({shape.radius.tobytes() for shape in shapes}) == 60
