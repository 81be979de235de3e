"""Finished runs below the folders that somebody named."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bulbinspect.errors import UsageError

FINISHED = "metrics.json"
"""The last file that a run writes: where it stands, the others are whole."""

_BEGUN = "config.yaml"  # the first one


def find_runs(places: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the folders of finished runs, sorted, and notes on those that are not finished.

    A place is a run folder, or a folder with runs somewhere below it. UsageError for one that does
    not exist or holds no run, and when no run is finished.
    """
    finished: dict[Path, Path] = {}  # by what the path leads to, so that none counts twice
    unfinished: dict[Path, Path] = {}
    for place in places:
        if not place.is_dir():
            raise UsageError(f"{place} is no folder; name run folders, or a folder above them")
        runs = list(_runs_below(place))
        if not runs:
            raise UsageError(f"there is no run in {place}: no folder with a {_BEGUN}")
        for run in runs:
            found = finished if (run / FINISHED).is_file() else unfinished
            found.setdefault(run.resolve(), run)
    notes = [f"not finished, and left out: {run}" for run in _sorted(unfinished.values())]
    if unfinished and not finished:
        raise UsageError(f"none of {len(unfinished)} runs is finished: none has a {FINISHED}")
    return _sorted(finished.values()), notes


def names_of(folders: Sequence[Path]) -> list[str]:
    """Return what tells each folder from the others: its path below the folder of them all."""
    if not folders:
        return []
    resolved = [folder.resolve() for folder in folders]
    above = Path(os.path.commonpath([folder.parent for folder in resolved]))
    return [folder.relative_to(above).as_posix() for folder in resolved]


def _runs_below(place: Path) -> Iterator[Path]:
    for folder, below, files in os.walk(place):
        if _BEGUN in files or (FINISHED in files and Path(folder) == place):
            below.clear()  # a run folder holds no runs
            yield Path(folder)
        else:
            below[:] = sorted(name for name in below if not name.startswith("."))


def _sorted(folders: Iterable[Path]) -> list[Path]:
    return sorted(folders, key=str)
