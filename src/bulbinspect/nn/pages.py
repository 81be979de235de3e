"""Pages of memory behind a new tensor: does the system still have to supply them, and how large.

glibc gives a large block back as soon as it is freed, so that each new output is mapped anew: a
page of 4 KiB at a time, on its first touch. That takes longer than a convolution of few channels
(docs/kernels.md). Pages of 2 MiB are 512 times fewer.
"""

import ctypes
import functools
import mmap
import sys

import torch

MIN_BYTES = 4 * 2**20
"""Tensors below this are left alone: no whole huge page may fit."""

_MADV_HUGEPAGE = 14  # linux/mman.h


def is_fresh(tensor: torch.Tensor) -> bool:
    """Say whether the pages of an unwritten CPU tensor are yet to be supplied by the system.

    Asks for three of them. False for small tensors, other devices, and where nobody can say.
    """
    libc = _libc()
    if libc is None or tensor.device.type != "cpu" or tensor.nbytes < MIN_BYTES:
        return False
    start = tensor.data_ptr()
    resident = ctypes.create_string_buffer(1)
    for quarter in (1, 2, 3):
        page = (start + quarter * tensor.nbytes // 4) // mmap.PAGESIZE * mmap.PAGESIZE
        if libc.mincore(page, mmap.PAGESIZE, resident) != 0 or resident.raw[0] & 1:
            return False
    return True


def ask_for_huge_pages(tensor: torch.Tensor) -> None:
    """Ask Linux to back a large, fresh CPU tensor by huge pages. Elsewhere nothing happens."""
    libc = _libc()
    if libc is None or not is_fresh(tensor):
        return
    first = -(-tensor.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
    end = (tensor.data_ptr() + tensor.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
    libc.madvise(first, end - first, _MADV_HUGEPAGE)  # a kernel without them refuses: no harm


@functools.cache
def _libc() -> ctypes.CDLL | None:
    """Return the C library of Linux with the two calls declared, or None."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    return libc
