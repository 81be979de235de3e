"""Answers 7 and 8: an ordinary convolution over all views, bound by force after each step.

The training loop calls `rearrange_input_weights` once the optimiser has stepped.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from bulbinspect.errors import SpecError


class RearrangedConv2d(nn.Conv2d):
    """`nn.Conv2d(V, F, k)` whose kernels, one for each view, are rearranged after each step.

    It takes the options of `nn.Conv2d`, but for `groups`: kernels of one group have one view.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.groups != 1:
            raise SpecError(
                f"kernels are rearranged over all views: groups is 1, not {self.groups}"
            )

    def after_step(self, *, seed: int, step: int) -> None:
        """Rearrange the weight in place. What is random in that depends on (seed, step), from 0."""
        raise TypeError(f"{type(self).__name__} does not say what becomes of its weight")


class ShuffledInputWeights(RearrangedConv2d):
    """Answer 7: after each step the kernels change places, at random.

    Each kernel comes to meet every view. All filters are shuffled alike, so that this is the same
    as the views of a whole batch in another order; to shuffle the views of each bulb by itself is
    `ShuffleViews`. What an optimiser remembers of a weight (momentum) stays where it was.
    """

    def after_step(self, *, seed: int, step: int) -> None:
        """See `RearrangedConv2d.after_step`."""
        order = np.random.default_rng([seed, step]).permutation(self.in_channels)
        with torch.no_grad():
            self.weight.copy_(self.weight[:, torch.from_numpy(order)])


class AveragedInputWeights(RearrangedConv2d):
    """Answer 8: after each step every view's kernel becomes the mean of them all.

    It begins with one kernel for all views, drawn with the variance of `nn.Conv2d`: kernels drawn
    for each view cancel, and their mean would begin with a V-th of it. From there the layer is
    `SumViews` before one kernel: with plain gradient descent the same at a V-th of the learning
    rate.
    """

    def reset_parameters(self) -> None:
        """Draw one kernel for each filter, and the bias."""
        super().reset_parameters()
        with torch.no_grad():
            self.weight.copy_(self.weight[:, :1].clone().expand_as(self.weight))

    def after_step(self, *, seed: int, step: int) -> None:
        """See `RearrangedConv2d.after_step`; nothing is random here."""
        with torch.no_grad():
            self.weight.copy_(self.weight.mean(1, keepdim=True).expand_as(self.weight))


def rearrange_input_weights(network: nn.Module, *, seed: int, step: int) -> None:
    """Let every such layer within `network` rearrange its weight after step `step`."""
    for layer in network.modules():
        if isinstance(layer, RearrangedConv2d):
            layer.after_step(seed=seed, step=step)
