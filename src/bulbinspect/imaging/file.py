"""The file of a picture: opened, held against its hash, and whatever goes wrong with it named."""

import hashlib
import logging
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from bulbinspect.errors import PictureError

# Without a handler of the program's own, what Pillow logs about odd files would land on stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "PPM")
"""What Pillow may decode; NumPy's arrays come beside them."""

_NETPBM = (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf")

# First bytes of a file -> what it claims to be. Ours come first; a file that starts like one of
# them and still cannot be identified is a damaged picture, not another format.
_OURS = (b"\x89PNG", b"\xff\xd8\xff", *TiffImagePlugin.PREFIXES, b"BM", *_NETPBM)
_OTHERS = {
    b"GIF8": "GIF",
    b"RIFF": "WebP or another RIFF file",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
    b"\x00\x00\x01\x00": "an icon",
    b"8BPS": "Photoshop",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"SIMPLE": "FITS",
    b"v/1\x01": "OpenEXR",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"DDS ": "DDS",
    b"P7": "PAM",
    b"PK\x03\x04": "a ZIP archive, as .npz is",
}


@contextmanager
def opened(path: Path, sha256: str = "") -> Iterator[IO[bytes]]:
    """Open a file for decoding; whatever goes wrong with it becomes a `PictureError`.

    With `sha256`, in lower case, a file of another content is refused before it is decoded.
    """
    _ignore_warnings_of_pillow()
    head = b""
    try:
        with _open(path) as file:
            if sha256:
                _check_content(file, sha256)
            head = file.read(16)
            file.seek(0)
            yield file
    except PictureError:
        raise
    except Exception as error:  # on odd files Pillow raises nearly every kind there is
        raise _refusal(error, head) from error


def _ignore_warnings_of_pillow() -> None:
    """Silence what Pillow thinks of odd metadata, in every thread and under `-W error`.

    `warnings.catch_warnings` would do it for one thread only, and undo other threads' filters.
    """
    first = warnings.filters[0] if warnings.filters else None
    if first is None or first[0] != "ignore" or "PIL" not in str(first[3]):
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _open(path: Path) -> IO[bytes]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PictureError("not_a_file", "expected a file, found a folder or a device")
        if status.st_size == 0:
            raise PictureError("empty_file", "the file holds no bytes")
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise PictureError("missing_file", "there is no such file") from None
    except (OSError, ValueError) as error:
        raise PictureError("unreadable", f"the file cannot be opened: {error}") from error


def _check_content(file: IO[bytes], sha256: str) -> None:
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    if found != sha256:
        raise PictureError(
            "changed", f"its SHA-256 is {found[:12]}…, the manifest says {sha256[:12]}…"
        )
    file.seek(0)


def _refusal(error: Exception, head: bytes) -> PictureError:
    """Turn whatever was raised while decoding into the reason it stands for."""
    text = f"{error}" or type(error).__name__
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return PictureError("too_large", text)
    if isinstance(error, OSError) and error.errno is not None:
        return PictureError("unreadable", f"the file cannot be read: {error}")
    if isinstance(error, UnidentifiedImageError):
        if head.startswith(_OURS):
            return PictureError("damaged", "its header is broken, or of a kind not understood")
        name = _name_of_other(head)
        if name:
            return PictureError("unsupported_format", f"it is {name}")
        return PictureError("not_a_picture", f"expected {', '.join(FORMATS)} or NPY")
    if isinstance(error, EOFError) or "truncated" in text.lower():
        return PictureError("truncated", text)
    return PictureError("damaged", f"it cannot be decoded: {text}")


def _name_of_other(head: bytes) -> str:
    """Return what a file that starts so is, as far as it is known."""
    if head[4:8] == b"ftyp":
        return "AVIF, HEIF or a film"
    return next((name for start, name in _OTHERS.items() if head.startswith(start)), "")
