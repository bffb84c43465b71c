"""How much memory this process has just now, and giving back what is free."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path

_STATM = Path("/proc/self/statm")


def private_bytes() -> int | None:
    """Resident memory that is the process's own, measured by the operating system; None where it does not say.

    Left out are pages of files such as libraries, which the system can drop and read again: with CUDA, torch maps half
    a gigabyte of them.
    """
    try:
        _, resident, shared, *_ = map(int, _STATM.read_bytes().split())
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def give_back() -> None:
    """Hand freed memory back to the operating system, where the C library keeps it (glibc)."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim():
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
