"""How many views the files of stacked views hold, and what these are called."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bulbinspect.bulb import ViewsIn
from bulbinspect.errors import DataError, PictureError
from bulbinspect.imaging.parts import count_parts
from bulbinspect.machine import usable_cores
from bulbinspect.progress import progress

_FILES_AT_ONCE = 64
_SHOWN = 5


def name_parts(
    files: Sequence[tuple[str, Path]], kind: ViewsIn, names: Sequence[str]
) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of the views, and notes on the files that hold another number of them.

    The number is that of most files, read from their headers; without `names` they are called
    "0", "1", … A `DataError` if most files hold another number than there are names, or if no
    number is that of most.
    """
    counts = _count([path for _, path in files], kind)
    known = Counter(one for one in counts if isinstance(one, int))
    if not known:
        first = next(f"{file!r}: {one}" for (file, _), one in zip(files, counts, strict=True))
        raise DataError(f"no file has views in {kind} that can be counted, such as {first}")
    (number, most), *others = known.most_common(2)
    if others and others[0][1] == most and not names:
        raise DataError(
            f"as many files hold {number} views in {kind} as {others[0][0]}; name those of a bulb "
            "with --view-names"
        )
    if names and number != len(names):
        if known[len(names)] < most:
            raise DataError(
                f"most files hold {number} views in {kind}, but there are {len(names)} names: "
                f"{', '.join(names)}"
            )
        number = len(names)
    odd = [
        f"{file!r} " + (f"holds {one} views, not {number}" if isinstance(one, int) else f"is {one}")
        for (file, _), one in zip(files, counts, strict=True)
        if one != number
    ]
    return tuple(names) or tuple(map(str, range(number))), odd


def _count(paths: Sequence[Path], kind: ViewsIn) -> list[int | PictureError]:
    def count(path: Path) -> int | PictureError:
        try:
            return count_parts(path, kind)
        except PictureError as error:
            return error

    parts = [paths[at : at + _FILES_AT_ONCE] for at in range(0, len(paths), _FILES_AT_ONCE)]
    counts: list[int | PictureError] = []
    with (
        ThreadPoolExecutor(usable_cores()) as pool,
        progress("Count views", len(paths)) as advance,
    ):
        for some in pool.map(lambda part: [count(path) for path in part], parts):
            counts += some
            advance(len(some))
    return counts
