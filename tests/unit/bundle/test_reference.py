import json

import numpy as np
import pytest

from bulbinspect.bundle.reference import (
    MEASURES,
    Reference,
    _unseen_looks,
    learn_reference,
)
from bulbinspect.errors import BundleError
from bulbinspect.imaging.measures import measure

NAMES = ("left", "right")


def views_of(num, *, levels=(90, 140), seed=0):
    """Draw views of two cameras: gray noise, one brighter than the other."""
    random = np.random.default_rng(seed)
    means = np.array(levels)[None, :, None, None] + random.normal(0, 5, (num, 1, 1, 1))
    return np.clip(means + random.normal(0, 20, (num, 2, 16, 16)), 0, 255).astype(np.uint8)


def learnt(num=60, **options):
    views = views_of(num)
    odds = np.linspace(-5, 5, num)
    return learn_reference(
        views,
        np.ones((num, 2), bool),
        view_names=NAMES,
        max_level=255,
        chosen_on="val",
        **{"log_odds": odds, "defective": odds > 1, **options},
    )


def test_each_camera_keeps_what_it_showed():
    reference = learnt()
    views = views_of(60)
    for at, name in enumerate(NAMES):
        brightness = np.array([view.mean() / 255 for view in views[:, at]])
        table = reference.cameras[name].measures["brightness"]
        shares, _ = table.shares([1.0])
        expected = [np.mean(brightness <= level) for level in table.levels]
        assert shares == pytest.approx(expected)
        features = np.stack([measure(view, 255).features for view in views[:, at]])
        assert reference.cameras[name].centre == pytest.approx(features.mean(axis=0), rel=1e-5)
    assert reference.log_odds.counts == (36, 24)


def test_a_view_is_measured_as_the_reference_was():
    camera = learnt().cameras["left"]
    looks = [camera.measure(view, 255)["look"] for view in views_of(200, seed=1)[:, 0]]
    moved = [camera.measure(view, 255)["look"] for view in views_of(200, seed=1)[:, 1]]
    levels = np.array(camera.measures["look"].levels)
    assert np.median(looks) == pytest.approx(np.median(levels), rel=0.15)
    assert np.median(moved) > 2 * np.median(looks)
    assert set(camera.measure(views_of(1)[0, 0], 255)) == set(MEASURES)


def test_a_view_has_no_part_in_what_it_is_held_against():
    features = np.random.default_rng(2).normal(size=(30, 5))
    for at, look in enumerate(_unseen_looks(features)):
        others = np.delete(features, at, axis=0)
        away = (features[at] - others.mean(axis=0)) / others.std(axis=0)
        assert look == pytest.approx(np.sqrt(np.mean(away**2)))


def test_an_absent_view_is_not_counted():
    views, present = views_of(60), np.ones((60, 2), bool)
    present[::2, 0] = False
    views[::2, 0] = 0
    reference = learn_reference(views, present, view_names=NAMES, max_level=255, chosen_on="val")
    table = reference.cameras["left"].measures["brightness"]
    assert table.counts == (30,)
    assert min(table.levels) > 0.2
    assert reference.log_odds is None


def test_too_few_bulbs_are_no_reference():
    assert learnt(19) is None
    present = np.ones((60, 2), bool)
    present[:41, 1] = False
    assert (
        learn_reference(views_of(60), present, view_names=NAMES, max_level=255, chosen_on="val")
        is None
    )


def test_bulbs_of_one_kind_are_one_part():
    assert learnt(defective=np.zeros(60, bool)).log_odds.counts == (60,)


def test_a_reference_reads_back_and_is_small():
    reference = learnt()
    text = json.dumps(reference.to_dict())
    assert Reference.from_dict(json.loads(text)) == reference
    assert len(text) < 3000 * len(NAMES) + 1500


def damaged(change):
    values = json.loads(json.dumps(learnt().to_dict()))
    change(values)
    return values


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.pop("num_bulbs"),
        lambda v: v.update(more=1),
        lambda v: v.update(format_version=2),
        lambda v: v.update(cameras=[1]),
        lambda v: v["cameras"]["left"].pop("spread"),
        lambda v: v["cameras"]["left"].update(spread=[0.0] * 19),
        lambda v: v["cameras"]["left"].update(centre=[float("nan")] * 19),
        lambda v: v["cameras"]["left"].update(centre=["1"] * 19),
        lambda v: v["cameras"]["left"]["measures"].pop("look"),
        lambda v: v["cameras"]["left"]["measures"]["look"].update(counts=[0]),
        lambda v: v.update(log_odds={"levels": [1]}),
        lambda v: v.clear(),
    ],
)
def test_a_damaged_reference_is_refused(change):
    with pytest.raises(BundleError, match="makes no sense"):
        Reference.from_dict(damaged(change))
