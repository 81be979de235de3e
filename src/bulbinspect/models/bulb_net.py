"""What every network of this project does, however it is made inside."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class BulbNet(nn.Module, ABC):
    """Judges bulbs by their views, gray levels as the camera gave them.

    `num_views` is the one number of views it is made for, None for any. An absent view, even of
    NaN, does not matter to the answers for the bulb and for the views that are there.
    """

    scale: nn.Module
    """The first step: gray levels become floats (`nn.gray_levels`)."""

    num_views: int | None = None
    has_evidence: bool = False
    """Whether there is a `judge_with_evidence`, which tells where on a view the answer is from."""

    @abstractmethod
    def forward(self, views: Tensor, present: Tensor) -> Tensor:
        """`views (B, V, H, W)` gray levels, `present (B, V)` bool -> logits `(B, K)`."""

    @abstractmethod
    def judge_with_views(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward` -> logits `(B, K)` and what each view says, view logits `(B, V, K)`.

        It is what the bundle's graph computes. What stands for an absent view is finite, no more.
        """

    def judge_with_evidence(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `judge_with_views`, and the evidence map `(B, V, h, w)`: log-odds of any defect.

        For networks that say `has_evidence`.
        """
        raise TypeError(f"{type(self).__name__} has no evidence map")

    def training_logits(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward` -> what the labels are held against, logits `(N, K)` and `bulb (N,)` int64.

        Row n is learnt from the label of bulb `bulb[n]`. By default there is one row for each bulb.
        """
        return self(views, present), torch.arange(len(views), device=views.device)
