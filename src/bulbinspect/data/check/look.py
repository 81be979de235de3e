"""Look at every picture once, on all cores, and keep what the findings follow from."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bulbinspect.bulb import Bulb, View
from bulbinspect.errors import PictureError
from bulbinspect.imaging.array import is_array
from bulbinspect.imaging.file import FORMATS, opened
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.imaging.preprocess import PreprocessSpec, preprocess
from bulbinspect.machine import usable_cores
from bulbinspect.progress import progress

THUMB_PX = 64
IDENTICAL = "identical_views"

_BULBS_IN_ONE = 16  # what a thread takes at once
_AHEAD = 4
_BLANK = 1 / 255  # of white: the standard deviation below which a thumb shows nothing

Refusal = Callable[[LoadedView], PictureError | None]
"""What a gate says of a view: why it is not fit to be judged, or None."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of one view of one bulb.

    `reason` and `detail` are those of the reader, `gate_reason` and `gate_detail` those of the
    gate, all empty for a picture that can be judged. `size` (H, W), `depth` and `pixels`, a digest
    alike for pictures with the same pixels, are None where the reader refused it; `content` is the
    SHA-256 of the file, None if there is no file that can be read.
    """

    bulb: Bulb
    view: View
    reason: str = ""
    detail: str = ""
    gate_reason: str = ""
    gate_detail: str = ""
    size: tuple[int, int] | None = None
    depth: str | None = None
    pixels: bytes | None = None
    content: bytes | None = None
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Every picture, in the order of bulbs and views; `thumbs` (N, 64, 64) are zero if refused."""

    pictures: tuple[Picture, ...]
    thumbs: NDArray[Any]
    spec: PreprocessSpec


def plain_spec(**form: Any) -> PreprocessSpec:
    """Return the spec to look with when there is no model: a thumb, and the form of pictures."""
    return PreprocessSpec(height_px=THUMB_PX, width_px=THUMB_PX, fit="stretch", **form)


def look(
    bulbs: Sequence[Bulb],
    spec: PreprocessSpec,
    *,
    refusal: Refusal | None = None,
    threads: int | None = None,
) -> Look:
    """Read the views of every bulb as training and prediction do: `load_views` with `spec`."""
    num_pictures = sum(len(bulb.views) for bulb in bulbs)
    thumbs = np.zeros((num_pictures, THUMB_PX, THUMB_PX), spec.dtype)
    pictures: list[Picture] = []
    with progress("pictures", num_pictures) as advance:
        for seen in _in_order(bulbs, lambda bulb: _look_at(bulb, spec, refusal), threads):
            for picture, small in seen:
                if small is not None:
                    thumbs[len(pictures)] = small
                pictures.append(picture)
            advance(len(seen))
    return Look(tuple(pictures), thumbs, spec)


_Seen = list[tuple[Picture, NDArray[Any] | None]]


def _in_order(
    bulbs: Sequence[Bulb], work: Callable[[Bulb], _Seen], threads: int | None
) -> Iterator[_Seen]:
    """Yield what `work` returns for some bulbs at a time; only so many are held at once."""
    workers = threads or usable_cores()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="check")
    waiting: deque[Future[_Seen]] = deque()

    def some(start: int) -> _Seen:
        return [one for bulb in bulbs[start : start + _BULBS_IN_ONE] for one in work(bulb)]

    try:
        for start in range(0, len(bulbs), _BULBS_IN_ONE):
            waiting.append(pool.submit(some, start))
            if len(waiting) > _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _look_at(bulb: Bulb, spec: PreprocessSpec, refusal: Refusal | None) -> _Seen:
    files: dict[Path, tuple[bytes | None, str | None]] = {}
    seen: _Seen = []
    for view, loaded in zip(bulb.views, _load(bulb.views, spec), strict=True):
        if view.path not in files:
            files[view.path] = _file_facts(view.path)
        content, depth = files[view.path]
        reason = detail = ""
        if isinstance(loaded, PictureError):
            reason, detail = loaded.reason, loaded.detail
            if reason == IDENTICAL:  # the copies of this picture elsewhere are to be found too
                loaded = _load([view], spec)[0]
        if isinstance(loaded, PictureError):
            seen.append((Picture(bulb, view, reason, detail, content=content), None))
            continue
        refused = refusal(loaded) if refusal is not None and not reason else None
        small = thumb_of(loaded.pixels, spec)
        picture = Picture(
            bulb,
            view,
            reason,
            detail,
            gate_reason=refused.reason if refused else "",
            gate_detail=refused.detail if refused else "",
            size=loaded.picture_size,
            depth=depth,
            pixels=loaded.digest,
            content=content,
            blank=bool(small.std() < _BLANK * spec.max_level),
        )
        seen.append((picture, small))
    return seen


def _load(views: Sequence[View], spec: PreprocessSpec) -> Sequence[LoadedView | PictureError]:
    """Read the views; whatever a picture does to us is said of it, as in the inspector."""
    try:
        return load_views(views, spec)
    except Exception as error:
        return [PictureError("unreadable", f"{type(error).__name__}: {error}")] * len(views)


def thumb_of(pixels: NDArray[Any], spec: PreprocessSpec) -> NDArray[Any]:
    """Return a view that was loaded with `spec` at the size of a thumb."""
    return preprocess(pixels, plain_spec(bit_depth=spec.bit_depth))


def _file_facts(path: Path) -> tuple[bytes | None, str | None]:
    """Return the SHA-256 of the file, and the depth that its header gives to its pixels."""
    content = depth = None
    try:
        with opened(path) as file:
            content = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]
            file.seek(0)
            depth = _array_depth(path) if is_array(file) else _depth(Image.open(file, "r", FORMATS))
    except PictureError:
        pass  # the reader has said what is wrong
    return content, depth


def _depth(image: Image.Image) -> str:
    mode = image.mode
    if mode == "F":
        return "floating point"
    if mode == "1":
        return "1 bit"
    if mode.startswith("I;16") or (mode == "I" and image.format == "PPM"):
        return "16 bits"
    return "32 bits" if mode == "I" else "8 bits"


def _array_depth(path: Path) -> str:
    dtype = np.load(path, mmap_mode="r", allow_pickle=False).dtype
    if dtype.kind == "f":
        return "floating point"
    return "1 bit" if dtype.kind == "b" else f"{8 * dtype.itemsize} bits"
