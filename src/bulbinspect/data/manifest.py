"""The manifest: one row per view, read with every bad row named at once; see docs/manifest.md."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from bulbinspect.bulb import GOOD, Bulb, View
from bulbinspect.data.natural import view_key
from bulbinspect.data.table import (
    NOT_UTF8,
    is_utf8,
    numbered_rows,
    read_header,
    read_table,
    write_rows,
)
from bulbinspect.errors import DataError
from bulbinspect.files import whole_file

REQUIRED = ("bulb_id", "view", "path")
OPTIONAL = ("label", "group", "split")
COLUMNS = (*REQUIRED, *OPTIONAL)
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Manifest:
    """The bulbs of a data set in order of first appearance, each with its views in natural order.

    `sha256` is that of the file as it was read.
    """

    path: Path
    bulbs: tuple[Bulb, ...]
    sha256: str

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels in alphabetical order, the good class first if there is one."""
        labels = {bulb.label for bulb in self.bulbs} - {""}
        return tuple(sorted(labels, key=lambda label: (label != GOOD, label)))

    @property
    def num_views(self) -> int:
        """Most views that any bulb has."""
        return max((len(bulb.views) for bulb in self.bulbs), default=0)

    def select(self, split: str) -> tuple[Bulb, ...]:
        """Return the bulbs of one split."""
        return tuple(bulb for bulb in self.bulbs if bulb.split == split)


def read_manifest(path: Path, *, allow_outside: bool = False) -> Manifest:
    """Read and check a manifest; a `DataError` holds all its bad rows by line number.

    Pictures lie below the folder of the manifest, unless `allow_outside`. Whether they exist is
    found when they are read.
    """
    content = read_table(path)
    rows = numbered_rows(content)
    columns, problems = read_header(rows, REQUIRED, OPTIONAL)
    if not problems:
        reader = _Reader(path.parent, columns, outside=allow_outside)
        for line, cells in rows:
            reader.add(line, cells)
        if not reader.drafts and not reader.problems:
            reader.problems.append("line 2: no rows below the header")
        problems = reader.problems
    if problems:
        raise DataError(f"the manifest {path} is not in order:", problems)
    bulbs = tuple(draft.bulb(bulb_id) for bulb_id, draft in reader.drafts.items())
    return Manifest(path, bulbs, hashlib.sha256(content).hexdigest())


def write_manifest(path: Path, bulbs: Iterable[Bulb]) -> None:
    """Write a manifest with paths relative to its folder.

    What `read_manifest` would refuse is a `DataError`, and nothing is written.
    """
    bulbs = tuple(bulbs)
    views = [(bulb, view) for bulb in bulbs for view in bulb.views]
    extra = list(dict.fromkeys(name for _, view in views for name, _ in view.extra))
    columns = [*COLUMNS, *extra]
    check = _Reader(path.parent, columns, outside=False)
    rows = [_row(bulb, view, path.absolute().parent, extra) for bulb, view in views]
    for line, row in enumerate(rows, start=2):
        check.add(line, row if is_utf8("".join(row)) else NOT_UTF8)
    problems = [f"bulb {bulb.bulb_id!r} has no views" for bulb in bulbs if not bulb.views]
    if problems or check.problems:
        raise DataError(f"the manifest {path} cannot be written:", [*problems, *check.problems])
    with whole_file(path) as file:
        write_rows(file, [columns, *rows])


def _row(bulb: Bulb, view: View, folder: Path, extra: Sequence[str]) -> list[str]:
    place = view.path.absolute()
    with suppress(ValueError):  # one that lies elsewhere is refused as absolute
        place = place.relative_to(folder)
    more = dict(view.extra)
    facts = (bulb.label, bulb.group, bulb.split)
    return [bulb.bulb_id, view.name, place.as_posix(), *facts, *(more.get(c, "") for c in extra)]


@dataclass(slots=True)
class _Draft:
    """A bulb while its rows are read."""

    line: int
    facts: tuple[str, ...]  # label, group, split: alike in all its rows
    views: dict[str, tuple[int, View]] = field(default_factory=dict)  # name -> line, view

    def bulb(self, bulb_id: str) -> Bulb:
        views = tuple(self.views[name][1] for name in sorted(self.views, key=view_key))
        label, group, split = self.facts
        return Bulb(bulb_id, views, label, group, split)


class _Reader:
    """Takes rows one by one; keeps the bulbs they make up, and what is wrong with them."""

    def __init__(self, folder: Path, columns: Sequence[str], *, outside: bool) -> None:
        self.drafts: dict[str, _Draft] = {}
        self.problems: list[str] = []
        self._folder = folder
        self._num_columns = len(columns)
        # an absent column is read from an empty cell put behind the last one
        self._known = itemgetter(*(columns.index(c) if c in columns else -1 for c in COLUMNS))
        self._extra = [(at, name) for at, name in enumerate(columns) if name not in COLUMNS]
        self._outside = outside
        self._line_of_path: dict[str, int] = {}

    def add(self, line: int, cells: list[str] | str) -> None:
        """Take one row, or the reason why it could not be parsed."""
        problems = [cells] if isinstance(cells, str) else self._add(line, cells)
        self.problems += [f"line {line}: {problem}" for problem in problems]

    def _add(self, line: int, cells: list[str]) -> list[str]:
        if len(cells) != self._num_columns:
            return [f"{len(cells)} cells, the header has {self._num_columns}"]
        known = self._known([*cells, ""])
        bulb_id, name, place = known[:3]
        if not (bulb_id and name and place):
            return [f"no {c}" for c, value in zip(REQUIRED, known, strict=False) if not value]
        facts = known[3:]
        draft = self.drafts.get(bulb_id)
        if draft is None:
            draft = self.drafts[bulb_id] = _Draft(line, facts)
        problems = _cell_problems(known)
        if not self._outside:
            problems += _outside_problems(place)
        if facts != draft.facts:
            problems += [
                f"{column} {now!r} of bulb {bulb_id!r} is {then!r} in line {draft.line}"
                for column, now, then in zip(OPTIONAL, facts, draft.facts, strict=True)
                if now != then
            ]
        first = self._line_of_path.setdefault(place, line)
        if name in draft.views:
            first = draft.views[name][0]
            problems.append(f"view {name!r} of bulb {bulb_id!r} is already in line {first}")
        elif first != line:
            problems.append(f"picture {place!r} is already in line {first}")
        extra = tuple([(column, cells[at]) for at, column in self._extra])
        draft.views.setdefault(name, (line, View(name, self._folder / place, extra)))
        return problems


def _cell_problems(cells: tuple[str, ...]) -> list[str]:
    problems = []
    if tuple(map(str.strip, cells)) != cells:
        problems += [
            f"{column} {value!r} has blanks around it"
            for column, value in zip(COLUMNS, cells, strict=True)
            if value != value.strip() and column != "path"
        ]
    split = cells[-1]
    if split and split not in SPLITS:
        problems.append(f"split {split!r} is none of {', '.join(SPLITS)}")
    return problems


def _outside_problems(place: str) -> list[str]:
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
