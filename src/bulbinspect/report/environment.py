"""Templates in which every text is data: escaped, and what cannot be seen is spelt out."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def environment() -> Environment:
    """Return the templates of this folder; an unknown name in one of them is an error."""
    return Environment(
        autoescape=True,
        finalize=_printable,
        loader=PackageLoader("bulbinspect", "report"),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )


def _printable(value: Any) -> Any:
    r"""Spell out what cannot be seen or encoded (`\n`, `\u202e`, `\udcff`) in every text shown."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in value
    )
