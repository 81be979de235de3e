"""The plots of a result, as SVG and PNG. Without pyplot: nothing is kept between two of them."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from bulbinspect.study.numbers import amount
from bulbinspect.study.plot_style import (
    FAINT,
    GRAY,
    INK,
    label_at_right,
    looks,
    plain_style,
    safe,
)

Result = Mapping[str, Any]
Row = Mapping[str, Any]
Look = Mapping[str, tuple[str, str]]

_DOTS_PER_INCH = 160
_NO_DATE: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
}
_OF_CHANGES = (
    ("orders_changed", "some of the 24 orders", "#d55e00"),
    ("shifts_changed", "some of the 4 shifts", "#0072b2"),
    ("reshots_changed", "another shot", "#8a8f98"),
)


def draw(name: str, result: Result, ending: str) -> bytes:
    """Return one of `PLOTS` as a file: `svg` or `png`."""
    with plain_style(), BytesIO() as file:
        figure = PLOTS[name](result)
        figure.savefig(
            file, format=ending, dpi=_DOTS_PER_INCH, metadata=_NO_DATE[ending], facecolor="white"
        )
        return file.getvalue()


def learning_curves(result: Result) -> Figure:
    """AUROC against training bulbs: a line for each arm, with a band for those in colour."""
    height = 5.6
    figure, axes = _figure(10.6, height, left=0.7, right=2.5, top=0.35, bottom=0.6)
    style = looks(result)
    ends = {}
    for arm in reversed(style):  # those in colour above the gray ones
        colour, marker = style[arm]
        rows = _credited(result, arm)
        rows = [row for row in rows if row["figures"]["auroc"]["mean"] is not None]
        if not rows:
            continue
        sizes = [row["num_train"] for row in rows]
        means = [row["figures"]["auroc"]["mean"] for row in rows]
        front = colour != GRAY
        axes.plot(
            sizes,
            means,
            color=colour,
            marker=marker,
            markersize=4.5 if front else 3,
            linewidth=1.8 if front else 0.8,
            zorder=3 if front else 2,
        )
        if front:
            _band(axes, rows, colour)
        ends[arm] = sizes[-1], means[-1]
    sizes = sorted({row["num_train"] for row in result["arms"]})
    axes.set_xscale("log")
    _ticks(axes, sizes, [str(size) for size in sizes])
    axes.set_xlabel("training bulbs")
    axes.set_title("AUROC on test, mean over seeds")
    axes.grid(axis="y")
    label_at_right(axes, dict(reversed(ends.items())), style, height_in=height - 0.95)
    return figure


def differences(result: Result) -> Figure:
    """A row for each arm, a column for each size: the difference to the reference."""
    rows = [row for row in result["differences"] if row["auroc"]["mean"] is not None]
    sizes = sorted({row["num_train"] for row in rows})
    best = {row["arm"]: row["auroc"]["mean"] for row in rows}  # at its largest size
    arms = sorted(best, key=lambda arm: (best[arm], arm))
    height = 0.95 + 0.24 * max(len(arms), 1)
    figure = Figure(figsize=(10.6, height))
    style = looks(result)
    grid = figure.subplots(
        1,
        max(len(sizes), 1),
        sharex=True,
        sharey=True,
        squeeze=False,
        gridspec_kw={
            "left": 2.2 / 10.6,
            "right": 0.985,
            "top": 1 - 0.35 / height,
            "bottom": 0.55 / height,
            "wspace": 0.08,
        },
    )[0]
    for axes, size in zip(grid, sizes, strict=False):
        axes.axvline(0, color=INK, linewidth=0.8)
        for row in (one for one in rows if one["num_train"] == size):
            _whisker(axes, row["auroc"], arms.index(row["arm"]), style[row["arm"]])
        axes.set_title(f"{size} bulbs")
        axes.grid(axis="x")
        axes.tick_params(labelsize=8)
        axes.locator_params(axis="x", nbins=4)
        axes.xaxis.set_major_formatter("{x:g}")  # eight sizes leave no room for more
    grid[0].set_yticks(range(len(arms)), [safe(arm) for arm in arms])
    grid[0].set_ylim(-0.7, len(arms) - 0.3)
    reference = safe(result["settings"]["reference"])
    figure.supxlabel(
        f"AUROC less that of {reference}: to the left {reference} is better", fontsize=9
    )
    return figure


def verdict_changes(result: Result) -> Figure:
    """A bar for each arm and way to look at the same bulb again: bulbs whose verdict changes."""
    rows = _at_shared_size(result, "orders_changed")
    shown = [one for one in _OF_CHANGES if any(_mean(row, one[0]) is not None for row in rows)]
    rows = sorted(rows, key=lambda row: (-(_mean(row, "orders_changed") or 0.0), row["arm"]))[::-1]
    height = 1.15 + 0.3 * max(len(rows), 1)
    figure, axes = _figure(10.6, height, left=2.2, right=0.6, top=0.6, bottom=0.5)
    thick = 0.8 / max(len(shown), 1)
    for place, (column, name, colour) in enumerate(shown):
        values = [_mean(row, column) for row in rows]
        at = [row + 0.4 - thick * (place + 0.5) for row in range(len(rows))]
        axes.barh(at, [value or 0.0 for value in values], thick * 0.9, color=colour, label=name)
        for level, value in zip(at, values, strict=True):
            if value is not None:
                words = f" {100 * value:.1f} %"
                axes.text(value, level, words, va="center", fontsize=6, color=FAINT)
    axes.set_yticks(range(len(rows)), [safe(row["arm"]) for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    size = f", {rows[0]['num_train']} training bulbs" if rows else ""
    axes.set_title(f"Test bulbs whose verdict changes{size}", pad=22)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0, fontsize=8
    )
    return figure


def cost(result: Result) -> Figure:
    """AUROC against the FLOPs of judging one bulb, at the largest size that most arms have."""
    height = 5.0
    figure, axes = _figure(10.6, height, left=0.7, right=2.5, top=0.35, bottom=0.6)
    style = looks(result)
    rows = {row["arm"]: row for row in _at_shared_size(result, "flops_per_bulb")}
    points: dict[str, tuple[float, float]] = {}
    for arm in (one for one in style if one in rows):
        flops, values = _mean(rows[arm], "flops_per_bulb"), rows[arm]["figures"]["auroc"]
        if flops is None or flops <= 0 or values["mean"] is None:
            continue
        colour, marker = style[arm]
        if values["low"] is not None and values["high"] is not None:
            axes.plot([flops] * 2, [values["low"], values["high"]], color=colour, linewidth=0.8)
        axes.plot([flops], [values["mean"]], color=colour, marker=marker, markersize=6)
        points[arm] = flops, values["mean"]
    axes.set_xscale("log")
    most = [x for x, _ in points.values()]
    if most:
        axes.set_xlim(min(most) / 1.5, max(most) * 1.5)
        _ticks(axes, ticks := _round_numbers(min(most), max(most)), [amount(t).text for t in ticks])
    axes.set_xlabel("FLOPs to judge a bulb")
    size = f", {next(iter(rows.values()))['num_train']} training bulbs" if rows else ""
    axes.set_title(f"AUROC on test{size}")
    axes.grid(axis="y")
    label_at_right(axes, points, style, height_in=height - 0.95)
    return figure


PLOTS: dict[str, Callable[[Result], Figure]] = {
    "learning-curves": learning_curves,
    "differences": differences,
    "verdict-changes": verdict_changes,
    "cost": cost,
}


def _figure(
    width: float, height: float, *, left: float, right: float, top: float, bottom: float
) -> tuple[Figure, Axes]:
    """Return a figure of so many inches, and its axes within these margins."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes(
        (
            left / width,
            bottom / height,
            1 - (left + right) / width,
            1 - (top + bottom) / height,
        )
    )
    return figure, axes


def _band(axes: Axes, rows: Sequence[Row], colour: str) -> None:
    known = [row for row in rows if row["figures"]["auroc"]["low"] is not None]
    sizes = [row["num_train"] for row in known]
    lows, highs = ([row["figures"]["auroc"][end] for row in known] for end in ("low", "high"))
    if len(known) > 1:
        axes.fill_between(sizes, lows, highs, color=colour, alpha=0.1, linewidth=0, zorder=1)
    else:
        axes.vlines(sizes, lows, highs, color=colour, linewidth=1, alpha=0.6, zorder=1)


def _whisker(axes: Axes, values: Row, level: int, look: tuple[str, str]) -> None:
    colour, marker = look
    if values["low"] is not None and values["high"] is not None:
        axes.plot([values["low"], values["high"]], [level] * 2, color=colour, linewidth=1.4)
    axes.plot([values["mean"]], [level], color=colour, marker=marker, markersize=4.5)


def _ticks(axes: Axes, places: Sequence[float], names: Sequence[str]) -> None:
    """Put ticks at these places of a logarithmic axis, and nowhere else."""
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(places, names)


def _round_numbers(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten around a range."""
    numbers = [digit * 10.0**power for power in range(-3, 19) for digit in (1, 2, 5)]
    return [one for one in numbers if low / 1.5 <= one <= high * 1.5] or [low]


def _credited(result: Result, arm: str) -> list[Row]:
    rows = [row for row in result["arms"] if row["arm"] == arm and row["credited"]]
    return sorted(rows, key=lambda row: row["num_train"])


def _at_shared_size(result: Result, column: str) -> list[Row]:
    """Return the credited rows that have this figure, at the largest size that most have."""
    rows = [row for row in result["arms"] if row["credited"] and _mean(row, column) is not None]
    sizes = [row["num_train"] for row in rows]
    shared = max(sizes, key=lambda size: (sizes.count(size), size), default=0)
    return [row for row in rows if row["num_train"] == shared]


def _mean(row: Row, column: str) -> float | None:
    figure = row["figures"].get(column)
    return None if figure is None else figure["mean"]
