"""Faults to plant in a folder that holds the views of a bulb as 0.png, 1.png, 2.png, 3.png.

Several may be planted in one bulb, in any order: each writes what it needs, so that none can undo
another. What remains is a faulty bulb with the reason of one of them.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit
from tests.odd import encode
from tests.odd.broken import jpeg_bomb
from tests.odd.deep import array
from tests.odd.encode import Page

VIEWS = ("0", "1", "2", "3")
SIDE_PX = 16


def picture(level: int, salt: Sequence[int] = ()) -> np.ndarray:
    """Return noise around a level; another `salt` gives other noise."""
    rng = np.random.default_rng([level, *salt])
    noise = rng.integers(-9, 10, (SIDE_PX, SIDE_PX))
    return np.clip(level + noise, 0, 255).astype(np.uint8)


def probability(views: Sequence[np.ndarray]) -> float:
    """Return what the tiny bundle says of four sound views: see `make_graph` in conftest."""
    return float(expit(8 * np.mean(views) / 255 - 4))


ODD_ONE = picture(20, (1, 2, 3))
SOUND = encode.png_of(ODD_ONE)
COLOURS = np.stack([ODD_ONE, ODD_ONE, 255 - ODD_ONE], axis=-1)
BLACK = np.zeros((SIDE_PX, SIDE_PX), np.uint8)


def _garbled() -> bytes:
    content = bytearray(SOUND)
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


CONTENTS: dict[str, tuple[bytes, str]] = {
    "truncated": (SOUND[: len(SOUND) // 2], "truncated"),
    "garbled": (_garbled(), "damaged"),
    "empty": (b"", "empty_file"),
    "text": (b"no picture", "not_a_picture"),
    "HTML": (b"<html><img src=x onerror=alert(1)></html>", "not_a_picture"),
    "GIF": (b"GIF89a" + bytes(50), "unsupported_format"),
    "colour": (encode.png_of(COLOURS), "colour"),
    "inks": (encode.tiff(Page(np.dstack([COLOURS, ODD_ONE]), {262: 5})), "cmyk"),
    "transparent": (encode.png_of(np.dstack([ODD_ONE, ODD_ONE])), "transparent"),
    "deep": (encode.png_of(ODD_ONE.astype(np.uint16) * 257), "undeclared_depth"),
    "float": (encode.tiff(ODD_ONE.astype(np.float32)), "float_pixels"),
    "signed": (encode.tiff(ODD_ONE.astype(np.int16)), "wrong_depth"),
    "two pages": (encode.tiff(ODD_ONE, 255 - ODD_ONE), "several_pages"),
    "animated": (encode.png_animated([ODD_ONE, 255 - ODD_ONE]), "several_pages"),
    "bomb": (jpeg_bomb(), "too_large"),
    "three axes": (array(COLOURS), "several_pages"),
}
"""What may stand in a picture's place, and the reason for it."""


@dataclass(frozen=True)
class Fault:
    """Something to do to a view in the folder of a bulb, which then has one of the `reasons`."""

    reasons: tuple[str, ...]
    plant: Callable[[Path, str], None]


def put(path: Path, content: bytes) -> None:
    """Write the file whatever stands there: another name of its content, a link, a pipe."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def _content(content: bytes) -> Callable[[Path, str], None]:
    return lambda folder, view: put(folder / f"{view}.png", content)


def _missing(folder: Path, view: str) -> None:
    (folder / f"{view}.png").unlink(missing_ok=True)


def _called_otherwise(folder: Path, view: str) -> None:
    _missing(folder, view)
    put(folder / "top.png", SOUND)


def _doubled(folder: Path, view: str) -> None:
    put(folder / f"{view}.bmp", encode.bmp_of(ODD_ONE))
    put(folder / f"{view}.tif", encode.tiff(255 - ODD_ONE))


def _same_twice(folder: Path, view: str) -> None:
    twin = VIEWS[(VIEWS.index(view) + 1) % len(VIEWS)]
    put(folder / f"{view}.png", SOUND)
    put(folder / f"{twin}.png", encode.tiff(ODD_ONE))  # alike in pixels, not in bytes


def _loop(folder: Path, view: str) -> None:
    path = folder / f"{view}.png"
    path.unlink(missing_ok=True)
    path.symlink_to(path.name)


def _dangling(folder: Path, view: str) -> None:
    path = folder / f"{view}.png"
    path.unlink(missing_ok=True)
    path.symlink_to("nowhere")


def _pipe(folder: Path, view: str) -> None:
    path = folder / f"{view}.png"
    path.unlink(missing_ok=True)
    os.mkfifo(path)


FAULTS: dict[str, Fault] = {
    **{name: Fault((reason,), _content(content)) for name, (content, reason) in CONTENTS.items()},
    # two views may be black
    "black, on which the network answers NaN": Fault(
        ("non_finite", "identical_views"), _content(encode.png_of(BLACK))
    ),
    "missing": Fault(("missing_view",), _missing),
    # another fault may write what it took away
    "called otherwise": Fault(("missing_view", "surplus_view"), _called_otherwise),
    "surplus": Fault(("surplus_view",), lambda folder, _: put(folder / "4.png", SOUND)),
    "doubled": Fault(("duplicate_view",), _doubled),
    "the same twice": Fault(("identical_views",), _same_twice),
    "link to itself": Fault(("unreadable",), _loop),
    "link to nothing": Fault(("missing_file",), _dangling),
    "pipe": Fault(("not_a_file",), _pipe),
}
