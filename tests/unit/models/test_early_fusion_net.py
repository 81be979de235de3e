import pytest
import torch
import torch.nn.functional as F
from tests.networks import network_of, views_of

from bulbinspect.errors import SpecError
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.nn.early_fusion import EARLY_FUSIONS
from bulbinspect.nn.input_weights import RearrangedConv2d
from bulbinspect.nn.trunk import TRUNKS

EVERYTHING = torch.ones(2, 4, dtype=torch.bool)


def fused(fusion, **more):
    return network_of({"name": "early_fusion", "fusion": fusion}, **more)


def normalised(maps, norm):
    """Batch normalisation in evaluation, written out."""
    mean, variance = norm.running_mean[:, None, None], norm.running_var[:, None, None]
    scaled = (maps - mean) / (variance + norm.eps).sqrt()
    return scaled * norm.weight[:, None, None] + norm.bias[:, None, None]


def judged(network, maps):
    """What is behind the first layers, the pooling written out."""
    features = network.rest(maps)  # (B, D, h, w)
    places = features.flatten(2)
    pooled = ((4 * places).exp().mean(-1)).log() / 4
    return F.linear(pooled, network.head.linear.weight, network.head.linear.bias)


def test_stacked_views_are_the_channels_of_one_picture():
    network, views = fused("stacked"), views_of(2)
    conv, norm, _ = network.fusion.module
    assert conv.weight.shape == (16, 4, 5, 5)
    with torch.inference_mode():
        each = [
            F.conv2d(views[:, [view]] / 255, conv.weight[:, [view]], stride=2, padding=2)
            for view in range(4)
        ]
        expected = judged(network, normalised(sum(each), norm).relu())
        torch.testing.assert_close(network(views, EVERYTHING), expected, rtol=1e-4, atol=1e-4)


def test_a_shared_stem_is_one_layer_on_each_view_and_one_over_all_their_maps():
    network, views = fused("shared_stem"), views_of(2)
    conv, norm, _ = network.fusion.stem.shared.module
    mix = network.fusion.mix
    with torch.inference_mode():
        each = [
            normalised(
                F.conv2d(views[:, [view]] / 255, conv.weight, stride=2, padding=2), norm
            ).relu()
            for view in range(4)
        ]
        mixed = F.conv2d(torch.cat(each, 1), mix.weight, mix.bias, padding=1)
        expected = judged(network, mixed)
        torch.testing.assert_close(network(views, EVERYTHING), expected, rtol=1e-4, atol=1e-4)


def test_summed_views_are_one_picture_for_the_trunk_as_it_is():
    network, views = fused("sum_views"), views_of(2)
    conv, norm, _ = network.fusion.module
    with torch.inference_mode():
        maps = F.conv2d(views.sum(1, keepdim=True) / 255, conv.weight, stride=2, padding=2)
        expected = judged(network, normalised(maps, norm).relu())
        torch.testing.assert_close(network(views, EVERYTHING), expected, rtol=1e-4, atol=1e-4)


def test_an_absent_view_is_a_channel_of_zeros():
    network, views = fused("stacked"), views_of(2)
    present = EVERYTHING.clone()
    present[:, 2] = False
    blank = views.clone()
    blank[:, 2] = 0
    with torch.inference_mode():
        assert network(views, present).equal(network(blank, EVERYTHING))


@pytest.mark.parametrize("fusion", EARLY_FUSIONS)
def test_a_view_says_what_it_adds_to_the_others(fusion):
    network, views = fused(fusion), views_of(2)
    present = torch.tensor([[True] * 4, [False, True, True, True]])
    with torch.inference_mode():
        logits, view_logits = network.judge_with_views(views, present)
        for view in range(4):
            without = present.clone()
            without[:, view] = False
            expected = logits - network(views, without)
            torch.testing.assert_close(view_logits[:, view], expected, rtol=1e-4, atol=1e-4)
    assert (view_logits[1, 0] == 0).all()
    assert (view_logits[0].abs().amax(-1) > 1e-3).all()


@pytest.mark.parametrize("fusion", EARLY_FUSIONS)
def test_one_view_that_is_all_there_is_says_what_the_bulb_does(fusion):
    present = torch.tensor([[False, False, True, False], [True] * 4])
    with torch.inference_mode():
        logits, view_logits = fused(fusion).judge_with_views(views_of(2), present)
        assert view_logits[0, 2].equal(logits[0])
        assert (view_logits[0, [0, 1, 3]] == 0).all()
        assert not view_logits[1, 2].isclose(logits[1]).any()
        single = fused(fusion, num_views=1)
        logits, view_logits = single.judge_with_views(views_of(2, 1), EVERYTHING[:, :1])
        assert view_logits[:, 0].equal(logits)


@pytest.mark.parametrize("fusion", EARLY_FUSIONS)
@pytest.mark.parametrize("trunk", TRUNKS)
def test_every_trunk_can_begin_with_every_early_fusion(trunk, fusion):
    spec = ModelSpec(
        name="early_fusion", trunk=trunk, fusion=fusion, num_classes=2, num_views=3,
        height_px=40, width_px=48,
    )  # fmt: skip
    with torch.device("meta"):  # shapes alone
        network = build_model(spec).eval()
        views, present = torch.zeros(2, 3, 40, 48), torch.ones(2, 3, dtype=torch.bool)
        logits, view_logits = network.judge_with_views(views, present)
    assert (logits.shape, view_logits.shape) == ((2, 2), (2, 3, 2))
    rearranged = sum(isinstance(layer, RearrangedConv2d) for layer in network.modules())
    assert rearranged == (fusion in {"shuffle_weights", "average_weights"})


def test_the_number_of_views_must_be_known():
    with pytest.raises(SpecError, match="early_fusion is for one number of views: give num_views"):
        build_model(ModelSpec(name="early_fusion", num_classes=2))
