"""Names as they were found, made harmless for a terminal or a spreadsheet.

File names and class names come from outside: they may hold terminal codes, formulas, or bytes that
are no text. Results in JSON keep them as they are.
"""

import unicodedata

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def for_terminal(text: str, keep: str = "") -> str:
    r"""Return the text with control characters as \x1b and undecodable bytes as \udcff.

    `keep` are control characters that stay, such as a newline.
    """
    shown = "".join(
        one if one in keep or unicodedata.category(one) != "Cc" else f"\\x{ord(one):02x}"
        for one in text
    )
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def for_spreadsheet(text: str) -> str:
    """Return the text as a cell that no spreadsheet runs as a formula, nor a terminal as a code."""
    defused = f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text
    return for_terminal(defused, keep="\n")
