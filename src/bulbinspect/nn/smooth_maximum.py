"""The smooth maximum of an evidence map over its places, and of views over a bulb."""

import math

import torch
from torch import Tensor, nn

_NEVER = float("-inf")


class SmoothMaximum(nn.Module):
    """Log-sum-exp in two steps: places of a view -> the view, views of a bulb -> the bulb.

    Both steps have one sharpness r for each channel (Pinheiro and Collobert, CVPR 2015): the
    values are near their mean for small r and near their maximum for large r. Both take the mean of
    the exponentials, so that the steps together are one log-sum-exp over all places of all views
    that are there, and what a view gives is exactly its part of it.
    `sharpness` is r, or where r is `learnt` what it begins at.
    """

    def __init__(self, num_channels: int, *, sharpness: float = 1.0, learnt: bool = False) -> None:
        super().__init__()
        start = torch.full((num_channels,), math.log(sharpness))
        self.log_sharpness: Tensor
        if learnt:
            self.log_sharpness = nn.Parameter(start)
        else:
            self.register_buffer("log_sharpness", start)

    def of_places(self, evidence: Tensor) -> Tensor:
        """`(B, V, C, h, w) -> (B, V, C)`."""
        sharpness = self.log_sharpness.exp()
        scaled = (evidence * sharpness[:, None, None]).flatten(-2)  # (B, V, C, h*w)
        return (torch.logsumexp(scaled, -1) - math.log(scaled.shape[-1])) / sharpness

    def of_views(self, view_values: Tensor, present: Tensor) -> Tensor:
        """`(B, V, C)`, `present (B, V)` with one view at least -> `(B, C)`."""
        sharpness = self.log_sharpness.exp()
        there = present.unsqueeze(-1)  # (B, V, 1)
        scaled = (view_values.masked_fill(~there, 0.0) * sharpness).masked_fill(~there, _NEVER)
        num_present = there.sum(1).to(view_values.dtype)  # (B, 1)
        return (torch.logsumexp(scaled, 1) - num_present.log()) / sharpness
