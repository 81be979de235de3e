"""Where the pictures of a page are: inside it, or in a folder beside it."""

from enum import StrEnum
from pathlib import Path

from bulbinspect.report.thumbnail import data_address


class Pictures(StrEnum):
    """`inline`: one file that can be sent around. `folder`: a small page and many files."""

    INLINE = "inline"
    FOLDER = "folder"


class PagePictures:
    """Takes pictures for the page at `path` and says under which address it finds them.

    The folder is `<name of the page>_files`; the names in it are numbers, never those of bulbs.
    """

    def __init__(self, path: Path, where: Pictures) -> None:
        self._folder = path.with_name(f"{path.stem}_files")
        self._where = where
        self._count = 0

    @property
    def policy(self) -> str:
        """What the page's content security policy allows as pictures."""
        return "data:" if self._where is Pictures.INLINE else "data: 'self' file:"

    def add(self, png: bytes) -> str:
        """Return the address of a PNG; OSError when it cannot be written."""
        if self._where is Pictures.INLINE:
            return data_address(png)
        self._count += 1
        file = self._folder / f"{self._count:06d}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(png)
        return f"{self._folder.name}/{file.name}"
