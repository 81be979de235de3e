import pytest
import torch
from torch import nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.stem import take_apart
from bulbinspect.nn.trunk import TRUNKS, build_trunk

EXPECTED = {  # the layers of each stem, and what comes behind it
    "compact": (["Conv2d", "BatchNorm2d", "ReLU"], "ResidualBlock"),
    "compact_half": (["Conv2d", "BatchNorm2d", "ReLU"], "ResidualBlock"),
    "resnet18": (["Conv2d", "BatchNorm2d", "ReLU"], "MaxPool2d"),
    "resnet34": (["Conv2d", "BatchNorm2d", "ReLU"], "MaxPool2d"),
    "resnet50": (["Conv2d", "BatchNorm2d", "ReLU"], "MaxPool2d"),
    "mobilenet_v3_small": (["Conv2d", "BatchNorm2d", "Hardswish"], "InvertedResidual"),
    "mobilenet_v3_large": (["Conv2d", "BatchNorm2d", "Hardswish"], "InvertedResidual"),
    "efficientnet_b0": (["Conv2d", "BatchNorm2d", "SiLU"], "MBConv"),
    "convnext_tiny": (["Conv2d", "LayerNorm2d"], "CNBlock"),
    "dense_siamese": (["Conv2d", "ReLU"], "MaxPool2d"),
}


def kind(layer):
    return type(layer).__name__


@pytest.mark.parametrize("name", TRUNKS)
def test_the_parts_of_every_trunk_are_the_trunk(name):
    torch.manual_seed(0)
    trunk = build_trunk(name, size_px=(64, 48)).eval()
    parts = take_apart(trunk.layers)
    stem, behind = EXPECTED[name]
    assert [kind(layer) for layer in parts.stem] == stem
    assert kind(parts.rest[0]) == behind
    assert [kind(layer) for layer in parts.before] == ["OneSize"] * (name == "dense_siamese")
    pictures = torch.rand(2, 1, 64, 48)
    with torch.inference_mode():
        joined = parts.rest(parts.stem(parts.before(pictures)))
        assert joined.equal(trunk(pictures))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (nn.ReLU(), "found none"),
        (nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), "found none"),
        (nn.Sequential(nn.Conv2d(3, 4, 3)), "first convolution takes one channel"),
        (nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(1, 4, 3)), "first convolution takes one"),
    ],
    ids=str,
)
def test_layers_that_do_not_begin_with_one_gray_channel_are_refused(layers, message):
    with pytest.raises(SpecError, match=message):
        take_apart(layers)
