"""The evidence network is held against scipy's log-sum-exp of its own map, place by place."""

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from tests.networks import network_of, views_of

from bulbinspect.errors import SpecError
from bulbinspect.models.spec import ModelSpec, build_model

PRESENT = torch.tensor([[True, True, True, True], [True, False, True, False]])


def evidence_net(**more):
    network = network_of({"name": "evidence", "sharpness": "learnt"}, **more)
    with torch.no_grad():
        network.maximum.log_sharpness.copy_(
            torch.linspace(-0.5, 1.0, len(network.maximum.log_sharpness))
        )
    return network


def smooth_maximum(values, sharpness):
    return logsumexp(sharpness * values, b=1 / values.size) / sharpness


@pytest.mark.parametrize("num_classes", [2, 4])
def test_the_bulb_is_one_smooth_maximum_over_all_places_of_the_views_that_are_there(num_classes):
    network, views = evidence_net(num_classes=num_classes), views_of(2)
    with torch.inference_mode():
        logits, view_logits = network.judge_with_views(views, PRESENT)
        places = network.places(views, PRESENT).double().numpy()  # (B, V, K - 1, h, w)
    sharpness = network.maximum.log_sharpness.detach().exp().double().numpy()
    for bulb, there in enumerate(PRESENT.numpy()):
        assert logits[bulb, 0] == 0
        for kind in range(num_classes - 1):
            every_place = places[bulb, there, kind]
            expected = smooth_maximum(every_place, sharpness[kind])
            assert logits[bulb, kind + 1].item() == pytest.approx(expected, abs=1e-5)
            for view in np.flatnonzero(there):
                alone = smooth_maximum(places[bulb, view, kind], sharpness[kind])
                assert view_logits[bulb, view, kind + 1].item() == pytest.approx(alone, abs=1e-5)


def test_a_view_alone_is_a_bulb_like_any_other():
    network, views = evidence_net(), views_of(2)
    with torch.inference_mode():
        _, view_logits = network.judge_with_views(views, torch.ones(2, 4, dtype=torch.bool))
        for view in range(4):
            alone = network(views[:, [view]], torch.ones(2, 1, dtype=torch.bool))
            torch.testing.assert_close(alone, view_logits[:, view])


@pytest.mark.parametrize("num_classes", [2, 3])
def test_the_map_shows_the_log_odds_of_any_defect_at_a_place(num_classes):
    network, views = evidence_net(num_classes=num_classes), views_of(2)
    with torch.inference_mode():
        logits, view_logits, evidence = network.judge_with_evidence(views, PRESENT)
        again = network.judge_with_views(views, PRESENT)
        places = network.places(views, PRESENT)
    assert evidence.shape == (2, 4, *places.shape[-2:])
    odds = torch.exp(places).sum(2)
    torch.testing.assert_close(evidence.exp(), odds)
    torch.testing.assert_close((logits, view_logits), again)


def test_sharpness_is_1_unless_it_is_given_or_learnt():
    usual = build_model(ModelSpec(num_classes=3, name="evidence"))
    learnt = build_model(ModelSpec(num_classes=3, name="evidence", sharpness="learnt"))
    given = build_model(ModelSpec(num_classes=3, name="evidence", sharpness=2.5))
    assert "maximum.log_sharpness" in dict(learnt.named_parameters())
    for network in (usual, learnt):
        assert network.maximum.log_sharpness.exp().tolist() == [1.0, 1.0]
    assert "maximum.log_sharpness" in dict(usual.named_buffers())
    assert "maximum.log_sharpness" in dict(given.named_buffers())
    assert given.maximum.log_sharpness.exp().tolist() == pytest.approx([2.5, 2.5])


@pytest.mark.parametrize("sharpness", [0.0, -1.0, float("inf"), float("nan"), "", "learned"])
def test_a_sharpness_that_is_none_is_refused(sharpness):
    with pytest.raises(SpecError, match="sharpness"):
        ModelSpec(num_classes=2, name="evidence", sharpness=sharpness)


def test_no_other_network_learns_its_sharpness():
    with pytest.raises(SpecError, match="'learnt' for siamese"):
        ModelSpec(num_classes=2, sharpness="learnt")


def test_a_large_sharpness_comes_near_the_maximum_and_a_small_one_near_the_mean():
    views, present = views_of(1), torch.ones(1, 4, dtype=torch.bool)
    found = {}
    for sharpness in (1e-3, 1e3):
        network = network_of({"name": "evidence", "sharpness": sharpness}, num_classes=2)
        with torch.inference_mode():
            places = network.places(views, present)
            found[sharpness] = network(views, present)[0, 1].item()
    assert found[1e3] == pytest.approx(places.max().item(), abs=0.02)
    assert found[1e-3] == pytest.approx(places.mean().item(), abs=0.02)
