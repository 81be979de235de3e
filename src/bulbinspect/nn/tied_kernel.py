"""A convolution whose kernel repeats few weights at many places, as a pattern of letters says.

Answers 5 and 6 of the original question: `AABCC/AABCC/DDEFF/GGHII/GGHII` sees as far as a 5×5
kernel and learns 9 weights; a 1×5 kernel repeated five times downwards learns 5.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bulbinspect.errors import SpecError

ZERO = "."
"""The letter of a place that is always zero."""


class TiedKernelConv2d(nn.Conv2d):
    """`nn.Conv2d` with a `pattern` in place of `kernel_size`; every other option is its own.

    Rows of the pattern are parted by `/`. Places with the same letter share one weight, for each
    pair of an output and an input channel; a place with `.` is always zero. What is trained is
    `tied_weight (out_channels, in_channels / groups, letters)`, letters in order of appearance.
    `weight` is computed of it: the kernel `(out_channels, in_channels / groups, rows, columns)`.
    Raises SpecError for a pattern that is none.

    The layer starts with the output variance of an `nn.Conv2d` of that kernel size. Let a letter l
    stand at n_l places and the weights be independent, of mean 0 and variance s². The inputs of one
    output, independent of each other with mean 0 and mean square q, then give

        Var(y) = Σ_l s² · E[(sum of the n_l inputs under l)²] = Σ_l s² · n_l · q = s² · places · q,

    summed over the input channels. So s² belongs to the number of places, as in any convolution: it
    is 1 / (3 · fan_in), `nn.Conv2d`'s own, with `fan_in` = places · in_channels / groups, where
    places that are always zero do not count. Counting weights instead would make the variance
    places / letters times too large; averaging what was drawn for each place, too small.
    Where the inputs under a letter are all equal their sum has n_l² · q instead: in a flat part of
    a picture a tied kernel is louder, however it begins.
    """

    def __init__(
        self, in_channels: int, out_channels: int, pattern: str, *args: Any, **options: Any
    ) -> None:
        rows = _rows(pattern)
        super().__init__(in_channels, out_channels, (len(rows), len(rows[0])), *args, **options)
        kernel = cast(nn.Parameter, self._parameters.pop("weight"))
        letters = list(dict.fromkeys("".join(rows).replace(ZERO, "")))
        places = [letters.index(c) if c != ZERO else len(letters) for c in "".join(rows)]
        self.pattern = pattern
        self.tied_weight = nn.Parameter(kernel.new_empty(*kernel.shape[:2], len(letters)))
        self.places: Tensor  # (rows * columns,): which weight; one past the last is the zero
        self.register_buffer("places", torch.tensor(places, device=kernel.device), persistent=False)
        self.reset_parameters()

    @classmethod
    def tiled(
        cls,
        in_channels: int,
        out_channels: int,
        kernel: tuple[int, int],
        factors: tuple[int, int],
        *args: Any,
        **options: Any,
    ) -> "TiedKernelConv2d":
        """Return a layer whose kernel is one of size `kernel`, repeated by `factors` (as np.tile).

        `kernel=(1, 5), factors=(5, 1)` has 5×5 places and 5 weights, one for each column.
        """
        if min(*kernel, *factors) < 1:
            raise SpecError(f"kernel and factors must be 1 or more, not {kernel} and {factors}")
        letters = _letters()
        small = ["".join(itertools.islice(letters, kernel[1])) for _ in range(kernel[0])]
        pattern = "/".join([row * factors[1] for row in small] * factors[0])
        return cls(in_channels, out_channels, pattern, *args, **options)

    @property
    def weight(self) -> Tensor:  # type: ignore[override]  # a parameter there, computed here
        """The kernel, `(out_channels, in_channels / groups, rows, columns)`."""
        with_zero = F.pad(self.tied_weight, (0, 1))
        places = with_zero.index_select(-1, self.places)  # (O, I, rows * columns)
        return places.reshape(*places.shape[:2], *self.kernel_size)

    @property
    def fan_in(self) -> int:
        """Number of inputs that reach one output with a weight: places × channels."""
        places = sum(letter != ZERO for letter in self.pattern.replace("/", ""))
        return places * self.in_channels // self.groups

    def reset_parameters(self) -> None:
        """Draw the weights and the bias anew, uniform in ±1 / sqrt(fan_in)."""
        if "tied_weight" not in self._parameters:  # called by nn.Conv2d, while it is being made
            return
        bound = 1 / math.sqrt(self.fan_in)
        nn.init.uniform_(self.tied_weight, -bound, bound)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def written_out(self) -> nn.Conv2d:
        """Return an ordinary `nn.Conv2d` with a copy of this kernel, and of the bias: for export.

        From then on every place is trained for itself.
        """
        conv = nn.Conv2d(
            self.in_channels,
            self.out_channels,
            cast(tuple[int, int], self.kernel_size),
            stride=cast(tuple[int, int], self.stride),
            padding=cast(tuple[int, int], self.padding),
            dilation=cast(tuple[int, int], self.dilation),
            groups=self.groups,
            bias=self.bias is not None,
            padding_mode=self.padding_mode,
            device=self.tied_weight.device,
            dtype=self.tied_weight.dtype,
        ).train(self.training)
        with torch.no_grad():
            conv.weight.copy_(self.weight)
            if self.bias is not None and conv.bias is not None:
                conv.bias.copy_(self.bias)
        return conv

    def extra_repr(self) -> str:
        """Say the pattern beside what `nn.Conv2d` says."""
        said: str = super().extra_repr()  # type: ignore[no-untyped-call]  # torch's own
        return f"{said}, pattern={self.pattern}"


def write_out_tied_kernels(network: nn.Module) -> nn.Module:
    """Return `network` with an ordinary convolution in place of every tied one, for export.

    Only layers within it are exchanged, in place; a network that is one tied layer is not touched.
    """
    if isinstance(network, TiedKernelConv2d):
        return network.written_out()
    for name, child in network.named_children():
        setattr(network, name, write_out_tied_kernels(child))
    return network


def _rows(pattern: str) -> list[str]:
    """Return the rows of a pattern; one that is none is a SpecError that says why."""
    rows = pattern.split("/")
    lengths = sorted({len(row) for row in rows})
    letters = "".join(rows).replace(ZERO, "")
    if len(lengths) > 1:
        raise SpecError(f"rows of a pattern have one length; {pattern!r} has {lengths}")
    if not letters or not letters.isalpha():
        raise SpecError(
            f"a pattern is of letters, '{ZERO}' for zero and '/' between rows, "
            f"such as AAB/AAB/CCD, not {pattern!r}"
        )
    return rows


def _letters() -> Iterator[str]:
    """A…Z, then all other letters there are."""
    capitals = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    others = (chr(code) for code in range(ord("a"), 0x10000))
    return itertools.chain(capitals, (letter for letter in others if letter.isalpha()))
