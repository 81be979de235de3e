"""Answer 16 in one dimension: parallel time series, and what correlates between them."""

import pytest
import torch
from torch import nn

from bulbinspect.nn.early_fusion import SharedStem
from bulbinspect.nn.view_pooling import MaxViewPooling
from bulbinspect.nn.view_shared import ViewShared

NUM_STREAMS, LENGTH = 3, 64


class JoinedEarly(nn.Module):
    """One shared layer on every stream, then a layer over all maps at each moment."""

    def __init__(self):
        super().__init__()
        shared = nn.Conv1d(1, 4, 5, padding=2, padding_mode="circular")
        self.layers = nn.Sequential(
            SharedStem(nn.Sequential(shared, nn.ReLU())),
            nn.Conv1d(NUM_STREAMS * 4, 16, 1),
            nn.ReLU(),
            nn.AdaptiveMaxPool1d(1),
            nn.Flatten(),
            nn.Linear(16, 2),
        )

    def forward(self, streams):
        return self.layers(streams)


class JoinedLate(nn.Module):
    """The same shared layer, but every stream is pooled over time before they meet."""

    def __init__(self):
        super().__init__()
        shared = nn.Conv1d(1, 4, 5, padding=2, padding_mode="circular")
        pooled = nn.Sequential(shared, nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten())
        self.features = ViewShared(pooled)
        self.join = MaxViewPooling()
        self.head = nn.Linear(4, 2)

    def forward(self, streams):
        everything = torch.ones(streams.shape[:2], dtype=torch.bool)
        return self.head(self.join(self.features(streams.unsqueeze(2)), everything))


def pulses(num, generator):
    """Noise with one pulse in each of two streams: at one moment (target 1), or at two (0)."""
    streams = 0.1 * torch.randn(num, NUM_STREAMS, LENGTH, generator=generator)
    target = torch.randint(0, 2, (num,), generator=generator)
    first = torch.randint(0, LENGTH, (num,), generator=generator)
    apart = torch.randint(8, LENGTH - 8, (num,), generator=generator)
    second = (first + (1 - target) * apart) % LENGTH
    rows = torch.arange(num)
    streams[rows, 0, first] += 1
    streams[rows, 2, second] += 1
    return streams, target


@pytest.mark.parametrize("num_views", [1, 4, 100])
@pytest.mark.parametrize("options", [{}, {"stride": 3, "padding": 2, "dilation": 2}], ids=str)
def test_a_shared_conv1d_sees_every_stream_alike_with_the_gradients_of_all(num_views, options):
    conv = nn.Conv1d(2, 5, 3, dtype=torch.float64, **options)
    streams = torch.randn(3, num_views, 2, 30, dtype=torch.float64)  # (B, V, C, T)
    maps = ViewShared(conv)(streams)
    towards = torch.randn_like(maps)
    maps.backward(towards)
    shared_gradient = conv.weight.grad.clone()
    conv.zero_grad()
    for view in range(num_views):
        alone = conv(streams[:, view])
        torch.testing.assert_close(maps[:, view], alone, rtol=1e-10, atol=1e-12)
        alone.backward(towards[:, view])
    torch.testing.assert_close(shared_gradient, conv.weight.grad, rtol=1e-9, atol=1e-10)


def test_moving_a_stream_in_time_changes_nothing_for_streams_that_are_joined_late():
    torch.manual_seed(0)
    streams, _ = pulses(16, torch.Generator().manual_seed(1))
    moved = streams.clone()
    moved[:, 2] = streams[:, 2].roll(20, -1)
    late, early = JoinedLate(), JoinedEarly()
    torch.testing.assert_close(late(moved), late(streams), rtol=1e-5, atol=1e-6)
    assert not early(moved).isclose(early(streams), rtol=1e-3).all(-1).any()


def test_streams_joined_early_learn_what_happens_at_the_same_moment():
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    network = JoinedEarly()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(300):
        streams, target = pulses(64, generator)
        loss = nn.functional.cross_entropy(network(streams), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    streams, target = pulses(1000, generator)
    with torch.inference_mode():
        right = (network(streams).argmax(1) == target).float().mean().item()
    assert right > 0.98
