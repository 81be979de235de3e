import numpy as np
import pytest
from tests.unit.data.cache.conftest import SPEC, draw, files, load_view

from bulbinspect.bulb import Bulb, Part, View, ViewsIn
from bulbinspect.imaging.preprocess import PreprocessSpec


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


def test_note_counts_what_is_scaled_away_and_is_kept(opened):
    spec = PreprocessSpec(4, 4)

    (first,), (second,) = opened(spec=spec).notes, opened(spec=spec).notes

    assert first == second
    assert first.startswith("8 views: a picture of 20 x 24 px")
