"""The result of a study as sections of text, tables and plots: one HTML file, or Markdown."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bulbinspect.files import whole_file
from bulbinspect.report.environment import environment
from bulbinspect.report.script import Script
from bulbinspect.report.sections import Section, Table, inline_plots


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
    script = Script.read("sections.js")
    page = (
        environment()
        .get_template("study.html.jinja")
        .generate(
            title=title,
            facts=facts,
            sections=sections,
            plots=inline_plots(plots),
            script=script,
        )
    )
    with whole_file(path) as file:
        file.writelines(page)


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
