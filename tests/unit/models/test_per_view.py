import pytest
import torch
from tests.networks import network_of, views_of

from bulbinspect.errors import SpecError
from bulbinspect.models.spec import ModelSpec, build_model

PER_VIEW = {"name": "per_view_kernels"}


def test_every_place_has_weights_of_its_own_and_their_features_meet_as_siamese_ones_do():
    network, views = network_of(PER_VIEW), views_of(2)
    everything = torch.ones(2, 4, dtype=torch.bool)
    with torch.inference_mode():
        each = [network.trunk.trunks[place].module(views[:, [place]] / 255) for place in range(4)]
        features = torch.stack(each, 1)
        expected = network.judge(features, everything)
        torch.testing.assert_close(network(views, everything), expected)
        elsewhere = network.trunk.trunks[1].module(views[:, [0]] / 255)
    assert not elsewhere.isclose(each[0], rtol=1e-2).all()


def test_with_the_same_weights_at_every_place_it_is_the_siamese_network():
    siamese, loose, views = network_of({}), network_of(PER_VIEW), views_of(2)
    for trunk in loose.trunk.trunks:
        trunk.load_state_dict(siamese.trunk.state_dict())
    loose.view_pooling.load_state_dict(siamese.view_pooling.state_dict())
    loose.head.load_state_dict(siamese.head.state_dict())
    present = torch.tensor([[True] * 4, [True, False, True, True]])
    with torch.inference_mode():
        for ours, theirs in zip(
            loose.judge_with_views(views, present),
            siamese.judge_with_views(views, present),
            strict=True,
        ):
            torch.testing.assert_close(ours, theirs)


def test_a_batch_in_which_nobody_has_a_view_leaves_its_trunk_as_it_was():
    network, views = network_of(PER_VIEW).train(), views_of(3)
    present = torch.ones(3, 4, dtype=torch.bool)
    present[:, 1] = False
    before = {name: value.clone() for name, value in network.trunk.trunks[1].named_buffers()}
    network(views, present).square().sum().backward()
    for name, value in network.trunk.trunks[1].named_buffers():
        assert name.endswith("num_batches_tracked") or value.equal(before[name])
    for weight in network.trunk.trunks[1].parameters():
        assert weight.grad is None or (weight.grad == 0).all()
    assert network.eval()(views, torch.ones_like(present)).isfinite().all()


def test_the_number_of_views_must_be_known():
    with pytest.raises(SpecError, match="per_view_kernels is for one number of views: give num_v"):
        build_model(ModelSpec(name="per_view_kernels", num_classes=2))
