"""SHA-256 of many pictures, on all cores."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bulbinspect.errors import PictureError
from bulbinspect.imaging.file import opened
from bulbinspect.machine import usable_cores
from bulbinspect.progress import progress

_PICTURES_AT_ONCE = 64


def hash_pictures(paths: Sequence[Path]) -> list[str | PictureError]:
    """Return the SHA-256 of each file in lower case, or why it cannot be read, in their order."""
    parts = [paths[at : at + _PICTURES_AT_ONCE] for at in range(0, len(paths), _PICTURES_AT_ONCE)]
    hashes: list[str | PictureError] = []
    with (
        ThreadPoolExecutor(usable_cores()) as pool,
        progress("Hash pictures", len(paths)) as advance,
    ):
        for some in pool.map(lambda part: [_hash(path) for path in part], parts):
            hashes += some
            advance(len(some))
    return hashes


def _hash(path: Path) -> str | PictureError:
    try:
        with opened(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    except PictureError as error:
        return error
