"""Every file appears whole or not at all: written beside its place, flushed, synced, renamed."""

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bulbinspect.errors import UsageError


@contextmanager
def whole_file(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file (`"w"`: UTF-8 text, `"wb"`: bytes) that replaces `path` when the block ends well.

    When it does not, the unfinished file is removed and `path` stays as it was.
    """
    text = "b" not in mode
    temporary = _beside(path)
    try:
        with temporary.open(
            mode.replace("w", "x"),
            encoding="utf-8" if text else None,
            newline="" if text else None,
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write `values` as indented JSON; NaN and infinity, which JSON lacks, are a ValueError."""
    with whole_file(path) as file:
        json.dump(values, file, indent=2, allow_nan=False)
        file.write("\n")


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder that becomes `path` when the block ends well; `path` must not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    temporary.mkdir()
    try:
        yield temporary
        temporary.rename(path)
        _sync_folder(path.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextmanager
def locked(path: Path, refusal: str) -> Iterator[None]:
    """Hold a lock on the file `path` while the block lasts; UsageError(refusal) if another does.

    A killed process lets go of it at once. POSIX only: who merely judges needs no lock.
    """
    import fcntl  # a line PC may lack it

    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(refusal) from None
        yield


def _beside(path: Path) -> Path:
    """Return an unused hidden name in the folder of `path`: a rename across disks is not atomic."""
    start = os.fsdecode(os.fsencode(path.name)[:100])  # disks count 255 bytes, not letters
    return path.with_name(f".{start}.{uuid.uuid4().hex[:12]}.part")


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
