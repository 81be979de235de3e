"""The first step of every network: integers of a camera become floats, inside the graph."""

from torch import Tensor, nn


class ScaleGrayLevels(nn.Module):
    """Bring gray levels 0…`max_level` to floats, each view to its own zero mean and unit spread.

    `standardise=False` maps to 0…1 instead. Standardisation makes lamp and exposure irrelevant;
    it also hides a view that is wrong as a whole (too dark), which the gate of the reader must see.
    """

    def __init__(self, *, max_level: int, standardise: bool) -> None:
        super().__init__()
        self.max_level = max_level
        self.standardise = standardise

    def forward(self, views: Tensor) -> Tensor:
        """`(B, V, H, W)` gray levels of any dtype -> float32 of the same shape."""
        if not self.standardise:
            return views.float() / self.max_level
        # in double precision: of a dark, flat view two runtimes would else make different pictures
        levels = views.double() / self.max_level
        centred = levels - levels.mean((-2, -1), keepdim=True)
        variance = centred.square().mean((-2, -1), keepdim=True)
        return (centred / (variance + 1e-6).sqrt()).float()  # a blank view: zeros, not NaN
