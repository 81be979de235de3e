"""The promises of every view pooling, held to all of them."""

import itertools

import numpy as np
import pytest
import torch

from bulbinspect.errors import SpecError
from bulbinspect.nn.view_pooling import ORDER_BOUND_POOLINGS, VIEW_POOLINGS, build_view_pooling

NUM_FEATURES = 5
EVERY_POOLING = pytest.mark.parametrize("name", VIEW_POOLINGS)
EVERY_POOLING_AND_BASELINE = pytest.mark.parametrize(
    "name", [*VIEW_POOLINGS, *ORDER_BOUND_POOLINGS]
)


def pooling_of(name):
    """Return a pooling whose weights are all away from where they start."""
    pooling = build_view_pooling(name, NUM_FEATURES, num_views=4)
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for weight in pooling.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.5)
    return pooling.double().eval()


def features_of(num_views, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, num_views, NUM_FEATURES, generator=generator, dtype=torch.float64)


def orders_of(pooling, num_views):
    if pooling.symmetry == "cyclic":
        return [list(np.roll(range(num_views), shift)) for shift in range(num_views)]
    orders = list(itertools.permutations(range(num_views)))
    return [list(order) for order in orders[:: max(1, len(orders) // 50)]]


@EVERY_POOLING
@pytest.mark.parametrize("num_views", range(1, 9))
def test_every_order_of_the_symmetry_gives_the_same_features(name, num_views):
    pooling, features = pooling_of(name), features_of(num_views)
    present = torch.ones(3, num_views, dtype=torch.bool)
    present[0, 1:3] = False
    expected = pooling(features, present)
    assert expected.shape == (3, NUM_FEATURES)
    for order in orders_of(pooling, num_views):
        torch.testing.assert_close(pooling(features[:, order], present[:, order]), expected)


def test_cyclic_pooling_knows_neighbours_so_a_swap_changes_its_answer():
    pooling, features = pooling_of("cyclic"), features_of(4)
    present = torch.ones(3, 4, dtype=torch.bool)
    swapped = pooling(features[:, [1, 0, 2, 3]], present)
    assert (swapped - pooling(features, present)).abs().max() > 1e-3


@EVERY_POOLING_AND_BASELINE
@pytest.mark.parametrize("garbage", [0.0, 1e30, float("nan"), float("inf")])
def test_what_stands_in_the_place_of_an_absent_view_does_not_matter(name, garbage):
    pooling, features = pooling_of(name), features_of(4)
    present = torch.tensor([[True, False, True, True]] * 3)
    spoilt = features.clone()
    spoilt[:, 1] = garbage
    torch.testing.assert_close(pooling(spoilt, present), pooling(features, present), rtol=0, atol=0)


@pytest.mark.parametrize("name", [name for name in VIEW_POOLINGS if name != "cyclic"])
def test_an_absent_view_is_as_if_it_had_never_been(name):
    """Not so for cyclic pooling: there a gap parts the neighbours."""
    pooling, features = pooling_of(name), features_of(4)
    present = torch.tensor([[True, True, False, True]] * 3)
    without = pooling(features[:, [0, 1, 3]], torch.ones(3, 3, dtype=torch.bool))
    torch.testing.assert_close(pooling(features, present), without)


@EVERY_POOLING
def test_equal_views_pool_to_what_one_of_them_pools_to(name):
    pooling, features = pooling_of(name), features_of(1)
    one = pooling(features, torch.ones(3, 1, dtype=torch.bool))
    many = pooling(features.repeat(1, 6, 1), torch.ones(3, 6, dtype=torch.bool))
    torch.testing.assert_close(many, one)


def test_mean_max_and_log_sum_exp_are_what_numpy_says():
    features = features_of(4)
    present = torch.tensor([[True, False, True, True]] * 3)
    seen = features[:, [0, 2, 3]].numpy()
    for name, expected in (("mean", seen.mean(1)), ("max", seen.max(1))):
        np.testing.assert_allclose(pooling_of(name)(features, present).numpy(), expected)
    pooling = pooling_of("log_sum_exp")
    sharpness = np.exp(pooling.log_sharpness.detach().numpy())
    expected = np.log(np.exp(sharpness * seen).mean(1)) / sharpness
    np.testing.assert_allclose(pooling(features, present).detach().numpy(), expected)


@pytest.mark.parametrize("name", ["attention", "gated_attention"])
def test_view_weights_sum_to_one_over_the_views_that_are_there(name):
    pooling, features = pooling_of(name), features_of(4)
    present = torch.tensor([[True, False, True, True]] * 3).unsqueeze(-1)
    weights = pooling.view_weights(features, present)
    torch.testing.assert_close(weights.sum(1), torch.ones(3, 1, dtype=torch.float64))
    assert (weights[:, 1] == 0).all()
    torch.testing.assert_close(pooling.pool(features, present), (weights * features).sum(1))


@pytest.mark.parametrize("name", ORDER_BOUND_POOLINGS)
def test_only_order_bound_poolings_promise_no_order_and_take_one_number_of_views(name):
    pooling = pooling_of(name)
    assert (pooling.symmetry, pooling.num_views) == ("none", 4)
    everything = torch.ones(3, 4, dtype=torch.bool)
    features = features_of(4)
    turned = pooling(features[:, [1, 2, 3, 0]], everything)
    assert (turned - pooling(features, everything)).abs().max() > 1e-3
    with pytest.raises(ValueError, match="made for 4 views, got 3"):
        pooling(features[:, :3], everything[:, :3])
    with pytest.raises(SpecError, match="for one number of views: give num_views"):
        build_view_pooling(name, NUM_FEATURES)
    assert all(build_view_pooling(n, 4).symmetry != "none" for n in VIEW_POOLINGS)
    assert all(build_view_pooling(n, 4).num_views is None for n in VIEW_POOLINGS)


def test_concat_sets_the_views_side_by_side_with_zeros_for_absent_ones():
    features = features_of(4)
    present = torch.tensor([[True, False, True, True]] * 3)
    expected = features.numpy().copy()
    expected[:, 1] = 0
    pooled = pooling_of("concat")(features, present).numpy()
    np.testing.assert_array_equal(pooled, expected.reshape(3, 4 * NUM_FEATURES))


def test_pairs_have_their_own_symmetry_and_that_of_no_turn():
    """The orders that leave the answer as it is are as many as turns, and none of them is one."""
    pooling, features = pooling_of("pairs"), features_of(4)
    everything = torch.ones(3, 4, dtype=torch.bool)
    expected = pooling(features, everything)
    same = {
        order
        for order in itertools.permutations(range(4))
        if pooling(features[:, list(order)], everything).equal(expected)
    }
    assert same == {(0, 1, 2, 3), (1, 0, 2, 3), (0, 1, 3, 2), (1, 0, 3, 2)}


def test_pairs_are_the_largest_of_two_side_by_side_with_zeros_for_a_pair_that_is_absent():
    features = features_of(4) - 10
    present = torch.tensor(
        [[True, True, True, True], [True, False, True, True], [False, False, True, True]]
    )
    values = features.numpy()
    first = [values[0, :2].max(0), values[1, 0], np.zeros(NUM_FEATURES)]
    expected = np.concatenate([first, values[:, 2:].max(1)], axis=1)
    np.testing.assert_array_equal(pooling_of("pairs")(features, present).numpy(), expected)


def test_pairs_of_an_odd_number_of_views_are_refused():
    with pytest.raises(SpecError, match="even number of views, not 3"):
        build_view_pooling("pairs", NUM_FEATURES, num_views=3)


@EVERY_POOLING_AND_BASELINE
def test_as_many_bulb_features_come_out_as_are_said(name):
    pooling, features = pooling_of(name), features_of(4)
    pooled = pooling(features, torch.ones(3, 4, dtype=torch.bool))
    assert pooled.shape == (3, pooling.out_features(NUM_FEATURES))
    assert pooling.each_alone(features).shape == (3, 4, pooling.out_features(NUM_FEATURES))


@EVERY_POOLING_AND_BASELINE
def test_a_view_alone_pools_to_what_a_bulb_without_all_others_pools_to(name):
    pooling, features = pooling_of(name), features_of(4)
    alone = pooling.each_alone(features)
    for view in range(4):
        if pooling.num_views is None:
            there = torch.ones(3, 1, dtype=torch.bool)
            expected = pooling(features[:, view : view + 1], there)
        else:
            there = torch.zeros(3, 4, dtype=torch.bool)
            there[:, view] = True
            expected = pooling(features, there)
        torch.testing.assert_close(alone[:, view], expected)


def test_cyclic_pooling_starts_as_max_pooling():
    pooling = build_view_pooling("cyclic", NUM_FEATURES).double()
    features, present = features_of(4), torch.ones(3, 4, dtype=torch.bool)
    torch.testing.assert_close(pooling(features, present), features.amax(1))


def test_an_unknown_pooling_lists_the_known_ones():
    with pytest.raises(SpecError, match="'median'; known are mean, max, log_sum_exp, attention"):
        build_view_pooling("median", 4)


def test_wrong_shapes_are_told_with_both():
    pooling = build_view_pooling("max", 4)
    with pytest.raises(ValueError, match=r"got \(2, 4\) and \(2, 4\)"):
        pooling(torch.zeros(2, 4), torch.ones(2, 4, dtype=torch.bool))
