"""Changing pixels at random in training, on whole batches, on the device that trains.

Each change says whether it is drawn once per bulb, as turning the bulb over changes all its views
alike, or per view, as cameras and lamps differ. What a bulb meets is a function of
(seed, epoch, row), so neither its batch mates nor a resumed run can change it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from bulbinspect.errors import SpecError
from bulbinspect.nn.view_shared import expand_like
from bulbinspect.training.stateless import generator_of

DRAWN = ("per_bulb", "per_view")


@dataclass(frozen=True)
class Change:
    """How much of a change, and whether all views of a bulb get the same draw."""

    amount: float = 0.0
    drawn: str = "per_view"

    def __post_init__(self) -> None:
        if self.drawn not in DRAWN:
            raise SpecError(f"a change is drawn {' or '.join(DRAWN)}, not {self.drawn!r}")
        if self.amount < 0:
            raise SpecError(f"the amount of a change must be 0 or more, not {self.amount}")

    @property
    def per_bulb(self) -> bool:
        """Whether all views of a bulb get the same draw."""
        return self.drawn == "per_bulb"


@dataclass(frozen=True, kw_only=True)
class AugmentSpec:
    """The amounts; 0 leaves a change out.

    `flip_horizontal`, `flip_vertical`, `view_dropout`: probability 0…1. `shift_x`, `shift_y`:
    largest, as a part of the side. `rotation`: largest, in degrees. `brightness`: largest, as a
    part of the gray range. `contrast`: largest relative change of the spread. `noise`: its
    standard deviation at most, as a part of the gray range. A horizontal flip per bulb is a
    mirror: it reverses the order of the sides too. View dropout never takes a bulb's last view.
    """

    flip_horizontal: Change = field(default_factory=Change)
    flip_vertical: Change = field(default_factory=Change)
    shift_x: Change = field(default_factory=Change)
    shift_y: Change = field(default_factory=Change)
    rotation: Change = field(default_factory=Change)
    brightness: Change = field(default_factory=Change)
    contrast: Change = field(default_factory=Change)
    noise: Change = field(default_factory=Change)
    view_dropout: Change = field(default_factory=Change)

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> Self:
        """Return the spec of `{change: {amount, drawn}}`; unknown names raise SpecError."""
        known = [field.name for field in fields(cls)]
        unknown = values.keys() - set(known)
        if unknown:
            raise SpecError(f"unknown changes {sorted(unknown)}; known are {', '.join(known)}")
        try:
            return cls(**{name: Change(**change) for name, change in values.items()})
        except TypeError as error:
            raise SpecError(f"a change has an amount and says how it is drawn: {error}") from error


RECOMMENDED = AugmentSpec(
    flip_horizontal=Change(0.5, "per_bulb"),
    flip_vertical=Change(0.0, "per_bulb"),
    shift_x=Change(0.04),
    shift_y=Change(0.04),
    rotation=Change(5.0),
    brightness=Change(0.05),
    contrast=Change(0.1),
    noise=Change(0.02),
    view_dropout=Change(0.0),
)
"""What configs/train.yaml says; a test holds the two together."""


class Augment:
    """Apply an AugmentSpec to batches of views."""

    def __init__(self, spec: AugmentSpec, *, seed: int, max_level: int) -> None:
        self.spec = spec
        self.seed = seed
        self.max_level = max_level

    def __call__(
        self, views: Tensor, present: Tensor, rows: Tensor, epoch: int
    ) -> tuple[Tensor, Tensor]:
        """`views (B, V, H, W)` gray levels, `present (B, V)`, `rows (B,)` -> views and present.

        The views come back as float32 gray levels in 0…max_level.
        """
        draws = self._draw(rows, epoch, views.shape[1], views.device)
        changed = self._move(views.float(), draws)
        changed = self._expose(changed, draws)
        changed = self._add_noise(changed, draws, rows, epoch).clamp_(0, self.max_level)
        present = self._drop(present, draws)
        return self._mirror(changed, draws), self._mirror(present, draws)

    def follow(self, values: Tensor, rows: Tensor, epoch: int) -> Tensor:
        """Put `values (B, V)` of the views in the order into which the views themselves come."""
        return self._mirror(values, self._draw(rows, epoch, values.shape[1], values.device))

    def _mirror(self, values: Tensor, draws: Mapping[str, Tensor]) -> Tensor:
        """`(B, V, ...)`: reverse the order of the sides of bulbs that are seen in a mirror."""
        if not self.spec.flip_horizontal.per_bulb:
            return values
        mirrored = draws["flip_horizontal"][:, 0] < self.spec.flip_horizontal.amount
        return torch.where(expand_like(mirrored[:, None], values), values.flip(1), values)

    def _draw(
        self, rows: Tensor, epoch: int, num_views: int, device: torch.device
    ) -> dict[str, Tensor]:
        """Return for each change numbers in 0…1 `(B, V)`, equal within a bulb if drawn per bulb."""
        names = [field.name for field in fields(self.spec)]
        generators = [generator_of(self.seed, epoch, row) for row in rows.tolist()]
        numbers = torch.stack(
            [torch.rand(len(names), num_views, generator=generator) for generator in generators]
        ).to(device)  # (B, changes, V)
        draws = {}
        for position, name in enumerate(names):
            per_view = numbers[:, position]
            per_bulb = per_view[:, :1].expand(-1, num_views)
            draws[name] = per_bulb if getattr(self.spec, name).per_bulb else per_view
        return draws

    def _signed(self, draws: Mapping[str, Tensor], name: str) -> Tensor:
        """-amount…amount `(B, V)`."""
        amount: float = getattr(self.spec, name).amount
        return (2 * draws[name] - 1) * amount

    def _move(self, views: Tensor, draws: Mapping[str, Tensor]) -> Tensor:
        """Flip, rotate and shift in one resampling; what comes in from outside repeats the edge.

        Flips alone are not resampled: every pixel keeps its value.
        """
        spec = self.spec
        if not any(change.amount for change in (spec.shift_x, spec.shift_y, spec.rotation)):
            upright = _flip(views, draws["flip_horizontal"] < spec.flip_horizontal.amount, -1)
            return _flip(upright, draws["flip_vertical"] < spec.flip_vertical.amount, -2)
        height, width = views.shape[-2:]
        flip_x = 1 - 2 * (draws["flip_horizontal"] < spec.flip_horizontal.amount).float()
        flip_y = 1 - 2 * (draws["flip_vertical"] < spec.flip_vertical.amount).float()
        angle = torch.deg2rad(self._signed(draws, "rotation"))
        shift_x = 2 * self._signed(draws, "shift_x")  # the side of a picture is 2 in grid_sample
        shift_y = 2 * self._signed(draws, "shift_y")
        x = (torch.arange(width, device=views.device) * 2 + 1) / width - 1
        y = (torch.arange(height, device=views.device) * 2 + 1) / height - 1
        grid = torch.stack(
            [
                _plane(flip_x * angle.cos(), x, -flip_x * angle.sin() * height / width, y, shift_x),
                _plane(flip_y * angle.sin() * width / height, x, flip_y * angle.cos(), y, shift_y),
            ],
            dim=-1,
        )  # (B*V, H, W, 2): where each pixel comes from
        moved = F.grid_sample(
            views.flatten(0, 1).unsqueeze(1), grid, padding_mode="border", align_corners=False
        )
        return moved.reshape(views.shape)

    def _expose(self, views: Tensor, draws: Mapping[str, Tensor]) -> Tensor:
        """Spread the gray levels about their mean, then make them brighter or darker."""
        spec = self.spec
        if not spec.brightness.amount and not spec.contrast.amount:
            return views
        mean = views.mean((-2, -1), keepdim=True)
        gain = (1 + self._signed(draws, "contrast"))[..., None, None]
        offset = (self._signed(draws, "brightness") * self.max_level)[..., None, None]
        return views * gain + (mean * (1 - gain) + offset)

    def _add_noise(
        self, views: Tensor, draws: Mapping[str, Tensor], rows: Tensor, epoch: int
    ) -> Tensor:
        """Add normal noise of a random strength."""
        if not self.spec.noise.amount:
            return views
        strength = draws["noise"] * self.spec.noise.amount * self.max_level
        noise = torch.empty_like(views)
        for place, row in enumerate(rows.tolist()):
            noise[place].normal_(
                generator=generator_of(self.seed, epoch, row, 1, device=views.device)
            )
        return torch.addcmul(views, noise, strength[..., None, None])

    def _drop(self, present: Tensor, draws: Mapping[str, Tensor]) -> Tensor:
        """Take views away, but never the last one of a bulb."""
        if not self.spec.view_dropout.amount:
            return present
        draw = draws["view_dropout"].masked_fill(~present, -1.0)
        last = draw == draw.amax(1, keepdim=True)
        return present & ((draw >= self.spec.view_dropout.amount) | last)


def _flip(views: Tensor, wanted: Tensor, dim: int) -> Tensor:
    """Reverse rows or columns of the views that are `wanted`: `(B, V, H, W)`, `(B, V)`."""
    if not wanted.any():
        return views
    return torch.where(expand_like(wanted, views), views.flip(dim), views)


def _plane(by_x: Tensor, x: Tensor, by_y: Tensor, y: Tensor, offset: Tensor) -> Tensor:
    """`by_x * x + by_y * y + offset` over all pixels: `(B, V)`, `(W,)`, `(H,)` -> `(B*V, H, W)`."""
    rows = by_y.reshape(-1, 1, 1) * y[:, None] + offset.reshape(-1, 1, 1)
    return by_x.reshape(-1, 1, 1) * x + rows
