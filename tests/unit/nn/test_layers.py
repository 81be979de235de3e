import numpy as np
import pytest
import torch

from bulbinspect.errors import SpecError
from bulbinspect.nn.blocks import ResidualBlock
from bulbinspect.nn.gray_levels import ScaleGrayLevels
from bulbinspect.nn.spatial_pooling import build_spatial_pooling


def test_spatial_poolings_are_what_numpy_says():
    features = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    places = features.numpy().reshape(2, 3, 20)
    expected = {
        "mean": places.mean(-1),
        "max": places.max(-1),
        "log_sum_exp": np.log(np.exp(4 * places).mean(-1)) / 4,
    }
    for name, values in expected.items():
        np.testing.assert_allclose(build_spatial_pooling(name)(features).numpy(), values)


def test_a_sharpness_is_that_of_the_log_sum_exp_and_refused_elsewhere():
    features = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    values = np.log(np.exp(0.5 * features.numpy().reshape(2, 3, 20)).mean(-1)) / 0.5
    pooled = build_spatial_pooling("log_sum_exp", sharpness=0.5)(features)
    np.testing.assert_allclose(pooled.numpy(), values)
    for name in ("mean", "max"):
        with pytest.raises(SpecError, match="has no sharpness"):
            build_spatial_pooling(name, sharpness=0.5)


def test_an_unknown_spatial_pooling_lists_the_known_ones():
    with pytest.raises(SpecError, match="'sum'; known are mean, max, log_sum_exp"):
        build_spatial_pooling("sum")


@pytest.mark.parametrize("max_level", [255, 4095])
def test_gray_levels_become_floats_of_zero_to_one(max_level):
    views = torch.tensor([0, 1, max_level]).reshape(1, 1, 1, 3).int()
    scaled = ScaleGrayLevels(max_level=max_level, standardise=False)(views)
    np.testing.assert_allclose(scaled.flatten().numpy(), [0, 1 / max_level, 1], rtol=1e-6)


def test_a_flat_view_is_standardised_without_loss_of_digits():
    views = 250 + torch.randint(0, 2, (1, 2, 64, 64), dtype=torch.uint8)
    scaled = ScaleGrayLevels(max_level=255, standardise=True)(views)
    levels = views.numpy().astype(np.float64) / 255
    centred = levels - levels.mean((2, 3), keepdims=True)
    expected = centred / np.sqrt(np.square(centred).mean((2, 3), keepdims=True) + 1e-6)
    np.testing.assert_allclose(scaled.numpy(), expected, rtol=3e-7)


def test_each_view_is_standardised_by_its_own_mean_and_spread():
    views = torch.randint(0, 256, (2, 3, 8, 9), dtype=torch.uint8)
    scaled = ScaleGrayLevels(max_level=255, standardise=True)(views)
    levels = views.numpy() / 255
    mean, spread = levels.mean((2, 3), keepdims=True), levels.std((2, 3), keepdims=True)
    np.testing.assert_allclose(scaled.numpy(), (levels - mean) / spread, atol=1e-3)


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (1, 3)])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_residual_block_starts_as_its_shortcut_and_keeps_the_size_over_stride(size, stride):
    block = ResidualBlock(4, 6, stride=stride).eval()
    features = torch.rand(2, 4, *size)
    out = block(features)
    assert out.shape == (2, 6, -(-size[0] // stride), -(-size[1] // stride))
    torch.testing.assert_close(out, block.shortcut(features).relu())
