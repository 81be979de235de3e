"""What a file is and whether it is still the same: how a cache sees that a picture changed."""

import hashlib
import stat
import time
from pathlib import Path
from typing import NamedTuple

_SETTLED_NS = 2_000_000_000
"""A file that changed less long ago may change again within one tick of its file system's clock."""


class Fingerprint(NamedTuple):
    """What a file is (content), and how one sees that it is still the same (status)."""

    content: bytes
    status: tuple[int, ...]


_KNOWN: dict[Path, Fingerprint] = {}
"""Files that this process has hashed: many runs on the same bulbs read each of them once."""


def fingerprint_of(picture: Path) -> Fingerprint | None:
    """Return None for what cannot be read; the reader will say why.

    A file that was hashed before and whose status is still the same is not read again.
    """
    status = file_status(picture)
    if status is None:
        return None
    known = _KNOWN.get(picture)
    if known is not None and known.status == status:
        return known
    now = time.time_ns()
    try:
        with picture.open("rb") as file:
            found = Fingerprint(hashlib.file_digest(file, "sha256").digest(), status)
    except OSError:
        return None
    changed_ns = status[-1]
    if now - changed_ns > _SETTLED_NS:
        _KNOWN[picture] = found
    return found


def file_status(picture: Path) -> tuple[int, ...] | None:
    """Return inode, size, and when content and inode changed last; None for what is no file."""
    try:
        status = picture.stat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):  # to open a pipe would be to wait for its writer
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
