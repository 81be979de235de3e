"""How much work a JPEG makes. A progressive one paints the whole picture again with every scan."""

from typing import IO

from bulbinspect.errors import PictureError

_START_OF_SCAN = b"\xff\xda"  # within a scan 0xff is never followed by 0xda
_MOST_WORK = 1_000_000_000  # pixels times scans; a usual progressive picture has 6 or 10 scans
_BYTES_AT_ONCE = 1 << 20


def check_scans(file: IO[bytes], num_pixels: int) -> None:
    """Refuse a JPEG that would be painted too often; the file stays where it is."""
    place = file.tell()
    file.seek(0)
    num_scans, last = 0, b""
    while content := file.read(_BYTES_AT_ONCE):
        num_scans += (last + content).count(_START_OF_SCAN)
        last = content[-1:]
    file.seek(place)
    if num_scans * num_pixels > _MOST_WORK:
        raise PictureError("too_large", f"its {num_pixels} pixels are painted in {num_scans} scans")
