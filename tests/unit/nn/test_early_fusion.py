import itertools
from collections import Counter

import pytest
import torch
from torch import nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.early_fusion import (
    EARLY_FUSIONS,
    SharedStem,
    ShuffleViews,
    SumViews,
    build_early_fusion,
)


def everything(views):
    return torch.ones(views.shape[:2], dtype=torch.bool)


def test_an_absent_view_adds_nothing_not_even_nan():
    views = torch.randn(2, 3, 4, 5)
    present = torch.tensor([[True, False, True], [True, True, True]])
    spoilt = views.clone()
    spoilt[0, 1] = float("nan")
    summed = SumViews()(spoilt, present)
    assert summed.shape == (2, 1, 4, 5)
    torch.testing.assert_close(summed[0, 0], views[0, 0] + views[0, 2])
    torch.testing.assert_close(summed[1, 0], views[1].sum(0))


def test_an_absent_view_leaves_zeros_behind_a_shared_stem_and_no_trace_in_its_statistics():
    stem = SharedStem(nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2))).train()
    views, present = torch.randn(2, 3, 5, 5), torch.tensor([[True, False, True]] * 2)
    views[:, 1] = 1e6
    maps = stem(views, present)
    assert maps.shape == (2, 6, 3, 3)
    assert (maps[:, 2:4] == 0).all()
    assert stem.shared.module[1].running_var.max() < 10


def test_every_order_of_the_views_comes_about_equally_often():
    rows = torch.arange(4800)
    views = torch.arange(4.0).repeat(4800, 1)
    shuffled, _ = ShuffleViews(seed=3).train()(views, everything(views), rows, epoch=0)
    counts = Counter(tuple(int(view) for view in row) for row in shuffled.tolist())
    assert set(counts) == set(itertools.permutations(range(4)))
    squares = sum((count - 200) ** 2 / 200 for count in counts.values())
    assert squares < 49.7  # chi-square with 23 degrees of freedom: 0.1 % lie above


def test_the_order_of_a_bulb_depends_on_seed_epoch_and_row_alone():
    views = torch.arange(9.0).repeat(6, 1)
    rows = torch.tensor([5, 0, 7, 2, 9, 4])

    def orders(seed, epoch, chosen=slice(None)):
        taken = views[chosen]
        shuffle = ShuffleViews(seed=seed)
        return shuffle(taken, everything(taken), rows[chosen], epoch)[0].int().tolist()

    first = orders(0, 0)
    torch.manual_seed(7)
    assert orders(0, 0) == first
    assert orders(0, 0, torch.tensor([4, 1])) == [first[4], first[1]]
    assert len({tuple(order) for order in first}) == 6
    for other in (orders(1, 0), orders(0, 1)):
        assert all(one != two for one, two in zip(first, other, strict=True))


def test_pictures_and_their_presence_move_together():
    views = torch.randn(8, 4, 3, 3)
    present = torch.rand(8, 4) < 0.5
    views[~present] = float("nan")
    shuffled, moved = ShuffleViews(seed=1)(views, present, torch.arange(8), 0)
    assert shuffled.isnan().flatten(2).all(-1).equal(~moved)
    assert moved.sum(1).equal(present.sum(1))
    assert not moved.equal(present)


def test_in_evaluation_the_views_stay():
    views, present = torch.randn(2, 4, 3, 3), torch.rand(2, 4) < 0.5
    out = ShuffleViews(seed=1).eval()(views, present, torch.arange(2), 0)
    assert out[0] is views
    assert out[1] is present


def test_shuffling_leaves_the_global_generators_alone():
    views, before = torch.zeros(2, 4), torch.get_rng_state()
    ShuffleViews(seed=1)(views, everything(views), torch.arange(2), 0)
    assert torch.get_rng_state().equal(before)


STEM = {"kernel_size": (5, 3), "stride": 2, "padding": (2, 1), "dilation": 1, "bias": False}


@pytest.mark.parametrize("name", ["stacked", "shuffle_weights", "average_weights"])
def test_a_convolution_over_all_views_has_the_options_of_the_stem_and_what_follows_it(name):
    norm = nn.BatchNorm2d(6)
    stem = nn.Sequential(nn.Conv2d(1, 6, **STEM, padding_mode="circular"), norm)
    over_views, after = build_early_fusion(name, stem, num_views=4).module
    expected = nn.Conv2d(4, 6, **STEM, padding_mode="circular")
    assert over_views.extra_repr() == expected.extra_repr()
    assert over_views.weight.shape == expected.weight.shape
    assert after is norm


@pytest.mark.parametrize("name", EARLY_FUSIONS)
def test_the_pixels_of_an_absent_view_do_not_matter_to_any_early_fusion(name):
    stem = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU())
    module = build_early_fusion(name, stem, num_views=3).train()
    views, present = (
        torch.randn(2, 3, 6, 6),
        torch.tensor([[True, False, True], [False, True, True]]),
    )
    spoilt = torch.where(present[..., None, None], views, torch.nan)
    blank = torch.where(present[..., None, None], views, 7.0)
    assert module(spoilt, present).equal(module(blank, present))
    assert not module(blank).equal(module(blank, present))


def test_an_unknown_early_fusion_lists_the_known_ones():
    message = "'mix'; known are stacked, shuffle_weights, average_weights, sum_views, shared_stem"
    with pytest.raises(SpecError, match=message):
        build_early_fusion("mix", nn.Sequential(nn.Conv2d(1, 8, 3)), num_views=4)


@pytest.mark.parametrize("name", EARLY_FUSIONS)
@pytest.mark.parametrize("layers", [[], [nn.ReLU()], [nn.Conv2d(3, 8, 3)]], ids=str)
def test_a_stem_that_begins_otherwise_is_refused(name, layers):
    with pytest.raises(SpecError, match="begins with a convolution of one channel, not with"):
        build_early_fusion(name, nn.Sequential(*layers), num_views=4)


def test_a_negative_seed_is_refused():
    with pytest.raises(SpecError, match="seed must be 0 or more, not -1"):
        ShuffleViews(seed=-1)
