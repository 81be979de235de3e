"""The numbers and names that define a network, and the one place that builds it from them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from torch import nn

from bulbinspect.errors import SpecError
from bulbinspect.models.bulb_net import BulbNet
from bulbinspect.models.early_fusion import EarlyFusionNet
from bulbinspect.models.evidence import EvidenceNet
from bulbinspect.models.order_average import average_over_orders
from bulbinspect.models.per_view import PerViewNet
from bulbinspect.models.siamese import SiameseNet
from bulbinspect.models.single_view import SingleViewNet
from bulbinspect.nn.early_fusion import build_early_fusion
from bulbinspect.nn.gray_levels import ScaleGrayLevels
from bulbinspect.nn.group_norm import with_group_norm
from bulbinspect.nn.head import Head
from bulbinspect.nn.spatial_pooling import build_spatial_pooling
from bulbinspect.nn.stem import take_apart
from bulbinspect.nn.trunk import Trunk, build_trunk
from bulbinspect.nn.view_pooling import build_view_pooling

NORMS = ("batch", "group")
LEARNT = "learnt"
READ_BY = {
    "view_pooling": ("siamese", "per_view_kernels"),
    "memory": ("siamese", "single_view", "evidence"),
    "spatial_pooling": ("siamese", "early_fusion", "per_view_kernels", "single_view"),
    "fusion": ("early_fusion",),
    "join": ("single_view",),
}
"""Which models read the values that not all of them do; elsewhere they keep their defaults."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Plain values, the same in the YAML, the checkpoint and the bundle.

    `fusion` is a name in EARLY_FUSIONS, `join` one in JOINS, `judge_orders` one in JUDGE_ORDERS.
    `sharpness` is that of the log-sum-exp over places; None: the usual one of the network; LEARNT
    over an evidence map alone.
    `norm="group"` puts GroupNorm in the place of batch normalisation, which `memory="low"` needs in
    training. `standardise` brings each view to zero mean and unit spread inside the graph.
    `max_level` is the largest gray level a view can hold (255 for 8-bit pictures). `dropout` is
    that of the head. `num_views` and the size of a view matter to parts made for one number or
    size; None: not known.
    """

    name: str = "siamese"
    num_classes: int
    trunk: str = "compact"
    norm: str = "batch"
    spatial_pooling: str = "log_sum_exp"
    view_pooling: str = "log_sum_exp"
    fusion: str = "stacked"
    join: str = "mean_logit"
    judge_orders: str = "as_given"
    sharpness: float | str | None = None
    memory: str = "fast"
    standardise: bool = False
    dropout: float = 0.0
    max_level: int = 255
    num_views: int | None = None
    height_px: int | None = None
    width_px: int | None = None

    def __post_init__(self) -> None:
        if self.num_classes < 2:
            raise SpecError(f"num_classes must be 2 or more, not {self.num_classes}")
        if not 0.0 <= self.dropout < 1.0:
            raise SpecError(f"dropout must be in 0…1 without 1, not {self.dropout}")
        if isinstance(self.sharpness, str):
            if self.sharpness != LEARNT or self.name != "evidence":
                raise SpecError(
                    f"sharpness is a number, null, or for the network evidence {LEARNT}, "
                    f"not {self.sharpness!r} for {self.name}"
                )
        elif self.sharpness is not None and not 0.0 < self.sharpness < math.inf:
            raise SpecError(f"sharpness must be above 0, not {self.sharpness}")
        if self.max_level < 1:
            raise SpecError(f"max_level must be 1 or more, not {self.max_level}")
        for name in ("num_views", "height_px", "width_px"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SpecError(f"{name} must be 1 or more, not {value}")
        if (self.height_px is None) != (self.width_px is None):
            raise SpecError("height_px and width_px are given both or not at all")

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Height and width of a view, None where they are not known."""
        if self.height_px is None or self.width_px is None:
            return None
        return self.height_px, self.width_px

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelSpec":
        """Return the spec of these values; unknown or missing names raise SpecError."""
        known = {field.name for field in fields(cls)}
        if values.keys() != known:
            odd = sorted(values.keys() ^ known)
            raise SpecError(f"a model spec has the values {sorted(known)}; these differ: {odd}")
        return cls(**values)


def build_siamese(spec: ModelSpec, weights: Path | None) -> SiameseNet:
    """Assemble a `SiameseNet`; each part is sized by asking the part before it."""
    trunk = _trunk(spec, weights)
    view_pooling = build_view_pooling(spec.view_pooling, trunk.out_features, spec.num_views)
    return SiameseNet(
        scale=_scale(spec),
        trunk=trunk,
        spatial_pooling=_spatial_pooling(spec),
        view_pooling=view_pooling,
        head=_head(spec, view_pooling.out_features(trunk.out_features)),
        memory=spec.memory,
    )


def build_early_fusion_net(spec: ModelSpec, weights: Path | None) -> EarlyFusionNet:
    """Assemble an `EarlyFusionNet`; of `weights` a convolution over all views takes nothing."""
    num_views = _num_views(spec, "name early_fusion")
    trunk = _trunk(spec, weights)
    parts = take_apart(trunk.layers)
    return EarlyFusionNet(
        scale=_scale(spec),
        before=parts.before,
        fusion=build_early_fusion(spec.fusion, parts.stem, num_views=num_views),
        rest=parts.rest,
        spatial_pooling=_spatial_pooling(spec),
        head=_head(spec, trunk.out_features),
        num_views=num_views,
    )


def build_per_view(spec: ModelSpec, weights: Path | None) -> PerViewNet:
    """Assemble a `PerViewNet`."""
    trunks = [_trunk(spec, weights) for _ in range(_num_views(spec, "name per_view_kernels"))]
    num_features = trunks[0].out_features
    view_pooling = build_view_pooling(spec.view_pooling, num_features, spec.num_views)
    return PerViewNet(
        scale=_scale(spec),
        trunks=trunks,
        spatial_pooling=_spatial_pooling(spec),
        view_pooling=view_pooling,
        head=_head(spec, view_pooling.out_features(num_features)),
    )


def build_single_view(spec: ModelSpec, weights: Path | None) -> SingleViewNet:
    """Assemble a `SingleViewNet`."""
    trunk = _trunk(spec, weights)
    return SingleViewNet(
        scale=_scale(spec),
        trunk=trunk,
        spatial_pooling=_spatial_pooling(spec),
        head=_head(spec, trunk.out_features),
        join=spec.join,
        memory=spec.memory,
    )


def build_evidence(spec: ModelSpec, weights: Path | None) -> EvidenceNet:
    """Assemble an `EvidenceNet`."""
    trunk = _trunk(spec, weights)
    return EvidenceNet(
        scale=_scale(spec),
        trunk=trunk,
        num_features=trunk.out_features,
        num_classes=spec.num_classes,
        dropout=spec.dropout,
        sharpness=_sharpness(spec),
        learn_sharpness=spec.sharpness == LEARNT,
        memory=spec.memory,
    )


def _num_views(spec: ModelSpec, wanted_by: str) -> int:
    if spec.num_views is None:
        raise SpecError(f"{wanted_by} is for one number of views: give num_views")
    return spec.num_views


def _spatial_pooling(spec: ModelSpec) -> nn.Module:
    return build_spatial_pooling(spec.spatial_pooling, sharpness=_sharpness(spec))


def _sharpness(spec: ModelSpec) -> float | None:
    return None if isinstance(spec.sharpness, str) else spec.sharpness


def _scale(spec: ModelSpec) -> ScaleGrayLevels:
    return ScaleGrayLevels(max_level=spec.max_level, standardise=spec.standardise)


def _head(spec: ModelSpec, num_features: int) -> Head:
    return Head(num_features, spec.num_classes, dropout=spec.dropout)


def _trunk(spec: ModelSpec, weights: Path | None) -> Trunk:
    if spec.norm not in NORMS:
        raise SpecError(f"unknown norm {spec.norm!r}; known are {', '.join(NORMS)}")
    trunk = build_trunk(spec.trunk, weights, size_px=spec.size_px)
    if spec.norm == "group":
        return Trunk(with_group_norm(trunk.layers), out_features=trunk.out_features)
    return trunk


MODELS: dict[str, Callable[[ModelSpec, Path | None], BulbNet]] = {
    "siamese": build_siamese,
    "early_fusion": build_early_fusion_net,
    "per_view_kernels": build_per_view,
    "single_view": build_single_view,
    "evidence": build_evidence,
}


def build_model(spec: ModelSpec, weights: Path | None = None) -> BulbNet:
    """Return the untrained network of that spec, its trunk with `weights` from a file if given.

    SpecError for an unknown name, listing the known ones, and for a value that this model does not
    read and that is not left at its default.
    """
    if spec.name not in MODELS:
        raise SpecError(f"unknown model {spec.name!r}; known are {', '.join(MODELS)}")
    for field in fields(spec):
        value = getattr(spec, field.name)
        if spec.name not in READ_BY.get(field.name, MODELS) and value != field.default:
            raise SpecError(
                f"model {spec.name} does not read {field.name}: leave it at {field.default!r}, "
                f"not {value!r}"
            )
    network = MODELS[spec.name](spec, weights)
    return average_over_orders(network, spec.judge_orders, num_views=spec.num_views)
