"""The bulbs in a folder of pictures: found by names alone, and no picture left out.

Which file is a picture is found out when it is read. So whatever is not plainly something else
belongs to a bulb; if it is none, that bulb is not judged, and somebody will look.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bulbinspect.bulb import Bulb, Part, View, ViewsIn
from bulbinspect.data.natural import natural_key
from bulbinspect.data.places import in_order
from bulbinspect.data.walk import walk
from bulbinspect.errors import UsageError

MANY_VIEWS = 100
"""More than any bulb has: their folder is rather one of flat files."""

_Place = Callable[[str], tuple[str, str]]  # path below the folder -> bulb id, view name


class FolderListing:
    """The bulbs of a folder in natural order; each is made when it is asked for.

    Only names are kept, so that a million pictures fit. `notes` say what was passed over.
    """

    def __init__(
        self,
        folder: Path,
        bulbs: dict[str, list[str]],
        place: _Place,
        parts: dict[str, Part],
        notes: tuple[str, ...],
    ) -> None:
        self.notes = notes
        self._folder = folder
        self._bulbs = bulbs
        self._place = place
        self._parts = parts  # by the name of the view, where each file holds all views

    def __len__(self) -> int:
        """Count the bulbs."""
        return len(self._bulbs)

    def __iter__(self) -> Iterator[Bulb]:
        for bulb_id, files in self._bulbs.items():
            views = []
            for file in sorted(files):
                names: Mapping[str, Part | None] = self._parts or {self._place(file)[1]: None}
                views += [View(n, self._folder / file, part=part) for n, part in names.items()]
            yield Bulb(bulb_id, in_order(views))


def list_folder(
    folder: Path,
    pattern: str | None = None,
    *,
    views_in: ViewsIn = ViewsIn.FILES,
    view_names: Sequence[str] = (),
) -> FolderListing:
    """Find the bulbs below `folder`.

    A sub-folder is a bulb, its files the views; so is an empty one, which has none. Files that lie
    in `folder` itself are called `<bulb>_<view>.<ext>`. Or `pattern`, a regular expression with
    the groups `bulb` and `view`, is matched with the whole path of every file below `folder`. A
    file whose name does not fit is a bulb of its own, with one view called "".

    With `views_in` channels or pages every file is a bulb, named by its path without the ending or
    by the group `bulb` of the pattern; its parts are called `view_names`, in that order. Arrays of
    NumPy are pictures then, and empty folders are no bulbs.
    """
    parts = {} if views_in is ViewsIn.FILES else _parts(views_in, view_names)
    place = place_files(pattern, stacked=bool(parts))
    bulbs: dict[str, list[str]] = {}
    skipped: Counter[str] = Counter()
    for name, files in walk(folder, skipped, arrays=bool(parts)):
        for file in files or ():
            bulbs.setdefault(place(file)[0], []).append(file)
        if not files and name:
            if parts and files is not None:
                skipped["folders without pictures, none of them a bulb"] += 1
            else:
                bulbs.setdefault(name, [])
    ordered = {bulb_id: bulbs[bulb_id] for bulb_id in sorted(bulbs, key=natural_key)}
    notes = [f"{what}: {count}" for what, count in sorted(skipped.items())]
    notes += [
        f"bulb {bulb_id!r} has {len(files)} views; if its files are called <bulb>_<view>, name "
        "its folder instead of the one above"
        for bulb_id, files in ordered.items()
        if len(files) > MANY_VIEWS
    ]
    return FolderListing(folder, ordered, place, parts, tuple(notes))


def _parts(views_in: ViewsIn, view_names: Sequence[str]) -> dict[str, Part]:
    if not view_names or "" in view_names or len(set(view_names)) < len(view_names):
        raise UsageError(
            f"views in {views_in} need a name each, in their order in the file; got "
            f"{', '.join(map(repr, view_names)) or 'none'}"
        )
    return {n: Part(views_in, index, len(view_names)) for index, n in enumerate(view_names)}


def place_files(pattern: str | None, *, stacked: bool = False) -> _Place:
    """Return what tells the bulb id and the view of a file from its path below the folder."""
    if pattern is not None:
        return _by_pattern(pattern, stacked=stacked)
    return _as_a_bulb if stacked else _by_default


def _by_default(file: str) -> tuple[str, str]:
    parent, slash, name = file.rpartition("/")
    if slash:
        return parent, _stem(name)
    bulb_id, _, view = _stem(name).rpartition("_")
    return (bulb_id, view) if bulb_id and view else (_stem(name), "")


def _as_a_bulb(file: str) -> tuple[str, str]:
    parent, slash, name = file.rpartition("/")
    return parent + slash + _stem(name), ""


def _by_pattern(pattern: str, *, stacked: bool) -> _Place:
    expression = compile_pattern(pattern, stacked=stacked)

    def place(file: str) -> tuple[str, str]:
        match = expression.fullmatch(file)
        if match and match["bulb"]:
            return match["bulb"], "" if stacked else match["view"] or ""
        return _as_a_bulb(file)

    return place


def compile_pattern(pattern: str, *, stacked: bool = False) -> re.Pattern[str]:
    """Return the expression; `UsageError` if it cannot tell bulb and view, or is none."""
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"the pattern {pattern!r} is no regular expression: {error}") from error
    if "bulb" not in expression.groupindex:
        needed = "group bulb" if stacked else "groups bulb and view"
    elif "view" not in expression.groupindex and not stacked:
        needed = "groups bulb and view"
    else:
        return expression
    example = r"(?P<bulb>.+)\.tif" if stacked else r"(?P<bulb>.+)-cam(?P<view>\d+)\.png"
    raise UsageError(f"the pattern {pattern!r} needs the {needed}, such as '{example}'")


def _stem(name: str) -> str:
    stem, _, _ = name.rpartition(".")
    return stem or name
