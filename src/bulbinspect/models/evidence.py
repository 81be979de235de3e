"""A network whose verdict is its explanation: a logit at every place of every view, one maximum."""

import torch
from torch import Tensor, nn

from bulbinspect.models.bulb_net import BulbNet
from bulbinspect.nn.smooth_maximum import SmoothMaximum
from bulbinspect.nn.view_shared import ViewShared


class EvidenceNet(BulbNet):
    """The shared trunk keeps its map, a 1×1 head gives each place a logit for each kind of defect.

    One smooth maximum over all places of all views is the logit of the bulb against the first
    class, whose own logit is 0 everywhere. So the map is no afterthought: it is what the bulb is
    judged by, a side's logit is exactly its part, and the order of the views cannot matter.
    """

    has_evidence = True

    def __init__(
        self,
        *,
        scale: nn.Module,
        trunk: nn.Module,
        num_features: int,
        num_classes: int,
        dropout: float = 0.0,
        sharpness: float | None = None,
        learn_sharpness: bool = False,
        memory: str = "fast",
    ) -> None:
        super().__init__()
        self.scale = scale
        head = nn.Conv2d(num_features, num_classes - 1, 1)
        layers = nn.Sequential(trunk, nn.Dropout2d(dropout), head)
        self.trunk = ViewShared(layers, memory=memory)
        self.maximum = SmoothMaximum(
            num_classes - 1,
            sharpness=1.0 if sharpness is None else sharpness,
            learnt=learn_sharpness,
        )

    def forward(self, views: Tensor, present: Tensor) -> Tensor:
        """See `BulbNet.forward`."""
        return self.judge_with_views(views, present)[0]

    def judge_with_views(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """See `BulbNet.judge_with_views`; a view says what it would if it were all there is."""
        return self._judge(self.places(views, present), present)

    def judge_with_evidence(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `BulbNet.judge_with_evidence`; absent views have a map that means nothing."""
        places = self.places(views, present)
        return *self._judge(places, present), places.logsumexp(2)

    def places(self, views: Tensor, present: Tensor) -> Tensor:
        """`(B, V, H, W)`, `(B, V)` -> a logit for each kind at each place `(B, V, K - 1, h, w)`."""
        pictures = self.scale(views).unsqueeze(2)  # (B, V, 1, H, W)
        places: Tensor = self.trunk(pictures, present)
        return places

    def _judge(self, places: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        of_views = self.maximum.of_places(places)  # (B, V, K - 1)
        of_bulb = self.maximum.of_views(of_views, present)  # (B, K - 1)
        return _after_nothing(of_bulb), _after_nothing(of_views)


def _after_nothing(logits: Tensor) -> Tensor:
    """Put the first class, 0 everywhere, before the others: `(..., K - 1) -> (..., K)`."""
    return torch.cat([torch.zeros_like(logits[..., :1]), logits], -1)
