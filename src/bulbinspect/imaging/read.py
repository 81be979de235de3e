"""Open one gray picture exactly, or say by name why not.

Pillow decodes; what is decided here is what may be decoded, and that no pixel is guessed: colour,
alpha, pages and depths that Pillow would quietly flatten are refused from the header.
"""

import logging
import stat
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import ExifTags, Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from bulbinspect.errors import PictureError

Gray = np.ndarray[tuple[int, int], np.dtype[np.integer[Any]]]
"""A gray picture `(H, W)`: uint8, or uint16 for more than 8 bits."""

# Without a handler of the program's own, what Pillow logs about odd files would land on stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "PPM")
_DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N")
_COLOUR_MODES = ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "LA", "La")
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
}


def read_gray(path: Path, *, bit_depth: int = 8, max_pixels: int = 64_000_000) -> Gray:
    """Return the upright picture `(H, W)`: uint8 for 8 bits, uint16 with its own levels for more.

    Read are PNG, JPEG, TIFF, BMP and PGM; 1-bit pictures become 0 and 255, colours count as gray
    if every pixel has R = G = B. Whatever else it is, the answer is a `PictureError`.
    """
    _ignore_warnings_of_pillow()
    head = b""
    try:
        with _open_file(path) as file:
            head = file.read(16)
            file.seek(0)
            with Image.open(file, formats=_FORMATS) as image:
                _check_header(image, max_pixels)
                pixels = _levels(image, file, bit_depth)
                orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except PictureError:
        raise
    except Exception as error:  # on odd files Pillow raises nearly every kind there is
        raise _refusal(error, head) from error
    return _upright(_of_depth(pixels, bit_depth), orientation)


def _ignore_warnings_of_pillow() -> None:
    """Silence what Pillow thinks of odd metadata, in every thread and under `-W error`.

    `warnings.catch_warnings` would do it for one thread only, and undo other threads' filters.
    """
    first = warnings.filters[0] if warnings.filters else None
    if first is None or first[0] != "ignore" or "PIL" not in str(first[3]):
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _open_file(path: Path) -> IO[bytes]:
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


def _check_header(image: ImageFile.ImageFile, max_pixels: int) -> None:
    """Refuse what must not, or need not, be decoded."""
    if image.width * image.height > max_pixels:
        raise PictureError(
            "too_large", f"{image.height} x {image.width} px are more than {max_pixels} pixels"
        )
    if _has_second_page(image):
        raise PictureError("several_pages", "the file holds several pages or frames")
    if image.mode == "F":
        raise PictureError("float_pixels", "its pixels are floating-point numbers")
    if image.mode == "CMYK":
        raise PictureError("cmyk", "its colours are those of a printer (CMYK)")
    if "transparency" in image.info and image.mode not in ("P", "PA"):
        raise PictureError("transparent", "one of its gray levels or colours is transparent")
    _check_depth(image)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _check_tiff(image)


def _has_second_page(image: ImageFile.ImageFile) -> bool:
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return getattr(image, "n_frames", 1) > 1
    try:
        image.seek(1)  # `n_frames` would walk through 10,000 pages
    except EOFError:
        return False
    return True


def _check_depth(image: ImageFile.ImageFile) -> None:
    """Refuse deep pictures that Pillow would decode to their upper 8 bits."""
    if image.format == "PPM":
        flattened = image.mode == "RGB" and _white(image) > 255
    else:  # 16 bits of a BMP are 5 for each colour
        packing = str(image.tile[0].args) if image.tile else ""
        deep_modes = (*_DEEP_MODES, "I")
        flattened = ";16" in packing and image.mode not in deep_modes and image.format != "BMP"
    if flattened:
        raise PictureError("wrong_depth", "more than 8 bits are read from plain gray pictures only")


def _check_tiff(image: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse TIFFs whose pixels Pillow takes for something else than their header says."""
    tags = image.tag_v2
    if 2 in np.atleast_1d(tags.get(TiffImagePlugin.SAMPLEFORMAT, 1)):
        raise PictureError("wrong_depth", "its pixels are signed integers")
    if image.mode in _DEEP_MODES and tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0:
        raise PictureError("unsupported_format", "its gray levels run from white to black")
    samples = tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1)
    if samples > len(image.getbands()):
        raise PictureError("unsupported_format", f"it holds {samples} channels of unknown meaning")


def _levels(image: ImageFile.ImageFile, file: IO[bytes], bit_depth: int) -> Gray:
    """Decode to `(H, W)`: uint8, or uint16 for a deep picture."""
    if image.format == "PPM" and image.mode == "I":
        return _deep_netpbm(image, file, bit_depth)
    if image.mode == "L":
        return np.array(image)
    if image.mode == "1":
        return np.array(image.convert("L"))
    if image.mode in _DEEP_MODES:
        return np.array(image).astype(np.uint16)
    if image.mode in _COLOUR_MODES:
        return _gray_of_colours(image)
    if image.mode == "I":
        raise PictureError("wrong_depth", "its pixels are integers of 32 bits")
    raise PictureError("colour", f"its colours are in the space {image.mode}")


def _gray_of_colours(image: ImageFile.ImageFile) -> Gray:
    image.load()
    if image.mode in ("P", "PA"):
        highest = np.array(image.getchannel(0)).max()
        if highest >= len(image.getpalette() or ()) // 3:
            raise PictureError("damaged", f"colour {highest} is not in its palette")
    colours = np.array(image.convert("RGBA"))
    if (colours[..., 3] != 255).any():
        raise PictureError("transparent", "some of its pixels are transparent")
    red = colours[..., 0]
    if (colours[..., 1] != red).any() or (colours[..., 2] != red).any():
        raise PictureError("colour", "its pixels are coloured (not R = G = B)")
    return np.ascontiguousarray(red)


def _white(image: ImageFile.ImageFile) -> int:
    """Return the level that a Netpbm header calls white, and Pillow scales to 255 or 65535."""
    arguments = image.tile[0].args
    if isinstance(arguments, tuple) and isinstance(arguments[-1], int) and arguments[-1] > 0:
        return arguments[-1]
    return 65535 if image.mode == "I" else 255


def _deep_netpbm(image: ImageFile.ImageFile, file: IO[bytes], bit_depth: int) -> Gray:
    """Read a PGM of 16 bits as it is; Pillow stretches any other white to 65535, and slowly."""
    white, expected = _white(image), (1 << bit_depth) - 1
    if white not in (expected, 65535):
        raise PictureError(
            "undeclared_depth" if bit_depth == 8 else "wrong_depth",
            f"its white is {white}, that of {bit_depth} bits is {expected}",
        )
    tile = image.tile[0]
    if tile.codec_name == "ppm_plain":
        return np.rint(np.array(image) * (white / 65535)).astype(np.uint16)
    file.seek(tile.offset)
    size = image.width * image.height
    samples = file.read(2 * size)
    if len(samples) < 2 * size:
        raise PictureError("truncated", f"only {len(samples) // 2} of {size} pixels are there")
    levels = np.frombuffer(samples, dtype=">u2").astype(np.uint16)
    return levels.reshape(image.height, image.width)


def _of_depth(pixels: Gray, bit_depth: int) -> Gray:
    """Hold the levels against the declared depth; an 8-bit picture in 16 bits is just that."""
    if bit_depth == 8:
        if pixels.dtype == np.uint8:
            return pixels
        if pixels.max() > 255:
            raise PictureError(
                "undeclared_depth",
                f"its brightest pixel is {pixels.max()}: declare its bit depth (10, 12, 14, 16)",
            )
        return pixels.astype(np.uint8)
    if pixels.dtype == np.uint8:
        raise PictureError("wrong_depth", f"it has 8 bits, {bit_depth} were declared")
    if pixels.max() >= 1 << bit_depth:
        raise PictureError(
            "wrong_depth",
            f"its brightest pixel is {pixels.max()}, above the {bit_depth} bits that were declared",
        )
    return pixels


def _upright(pixels: Gray, orientation: int) -> Gray:
    """Undo how the camera was held (EXIF tag 274; anything but 2…8 means upright)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _refusal(error: Exception, head: bytes) -> PictureError:
    """Turn whatever Pillow raised into the reason it stands for."""
    text = f"{error}" or type(error).__name__
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return PictureError("too_large", text)
    if isinstance(error, OSError) and error.errno is not None:
        return PictureError("unreadable", f"the file cannot be read: {error}")
    if isinstance(error, UnidentifiedImageError):
        if head.startswith(_OURS):
            return PictureError("damaged", "its header is broken, or of a kind not understood")
        for start, name in _OTHERS.items():
            if head.startswith(start):
                return PictureError("unsupported_format", f"it is {name}")
        return PictureError("not_a_picture", f"expected {', '.join(_FORMATS)}")
    if isinstance(error, EOFError) or "truncated" in text.lower():
        return PictureError("truncated", text)
    return PictureError("damaged", f"it cannot be decoded: {text}")
