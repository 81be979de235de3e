"""The scripts of a page, and the hash by which its content security policy knows them."""

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Script:
    """The text of one script element, and its SHA-256 in base64."""

    text: Markup
    sha256: str

    @classmethod
    def read(cls, *names: str) -> Self:
        """Return these files of this folder, one after the other."""
        folder = files("bulbinspect.report")
        text = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)
        digest = hashlib.sha256(text.encode()).digest()
        return cls(Markup(text), base64.b64encode(digest).decode("ascii"))  # noqa: S704  # our own files
