"""Keep large blocks of memory instead of giving them back to the system after every step."""

import ctypes
import platform

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


def raise_malloc_thresholds() -> bool:
    """Tell glibc to reuse blocks up to 1 GiB; return whether there was a glibc that agreed.

    Without it the feature maps of every step are unmapped and mapped anew, page by page, which
    takes longer than the convolutions (docs/training.md shows by how much).
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    kept = libc.mallopt(_M_MMAP_THRESHOLD, 2**30)
    return bool(kept and libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
