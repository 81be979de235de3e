"""The files below a folder that may be pictures, told by names alone; links are followed, once."""

import os
import re
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

from bulbinspect.errors import DataError

_NO_PICTURES = (
    "cfg|csv|db|gz|html?|ini|jsonl?|log|md|npz|onnx|pdf|py|tar|toml|tsv|txt|xlsx|xml|ya?ml|zip"
)


def walk(
    folder: Path, skipped: Counter[str], *, arrays: bool = False
) -> Iterator[tuple[str, list[str] | None]]:
    """Yield every folder without sub-folders or with files: its path below `folder`, its files.

    One that cannot be read has None. Folders behind links come last, and each only once, so that a
    loop of links ends. `skipped` counts what is passed over; with `arrays`, files of NumPy are not.
    """
    endings = _NO_PICTURES if arrays else f"{_NO_PICTURES}|npy"
    no_picture = re.compile(rf".+\.({endings})", re.IGNORECASE | re.DOTALL)
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
                files, folders, links = _sorted_out(entries, name, skipped, no_picture)
        except OSError as error:
            if not name:
                raise DataError(f"the folder {folder} cannot be read: {error.strerror}") from error
            skipped["folders that could not be read, each listed as a bulb without views"] += 1
            yield name, None
            continue
        waiting.extendleft(folders)
        waiting.extend(sorted(links))  # which of two to one folder is followed must not vary
        if files or not (folders or links):
            yield name, files


def _sorted_out(
    entries: Iterator[os.DirEntry[str]],
    parent: str,
    skipped: Counter[str],
    no_picture: re.Pattern[str],
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
        elif no_picture.fullmatch(entry.name):
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
