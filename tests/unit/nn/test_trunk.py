import pytest
import torch
import torchvision
from torch.utils.flop_counter import FlopCounterMode

from bulbinspect.errors import SpecError
from bulbinspect.nn.trunk import TRUNKS, build_trunk


def flops_of(module, *shape):
    with FlopCounterMode(display=False) as counter:
        module.eval()(torch.zeros(shape))
    return counter.get_total_flops()


@pytest.mark.parametrize("name", TRUNKS)
def test_every_trunk_makes_a_map_of_the_features_it_says(name):
    trunk = build_trunk(name, size_px=(64, 96)).eval()
    features = trunk(torch.zeros(2, 1, 64, 96))
    assert features.shape[:2] == (2, trunk.out_features)
    assert features.dim() == 4


@pytest.mark.parametrize("size_px", [96, 128, 224])
def test_the_compact_trunk_takes_at_most_an_eighth_of_the_operations_of_resnet18(size_px):
    shape = (1, 1, size_px, size_px)
    assert 8 * flops_of(build_trunk("compact"), *shape) <= flops_of(build_trunk("resnet18"), *shape)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "convnext_tiny"])
def test_rgb_weights_give_a_gray_picture_the_features_of_its_three_equal_channels(name, tmp_path):
    torch.manual_seed(0)
    rgb = torchvision.models.get_model(name, weights=None).eval()
    torch.save(rgb.state_dict(), tmp_path / "weights.pth")
    gray = build_trunk(name, tmp_path / "weights.pth").eval()
    pictures = torch.rand(2, 1, 64, 64)
    if name == "resnet18":
        rgb.avgpool, rgb.fc = torch.nn.Identity(), torch.nn.Identity()
        expected = rgb(pictures.repeat(1, 3, 1, 1))
    else:
        expected = rgb.features(pictures.repeat(1, 3, 1, 1)).flatten(1)
    torch.testing.assert_close(gray(pictures).flatten(1), expected, rtol=1e-4, atol=1e-5)


def test_weights_that_do_not_fit_are_refused_in_one_sentence(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
    with pytest.raises(SpecError, match="lacks weights of resnet18, such as bn1"):
        build_trunk("resnet18", path)
    weights = torchvision.models.get_model("resnet18", weights=None).state_dict()
    torch.save(weights | {"bn1.bias": torch.zeros(3)}, path)
    with pytest.raises(SpecError, match="do not fit resnet18"):
        build_trunk("resnet18", path)
    path.write_bytes(b"no weights")
    with pytest.raises(SpecError, match="cannot read weights"):
        build_trunk("resnet18", path)
    with pytest.raises(SpecError, match="no weights to load for trunk 'compact'"):
        build_trunk("compact", path)


def test_an_unknown_trunk_lists_the_known_ones():
    with pytest.raises(SpecError, match="'vgg'; known are compact, compact_half, resnet18"):
        build_trunk("vgg")
