"""What a page says beside the bulbs: sections of text, tables and plots."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; `order` is the number it is sorted by, None for one sorted by its text."""

    text: str
    order: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below columns; those in `strong`, by their place, are the ones that count."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    strong: frozenset[int] = frozenset()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers."""
        return tuple(
            any(row[at].order is not None for row in self.rows) for at in range(len(self.columns))
        )


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page; `lead` is said first and louder.

    `plot` is the name of one of the plots, `plot_says` what it shows. A `folded` table is opened by
    a click.
    """

    id: str
    title: str
    lead: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    plot: str = ""
    plot_says: str = ""
    table: Table | None = None
    folded: bool = False


def inline_plots(plots: Mapping[str, str]) -> dict[str, Markup]:
    """Return SVG files by name as elements of a page; their texts are escaped already."""
    return {name: Markup(inline_svg(svg, name)) for name, svg in plots.items()}  # noqa: S704  # ours


def inline_svg(svg: str, name: str) -> str:
    """Return the `<svg>` element of a file, its ids told from those of other plots of the page."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)
    element = re.sub(r"(<[^<>]*? id=\")", rf"\1{name}-", element)
    element = re.sub(r"(<[^<>]*?href=\"#)", rf"\1{name}-", element)
    return re.sub(r"(<[^<>]*?url\(#)", rf"\1{name}-", element)
