"""Joining the places of a picture: a feature map becomes one vector. `(N, C, h, w) -> (N, C)`.

A defect of a few pixels drowns in a mean and survives in a maximum; log-sum-exp stands between.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from bulbinspect.errors import SpecError


class MeanSpatialPooling(nn.Module):
    """The mean over all places."""

    def forward(self, features: Tensor) -> Tensor:
        """`(N, C, h, w) -> (N, C)`."""
        return features.mean((-2, -1))


class MaxSpatialPooling(nn.Module):
    """The largest value over all places, for each channel alone."""

    def forward(self, features: Tensor) -> Tensor:
        """`(N, C, h, w) -> (N, C)`."""
        return features.amax((-2, -1))


class LogSumExpSpatialPooling(nn.Module):
    """A smooth maximum (Pinheiro and Collobert 2015): the mean at sharpness 0, then towards max."""

    def __init__(self, sharpness: float = 4.0) -> None:
        super().__init__()
        self.sharpness = sharpness

    def forward(self, features: Tensor) -> Tensor:
        """`(N, C, h, w) -> (N, C)`."""
        places = features.flatten(-2)
        total = torch.logsumexp(self.sharpness * places, dim=-1)
        return (total - math.log(places.shape[-1])) / self.sharpness


SPATIAL_POOLINGS: dict[str, Callable[[], nn.Module]] = {
    "mean": MeanSpatialPooling,
    "max": MaxSpatialPooling,
    "log_sum_exp": LogSumExpSpatialPooling,
}


def build_spatial_pooling(name: str, *, sharpness: float | None = None) -> nn.Module:
    """Return the spatial pooling of that name; an unknown name lists the known ones.

    `sharpness` is that of `log_sum_exp`, 4 if it is None; SpecError for one that has none.
    """
    if name not in SPATIAL_POOLINGS:
        raise SpecError(
            f"unknown spatial pooling {name!r}; known are {', '.join(SPATIAL_POOLINGS)}"
        )
    if sharpness is None:
        return SPATIAL_POOLINGS[name]()
    if name != "log_sum_exp":
        raise SpecError(f"spatial pooling {name} has no sharpness: leave it at null")
    return LogSumExpSpatialPooling(sharpness)
