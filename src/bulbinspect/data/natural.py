"""The order in which people count: view 2 before view 10."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import TypeAlias

_NAMES_SHOWN = 5
_NUMBER = re.compile("([0-9]+)")

NaturalKey: TypeAlias = tuple[tuple[str | tuple[int, str], ...], str]


def natural_key(text: str) -> NaturalKey:
    """Return what to sort by: numbers inside the text by value, the rest by its letters.

    Numbers are compared as text without leading zeros, so that one of 5,000 digits is no trouble;
    `01` and `1` are told apart by the text itself.
    """
    parts = _NUMBER.split(text)
    key: list[str | tuple[int, str]] = list(parts)
    for place in range(1, len(parts), 2):
        digits = parts[place].lstrip("0")
        key[place] = len(digits), digits
    return tuple(key), text


view_key = lru_cache(maxsize=4096)(natural_key)
"""`natural_key` for the few names that the views of all bulbs share."""


def some_names(names: Collection[str]) -> str:
    """Return the first few names in natural order, and how many more there are."""
    shown = ", ".join(map(repr, sorted(names, key=natural_key)[:_NAMES_SHOWN]))
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
