"""The baseline: the views are the channels of one picture, and the trunk sees them all at once."""

import torch
from torch import Tensor, nn

from bulbinspect.models.bulb_net import BulbNet


class EarlyFusionNet(BulbNet):
    """One trunk over all views; where a view stands decides which of its kernels it meets.

    `before`, `fusion` and `rest` are the trunk in three (`nn.stem.take_apart`), its stem replaced
    by a member of `EARLY_FUSIONS` for `num_views` views: `(B, V, H, W) -> (B, D, h, w)`. An absent
    view is a picture of zeros.
    """

    num_views: int

    def __init__(
        self,
        *,
        scale: nn.Module,
        before: nn.Module,
        fusion: nn.Module,
        rest: nn.Module,
        spatial_pooling: nn.Module,
        head: nn.Module,
        num_views: int,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.before = before
        self.fusion = fusion
        self.rest = rest
        self.spatial_pooling = spatial_pooling
        self.head = head
        self.num_views = num_views

    def forward(self, views: Tensor, present: Tensor) -> Tensor:
        """See `BulbNet.forward`."""
        return self._judge(self.scale(views), present)

    def judge_with_views(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `BulbNet.judge_with_views`; a view says what it adds to the others.

        Its view logits are the logits of the bulb less those of the bulb without it: zeros for an
        absent view. One view that is all there is says what the bulb does.
        """
        pictures = self.scale(views)
        logits = self._judge(pictures, present)
        num_bulbs, num_views = present.shape
        blank = torch.eye(self.num_views, dtype=torch.bool, device=present.device)
        without = (present.unsqueeze(1) & ~blank).flatten(0, 1)  # (B*V, V): view v absent in row v
        repeated = pictures.unsqueeze(1).expand(-1, num_views, -1, -1, -1).flatten(0, 1)
        rest = self._judge(repeated, without).reshape(num_bulbs, num_views, -1)  # (B, V, K)
        only = (present.sum(1, keepdim=True) == 1).unsqueeze(-1)  # (B, 1, 1)
        adds = logits.unsqueeze(1) - rest.masked_fill(only, 0.0)
        return logits, adds.masked_fill(~present.unsqueeze(-1), 0.0)

    def _judge(self, pictures: Tensor, present: Tensor) -> Tensor:
        """`(B, V, H, W)` floats, `(B, V)` -> logits `(B, K)`."""
        if pictures.shape[1] != self.num_views:
            raise ValueError(
                f"this network was made for {self.num_views} views, got {pictures.shape[1]}"
            )
        features = self.rest(self.fusion(self.before(pictures), present))
        logits: Tensor = self.head(self.spatial_pooling(features))
        return logits
