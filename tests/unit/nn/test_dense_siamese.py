import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch import nn

from bulbinspect.errors import SpecError
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.nn.trunk import build_trunk
from bulbinspect.nn.view_shared import ViewShared


def test_at_128_px_it_has_the_parameters_of_the_original():
    trunk = build_trunk("dense_siamese", size_px=(128, 128))
    assert sum(weight.numel() for weight in trunk.parameters()) == 1_259_072
    shapes = [tuple(weight.shape) for weight in trunk.parameters() if weight.dim() > 1]
    assert shapes == [(16, 1, 5, 5), (16, 16, 5, 5), (16, 16, 5, 5), (512, 2304), (128, 512)]


def test_views_side_by_side_are_features_times_views():
    """The original's output is `(None, 128, 4)`: one column of 128 features for each view."""
    torch.manual_seed(0)
    trunk = build_trunk("dense_siamese", size_px=(128, 128)).eval()
    views = torch.rand(3, 4, 128, 128)
    with torch.inference_mode():
        view_features = ViewShared(nn.Sequential(trunk, nn.Flatten()))(views.unsqueeze(2))
        side_by_side = view_features.transpose(1, 2)
        assert side_by_side.shape == (3, 128, 4)  # (B, D, V)
        for view in range(4):
            alone = trunk(views[:, view : view + 1]).flatten(1)
            torch.testing.assert_close(side_by_side[:, :, view], alone)


def test_the_network_of_answer_3_judges_the_views_side_by_side():
    torch.manual_seed(0)
    spec = ModelSpec(
        num_classes=2,
        trunk="dense_siamese",
        spatial_pooling="max",
        view_pooling="concat",
        num_views=4,
        height_px=128,
        width_px=128,
    )
    network = build_model(spec).eval()
    views = torch.randint(0, 256, (2, 4, 128, 128), dtype=torch.uint8)
    present = torch.ones(2, 4, dtype=torch.bool)
    with torch.inference_mode():
        features = network.view_features(views, present)
        assert features.transpose(1, 2).shape == (2, 128, 4)
        expected = network.head(features.reshape(2, 512))
        assert network(views, present).equal(expected)


def relu_and_pool(maps):
    height, width = (side // 2 * 2 for side in maps.shape[-2:])
    blocks = maps[..., :height, :width].reshape(*maps.shape[:-2], height // 2, 2, width // 2, 2)
    return np.maximum(blocks.max((-3, -1)), 0)


@pytest.mark.parametrize("size_px", [(36, 36), (45, 61)])
def test_it_computes_what_answer_3_says_in_numpy(size_px):
    torch.manual_seed(1)
    trunk = build_trunk("dense_siamese", size_px=size_px).double().eval()
    picture = torch.rand(1, 1, *size_px, dtype=torch.float64)
    weights = [weight.detach().numpy() for weight in trunk.parameters()]
    maps = picture[0].numpy()
    for kernels, biases in zip(weights[0:6:2], weights[1:6:2], strict=True):
        maps = np.array(
            [
                sum(
                    correlate2d(one, part, mode="valid")
                    for one, part in zip(maps, kernel, strict=True)
                )
                + bias
                for kernel, bias in zip(kernels, biases, strict=True)
            ]
        )
        maps = relu_and_pool(maps)
    hidden = np.maximum(weights[6] @ maps.reshape(-1) + weights[7], 0)
    expected = np.maximum(weights[8] @ hidden + weights[9], 0)
    outputs = trunk(picture).detach().numpy()
    assert outputs.shape == (1, 128, 1, 1)
    np.testing.assert_allclose(outputs.reshape(-1), expected, rtol=1e-9, atol=1e-12)


def test_views_of_another_size_are_refused_in_a_sentence():
    trunk = build_trunk("dense_siamese", size_px=(64, 48))
    with pytest.raises(ValueError, match="made for views of 64×48, got 48×64"):
        trunk(torch.zeros(1, 1, 48, 64))


def test_a_size_is_needed_and_must_leave_a_place_for_the_dense_layers():
    with pytest.raises(SpecError, match="for views of one size: give height_px and width_px"):
        build_trunk("dense_siamese")
    with pytest.raises(SpecError, match="36×36 or more, not 128×35"):
        build_trunk("dense_siamese", size_px=(128, 35))
