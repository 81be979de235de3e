"""torchvision's networks as trunks: no classifier, and a stem for one gray channel."""

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bulbinspect.errors import SpecError

TORCHVISION_NAMES = (
    "resnet18",
    "resnet34",
    "resnet50",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "convnext_tiny",
)


def torchvision_features(name: str) -> tuple[nn.Module, int]:
    """Return the layers `(N, 1, H, W) -> (N, C, h, w)` of that network, untrained, and its C.

    The layers keep torchvision's own names, so that its weight files fit.
    """
    import torchvision  # a second to import, and the compact trunk does not need it

    network = torchvision.models.get_model(name, weights=None)
    classifier = network.fc if name.startswith("resnet") else network.classifier
    out_features = next(m for m in classifier.modules() if isinstance(m, nn.Linear)).in_features
    if name.startswith("resnet"):
        layers = nn.Sequential()
        for child_name, child in network.named_children():
            if child_name not in {"avgpool", "fc"}:
                layers.add_module(child_name, child)
    else:
        layers = nn.Sequential()
        layers.add_module("features", network.features)
    _take_one_channel(layers)
    return layers, out_features


def load_weights(layers: nn.Module, name: str, path: Path) -> None:
    """Load a torchvision weight file for RGB: the stem's three kernels add up to the gray one.

    A gray picture is an RGB one with equal channels, so the sum gives the very same features.
    """
    if name not in TORCHVISION_NAMES:
        raise SpecError(f"there are no weights to load for trunk {name!r}; leave them out")
    try:
        weights: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # what unpickling a foreign file raises is not ours to list
        raise SpecError(f"cannot read weights from {path}: {error}") from error
    stem = _stem_name(layers)
    if isinstance(weights.get(stem), Tensor) and weights[stem].shape[1] == 3:
        weights[stem] = weights[stem].sum(1, keepdim=True)
    missing = layers.state_dict().keys() - weights.keys()
    if missing:
        raise SpecError(f"{path} lacks weights of {name}, such as {min(missing)}")
    try:
        layers.load_state_dict({key: weights[key] for key in layers.state_dict()})
    except RuntimeError as error:
        raise SpecError(f"the weights in {path} do not fit {name}: {error}") from error


def _stem(layers: nn.Module) -> tuple[str, nn.Conv2d]:
    return next((n, m) for n, m in layers.named_modules() if isinstance(m, nn.Conv2d))


def _stem_name(layers: nn.Module) -> str:
    return f"{_stem(layers)[0]}.weight"


def _take_one_channel(layers: nn.Module) -> None:
    name, rgb = _stem(layers)
    gray = copy.deepcopy(rgb)
    gray.in_channels = 1
    gray.weight = nn.Parameter(rgb.weight.detach().sum(1, keepdim=True))
    parent, _, child = name.rpartition(".")
    setattr(layers.get_submodule(parent), child, gray)
