"""The manifest: one row per view, read with every bad row named at once; see docs/manifest.md."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import itemgetter
from pathlib import Path

from bulbinspect.bulb import GOOD, Bulb, View, ViewsIn
from bulbinspect.data.places import PART_COLUMNS, Places, in_order, outside_problems, read_part
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
FACTS = ("label", "group", "split")
OF_PICTURE = ("sha256", *PART_COLUMNS)
OPTIONAL = (*FACTS, *OF_PICTURE)
COLUMNS = (*REQUIRED, *OPTIONAL)
SPLITS = ("train", "val", "test")

_SHA256 = re.compile("[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Manifest:
    """The bulbs of a data set in order of first appearance, each with its views `in_order`.

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


@dataclass(frozen=True)
class ScannedManifest:
    """What could be read of a manifest, in order or not.

    `bulbs` are made of the good rows alone, and of those that only give another label, group or
    split than the bulb's first row. `problems` start with "line N: "; `lines` has the line of each
    view by its bulb id and name.
    """

    path: Path
    bulbs: tuple[Bulb, ...]
    sha256: str
    problems: tuple[str, ...]
    lines: dict[tuple[str, str], int]


def read_manifest(path: Path, *, allow_outside: bool = False) -> Manifest:
    """Read and check a manifest; a `DataError` holds all its bad rows by line number.

    Pictures lie below the folder of the manifest, unless `allow_outside`. Whether they exist is
    found when they are read.
    """
    scanned = scan_manifest(path, allow_outside=allow_outside)
    if scanned.problems:
        raise _not_in_order(path, scanned.problems)
    return Manifest(path, scanned.bulbs, scanned.sha256)


def scan_manifest(path: Path, *, allow_outside: bool = False) -> ScannedManifest:
    """Read a manifest whatever its rows; a `DataError` only if it lacks the header, or is no file.

    A path that leaves the folder of the manifest is a problem of its row, unless `allow_outside`.
    """
    return _scan(path, read_table(path), allow_outside)


@lru_cache(maxsize=2)  # many runs of one process read the same manifest
def _scan(path: Path, content: bytes, allow_outside: bool) -> ScannedManifest:
    rows = numbered_rows(content)
    columns, problems = read_header(rows, REQUIRED, OPTIONAL)
    if problems:
        raise _not_in_order(path, problems)
    reader = _Reader(path.parent, columns, outside=allow_outside)
    for line, cells in rows:
        reader.add(line, cells)
    bulbs, lines = reader.bulbs()
    problems = reader.problems()
    if not bulbs and not problems:
        problems = ["line 2: no rows below the header"]
    digest = hashlib.sha256(content).hexdigest()
    return ScannedManifest(path, bulbs, digest, tuple(problems), lines)


def _not_in_order(path: Path, problems: Sequence[str]) -> DataError:
    return DataError(f"the manifest {path} is not in order:", problems)


def write_manifest(path: Path, bulbs: Iterable[Bulb]) -> None:
    """Write a manifest with paths relative to its folder; columns that no view needs are left out.

    What `read_manifest` would refuse is a `DataError`, and nothing is written.
    """
    bulbs = tuple(bulbs)
    views = [(bulb, view) for bulb in bulbs for view in bulb.views]
    extra = list(dict.fromkeys(name for _, view in views for name, _ in view.extra))
    facts = [_picture_facts(view) for _, view in views]
    needed = [at for at in range(len(OF_PICTURE)) if any(one[at] for one in facts)]
    columns = [*REQUIRED, *FACTS, *(OF_PICTURE[at] for at in needed), *extra]
    check = _Reader(path.parent, columns, outside=False)
    rows = []
    for (bulb, view), fact in zip(views, facts, strict=True):
        more = dict(view.extra)
        row = [bulb.bulb_id, view.name, _place(view, path), bulb.label, bulb.group, bulb.split]
        rows.append([*row, *(fact[at] for at in needed), *(more.get(c, "") for c in extra)])
        check.add(len(rows) + 1, rows[-1] if is_utf8("".join(rows[-1])) else NOT_UTF8)
    problems = [f"column {name!r} has a meaning of its own" for name in extra if name in COLUMNS]
    problems += [f"column {name!r}: {NOT_UTF8}" for name in extra if not is_utf8(name)]
    problems += [f"bulb {bulb.bulb_id!r} has no views" for bulb in bulbs if not bulb.views]
    problems += check.problems() or _miscounted(bulbs, check)
    if problems:
        raise DataError(f"the manifest {path} cannot be written:", problems)
    with whole_file(path) as file:
        write_rows(file, [columns, *rows])


def _place(view: View, manifest: Path) -> str:
    place = view.path.absolute()
    with suppress(ValueError):  # one that lies elsewhere is refused as absolute
        place = place.relative_to(manifest.absolute().parent)
    return place.as_posix()


def _picture_facts(view: View) -> tuple[str, ...]:
    """Return the cells of `OF_PICTURE`."""
    kind, index = (view.part.kind, str(view.part.index)) if view.part else (None, "")
    return view.sha256, *(index if kind == one else "" for one in PART_COLUMNS.values())


def _miscounted(bulbs: Iterable[Bulb], check: "_Reader") -> list[str]:
    """Name the views whose file is said to hold more parts than there are rows for it."""
    read = {
        (bulb.bulb_id, view.name): view.part for bulb in check.bulbs()[0] for view in bulb.views
    }
    return [
        f"view {view.name!r} of bulb {bulb.bulb_id!r} is one of {view.part.of} in its file, but "
        f"the manifest would list {part.of if part else 0}"
        for bulb in bulbs
        for view in bulb.views
        if view.part and view.part != (part := read[bulb.bulb_id, view.name])
    ]


@dataclass(slots=True)
class _Row:
    """What a row gives of one view; `view` is None if the row is bad."""

    line: int
    view: View | None
    place: str
    part: tuple[ViewsIn, int] | None


@dataclass(slots=True)
class _Draft:
    """A bulb while its rows are read."""

    line: int
    facts: tuple[str, ...]  # label, group, split: alike in all its rows
    rows: dict[str, _Row] = field(default_factory=dict)  # by the name of the view


class _Reader:
    """Takes rows one by one; keeps the bulbs they make up, and what is wrong with them."""

    def __init__(self, folder: Path, columns: Sequence[str], *, outside: bool) -> None:
        self._drafts: dict[str, _Draft] = {}
        self._problems: list[tuple[int, str]] = []
        self._places = Places()
        self._folder = folder
        self._num_columns = len(columns)
        # an absent column is read from an empty cell put behind the last one
        self._known = itemgetter(*(columns.index(c) if c in columns else -1 for c in COLUMNS))
        self._extra = [(at, name) for at, name in enumerate(columns) if name not in COLUMNS]
        self._outside = outside

    def problems(self) -> list[str]:
        """Return what is wrong, by the lines on which the rows start."""
        problems = [*self._problems, *self._places.problems()]
        return [f"line {line}: {text}" for line, text in sorted(problems, key=itemgetter(0))]

    def bulbs(self) -> tuple[tuple[Bulb, ...], dict[tuple[str, str], int]]:
        """Return the bulbs with the views of good rows, and the line of each view."""
        lines: dict[tuple[str, str], int] = {}
        bulbs = []
        for bulb_id, draft in self._drafts.items():
            views = []
            for name, row in draft.rows.items():
                view = row.view
                if view is not None and row.part is not None:
                    part = self._places.part(row.place, *row.part)
                    view = replace(view, part=part) if part else None
                if view is not None:
                    views.append(view)
                    lines[bulb_id, name] = row.line
            if views:
                label, group, split = draft.facts
                split = split if split in SPLITS else ""
                bulbs.append(Bulb(bulb_id, in_order(views), label, group, split))
        return tuple(bulbs), lines

    def add(self, line: int, cells: list[str] | str) -> None:
        """Take one row, or the reason why it could not be parsed."""
        problems = [cells] if isinstance(cells, str) else self._add(line, cells)
        self._problems += [(line, problem) for problem in problems]

    def _add(self, line: int, cells: list[str]) -> list[str]:
        if len(cells) != self._num_columns:
            return [f"{len(cells)} cells, the header has {self._num_columns}"]
        known = self._known([*cells, ""])
        bulb_id, name, place = known[:3]
        if not (bulb_id and name and place):
            return [f"no {c}" for c, value in zip(REQUIRED, known, strict=False) if not value]
        facts, sha256 = known[3:6], known[6].lower()
        draft = self._drafts.get(bulb_id)
        if draft is None:
            draft = self._drafts[bulb_id] = _Draft(line, facts)
        problems = _cell_problems(known)
        if not self._outside:
            problems += outside_problems(place)
        disagreements = [] if facts == draft.facts else _disagreements(bulb_id, facts, draft)
        part = read_part(known[7], known[8])
        if isinstance(part, str):
            problems.append(part)
            self._places.spoil(place)
            part, taken = None, []
        elif part:
            taken = self._places.add_part(place, line, bulb_id, part, sha256)
        else:
            taken = self._places.add(place, line)
        if name in draft.rows:
            first = draft.rows[name].line
            taken = [f"view {name!r} of bulb {bulb_id!r} is already in line {first}"]
        problems += taken
        view = None
        if not problems:
            extra = tuple([(column, cells[at]) for at, column in self._extra])
            view = View(name, self._folder / place, extra, sha256=sha256)
        draft.rows.setdefault(name, _Row(line, view, place, part))
        return [*problems, *disagreements]


def _cell_problems(cells: tuple[str, ...]) -> list[str]:
    problems = []
    if tuple(map(str.strip, cells)) != cells:
        problems += [
            f"{column} {value!r} has blanks around it"
            for column, value in zip(COLUMNS, cells, strict=True)
            if value != value.strip() and column != "path"
        ]
    split, sha256 = cells[5:7]
    if split and split not in SPLITS:
        problems.append(f"split {split!r} is none of {', '.join(SPLITS)}")
    if sha256 and not _SHA256.fullmatch(sha256):
        problems.append(f"sha256 {sha256!r} is not 64 hexadecimal digits")
    return problems


def _disagreements(bulb_id: str, facts: tuple[str, ...], draft: _Draft) -> list[str]:
    return [
        f"{column} {now!r} of bulb {bulb_id!r} is {then!r} in line {draft.line}"
        for column, now, then in zip(FACTS, facts, draft.facts, strict=True)
        if now != then
    ]
