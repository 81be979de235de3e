"""A model card as Markdown: tables of what is known of a bundle, every text in them inert."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSection:
    """A heading, sentences of our own, and a table of names with plain values; all may be empty."""

    title: str
    sentences: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def render_card(title: str, sections: Sequence[CardSection]) -> str:
    """Return the Markdown of a card.

    Titles and sentences are taken as they are: they are ours, and quote with `code` what is not.
    """
    lines = [f"# {title}", ""]
    for one in sections:
        lines += [f"## {one.title}", ""]
        for sentence in one.sentences:
            lines += [sentence, ""]
        if one.values:
            lines += ["| | |", "|---|---|"]
            lines += [f"| {code(name)} | {shown(value)} |" for name, value in _flat(one.values)]
            lines.append("")
    return "\n".join(lines)


def code(text: str) -> str:
    r"""Return a text as code of Markdown, in which nothing is markup; in tables too.

    What cannot be seen or encoded is spelt out: `\n`, `\u202e`, `\udcff`.
    """
    plain = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text
    )
    longest = max(map(len, re.findall("`+", plain)), default=0)
    fence = "`" * (longest + 1)
    space = " " if not plain or plain[0] in "` " or plain[-1] in "` " else ""
    return f"{fence}{space}{plain}{space}{fence}".replace("|", r"\|")


def shown(value: Any) -> str:
    """Return a plain value as code; nothing stands for None."""
    if value is None:
        return "none"
    return code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings by their names, joined with dots."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
