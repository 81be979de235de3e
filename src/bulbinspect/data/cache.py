"""The preprocessed views of a data set in one memory map, so that no picture is decoded twice.

A cache is the file `<key>.npy` in a folder; the key is a hash over all that its pixels depend on.
Behind the views stand, as a second array, the sizes of the pictures they were made of, and a line
of JSON with the notes of the build.
"""

import fcntl
import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.fingerprint import Fingerprint, file_status, fingerprint_of
from bulbinspect.errors import DataError, PictureError
from bulbinspect.files import whole_file
from bulbinspect.imaging.load import load_views
from bulbinspect.imaging.preprocess import PreprocessSpec, scale_note
from bulbinspect.machine import usable_cores
from bulbinspect.progress import progress

_FORMAT = (
    2  # part of the key: raise it when the same picture gives other pixels, or the file changes
)
_PICTURES_AT_ONCE = 64
_NOTES_SHOWN = 3

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Slots = tuple[View | None, ...]


@dataclass(frozen=True)
class ViewCache:
    """All views of some bulbs, in their order.

    `views` (N, V, H, W) is read-only and zero where `present` (N, V) is False; so are
    `picture_sizes` (N, V, 2), height and width before preprocessing. `data_sha256` is the hash of
    bulb names, view names and picture files, whatever is made of them.
    """

    views: NDArray[Any]
    picture_sizes: NDArray[np.uint32]
    present: NDArray[np.bool_]
    data_sha256: str
    notes: tuple[str, ...] = ()


def open_cache(
    bulbs: Sequence[Bulb],
    num_views: int,
    spec: PreprocessSpec,
    folder: Path,
    *,
    manifest_sha256: str,
) -> ViewCache:
    """Open the cache of these bulbs in `folder`, after building it if there is none.

    A view lies at the place that its name has in the first bulb with the most views; a bulb with
    other names fills the places in order. A `DataError` holds every picture that cannot be used.
    """
    slots = place_views(bulbs, num_views)
    pictures = list(dict.fromkeys(view.path for row in slots for view in row if view is not None))
    if not pictures:
        raise DataError("there are no pictures to make a cache of")
    prints = dict(zip(pictures, _fingerprints(pictures), strict=True))
    data_sha256 = _data_sha256(bulbs, slots, prints)
    facts = {
        "format": _FORMAT,
        "data": data_sha256,
        "manifest": manifest_sha256,
        "preprocess": spec.to_dict(),
        "num_views": num_views,
    }
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    path = folder / f"{key}.npy"
    shape = len(bulbs), num_views, spec.height_px, spec.width_px
    found = _open(path, shape, spec.dtype)
    if found is None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _only_builder(folder):
                found = _open(path, shape, spec.dtype)  # somebody may have built it meanwhile
                if found is None:
                    _Build(bulbs, slots, spec, prints, shape).write(path)
                    found = _open(path, shape, spec.dtype)
        except OSError as error:
            raise DataError(f"the cache {path} cannot be written: {error.strerror}") from error
        if found is None:
            raise DataError(f"the cache {path} cannot be read back; is its disk sound?")
    views, picture_sizes, notes = found
    present = np.array([[view is not None for view in row] for row in slots])
    return ViewCache(views, picture_sizes, present, data_sha256, notes)


def place_views(bulbs: Sequence[Bulb], num_views: int) -> list[_Slots]:
    """Return for each bulb the view at each of `num_views` places, None where there is none."""
    surplus = [
        f"bulb {bulb.bulb_id!r} has {len(bulb.views)} views"
        for bulb in bulbs
        if len(bulb.views) > num_views
    ]
    if surplus:
        raise DataError(f"at most {num_views} views of a bulb are expected:", surplus)
    fullest = max(bulbs, key=lambda bulb: len(bulb.views), default=Bulb("", ()))
    names = [view.name for view in fullest.views]
    slots: list[_Slots] = []
    for bulb in bulbs:
        by_name = {view.name: view for view in bulb.views}
        row: list[View | None] = list(bulb.views)
        if len(by_name) == len(bulb.views) and by_name.keys() <= set(names):
            row = [by_name.get(name) for name in names]
        slots.append((*row, *[None] * (num_views - len(row))))
    return slots


def _fingerprints(pictures: Sequence[Path]) -> list[Fingerprint | None]:
    parts = [
        pictures[at : at + _PICTURES_AT_ONCE] for at in range(0, len(pictures), _PICTURES_AT_ONCE)
    ]
    prints: list[Fingerprint | None] = []
    with (
        ThreadPoolExecutor(usable_cores()) as pool,
        progress("Hash pictures", len(pictures)) as advance,
    ):
        for some in _in_order(pool, lambda part: [fingerprint_of(path) for path in part], parts):
            prints += some
            advance(len(some))
    return prints


def _data_sha256(
    bulbs: Sequence[Bulb], slots: Sequence[_Slots], prints: dict[Path, Fingerprint | None]
) -> str:
    """Hash what is where; JSON keeps names apart that would run into each other."""
    digest = hashlib.sha256()
    for bulb, row in zip(bulbs, slots, strict=True):
        pictures = []
        for view in row:
            fingerprint = None if view is None else prints[view.path]
            content = "" if fingerprint is None else fingerprint.content.hex()
            part = view and view.part
            pictures.append([view and view.name, content, part and astuple(part)])
        digest.update(json.dumps([bulb.bulb_id, pictures]).encode() + b"\n")
    return digest.hexdigest()


def _open(
    path: Path, shape: tuple[int, ...], dtype: type[np.integer[Any]]
) -> tuple[NDArray[Any], NDArray[np.uint32], tuple[str, ...]] | None:
    """Return views, picture sizes and notes, or None for a file that is absent or not whole."""
    try:
        views = np.load(path, mmap_mode="r")
        if views.shape != shape or views.dtype != dtype:
            return None
        with path.open("rb") as file:
            file.seek(views.offset + views.nbytes)
            sizes = np.load(file)
            if sizes.shape != (*shape[:2], 2) or sizes.dtype != np.uint32:
                return None
            sizes.flags.writeable = False
            return views, sizes, tuple(json.loads(file.read()))
    except (OSError, ValueError, EOFError):
        return None


@contextmanager
def _only_builder(folder: Path) -> Iterator[None]:
    """Wait for other builders in this folder, and clear away what killed ones have left.

    The system frees the lock of a process that dies, so whoever holds it knows that every
    unfinished file is nobody's.
    """
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for unfinished in folder.glob(".*.npy.*.part"):
            unfinished.unlink(missing_ok=True)
        yield


@dataclass
class _Build:
    """Turns the pictures of some bulbs into the file of a cache."""

    bulbs: Sequence[Bulb]
    slots: Sequence[_Slots]
    spec: PreprocessSpec
    prints: dict[Path, Fingerprint | None]
    shape: tuple[int, int, int, int]  # N, V, H, W
    problems: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def write(self, path: Path) -> None:
        """Decode on all cores, write in order; the file appears when it is whole."""
        with (
            ThreadPoolExecutor(usable_cores()) as pool,
            progress("Preprocess bulbs", len(self.slots)) as advance,
            whole_file(path, "wb") as file,
        ):
            sizes = np.zeros((*self.shape[:2], 2), np.uint32)
            np.lib.format.write_array_header_2_0(
                file,
                {
                    "descr": np.lib.format.dtype_to_descr(np.dtype(self.spec.dtype)),
                    "fortran_order": False,
                    "shape": self.shape,
                },
            )
            bulbs = _in_order(pool, self._bulb, range(len(self.slots)))
            for size, (views, of_bulb, problems, notes) in zip(sizes, bulbs, strict=True):
                size[:] = of_bulb
                self.problems += problems
                self.notes.update(notes)
                if not self.problems:  # else go on only to find all of them
                    file.write(views.data)
                advance(1)
            if self.problems:
                count = f"{len(self.problems)} of {sum(map(_num_views, self.slots))} views"
                raise DataError(f"no cache is built, {count} cannot be used:", self.problems)
            np.save(file, sizes)
            shown = self.notes.most_common(_NOTES_SHOWN)
            file.write(json.dumps([f"{count} views: {note}" for note, count in shown]).encode())

    def _bulb(self, number: int) -> tuple[NDArray[Any], NDArray[np.uint32], list[str], list[str]]:
        """Return views (V, H, W) and picture sizes (V, 2) of a bulb, its problems, and notes."""
        views = np.zeros(self.shape[1:], self.spec.dtype)
        sizes = np.zeros((self.shape[1], 2), np.uint32)
        problems, notes = [], []
        placed = [(place, view) for place, view in enumerate(self.slots[number]) if view]
        loaded = load_views([view for _, view in placed], self.spec)
        for (place, view), one in zip(placed, loaded, strict=True):
            fingerprint = self.prints[view.path]
            if isinstance(one, PictureError):
                error = one
            elif fingerprint is None or fingerprint.status != file_status(view.path):
                error = PictureError("changed", "the file changed while the cache was built")
            else:
                views[place], sizes[place] = one.pixels, one.picture_size
                note = scale_note(*one.picture_size, self.spec)
                notes += [] if note is None else [note]
                continue
            name = self.bulbs[number].bulb_id
            problems.append(f"bulb {name!r}, view {view.name!r}, {str(view.path)!r}: {error}")
        return views, sizes, problems, notes


def _num_views(slots: _Slots) -> int:
    return sum(view is not None for view in slots)


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Sequence[_Item]
) -> Iterator[_Result]:
    """Yield the results of `work` in the order of `items`, a few at a time ahead of the reader."""
    ahead: deque[Future[_Result]] = deque()
    for item in items:
        ahead.append(pool.submit(work, item))
        if len(ahead) > 8 * usable_cores():
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()
