"""CSV as people and spreadsheets write it: rows with their lines, and what is wrong with them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from bulbinspect.errors import DataError, UsageError

NOT_UTF8 = "bytes that are not UTF-8"

Rows = Iterator[tuple[int, list[str] | str]]
"""The line on which each row starts, and its cells, or why it has none."""


def read_table(path: Path) -> bytes:
    """Return the bytes of a file; a `DataError` if there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def numbered_rows(content: bytes) -> Rows:
    """Parse CSV in UTF-8, with or without a byte order mark; empty lines are passed over.

    A row that cannot be parsed does not keep the next ones from being read.
    """
    file = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(file, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error)
        else:
            if cells:
                yield line, cells if is_utf8("".join(cells)) else NOT_UTF8


def read_header(
    rows: Rows, required: Sequence[str], optional: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Take the first row; return the columns, and what is wrong with them."""
    line, columns = next(rows, (1, "the file is empty"))
    if isinstance(columns, str):
        return [], [f"line {line}: {columns}"]
    problems = [f"no column {name!r}" for name in required if name not in columns]
    problems += [
        f"column {name!r} stands there {columns.count(name)} times"
        for name in dict.fromkeys(columns)
        if columns.count(name) > 1
    ]
    if problems:
        wanted = f"{','.join(required)} and perhaps {','.join(optional)}"
        problems.append(f"expected the columns {wanted}, separated by commas")
    return columns, [f"line {line}: {problem}" for problem in problems]


def write_rows(file: IO[str], rows: Iterable[Sequence[str]]) -> None:
    """Write CSV that `numbered_rows` reads back, whatever stands in the cells."""
    writer = csv.writer(file, lineterminator="\n")
    careful = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:  # a carriage return ends a row too, which older Pythons forget to quote
        (careful if "\r" in "".join(row) else writer).writerow(row)


def refuse_existing_table(out: Path) -> None:
    """Raise `UsageError` if `out` exists, or has a name that a picture could have."""
    if out.is_symlink() or out.exists():
        raise UsageError(f"{out} exists already, and is left as it is; name a new file")
    if out.suffix.lower() != ".csv":
        raise UsageError(f"{out} must end in .csv, so that nobody takes it for a picture")


def is_utf8(text: str) -> bool:
    """Say whether the text can be written: bytes that could not be decoded are surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
