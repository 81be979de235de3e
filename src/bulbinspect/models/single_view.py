"""A baseline: every view is judged alone, and the verdicts are joined, not the features."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bulbinspect.errors import SpecError
from bulbinspect.models.bulb_net import BulbNet
from bulbinspect.nn.view_shared import ViewShared

GOOD_CLASS = 0
"""Where the good class stands: `Manifest.classes` puts it first, if there is one."""


class SingleViewNet(BulbNet):
    """Trunk and head for one view, trained with the label of the bulb on each view that is there.

    So it is told of the good sides of a defective bulb that they are defective. `join` is one of
    JOINS: what the bulb's answer is, given those of its views.
    """

    def __init__(
        self,
        *,
        scale: nn.Module,
        trunk: nn.Module,
        spatial_pooling: nn.Module,
        head: nn.Module,
        join: str,
        memory: str = "fast",
    ) -> None:
        super().__init__()
        if join not in JOINS:
            raise SpecError(f"unknown join {join!r}; known are {', '.join(JOINS)}")
        self.scale = scale
        self.trunk = ViewShared(nn.Sequential(trunk, spatial_pooling), memory=memory)
        self.head = head
        self.join = JOINS[join]

    def forward(self, views: Tensor, present: Tensor) -> Tensor:
        """See `BulbNet.forward`; of a join by the first view the others are not looked at."""
        if self.join is join_by_first:
            views, present = _first_view(views, present)
        return self.join(self.judge_each_view(views, present), present)

    def judge_with_views(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `BulbNet.judge_with_views`; a view says what it would if it were all there is.

        In evaluation the answer for the bulb takes what `forward` takes and no more, so that who
        wants it alone can leave the rest of the graph out.
        """
        view_logits = self.judge_each_view(views, present)
        if self.join is join_by_first and not self.training:
            return self(views, present), view_logits
        return self.join(view_logits, present), view_logits

    def training_logits(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `BulbNet.training_logits`; a row for each view that is there."""
        return self.judge_each_view(views, present)[present], present.nonzero()[:, 0]

    def judge_each_view(self, views: Tensor, present: Tensor) -> Tensor:
        """`(B, V, H, W)`, `(B, V)` -> view logits `(B, V, K)`."""
        pictures = self.scale(views).unsqueeze(2)  # (B, V, 1, H, W)
        logits: Tensor = self.head(self.trunk(pictures, present))
        return logits


def join_by_mean_logit(view_logits: Tensor, present: Tensor) -> Tensor:
    """Mean over the views that are there: `(B, V, K)`, `(B, V)` -> logits `(B, K)`."""
    there = present.unsqueeze(-1)  # (B, V, 1)
    return view_logits.masked_fill(~there, 0.0).sum(1) / there.sum(1)


def join_by_or(view_logits: Tensor, present: Tensor) -> Tensor:
    """Answer of the most suspicious view: a defect anywhere is a defect. Shapes as above.

    That is the view with the largest log-odds of being defective, by any kind of defect: class
    `GOOD_CLASS` against all others. Without a good class there is no such thing.
    """
    good = view_logits[..., GOOD_CLASS]
    suspicion = view_logits[..., GOOD_CLASS + 1 :].logsumexp(-1) - good  # (B, V)
    return _of_one_view(view_logits, suspicion.masked_fill(~present, float("-inf")).argmax(1))


def join_by_first(view_logits: Tensor, present: Tensor) -> Tensor:
    """Answer of the first view that is there. Shapes as above.

    Which side of a bulb that is depends on how it was put down: one side, at random.
    """
    return _of_one_view(view_logits, present.int().argmax(1))


def _first_view(views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """First view that is there: `(B, V, H, W)`, `(B, V)` -> `(B, 1, H, W)`, `(B, 1)`."""
    num_bulbs, num_views = present.shape
    first = torch.arange(num_bulbs, device=views.device) * num_views + present.int().argmax(1)
    return views.flatten(0, 1)[first].unsqueeze(1), present.flatten()[first].unsqueeze(1)


def _of_one_view(view_logits: Tensor, view: Tensor) -> Tensor:
    """`(B, V, K)`, `(B,)` -> `(B, K)`."""
    index = view[:, None, None].expand(-1, 1, view_logits.shape[-1])
    return torch.gather(view_logits, 1, index).squeeze(1)


JOINS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean_logit": join_by_mean_logit,
    "or": join_by_or,
    "first": join_by_first,
}
