"""Joining the views of a bulb: view features become bulb features.

The contract, checked once in `ViewPooling.forward` and kept by every member:

* `features (B, V, D)`, `present (B, V)` bool -> `(B, D)`, for any V ≥ 1;
* what stands in the place of an absent view does not matter, not even NaN;
* any order of the views gives the same bulb features, unless `symmetry` says "cyclic", which
  promises that for every shift of the views (and only for those);
* one view alone is a bulb like any other: it tells what the answer would be if that side were
  all there is.

To add a pooling: write a member here, name it in `VIEW_POOLINGS`; the property tests find it.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from bulbinspect.errors import SpecError

_NEVER = float("-inf")


class ViewPooling(nn.Module):
    """Check the inputs, clear absent views, and leave the rest to `pool` of a member."""

    symmetry: str = "any order"

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """`features (B, V, D)`, `present (B, V)` bool, at least one per bulb -> `(B, D)`."""
        if features.dim() != 3 or present.shape != features.shape[:2]:
            raise ValueError(
                f"expected features (B, V, D) and present (B, V), "
                f"got {tuple(features.shape)} and {tuple(present.shape)}"
            )
        present = present.unsqueeze(-1)  # (B, V, 1)
        return self.pool(features.masked_fill(~present, 0.0), present)

    def pool(self, features: Tensor, present: Tensor) -> Tensor:
        """`features (B, V, D)` with zeros where `present (B, V, 1)` is false -> `(B, D)`."""
        raise TypeError(f"{type(self).__name__} does not say how it pools")


class MeanViewPooling(ViewPooling):
    """The mean over the views that are there."""

    def pool(self, features: Tensor, present: Tensor) -> Tensor:
        """See `ViewPooling.pool`."""
        return features.sum(1) / present.sum(1)


class MaxViewPooling(ViewPooling):
    """For each feature the largest over the views (MVCNN: Su et al., ICCV 2015)."""

    def pool(self, features: Tensor, present: Tensor) -> Tensor:
        """See `ViewPooling.pool`."""
        return features.masked_fill(~present, _NEVER).amax(1)


class LogSumExpViewPooling(ViewPooling):
    """A smooth maximum over the views; its sharpness is learnt for each feature.

    Normalised by the number of views, so that one view alone is its own smooth maximum.
    """

    def __init__(self, num_features: int, sharpness: float = 4.0) -> None:
        super().__init__()
        self.log_sharpness = nn.Parameter(torch.full((num_features,), math.log(sharpness)))

    def pool(self, features: Tensor, present: Tensor) -> Tensor:
        """See `ViewPooling.pool`."""
        sharpness = self.log_sharpness.exp()
        total = (sharpness * features).masked_fill(~present, _NEVER).logsumexp(1)
        num_present = present.sum(1).to(features.dtype)
        return (total - num_present.log()) / sharpness


class AttentionViewPooling(ViewPooling):
    """A mean weighted by what each view says of itself (Ilse, Tomczak and Welling, ICML 2018)."""

    def __init__(self, num_features: int, num_hidden: int = 64) -> None:
        super().__init__()
        self.hidden = nn.Linear(num_features, num_hidden)
        self.score = nn.Linear(num_hidden, 1)

    def pool(self, features: Tensor, present: Tensor) -> Tensor:
        """See `ViewPooling.pool`."""
        return (self.view_weights(features, present) * features).sum(1)

    def view_weights(self, features: Tensor, present: Tensor) -> Tensor:
        """How much each view counts: `(B, V, D) -> (B, V, 1)`, summing to 1 over present views."""
        return self.view_logits(features).masked_fill(~present, _NEVER).softmax(1)

    def view_logits(self, features: Tensor) -> Tensor:
        """What the softmax compares: `(B, V, D) -> (B, V, 1)`."""
        scores: Tensor = self.score(self.hidden(features).tanh())
        return scores


class GatedAttentionViewPooling(AttentionViewPooling):
    """Attention whose hidden units a sigmoid gate opens or closes (same paper, equation 9)."""

    def __init__(self, num_features: int, num_hidden: int = 64) -> None:
        super().__init__(num_features, num_hidden)
        self.gate = nn.Linear(num_features, num_hidden)

    def view_logits(self, features: Tensor) -> Tensor:
        """What the softmax compares: `(B, V, D) -> (B, V, 1)`."""
        gated = self.hidden(features).tanh() * self.gate(features).sigmoid()
        scores: Tensor = self.score(gated)
        return scores


class CyclicViewPooling(ViewPooling):
    """A circular convolution over three neighbouring sides, then the maximum over the views.

    Knows that view 3 stands beside view 0: a defect on an edge shows on two neighbours. A quarter
    turn of a bulb before four cameras shifts its views, and every shift gives the same answer.
    The convolution is added to the view's own features, so that training starts as max pooling.
    """

    symmetry = "cyclic"

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.neighbours = nn.Linear(3 * num_features, num_features)
        nn.init.zeros_(self.neighbours.weight)
        nn.init.zeros_(self.neighbours.bias)

    def pool(self, features: Tensor, present: Tensor) -> Tensor:
        """See `ViewPooling.pool`."""
        before, after = features.roll(1, 1), features.roll(-1, 1)
        mixed: Tensor = features + self.neighbours(torch.cat([before, features, after], -1))
        return mixed.masked_fill(~present, _NEVER).amax(1)


VIEW_POOLINGS: dict[str, Callable[[int], ViewPooling]] = {
    "mean": lambda num_features: MeanViewPooling(),
    "max": lambda num_features: MaxViewPooling(),
    "log_sum_exp": LogSumExpViewPooling,
    "attention": AttentionViewPooling,
    "gated_attention": GatedAttentionViewPooling,
    "cyclic": CyclicViewPooling,
}


def build_view_pooling(name: str, num_features: int) -> ViewPooling:
    """Return the view pooling of that name; an unknown name lists the known ones."""
    if name not in VIEW_POOLINGS:
        raise SpecError(f"unknown view pooling {name!r}; known are {', '.join(VIEW_POOLINGS)}")
    return VIEW_POOLINGS[name](num_features)
