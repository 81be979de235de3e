"""Group normalisation in the place of batch normalisation."""

import copy
import math

from torch import nn


def with_group_norm(module: nn.Module, *, num_groups: int = 8) -> nn.Module:
    """Return a copy of an untrained module with GroupNorm (Wu and He, ECCV 2018) for BatchNorm.

    Each picture is then normalised by itself, over groups of its channels, so that what else is in
    the batch does not matter. Where `num_groups` does not divide the channels, their greatest
    common divisor is taken. Weight and bias of each layer are kept.
    """
    changed = copy.deepcopy(module)
    if isinstance(changed, nn.modules.batchnorm._BatchNorm):
        return _group_norm(changed, num_groups)
    for layer in list(changed.modules()):
        for name, child in layer.named_children():
            if isinstance(child, nn.modules.batchnorm._BatchNorm):
                setattr(layer, name, _group_norm(child, num_groups))
    return changed


def _group_norm(layer: nn.modules.batchnorm._BatchNorm, num_groups: int) -> nn.GroupNorm:
    channels = layer.num_features
    group_norm = nn.GroupNorm(
        math.gcd(num_groups, channels), channels, eps=layer.eps, affine=layer.affine
    )
    group_norm.load_state_dict({name: value for name, value in layer.named_parameters()})
    return group_norm.to(layer.weight.device if layer.affine else "cpu")
