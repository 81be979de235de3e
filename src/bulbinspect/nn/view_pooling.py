"""Joining the views of a bulb: view features become bulb features.

The contract, checked once in `ViewPooling.forward` and kept by every member:

* `features (B, V, D)`, `present (B, V)` bool -> `(B, D)`, for any V ≥ 1;
* what stands in the place of an absent view does not matter, not even NaN;
* any order of the views gives the same bulb features, unless `symmetry` says "cyclic", which
  promises that for every shift of the views (and only for those);
* one view alone is a bulb like any other: it tells what the answer would be if that side were
  all there is.

To add a pooling: write a member here, name it in `VIEW_POOLINGS`; the property tests find it.

A member that says `symmetry = "none"` promises no order, and is made for `num_views` views, no more
and no fewer. Such ones are baselines, named in `ORDER_BOUND_POOLINGS`.
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
    num_views: int | None = None
    """How many views there must be; None for any number."""

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

    def each_alone(self, features: Tensor) -> Tensor:
        """Bulb features if one side were all there is: `(B, V, D) -> (B, V, out_features(D))`."""
        alone = features.flatten(0, 1).unsqueeze(1)  # (B*V, 1, D): each view is a bulb of its own
        there = torch.ones(alone.shape[:2], dtype=torch.bool, device=alone.device)
        pooled: Tensor = self(alone, there)  # (B*V, D)
        return pooled.reshape(*features.shape[:2], -1)

    def out_features(self, num_features: int) -> int:
        """How many bulb features there are of view features `(B, V, num_features)`."""
        return num_features


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


class OrderBoundViewPooling(ViewPooling):
    """What every pooling that takes the order of the views for a fact has in common."""

    symmetry = "none"

    def __init__(self, num_views: int) -> None:
        super().__init__()
        self.num_views: int = num_views

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """See `ViewPooling.forward`; for `num_views` views only."""
        if features.dim() == 3 and features.shape[1] != self.num_views:
            raise ValueError(
                f"this pooling was made for {self.num_views} views, got {features.shape[1]}"
            )
        return super().forward(features, present)

    def each_alone(self, features: Tensor) -> Tensor:
        """See `ViewPooling.each_alone`; a view alone stands in its own place, all others absent."""
        num_bulbs, num_views, num_features = features.shape
        own = torch.eye(num_views, dtype=torch.bool, device=features.device)
        shape = num_bulbs, num_views, num_views, num_features
        alone = features.unsqueeze(1).expand(shape).flatten(0, 1)  # (B*V, V, D)
        pooled: Tensor = self(alone, own.repeat(num_bulbs, 1))
        return pooled.reshape(num_bulbs, num_views, -1)


class ConcatViewPooling(OrderBoundViewPooling):
    """The features of all views side by side, view by view: `(B, V, D) -> (B, V * D)`.

    What a dense layer behind it learns of one side it does not know of the next: a bulb that was
    turned is another bulb to it. An absent view leaves zeros in its place.
    """

    def pool(self, features: Tensor, present: Tensor) -> Tensor:
        """See `ViewPooling.pool`."""
        return features.flatten(1)

    def out_features(self, num_features: int) -> int:
        """See `ViewPooling.out_features`."""
        return num_features * self.num_views


class PairsViewPooling(OrderBoundViewPooling):
    """The maximum within views (0, 1), within (2, 3), …, side by side: `(B, V, D) -> (B, V/2 * D)`.

    A control: it has as much symmetry as four turns have, and the wrong one. The two views of a
    pair may change places, which no turn of a bulb does; a turn parts the pairs, and the answer
    changes. If invariance as such were what helps, this pooling would help. A pair without any view
    leaves zeros.
    """

    def __init__(self, num_views: int) -> None:
        super().__init__(num_views)
        if num_views % 2:
            raise SpecError(f"view pooling pairs is for an even number of views, not {num_views}")

    def pool(self, features: Tensor, present: Tensor) -> Tensor:
        """See `ViewPooling.pool`."""
        pairs = -1, self.num_views // 2, 2
        there = present.reshape(*pairs, 1)  # (B, V/2, 2, 1)
        known = features.reshape(*pairs, features.shape[-1]).masked_fill(~there, _NEVER)
        largest = known.amax(2)  # (B, V/2, D)
        return largest.masked_fill(~there.any(2), 0.0).flatten(1)

    def out_features(self, num_features: int) -> int:
        """See `ViewPooling.out_features`."""
        return num_features * self.num_views // 2


VIEW_POOLINGS: dict[str, Callable[[int], ViewPooling]] = {
    "mean": lambda num_features: MeanViewPooling(),
    "max": lambda num_features: MaxViewPooling(),
    "log_sum_exp": LogSumExpViewPooling,
    "attention": AttentionViewPooling,
    "gated_attention": GatedAttentionViewPooling,
    "cyclic": CyclicViewPooling,
}


ORDER_BOUND_POOLINGS: dict[str, Callable[[int], ViewPooling]] = {
    "concat": ConcatViewPooling,
    "pairs": PairsViewPooling,
}
"""Baselines: they take the order of the views for a fact, and are told their number."""


def build_view_pooling(name: str, num_features: int, num_views: int | None = None) -> ViewPooling:
    """Return the view pooling of that name; an unknown name lists the known ones.

    `num_views` is for those that are order-bound; where it is not known they raise SpecError.
    """
    if name in ORDER_BOUND_POOLINGS:
        if num_views is None:
            raise SpecError(f"view pooling {name} is for one number of views: give num_views")
        return ORDER_BOUND_POOLINGS[name](num_views)
    if name not in VIEW_POOLINGS:
        known = ", ".join([*VIEW_POOLINGS, *ORDER_BOUND_POOLINGS])
        raise SpecError(f"unknown view pooling {name!r}; known are {known}")
    return VIEW_POOLINGS[name](num_features)
