"""What is known of a picture before it is decoded: what must not, or need not, be."""

from typing import IO

import numpy as np
from PIL import ImageFile, TiffImagePlugin

from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.jpeg import check_scans
from bulbinspect.imaging.netpbm import check_netpbm, white_level
from bulbinspect.imaging.png import check_checksums

DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N")

_FAX = ("tiff_ccitt", "group3", "group4", "tiff_raw_16")
_LOSSY = ("jpeg", "tiff_jpeg", "webp")
_PREMULTIPLIED = 1  # in the TIFF tag ExtraSamples


def check_memory(image: ImageFile.ImageFile, max_pixels: int) -> None:
    """Refuse more than `max_pixels`, or a quarter of them where Pillow takes 4 bytes for each."""
    narrow = image.mode in ("1", "L", "P", *DEEP_MODES)
    check_size(image.height, image.width, max_pixels if narrow else max_pixels // 4)


def check_size(height: int, width: int, max_pixels: int) -> None:
    """Refuse more than `max_pixels`."""
    if height * width > max_pixels:
        raise PictureError("too_large", f"{height} x {width} px are more than {max_pixels} pixels")


def count_pages(image: ImageFile.ImageFile, most: int) -> int:
    """Return the number of pages or frames, or `most` + 1 if there are more; back at the first.

    Pillow's own count of a TIFF would walk through 10,000 pages.
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return min(getattr(image, "n_frames", 1), most + 1)
    count = 1
    try:
        while count <= most:
            image.seek(count)
            count += 1
    except EOFError:
        pass
    if count > 1:
        image.seek(0)
    return count


def check_kind(image: ImageFile.ImageFile, form: PictureForm) -> None:
    """Refuse pixels that are not gray levels, or that Pillow would change in decoding."""
    if image.mode == "F" and form.value_range is None:
        raise PictureError(
            "float_pixels", "its pixels are floating-point numbers: declare value_range"
        )
    if image.mode == "CMYK":
        raise PictureError("cmyk", "its colours are those of a printer (CMYK)")
    if "transparency" in image.info and image.mode not in ("P", "PA"):
        raise PictureError("transparent", "one of its gray levels or colours is transparent")
    check_samples(image, signed=form.value_range is not None)


def check_channels(image: ImageFile.ImageFile) -> None:
    """Refuse channels that the file does not hold as they were: mixed, weighted or flattened."""
    if image.mode not in ("L", "LA", "RGB", "RGBA", "CMYK") or "transparency" in image.info:
        raise PictureError(
            "unsupported_format", f"a picture of mode {image.mode} does not hold views as channels"
        )
    compression = image.info.get("compression", "")
    lossy = image.format == "JPEG" or compression in _LOSSY
    if lossy and len(image.getbands()) > 1:
        raise PictureError("unsupported_format", "JPEG mixes the channels of a picture")
    check_samples(image, signed=False)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        extra = np.atleast_1d(image.tag_v2.get(TiffImagePlugin.EXTRASAMPLES, 0))
        if _PREMULTIPLIED in extra:
            raise PictureError("unsupported_format", "its channels were multiplied by the last one")


def check_content(image: ImageFile.ImageFile, file: IO[bytes]) -> None:
    """Refuse pixels without the checksum that is stored beside them, and what takes too long."""
    if image.format == "PNG":
        check_checksums(file)
    elif image.format == "JPEG" or image.info.get("compression") in ("jpeg", "tiff_jpeg"):
        check_scans(file, image.height * image.width)
    elif image.format == "PPM":
        check_netpbm(image, file)


def check_samples(image: ImageFile.ImageFile, *, signed: bool) -> None:
    """Refuse samples whose depth, sign or compression Pillow does not keep or cannot trust."""
    if image.format == "PPM":
        flattened = image.mode == "RGB" and white_level(image) > 255
    else:  # 16 bits of a BMP are 5 for each colour
        packing = str(image.tile[0].args) if image.tile else ""
        deep_modes = (*DEEP_MODES, "I")
        flattened = ";16" in packing and image.mode not in deep_modes and image.format != "BMP"
    if flattened:
        raise PictureError("wrong_depth", "more than 8 bits are read from plain gray pictures only")
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _check_tiff(image, signed=signed)


def is_unsigned(image: ImageFile.ImageFile) -> bool:
    """Say whether the 32 bits that Pillow takes for a signed number have no sign."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    bits = np.max(image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, 1))
    sample_format = np.atleast_1d(image.tag_v2.get(TiffImagePlugin.SAMPLEFORMAT, 1))
    return bool(bits == 32 and (sample_format == 1).all())


def declared_bits(image: ImageFile.ImageFile) -> int | None:
    """Return how many bits a TIFF says that its deep gray levels have, if they are not 16."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.mode not in DEEP_MODES:
        return None
    bits = int(np.max(image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, 16)))
    return bits if bits < 16 else None


def _check_tiff(image: TiffImagePlugin.TiffImageFile, *, signed: bool) -> None:
    """Refuse TIFFs whose pixels Pillow takes for something else than their header says."""
    tags = image.tag_v2
    if image.info.get("compression") in _FAX:
        raise PictureError("unsupported_format", "fax compression, in which damage goes unnoticed")
    is_signed = 2 in np.atleast_1d(tags.get(TiffImagePlugin.SAMPLEFORMAT, 1))
    if is_signed and not (signed and image.mode == "I"):
        raise PictureError("wrong_depth", "its pixels are signed integers: declare value_range")
    turned = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
    if turned and image.mode in (*DEEP_MODES, "F"):
        raise PictureError("unsupported_format", "its gray levels run from white to black")
    samples = tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1)
    if samples > len(image.getbands()):
        raise PictureError("unsupported_format", f"it holds {samples} channels of unknown meaning")
