"""One module, the same weights, every view: kernels bound across the sides of a bulb.

The views are folded into the batch, so that any module for single pictures serves unchanged
(answer 10 of the original question; Keras calls it TimeDistributed).
"""

from torch import Tensor, nn


class ViewShared(nn.Module):
    """Apply `module` to each view alone with the same weights: `(B, V, *in) -> (B, V, *out)`.

    An absent view never reaches the module while training, so that it cannot move the statistics
    of a batch normalisation; in evaluation it passes through, and its output is set to zero.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, views: Tensor, present: Tensor | None = None) -> Tensor:
        """`views (B, V, *in)`, `present (B, V)` bool or None for all -> `(B, V, *out)`."""
        if present is None:
            return unfold_views(self.module(fold_views(views)), views)
        if not self.training:  # every shape stays known, as export needs it
            outputs = unfold_views(self.module(fold_views(views)), views)
            return outputs.masked_fill(~expand_like(present, outputs), 0.0)
        seen: Tensor = self.module(views[present])  # (number of present views, *out)
        outputs = seen.new_zeros(*present.shape, *seen.shape[1:])
        outputs[present] = seen
        return outputs


def fold_views(views: Tensor) -> Tensor:
    """`(B, V, *rest) -> (B*V, *rest)`."""
    return views.flatten(0, 1)


def unfold_views(folded: Tensor, views: Tensor) -> Tensor:
    """`(B*V, *rest) -> (B, V, *rest)` with B and V of `views`."""
    return folded.reshape(views.shape[0], views.shape[1], *folded.shape[1:])


def expand_like(mask: Tensor, values: Tensor) -> Tensor:
    """Give a `(B, V)` mask as many trailing ones as `values (B, V, *rest)` has further axes."""
    return mask.reshape(*mask.shape, *[1] * (values.dim() - mask.dim()))
