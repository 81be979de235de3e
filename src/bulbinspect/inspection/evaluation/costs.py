"""What errors cost at every threshold, on a line whose costs are known or on any line."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bulbinspect.errors import UsageError
from bulbinspect.metrics.cost_curve import (
    OperatingCurve,
    cheapest_thresholds,
    probability_cost,
)
from bulbinspect.metrics.promise import cost_per_bulb


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a defective bulb that passed and a good one that was rejected cost, in any one unit.

    `prevalence` is the share of defective bulbs on the line. UsageError for what is none.
    """

    cost_escape: float
    cost_overkill: float
    prevalence: float

    def __post_init__(self) -> None:
        for name in ("cost_escape", "cost_overkill"):
            cost = getattr(self, name)
            if not 0 < cost < math.inf:
                raise UsageError(f"{name} is {cost}, expected a number above 0")
        if not 0 < self.prevalence < 1:
            raise UsageError(f"prevalence is {self.prevalence}, expected a number between 0 and 1")


def read_line(
    cost_escape: float | None, cost_overkill: float | None, prevalence: float | None
) -> Line | None:
    """Return the line where all three are given, None where none is; else UsageError."""
    if cost_escape is None and cost_overkill is None and prevalence is None:
        return None
    if cost_escape is None or cost_overkill is None or prevalence is None:
        raise UsageError(
            "costs per bulb need all three: cost_escape, cost_overkill and the prevalence"
        )
    return Line(cost_escape=cost_escape, cost_overkill=cost_overkill, prevalence=prevalence)


def cost_figures(
    curve: OperatingCurve, figures: Mapping[str, Any], line: Line | None
) -> dict[str, Any]:
    """Return the cheapest thresholds over all lines and, for a `line`, the costs per bulb.

    `figures` holds the escape and overkill rate at the bundle's thresholds; what a person costs who
    looks at a bulb for review is in no number. An infinite threshold, which rejects nothing, is
    None.
    """
    costs: dict[str, Any] = {
        "cheapest_thresholds": [
            {**asdict(one), "threshold": _finite(one.threshold)}
            for one in cheapest_thresholds(curve)
        ],
        "line": None,
    }
    if line is None:
        return costs
    each = curve.costs(**asdict(line))
    best = int(np.argmin(each))
    costs["line"] = {
        **asdict(line),
        "probability_cost": probability_cost(**asdict(line)),
        "cost_per_bulb": cost_per_bulb(
            escape_rate=figures["escape_rate"],
            overkill_rate=figures["overkill_rate"],
            **asdict(line),
        ),
        "lowest": {
            "threshold": _finite(float(curve.threshold[best])),
            "escape_rate": float(curve.escape_rate[best]),
            "overkill_rate": float(curve.overkill_rate[best]),
            "cost_per_bulb": float(each[best]),
        },
        "reject_all": float(each[0]),
        "pass_all": float(each[-1]),
    }
    return costs


def curve_rows(curve: OperatingCurve, line: Line | None) -> Iterator[Sequence[str]]:
    """Yield the rows of `operating-curve.csv`, its header first."""
    names = ["threshold", "escape_rate", "overkill_rate"]
    columns = [curve.threshold, curve.escape_rate, curve.overkill_rate]
    if line is not None:
        names.append("cost_per_bulb")
        columns.append(curve.costs(**asdict(line)))
    yield names
    for row in zip(*(column.tolist() for column in columns), strict=True):
        yield [repr(value) for value in row]


def _finite(threshold: float) -> float | None:
    return threshold if math.isfinite(threshold) else None
