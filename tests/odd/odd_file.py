"""What an odd file is: how it is put into a folder, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bulbinspect.imaging.form import PictureForm

EIGHT_BITS = PictureForm()

Outcome = np.ndarray | str
"""The pixels (H, W) that must be read, or the reason why nothing is."""

SIZE = (24, 20)
ROWS, COLUMNS = np.mgrid[: SIZE[0], : SIZE[1]]
GRAY = ((7 * ROWS + 11 * COLUMNS) % 256).astype(np.uint8)
GRAY[0, :2] = 0, 255
BITS = GRAY > 100
BLACK_AND_WHITE = np.where(BITS, 255, 0).astype(np.uint8)
COLOURS = np.stack([GRAY, np.roll(GRAY, 5, axis=1), 255 - GRAY], axis=-1)
GRAY_COLOURS = np.stack([GRAY] * 3, axis=-1)
"""Colours that are gray: R = G = B in every pixel."""


def levels_of(bits: int) -> np.ndarray:
    """Return a picture that uses all of its depth, white included, as uint16."""
    levels = ((257 * ROWS + 131 * COLUMNS) % (1 << bits)).astype(np.uint16)
    levels[0, :2] = 0, (1 << bits) - 1
    return levels


@dataclass(frozen=True)
class OddFile:
    """A file and what must come of it, be it read, checked, trained with or judged.

    `content` draws its bytes, or `place` puts something else at a path. Pictures that are read are
    of `SIZE` unless their row says otherwise; `tolerance` in gray levels is for JPEG alone.
    """

    name: str
    outcome: Outcome
    content: Callable[[], bytes] | None = None
    place: Callable[[Path], None] | None = None
    form: PictureForm = EIGHT_BITS
    tolerance: int = 0
    file_name: str | bytes = "picture.png"

    def put(self, folder: Path) -> Path:
        """Make the file in `folder`; return its path."""
        name = self.file_name
        path = folder / (name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
        if self.place is not None:
            self.place(path)
        elif self.content is not None:
            path.write_bytes(self.content())
        return path

    @property
    def reason(self) -> str:
        """The reason for which it is refused, or `""` where it is read."""
        return self.outcome if isinstance(self.outcome, str) else ""

    def __str__(self) -> str:
        return self.name


def of(content: bytes) -> Callable[[], bytes]:
    """Wrap bytes that are drawn already."""
    return lambda: content
