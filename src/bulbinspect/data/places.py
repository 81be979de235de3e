"""Which rows of a manifest name which file: a picture once, or each part of a stacked one once."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bulbinspect.bulb import Part, View, ViewsIn
from bulbinspect.data.natural import view_key

PART_COLUMNS = {"channel": ViewsIn.CHANNELS, "page": ViewsIn.PAGES}
_ONE = {kind: column for column, kind in PART_COLUMNS.items()}
_INDEX = re.compile("[0-9]{1,4}")


def read_part(channel: str, page: str) -> tuple[ViewsIn, int] | str | None:
    """Return the kind and index that two cells declare, what is wrong with them, or None."""
    if channel and page:
        return f"channel {channel!r} and page {page!r}; a view is one or the other"
    cell = channel or page
    column = "channel" if channel else "page"
    if not cell:
        return None
    if not _INDEX.fullmatch(cell):
        return f"{column} {cell!r} is no whole number from 0 to 9999"
    return PART_COLUMNS[column], int(cell)


@dataclass(slots=True)
class _Stack:
    """A file that holds several views, while the rows that name it are read."""

    place: str
    line: int
    bulb_id: str
    kind: ViewsIn
    sha256: str
    lines: dict[int, int] = field(default_factory=dict)  # index -> first line that gives it
    num_rows: int = 0
    last: int = 0

    def add(self, line: int, bulb_id: str, kind: ViewsIn, index: int, sha256: str) -> list[str]:
        self.num_rows += 1
        if bulb_id != self.bulb_id:
            return [f"picture {self.place!r} is one of bulb {self.bulb_id!r} in line {self.line}"]
        if kind != self.kind:
            return [f"picture {self.place!r} has a {_ONE[self.kind]} in line {self.line}"]
        problems = []
        first = self.lines.setdefault(index, line)
        self.last = max(self.last, index)
        if first != line:
            one = f"{_ONE[kind]} {index} of picture {self.place!r}"
            problems.append(f"{one} is already in line {first}")
        if sha256 != self.sha256:
            problems.append(f"sha256 of picture {self.place!r} is another in line {self.line}")
        return problems

    @property
    def whole(self) -> bool:
        """Say whether the parts are 0, 1, 2, … each once."""
        return len(self.lines) == self.num_rows == self.last + 1

    def problem(self) -> str:
        """Say which parts are not there, if nothing else is known to be wrong with the rows."""
        if self.whole or len(self.lines) != self.num_rows:
            return ""
        one = _ONE[self.kind]
        found = ", ".join(f"{index} in line {self.lines[index]}" for index in sorted(self.lines))
        return (
            f"picture {self.place!r} has {self.num_rows} rows, so it needs the {one}s 0 to "
            f"{self.num_rows - 1}; found {found}"
        )


class Places:
    """Takes the file of each row; knows which rows may not name it."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._stacks: dict[str, _Stack] = {}
        self._spoilt: set[str] = set()

    def add(self, place: str, line: int) -> list[str]:
        """Take a file that is one view; return what is wrong with that."""
        first = self._lines.setdefault(same_place(place), line)
        return [] if first == line else [f"picture {place!r} is already in line {first}"]

    def add_part(
        self, place: str, line: int, bulb_id: str, part: tuple[ViewsIn, int], sha256: str
    ) -> list[str]:
        """Take one part of a file; return what is wrong with that."""
        key = same_place(place)
        first = self._lines.setdefault(key, line)
        if first == line:
            self._stacks[key] = _Stack(place, line, bulb_id, part[0], sha256)
        stack = self._stacks.get(key)
        if stack is None:
            return [f"picture {place!r} is already in line {first}"]
        return stack.add(line, bulb_id, *part, sha256)

    def spoil(self, place: str) -> None:
        """Take a file whose part could not be read: its other parts cannot be counted."""
        self._spoilt.add(same_place(place))

    def part(self, place: str, kind: ViewsIn, index: int) -> Part | None:
        """Return a part once all rows are known; None if the parts of its file are not in order."""
        key = same_place(place)
        stack = self._stacks[key]
        if key in self._spoilt or not stack.whole:
            return None
        return Part(kind, index, stack.num_rows)

    def problems(self) -> Iterator[tuple[int, str]]:
        """Yield what is wrong with files as a whole, each with the first line that names it."""
        for key, stack in self._stacks.items():
            if key not in self._spoilt and (problem := stack.problem()):
                yield stack.line, problem


def in_order(views: Iterable[View]) -> tuple[View, ...]:
    """Sort the views of a bulb: parts of one file as they lie in it, others by their names.

    Whoever later has only the names, in this order, then knows which part is which.
    """
    views = list(views)
    if all(view.part for view in views) and len({view.path for view in views}) == 1:
        return tuple(sorted(views, key=lambda view: view.part.index if view.part else 0))
    return tuple(sorted(views, key=lambda view: view_key(view.name)))


def same_place(path: str) -> str:
    """Return a path without the dots and slashes that change nothing."""
    if "./" in path or "//" in path or path.endswith("/."):
        return str(PurePosixPath(path))
    return path


def outside_problems(place: str) -> list[str]:
    """Say whether a path leaves the folder of the manifest, by its text alone."""
    if not (place[0] in "/\\" or ".." in place or ":" in place):
        return []
    path = Path(place)
    if path.is_absolute():
        return [f"path {place!r} is absolute; expected one relative to the manifest"]
    depth = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return [f"path {place!r} leaves the folder of the manifest"]
    return []
