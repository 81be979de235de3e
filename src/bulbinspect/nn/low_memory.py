"""A module over many pictures, a piece at a time, its activations computed again for the gradient.

Every piece passes forward and leaves nothing but its output; in the backward pass it goes forward
once more, with the same random numbers, and its gradients are added. At no time are there
activations of more than one piece.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from bulbinspect.errors import SpecError

MIN_PIECES = 8
PIECE_VALUES = 2**18
"""Input values of a piece: 64 pictures of 64 px. Its activations then fit the cache."""


def in_pieces(module: nn.Module, pictures: Tensor) -> Tensor:
    """`(N, *in) -> (N, *out)` as `module(pictures)`, but in at least `MIN_PIECES` pieces.

    SpecError for a module whose answer for one picture depends on the others, or that counts what
    it sees: batch normalisation in training, and anything whose buffers change in `forward`.
    """
    refuse_batch_statistics(module)
    versions = [(name, buffer, buffer._version) for name, buffer in module.named_buffers()]
    outputs = []
    for piece in cut(pictures):
        if torch.is_grad_enabled():
            outputs.append(checkpoint(module, piece, use_reentrant=False))
        else:
            outputs.append(module(piece))
        for name, buffer, version in versions:
            if buffer._version != version:
                raise SpecError(
                    f'memory="low" cannot take {name!r}, a buffer that forward changes: it would '
                    "change with every piece, and once more in the backward pass"
                )
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs)


def refuse_batch_statistics(module: nn.Module) -> None:
    """Raise SpecError if batch normalisation would take its statistics from a piece.

    Exact statistics would need every layer of all pieces before the next layer of any, and the
    gradient the same once more in reverse: a pass over all pieces for each such layer, or all its
    activations kept. Either gives away what is to be gained.
    """
    for name, layer in module.named_modules():
        if not isinstance(layer, nn.modules.batchnorm._BatchNorm):
            continue
        if layer.training or layer.running_mean is None:
            raise SpecError(
                f'memory="low" works in pieces, and {name or "the module"!r}, a batch '
                "normalisation in training, needs all pictures at once for its statistics: take "
                "GroupNorm (nn.group_norm.with_group_norm), put it into eval(), or leave "
                'memory="fast"'
            )


def cut(pictures: Tensor) -> Iterator[Tensor]:
    """Cut `(N, *in)` into pieces of equal size but for the last."""
    num = len(pictures)
    by_values = PIECE_VALUES // max(1, pictures[:1].numel())
    most = max(1, min(by_values, -(-num // MIN_PIECES)))
    for start in range(0, max(1, num), most):
        yield pictures[start : start + most]
