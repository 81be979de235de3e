"""Curves of shares as an SVG file: what a page shows beside the table of the same numbers."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bulbinspect.report.environment import environment

_LIMITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_LEFT, _TOP, _WIDTH, _HEIGHT = 60, 14, 520, 320

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points joined by a straight line; `tone` is one of `main`, `other` and `faint`."""

    name: str
    tone: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot at (x, y); with ends there is a line across it, upright from `low` to `high`."""

    name: str
    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Curves and marks over axes from 0 to `x_limit` and `y_limit`; what lies beyond is cut off."""

    says: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...] = ()
    marks: tuple[Mark, ...] = ()
    x_limit: float = 1.0
    y_limit: float = 1.0


def draw(plot: Plot) -> str:
    """Return the SVG file; texts are data, and escaped."""

    def across(x: float) -> float:
        return round(_LEFT + _WIDTH * x / plot.x_limit, 2)

    def down(y: float) -> float:
        return round(_TOP + _HEIGHT * (1 - y / plot.y_limit), 2)

    template = environment().get_template("curve_plot.svg.jinja")
    return template.render(
        plot=plot,
        across=across,
        down=down,
        ticks=[step / 5 for step in range(6)],
        frame=(_LEFT, _TOP, _WIDTH, _HEIGHT),
    )


def round_limit(highest: float) -> float:
    """Return a round end for an axis from 0 on which a value up to `highest` can be seen."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= highest)


def limit_for(values: Iterable[float], *, at_least: float = 0.05) -> float:
    """Return a round end for an axis on which shares up to the highest of `values` can be seen."""
    highest = max([at_least, *values])
    return next((limit for limit in _LIMITS if limit >= highest), 1.0)
