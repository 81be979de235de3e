"""A baseline: the siamese network with its kernels let loose, a trunk for each place of a view."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bulbinspect.models.siamese import SiameseNet
from bulbinspect.nn.view_pooling import ViewPooling
from bulbinspect.nn.view_shared import ViewShared


class PerViewTrunks(nn.Module):
    """View v meets module v: `(B, V, *in) -> (B, V, *out)`, for as many views as modules."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        super().__init__()
        # each for a bulb of one view: what ViewShared promises of absent views holds here too
        self.trunks = nn.ModuleList(ViewShared(module) for module in modules)

    def forward(self, views: Tensor, present: Tensor) -> Tensor:
        """`views (B, V, *in)`, `present (B, V)` bool -> `(B, V, *out)`."""
        if views.shape[1] != len(self.trunks):
            raise ValueError(
                f"this network was made for {len(self.trunks)} views, got {views.shape[1]}"
            )
        return torch.cat(
            [
                trunk(views[:, place : place + 1], present[:, place : place + 1])
                for place, trunk in enumerate(self.trunks)
            ],
            dim=1,
        )


class PerViewNet(SiameseNet):
    """As `SiameseNet`, but nothing binds the kernels of one view to those of the next.

    V times the weights, and what is learnt at one place is unknown at the others: order-bound,
    whatever the view pooling, and for as many views as there are trunks.
    """

    def __init__(
        self,
        *,
        scale: nn.Module,
        trunks: Sequence[nn.Module],
        spatial_pooling: nn.Module,
        view_pooling: ViewPooling,
        head: nn.Module,
    ) -> None:
        super().__init__(
            scale=scale,
            trunk=trunks[0],
            spatial_pooling=spatial_pooling,
            view_pooling=view_pooling,
            head=head,
        )
        # in the place of the one that would be shared
        self.trunk = PerViewTrunks([nn.Sequential(trunk, spatial_pooling) for trunk in trunks])
        self.num_views = len(trunks)
