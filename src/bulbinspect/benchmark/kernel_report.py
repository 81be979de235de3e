"""The result of `bench kernels` as a table on the screen, as Markdown, and as a plot."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]

_COLOURS = {
    "loop": "#8c8c8c",
    "loop_cat": "#c44e52",
    "grouped": "#dd8452",
    "conv3d": "#55a868",
    "fold": "#4c72b0",
    "mosaic": "#937860",
    "vmap": "#64b5cd",
    "matmul": "#ccb974",
    "chunked": "#8172b3",
    "auto": "#000000",
}


def print_kernels(results: Mapping[str, Any]) -> None:
    """Print medians and peaks of every implementation, then every promise, met or missed."""
    where = results["machine"]
    title = (
        f"kernels: {where['cpu']}, {results['settings']['threads']} threads, "
        f"load {where['load']} at the end"
    )
    table = Table(box=box.SIMPLE_HEAD, title=Text(title), title_justify="left")
    for name in ("shape, pass, malloc", "implementation"):
        table.add_column(name)
    for name in ("median, ms", "low", "high", "peak, MiB"):
        table.add_column(name, justify="right")
    for group, rows in grouped_rows(results["rows"]).items():
        fastest = min(row["seconds"]["median"] for row in rows)
        for at, row in enumerate(rows):
            name = row["implementation"]
            name = f"auto ({row['chosen']})" if name == "auto" else name
            style = "bold" if row["seconds"]["median"] == fastest else ""
            numbers = [_ms(row["seconds"][kind]) for kind in ("median", "low", "high")]
            peak = f"{row['peak_mib']:.1f}"
            table.add_row("" if at else ", ".join(group), name, *numbers, peak, style=style)
        table.add_section()
    console = Console()
    console.print(table)
    claims = Table(box=box.SIMPLE_HEAD)
    for name in ("ratio", "median", "low", "high", "at most", ""):
        claims.add_column(name, justify="left" if name == "ratio" else "right")
    for name, row in results["claims"].items():
        met = Text("met", "green") if row["met"] else Text("missed", "bold red")
        numbers = [f"{row[kind]:.3f}" for kind in ("median", "low", "high")]
        claims.add_row(name, *numbers, f"{row['at_most']:g}", met)
    console.print(claims)


def markdown(results: Mapping[str, Any]) -> str:
    """Return tables for docs/kernels.md: medians in ms, the fastest bold; peaks; promises."""
    names = list(dict.fromkeys(row["implementation"] for row in results["rows"]))
    where = results["machine"]
    lines = [
        f"{where['cpu']}, {where['cores']} cores, {results['settings']['threads']} threads, "
        f"Python {where['python']}, torch {where['packages']['torch']}, "
        f"{results['settings']['repeats']} repeats, commit {where['git_commit']}.",
        "",
        "Medians in ms; the floor is what bytes and operations take at the least.",
        "",
        *_head(["shape, pass, malloc", *names, "auto is", "floor"]),
    ]
    groups = grouped_rows(results["rows"])
    for group, rows in groups.items():
        medians = {row["implementation"]: row["seconds"]["median"] for row in rows}
        fastest = min(medians.values())
        cells = [_cell(medians.get(name), fastest) for name in names]
        chosen = next(row["chosen"] for row in rows if row["implementation"] == "auto")
        floor = _ms(results["floors"][rows[0]["case"]][rows[0]["pass"]])
        lines.append(_line([", ".join(group), *cells, chosen, floor]))
    lines += ["", "Peak memory beside the inputs, MiB.", "", *_head(["shape, pass", *names])]
    for group, rows in groups.items():
        if rows[0]["malloc"] != "raised":
            peaks = {row["implementation"]: f"{row['peak_mib']:.1f}" for row in rows}
            lines.append(_line([", ".join(group[:-1]), *(peaks.get(name, "") for name in names)]))
    lines += ["", *_head(["ratio", "median", "low", "high", "at most", ""])]
    for name, row in results["claims"].items():
        numbers = [f"{row[kind]:.3f}" for kind in ("median", "low", "high")]
        met = "met" if row["met"] else "**missed**"
        lines.append(_line([name, *numbers, f"{row['at_most']:g}", met]))
    return "\n".join(lines) + "\n"


def plot(results: Mapping[str, Any]) -> str:
    """Return an SVG: for each shape, pass and malloc, time over the fastest of the others.

    The axis is logarithmic; `auto` is the black mark. One line is one row of the table.
    """
    groups = grouped_rows(results["rows"])
    left, width, step, top = 250, 480, 20, 50
    ratios = {group: _over_fastest(rows) for group, rows in groups.items()}
    ticks = _ticks([ratio for row in ratios.values() for ratio in row.values()])
    height = top + step * len(groups) + 10
    body = []
    for tick in ticks:
        x = left + _at(tick, ticks) * width
        body.append(f'<path d="M{x:.0f} {top - 8}V{height - 10}" stroke="#ddd"/>')
        body.append(f'<text x="{x:.0f}" y="{top - 12}" text-anchor="middle">{tick:g}×</text>')
    for at, (group, row) in enumerate(ratios.items()):
        y = top + step * at + 8
        label = escape(", ".join(group))
        body.append(f'<text x="{left - 12}" y="{y + 4}" text-anchor="end">{label}</text>')
        for name, ratio in row.items():
            x = left + _at(ratio, ticks) * width
            body.append(
                f'<circle cx="{x:.1f}" cy="{y}" r="{5 if name == "auto" else 4}" '
                f'fill="{_COLOURS.get(name, "#777")}"><title>{escape(name)} {ratio:.2f}×</title>'
                "</circle>"
            )
    for at, name in enumerate(dict.fromkeys(name for row in ratios.values() for name in row)):
        x = left - 150 + 82 * at
        body.append(f'<circle cx="{x}" cy="14" r="4" fill="{_COLOURS.get(name, "#777")}"/>')
        body.append(f'<text x="{x + 8}" y="18">{escape(name)}</text>')
    size = f'width="{left + width + 240}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(body)}</svg>\n'
    )


def grouped_rows(rows: Sequence[Row]) -> dict[tuple[str, ...], list[Row]]:
    """Return the rows by (shape, pass, malloc or device and dtype), in their order."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        place = row["malloc"] if row["device"] == "cpu" else f"{row['device']} {row['dtype']}"
        groups.setdefault((row["case"], row["pass"], place), []).append(row)
    return groups


def _over_fastest(rows: Sequence[Row]) -> dict[str, float]:
    medians = {row["implementation"]: row["seconds"]["median"] for row in rows}
    fastest = min(seconds for name, seconds in medians.items() if name != "auto")
    return {name: seconds / fastest for name, seconds in medians.items()}


def _ticks(ratios: Sequence[float]) -> list[float]:
    """Return 1, 2, 5, 10, … and 0.5, 0.2, … so far that all ratios lie between the ends."""
    known = [step * 10.0**power for power in range(-3, 5) for step in (1, 2, 5)]
    first = max(at for at, tick in enumerate(known) if tick <= min(*ratios, 1))
    last = min(at for at, tick in enumerate(known) if tick >= max(*ratios, 2))
    return known[first : last + 1]


def _at(value: float, ticks: Sequence[float]) -> float:
    low, high = math.log(ticks[0]), math.log(ticks[-1])
    return (math.log(value) - low) / (high - low)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:.0f}"


def _cell(seconds: float | None, fastest: float) -> str:
    if seconds is None:
        return ""
    return f"**{_ms(seconds)}**" if seconds == fastest else _ms(seconds)


def _head(names: Sequence[str]) -> list[str]:
    return [_line(names), "|---" + "|--:" * (len(names) - 1) + "|"]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
