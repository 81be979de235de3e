"""How plots look: colours that everybody can tell apart, names that cannot do harm, no chance."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from bulbinspect.inspection.text import for_terminal
from bulbinspect.metrics.sample_efficiency import never_falling

INK, FAINT, LINE = "#16191d", "#5b636d", "#dde1e5"
GRAY = "#9aa1a9"
"""Of the arms that are not among those in colour."""

# Okabe and Ito 2008, for every kind of colour vision; wine in place of yellow, too light on white
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#882255", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_LONGEST = 28  # letters of a name


@contextmanager
def plain_style() -> Iterator[None]:
    """Draw within this block the same bytes every time, and every text as it is."""
    wanted: dict[str, Any] = {
        "svg.hashsalt": "bulbinspect",
        "svg.fonttype": "none",
        "text.parse_math": False,
        "axes.unicode_minus": True,
        "font.family": ["DejaVu Sans"],
        "font.size": 9,
        "axes.edgecolor": FAINT,
        "axes.labelcolor": INK,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "grid.color": LINE,
        "text.color": INK,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
    }
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever somebody's own file says
        settings: Any = mpl.rcParams
        settings.update(wanted)
        yield


def safe(name: str) -> str:
    """Return a name as every font can show it, not too long for its place."""
    shown = for_terminal(name).encode("ascii", "backslashreplace").decode("ascii")
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 3] + "..."


def looks(result: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return colour and marker of each arm: as many in colour as can be told apart, else gray.

    First the reference, then the baseline, then the arms with most sizes and the highest AUROC.
    """
    settings, arms = result["settings"], {row["arm"] for row in result["arms"]}

    def rank(arm: str) -> tuple[bool, bool, int, float, str]:
        rows = [row for row in result["arms"] if row["arm"] == arm and row["credited"]]
        reached = [row["figures"]["auroc"]["mean"] or 0.0 for row in rows]
        first, second = arm != settings["reference"], arm != settings["baseline"]
        return first, second, -len(rows), -max(reached), arm

    found = {}
    for place, arm in enumerate(sorted(arms, key=rank)):
        in_colour = place < len(_COLOURS)
        found[arm] = (_COLOURS[place], _MARKERS[place]) if in_colour else (GRAY, "o")
    return found


def apart(places: Sequence[float], gap: float) -> list[float]:
    """Return places from 0 to 1 that are `gap` apart, as near to the given ones as can be.

    Nearer than `gap` only where there are too many of them.
    """
    gap = min(gap, 1 / max(len(places) - 1, 1))
    order = np.argsort(np.array(places), kind="stable")
    steps = gap * np.arange(len(places))
    moved = never_falling([np.array(places)[order] - steps])[0] + steps if len(places) else []
    found = [0.0] * len(places)
    for rank, (place, value) in enumerate(zip(order, moved, strict=True)):
        most = 1 - gap * (len(places) - 1 - rank)
        found[int(place)] = float(min(max(value, gap * rank), most))
    return found


def label_at_right(
    axes: Axes,
    points: Mapping[str, tuple[float, float]],
    style: Mapping[str, tuple[str, str]],
    *,
    height_in: float,
) -> None:
    """Write the name of each arm to the right of the axes, with a line to its point."""
    low, high = axes.get_ylim()
    gap = 0.155 / height_in  # of the height of the axes
    names = list(points)
    levels = [(points[name][1] - low) / (high - low) for name in names]
    across = axes.get_xaxis_transform() + axes.transAxes.inverted()
    for name, level, wanted in zip(names, levels, apart(levels, gap), strict=True):
        colour, _ = style[name]
        at = across.transform((points[name][0], 0))[0]
        axes.plot(
            [at, 1.015, 1.035],
            [level, wanted, wanted],
            color=colour,
            linewidth=0.6,
            alpha=0.7,
            transform=axes.transAxes,
            clip_on=False,
            zorder=1,
        )
        axes.text(
            1.04,
            wanted,
            safe(name),
            color=FAINT if colour == GRAY else colour,
            fontsize=8,
            va="center",
            transform=axes.transAxes,
        )
