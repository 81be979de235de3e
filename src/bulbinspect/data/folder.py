"""The bulbs in a folder of pictures: found by names alone, and no picture left out.

Which file is a picture is found out when it is read. So whatever is not plainly something else
belongs to a bulb; if it is none, that bulb is not judged, and somebody will look.
"""

import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.natural import natural_key, view_key
from bulbinspect.errors import DataError, UsageError

_NO_PICTURE = re.compile(
    r".+\.(cfg|csv|db|gz|html?|ini|jsonl?|log|md|np[yz]|onnx|pdf|py|tar|toml|tsv|txt|xlsx|xml|ya?ml|zip)",
    re.IGNORECASE | re.DOTALL,
)
_MANY_VIEWS = 100

_Place = Callable[[str], tuple[str, str]]  # path below the folder -> bulb id, view name


class FolderListing:
    """The bulbs of a folder in natural order; each is made when it is asked for.

    Only names are kept, so that a million pictures fit. `notes` say what was passed over.
    """

    def __init__(
        self, folder: Path, bulbs: dict[str, list[str]], place: _Place, notes: tuple[str, ...]
    ) -> None:
        self.notes = notes
        self._folder = folder
        self._bulbs = bulbs
        self._place = place

    def __len__(self) -> int:
        """Count the bulbs."""
        return len(self._bulbs)

    def __iter__(self) -> Iterator[Bulb]:
        for bulb_id, files in self._bulbs.items():
            named = [(self._place(file)[1], file) for file in files]
            named.sort(key=lambda pair: (view_key(pair[0]), pair[1]))
            yield Bulb(bulb_id, tuple(View(name, self._folder / file) for name, file in named))


def list_folder(folder: Path, pattern: str | None = None) -> FolderListing:
    """Find the bulbs below `folder`.

    A sub-folder is a bulb, its files the views; so is an empty one, which has none. Files that lie
    in `folder` itself are called `<bulb>_<view>.<ext>`. Or `pattern`, a regular expression with
    the groups `bulb` and `view`, is matched with the whole path of every file below `folder`. A
    file whose name does not fit is a bulb of its own, with one view called "".
    """
    place = _by_default if pattern is None else _by_pattern(pattern)
    bulbs: dict[str, list[str]] = {}
    skipped: Counter[str] = Counter()
    for name, files in _walk(folder, skipped):
        for file in files:
            bulbs.setdefault(place(file)[0], []).append(file)
        if not files and name:
            bulbs.setdefault(name, [])
    ordered = {bulb_id: bulbs[bulb_id] for bulb_id in sorted(bulbs, key=natural_key)}
    notes = [f"{what}: {count}" for what, count in sorted(skipped.items())]
    notes += [
        f"bulb {bulb_id!r} has {len(files)} views; if its files are called <bulb>_<view>, name "
        "its folder instead of the one above"
        for bulb_id, files in ordered.items()
        if len(files) > _MANY_VIEWS
    ]
    return FolderListing(folder, ordered, place, tuple(notes))


def _by_default(file: str) -> tuple[str, str]:
    parent, slash, name = file.rpartition("/")
    if slash:
        return parent, _stem(name)
    bulb_id, _, view = _stem(name).rpartition("_")
    return (bulb_id, view) if bulb_id and view else (_stem(name), "")


def _by_pattern(pattern: str) -> _Place:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"the pattern {pattern!r} is no regular expression: {error}") from error
    if not {"bulb", "view"} <= expression.groupindex.keys():
        raise UsageError(
            f"the pattern {pattern!r} needs the groups bulb and view, such as "
            r"'(?P<bulb>.+)-cam(?P<view>\d+)\.png'"
        )

    def place(file: str) -> tuple[str, str]:
        match = expression.fullmatch(file)
        if match and match["bulb"]:
            return match["bulb"], match["view"] or ""
        parent, slash, name = file.rpartition("/")
        return parent + slash + _stem(name), ""

    return place


def _stem(name: str) -> str:
    stem, _, _ = name.rpartition(".")
    return stem or name


def _walk(folder: Path, skipped: Counter[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield every folder without sub-folders or with files: its path below `folder`, its files.

    Folders behind links come last, and each only once, so that a loop of links ends.
    """
    waiting = deque([""])
    seen: set[tuple[int, int]] = set()
    while waiting:
        name = waiting.popleft()
        try:
            status = (folder / name).stat()
            if (status.st_dev, status.st_ino) in seen:
                skipped["links to folders that are listed already, skipped"] += 1
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder / name) as entries:
                files, folders, links = _sorted_out(entries, name, skipped)
        except OSError as error:
            if not name:
                raise DataError(f"the folder {folder} cannot be read: {error.strerror}") from error
            skipped["folders that could not be read, each listed as a bulb without views"] += 1
            yield name, []
            continue
        waiting.extendleft(folders)
        waiting.extend(links)
        if files or not (folders or links):
            yield name, files


def _sorted_out(
    entries: Iterator[os.DirEntry[str]], parent: str, skipped: Counter[str]
) -> tuple[list[str], list[str], list[str]]:
    """Return files, folders and links to folders by their paths below the listed folder."""
    files: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    for entry in entries:
        path = f"{parent}/{entry.name}" if parent else entry.name
        is_folder = _is_folder(entry)
        if entry.name.startswith("."):
            skipped["hidden files and folders skipped"] += 1
        elif is_folder:
            (links if entry.is_symlink() else folders).append(path)
        elif _NO_PICTURE.fullmatch(entry.name):
            skipped["files that are no pictures by their names, skipped"] += 1
        else:
            files.append(path)
    return files, folders, links


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Say no for what cannot even be looked at: the reader will say why."""
    try:
        return entry.is_dir()
    except OSError:
        return False
