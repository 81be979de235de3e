import json

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

from bulbinspect.errors import SpecError
from bulbinspect.imaging.familiarity import (
    Reference,
    learn_reference,
    shrunk_covariance,
    unseen_distances,
)
from bulbinspect.imaging.measures import NUM_FEATURES


def features(num=200, seed=0):
    """Return features that vary together, each on its own scale."""
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(num, NUM_FEATURES)) @ random.normal(size=(NUM_FEATURES,) * 2)
    return mixed * np.geomspace(0.01, 10, NUM_FEATURES) + np.arange(NUM_FEATURES)


@pytest.mark.parametrize("num", [8, 30, 500])
def test_the_covariance_is_that_of_scikit_learn(num):
    rows = features(num)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    expected = LedoitWolf(assume_centered=True).fit(rows).covariance_
    np.testing.assert_allclose(shrunk_covariance(rows), expected, atol=3e-6)


@pytest.mark.parametrize("num", [8, 500])
def test_the_distance_is_that_of_mahalanobis_per_feature(num):
    rows = features(num)
    reference = learn_reference(rows)
    spread = rows.std(axis=0)
    fitted = LedoitWolf(assume_centered=True).fit((rows - rows.mean(axis=0)) / spread)
    for one in features(5, seed=1):
        expected = mahalanobis(one / spread, rows.mean(axis=0) / spread, fitted.get_precision())
        assert reference.distance(one) == pytest.approx(expected / np.sqrt(NUM_FEATURES), rel=1e-3)


def test_a_typical_training_view_is_about_one_away():
    rows = features(2000)
    reference = learn_reference(rows)
    distances = [reference.distance(one) for one in rows]
    assert np.sqrt(np.mean(np.square(distances))) == pytest.approx(1, rel=0.1)


def test_views_that_are_all_alike_can_be_a_reference():
    reference = learn_reference(np.ones((12, NUM_FEATURES)))
    assert reference.distance(np.ones(NUM_FEATURES)) == pytest.approx(0)
    assert reference.distance(np.full(NUM_FEATURES, 1.5)) > 100


def test_a_bulb_has_no_part_in_what_it_is_measured_from():
    rows = features(20)
    bulbs = list(rows.reshape(10, 2, NUM_FEATURES))
    strange = [*bulbs[:3], bulbs[3] + 1000, *bulbs[4:]]
    for number, found in enumerate(unseen_distances(strange)):
        others = [one for place, one in enumerate(strange) if place % 5 != number % 5]
        reference = learn_reference(np.concatenate(others))
        assert found == pytest.approx([reference.distance(one) for one in strange[number]])


def test_a_reference_survives_json_exactly():
    reference = learn_reference(features())
    assert Reference.from_dict(json.loads(json.dumps(reference.to_dict()))) == reference


def test_a_distance_that_is_no_number_is_infinite():
    huge = tuple(
        tuple(1e300 if row >= column else 0.0 for column in range(NUM_FEATURES))
        for row in range(NUM_FEATURES)
    )
    reference = Reference((0.0,) * NUM_FEATURES, huge)
    alternating = np.where(np.arange(NUM_FEATURES) % 2, 1e300, -1e300)
    with np.errstate(all="ignore"):
        assert reference.distance(alternating) == np.inf


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "1", True])
def test_a_centre_that_is_no_number_is_refused(value):
    good = learn_reference(features()).to_dict()
    with pytest.raises(SpecError, match="centre"):
        Reference.from_dict({**good, "centre": [value, *good["centre"][1:]]})
