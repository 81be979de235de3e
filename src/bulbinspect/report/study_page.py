"""The result of a study as sections of text, tables and plots: one HTML file, or Markdown."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from bulbinspect.files import whole_file
from bulbinspect.report.environment import environment


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


def write_study_page(
    path: Path,
    *,
    title: str,
    facts: Mapping[str, str],
    sections: Sequence[Section],
    plots: Mapping[str, str],
) -> None:
    """Write the page; it needs no network, no other file, and no script to be read.

    `facts` are pairs shown on top, `plots` SVG files by name, whose texts are escaped already.
    """
    script = files("bulbinspect.report").joinpath("study.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    page = (
        environment()
        .get_template("study.html.jinja")
        .generate(
            title=title,
            facts=facts,
            sections=sections,
            plots={name: Markup(inline_svg(svg, name)) for name, svg in plots.items()},  # noqa: S704  # ours
            script=Markup(script),  # noqa: S704  # our own file, and the policy pins its hash
            script_sha256=digest,
        )
    )
    with whole_file(path) as file:
        file.writelines(page)


def inline_svg(svg: str, name: str) -> str:
    """Return the `<svg>` element of a file, its ids told from those of other plots of the page."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)
    element = re.sub(r"(<[^<>]*? id=\")", rf"\1{name}-", element)
    element = re.sub(r"(<[^<>]*?href=\"#)", rf"\1{name}-", element)
    return re.sub(r"(<[^<>]*?url\(#)", rf"\1{name}-", element)


def markdown(
    *, title: str, facts: Mapping[str, str], sections: Sequence[Section], ending: str = ".svg"
) -> str:
    """Return the same as Markdown; plots are files beside it, named by their plot and `ending`."""
    lines = [f"# {_plain(title)}", ""]
    lines += [f"- {_plain(name)}: {_plain(value)}" for name, value in facts.items()]
    for section in sections:
        lines += ["", f"## {_plain(section.title)}"]
        for text in (*section.lead, *section.text):
            lines += ["", _plain(text)]
        if section.plot:
            lines += ["", f"![{_plain(section.plot_says)}]({section.plot}{ending})"]
        if section.table is not None:
            lines += ["", *markdown_table(section.table)]
    return "\n".join(lines) + "\n"


def markdown_table(table: Table) -> list[str]:
    """Return the lines of a table; numbers stand to the right, rows that count are bold."""
    lines = [
        _line([_plain(name) for name in table.columns]),
        "|" + "|".join("---:" if right else "---" for right in table.numeric) + "|",
    ]
    for at, row in enumerate(table.rows):
        cells = [_plain(cell.text) for cell in row]
        if at in table.strong:
            cells = [f"**{cell}**" if cell.strip() else cell for cell in cells]
        lines.append(_line(cells))
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is: what would be markup is escaped."""
    shown = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )
    escaped = re.sub(r"([\\`*\[\]|])", r"\\\1", shown)
    escaped = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", escaped)  # inside of a word it is none
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
