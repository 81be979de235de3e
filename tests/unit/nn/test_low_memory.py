import copy

import pytest
import torch
from torch import nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.group_norm import with_group_norm
from bulbinspect.nn.trunk import build_trunk
from bulbinspect.nn.view_shared import ViewShared

MODULES = {
    "trunk": (lambda: with_group_norm(build_trunk("compact")), (1, 16, 16)),
    "conv1d": (lambda: nn.Sequential(nn.Conv1d(2, 3, 5), nn.Tanh()), (2, 20)),
    "linear": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (3, 4)),
    "few layers of resnet, frozen": (lambda: build_trunk("resnet18").eval(), (1, 32, 32)),
}


def gradients_of(shared, views, present=None):
    leaf = views.clone().requires_grad_()
    torch.manual_seed(5)
    outputs = shared(leaf, present)
    torch.manual_seed(6)
    outputs.backward(torch.randn_like(outputs))
    return outputs.detach(), [leaf.grad, *(weight.grad for weight in shared.parameters())]


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(("num_bulbs", "num_views"), [(1, 1), (2, 3), (1, 25)])
@pytest.mark.parametrize("some_absent", [False, True])
def test_outputs_and_gradients_are_those_of_the_plain_fold(name, num_bulbs, num_views, some_absent):
    make, shape = MODULES[name]
    torch.manual_seed(0)
    module = make().double()
    views = torch.randn(num_bulbs, num_views, *shape, dtype=torch.float64)
    present = None
    if some_absent:
        present = torch.arange(num_bulbs * num_views).reshape(num_bulbs, num_views) % 3 != 1
    fast = ViewShared(copy.deepcopy(module))
    low = ViewShared(module, memory="low")
    for one, other in zip(
        gradients_of(fast, views, present), gradients_of(low, views, present), strict=True
    ):
        torch.testing.assert_close(other, one, rtol=1e-11, atol=1e-11)


def test_dropout_draws_the_same_again_in_the_backward_pass():
    shared = ViewShared(nn.Dropout(0.5), memory="low")
    views = torch.ones(4, 9, 5, requires_grad=True)
    outputs = shared(views)
    outputs.sum().backward()
    assert 0.2 < (outputs == 0).float().mean() < 0.8
    torch.testing.assert_close(views.grad, outputs.detach(), rtol=0, atol=0)
    assert len(set(map(str, outputs.flatten(0, 1).tolist()))) > 20  # pieces draw their own


def test_nothing_is_kept_but_the_inputs_of_the_pieces_and_their_outputs():
    views = torch.randn(4, 20, 1, 32, 32)
    kept = {}
    module = with_group_norm(build_trunk("compact"))
    for memory in ("fast", "low"):
        storages = {}

        def keep(tensor, storages=storages):
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            outputs = ViewShared(module, memory=memory)(views)
        kept[memory] = sum(storages.values())
        assert outputs.requires_grad
    assert kept["low"] <= views.nbytes < kept["fast"] / 10


def test_batch_normalisation_in_training_is_refused_with_the_reason_and_the_way_out():
    shared = ViewShared(build_trunk("compact"), memory="low")
    with pytest.raises(SpecError, match=r"'layers\.0\.1', a batch normalisation.*GroupNorm"):
        shared(torch.randn(1, 4, 1, 32, 32))
    shared.eval()
    assert shared(torch.randn(1, 4, 1, 32, 32)).shape == (1, 4, 128, 2, 2)


def test_batch_normalisation_without_statistics_of_its_own_is_refused_in_evaluation_too():
    shared = ViewShared(nn.BatchNorm2d(1, track_running_stats=False), memory="low").eval()
    with pytest.raises(SpecError, match="needs all pictures at once"):
        shared(torch.randn(2, 4, 1, 5, 5))


def test_a_module_that_counts_what_it_sees_is_refused():
    shared = ViewShared(nn.InstanceNorm2d(1, track_running_stats=True), memory="low")
    with pytest.raises(SpecError, match="cannot take 'running_mean', a buffer that forward chan"):
        shared(torch.randn(2, 9, 1, 5, 5, requires_grad=True))


def test_an_unknown_memory_lists_the_known_ones():
    with pytest.raises(SpecError, match="'least'; known are fast, low"):
        ViewShared(nn.Identity(), memory="least")


def test_group_norm_takes_the_place_of_every_batch_norm_with_its_weights():
    trunk = build_trunk("compact")
    for layer in trunk.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight)
    changed = with_group_norm(trunk)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in changed.modules())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in trunk.modules())
    assert dict(changed.named_parameters()).keys() == dict(trunk.named_parameters()).keys()
    for name, weight in trunk.named_parameters():
        torch.testing.assert_close(changed.get_parameter(name), weight, rtol=0, atol=0)
    assert with_group_norm(nn.BatchNorm2d(12)).num_groups == 4
