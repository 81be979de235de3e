"""The first layers of a trunk, taken apart: what early fusion replaces."""

from dataclasses import dataclass

from torch import nn

from bulbinspect.errors import SpecError

_NORMS = (
    nn.modules.batchnorm._NormBase,  # batch and instance normalisation
    nn.GroupNorm,
    nn.LayerNorm,  # torchvision's LayerNorm2d is one
)
_ACTIVATIONS = (nn.ReLU, nn.GELU, nn.SiLU, nn.Hardswish)


@dataclass(frozen=True)
class Parts:
    """The layers of a trunk in three: `before`, `stem` and `rest`, to be applied in this order.

    `stem` is the first convolution, which takes one channel, with the norm and the activation that
    follow it at once. `before` (often nothing) takes pictures of any number of channels.
    """

    before: nn.Sequential
    stem: nn.Sequential
    rest: nn.Sequential


def take_apart(layers: nn.Module) -> Parts:
    """Return the parts of `layers`, the modules themselves and not copies.

    The first convolution is found within nested `nn.Sequential`. SpecError where there is none, or
    where it does not take one gray channel.
    """
    chain = _flat(layers)
    first = next((n for n, layer in enumerate(chain) if isinstance(layer, nn.Conv2d)), None)
    if first is None:
        raise SpecError("early fusion is for trunks that begin with a chain of layers: found none")
    convolution = chain[first]
    if not isinstance(convolution, nn.Conv2d) or convolution.in_channels != 1:
        raise SpecError("early fusion is for trunks whose first convolution takes one channel")
    end = first + 1
    while end < len(chain) and isinstance(chain[end], _NORMS + _ACTIVATIONS):
        end += 1
    return Parts(
        nn.Sequential(*chain[:first]),
        nn.Sequential(*chain[first:end]),
        nn.Sequential(*chain[end:]),
    )


def _flat(layers: nn.Module) -> list[nn.Module]:
    """Return the layers of nested `nn.Sequential` in the order in which they are applied."""
    if not isinstance(layers, nn.Sequential):
        return [layers]
    return [layer for child in layers for layer in _flat(child)]
