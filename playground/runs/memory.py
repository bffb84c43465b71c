"""How much memory this process has just now, and giving back what is free."""

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

LARGE_BYTES = 262_144  # of one block of memory
_M_MMAP_THRESHOLD = -3  # malloc.h
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
    if (trim := _of_c_library("malloc_trim")) is not None:
        trim(0)


@cache
def give_back_what_is_large() -> None:
    """Have the C library (glibc) give back freed memory at once from `LARGE_BYTES` on, for the life of this process.

    By itself it raises that bound to the largest block freed so far, up to 32 MB (mallopt(3), M_MMAP_THRESHOLD). With
    several threads, as many heaps then keep what was a trainer, and the process takes far more than is held.
    """
    if (mallopt := _of_c_library("mallopt")) is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


@cache
def _of_c_library(name: str) -> Callable[..., int] | None:
    """A function of the C library; None where it has none of that name."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), name, None)
