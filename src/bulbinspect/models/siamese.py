"""The method: features of each view by one shared trunk, pooled over the views, judged."""

from torch import Tensor, nn

from bulbinspect.models.bulb_net import BulbNet
from bulbinspect.nn.view_pooling import ViewPooling
from bulbinspect.nn.view_shared import ViewShared


class SiameseNet(BulbNet):
    """One trunk, the same weights, sees every side of the bulb; the features meet in a pooling.

    Because every view passes through the same weights and the pooling has the symmetry of the
    bulb, how the bulb was turned cannot matter: nothing about it needs to be learnt from data.
    `memory` is that of `ViewShared`.
    """

    def __init__(
        self,
        *,
        scale: nn.Module,
        trunk: nn.Module,
        spatial_pooling: nn.Module,
        view_pooling: ViewPooling,
        head: nn.Module,
        memory: str = "fast",
    ) -> None:
        super().__init__()
        self.scale = scale
        self.trunk: nn.Module = ViewShared(nn.Sequential(trunk, spatial_pooling), memory=memory)
        self.view_pooling = view_pooling
        self.head = head
        self.num_views = view_pooling.num_views

    def forward(self, views: Tensor, present: Tensor) -> Tensor:
        """See `BulbNet.forward`."""
        features = self.view_features(views, present)
        return self.judge(features, present)

    def judge_with_views(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `BulbNet.judge_with_views`; a view says what it would if it were all there is."""
        features = self.view_features(views, present)
        return self.judge(features, present), self.judge_each_view(features)

    def view_features(self, views: Tensor, present: Tensor) -> Tensor:
        """`(B, V, H, W)`, `(B, V)` -> `(B, V, D)`."""
        pictures = self.scale(views).unsqueeze(2)  # (B, V, 1, H, W)
        features: Tensor = self.trunk(pictures, present)
        return features

    def judge(self, features: Tensor, present: Tensor) -> Tensor:
        """View features `(B, V, D)`, `(B, V)` -> logits `(B, K)`."""
        logits: Tensor = self.head(self.view_pooling(features, present))
        return logits

    def judge_each_view(self, features: Tensor) -> Tensor:
        """The answer if one side were all there is: `(B, V, D)` -> view logits `(B, V, K)`."""
        logits: Tensor = self.head(self.view_pooling.each_alone(features))
        return logits
