import pytest
import torch
from torch import nn

from bulbinspect.nn.view_shared import ViewShared, shared_conv2d

MODULES = {
    "conv2d": (nn.Conv2d(1, 3, 3, stride=2), (1, 9, 8)),
    "conv1d": (nn.Conv1d(2, 3, 5), (2, 20)),
    "trunk": (
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(100, 6)),
        (1, 7, 7),
    ),
}


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("num_views", [1, 4, 9])
def test_every_view_meets_the_same_module(name, num_views):
    module, shape = MODULES[name]
    views = torch.randn(3, num_views, *shape)
    shared = ViewShared(module)(views)
    for view in range(num_views):
        torch.testing.assert_close(shared[:, view], module(views[:, view]))


@pytest.mark.parametrize("training", [False, True])
def test_absent_views_come_out_as_zeros(training):
    shared = ViewShared(nn.Conv2d(1, 2, 3)).train(training)
    present = torch.tensor([[True, False], [True, True]])
    outputs = shared(torch.randn(2, 2, 1, 5, 5), present)
    assert outputs.shape == (2, 2, 2, 3, 3)
    assert (outputs[0, 1] == 0).all()
    assert (outputs[present] != 0).any()


def test_absent_views_do_not_move_batch_statistics():
    views, present = torch.randn(2, 3, 1, 4, 4), torch.tensor([[True, True, False]] * 2)
    views[:, 2] = 1e4
    shared = ViewShared(nn.BatchNorm2d(1)).train()
    shared(views, present)
    alone = nn.BatchNorm2d(1).train()
    alone(views[:, :2].flatten(0, 1))
    torch.testing.assert_close(shared.module.running_mean, alone.running_mean)
    torch.testing.assert_close(shared.module.running_var, alone.running_var)


def test_a_shared_convolution_is_exported_as_a_plain_one():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 1, 3, 3))

        def forward(self, views):
            return shared_conv2d(views, self.weight)

    views, shared = torch.randn(2, 3, 1, 70, 70), Shared()
    exported = torch.export.export(shared, (views,))
    assert any("conv2d" in str(node.target) for node in exported.graph.nodes)
    torch.testing.assert_close(exported.module()(views), shared(views))


def test_an_export_sees_the_whole_fold_even_where_memory_is_low():
    shared = ViewShared(nn.Conv2d(1, 2, 3), memory="low").eval()
    views = torch.randn(2, 9, 1, 8, 8)
    exported = torch.export.export(shared, (views,))
    assert sum("conv2d" in str(node.target) for node in exported.graph.nodes) == 1
    torch.testing.assert_close(exported.module()(views), shared(views))


@pytest.mark.parametrize("stride", [2, (2, 1), [2, 1]])
def test_a_shared_convolution_is_compiled_whole(stride):
    views, weight = torch.randn(2, 3, 1, 9, 9), torch.randn(4, 1, 3, 3)

    def convolve(views):
        return shared_conv2d(views, weight, stride=stride)

    compiled = torch.compile(convolve, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(views), convolve(views))
