import numpy as np
import pytest
import torch
from tests.networks import network_of, views_of

from bulbinspect.bulb import GOOD, Bulb
from bulbinspect.data.manifest import Manifest
from bulbinspect.models.single_view import GOOD_CLASS, JOINS, SingleViewNet

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(50, 4, 3))
PRESENT = GENERATOR.random((50, 4)) < 0.6
PRESENT[np.arange(50), GENERATOR.integers(4, size=50)] = True


def defect_probability(logits):
    powers = np.exp(logits)
    return 1 - powers[..., 0] / powers.sum(-1)


def mean_logit(logits):
    return logits.mean(0)


def most_suspicious(logits):
    return logits[defect_probability(logits).argmax()]


def first(logits):
    return logits[0]


REFERENCES = {"mean_logit": mean_logit, "or": most_suspicious, "first": first}


@pytest.mark.parametrize("name", JOINS)
def test_every_join_is_what_numpy_says_of_the_views_that_are_there(name):
    logits = torch.from_numpy(np.where(PRESENT[..., None], LOGITS, np.nan))
    joined = JOINS[name](logits, torch.from_numpy(PRESENT)).numpy()
    expected = [REFERENCES[name](bulb[there]) for bulb, there in zip(LOGITS, PRESENT, strict=True)]
    np.testing.assert_allclose(joined, expected, rtol=1e-12)


def test_or_gives_a_bulb_the_defect_probability_of_its_worst_side():
    joined = JOINS["or"](torch.from_numpy(LOGITS), torch.ones(50, 4, dtype=torch.bool)).numpy()
    np.testing.assert_allclose(defect_probability(joined), defect_probability(LOGITS).max(1))


def test_the_good_class_is_where_manifests_put_it(tmp_path):
    for labels in (["dent", "good", "a crack"], ["good", "dent"], ["a", "good"]):
        bulbs = tuple(Bulb(str(n), (), label=label) for n, label in enumerate(labels))
        assert Manifest(tmp_path, bulbs, "").classes.index(GOOD) == GOOD_CLASS


@pytest.mark.parametrize("name", JOINS)
def test_the_bulb_is_judged_by_what_its_views_say_alone(name):
    network, views = network_of({"name": "single_view", "join": name}), views_of(2)
    everything = torch.ones(2, 4, dtype=torch.bool)
    assert isinstance(network, SingleViewNet)
    with torch.inference_mode():
        logits, view_logits = network.judge_with_views(views, everything)
        for view in range(4):
            alone = network(views[:, [view]], everything[:, :1])
            torch.testing.assert_close(view_logits[:, view], alone, rtol=1e-4, atol=1e-5)
    expected = [REFERENCES[name](bulb) for bulb in view_logits.double().numpy()]
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)
