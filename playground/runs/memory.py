"""How much memory this process has just now, and giving back what is free."""

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

LARGE_BYTES = 262_144  # of one block of memory
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h
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
def keep_heap_small() -> None:
    """Have the C library (glibc) keep little of what is freed, for the life of this process: see mallopt(3).

    All threads share one heap; by itself, each of a server's many threads gets one, and keeps what was freed in it.
    From `LARGE_BYTES` on a block is given back at once; by itself, glibc raises that bound to the largest block freed
    so far, up to 32 MB. A hundred runs made and dropped in 16 threads left 162 MB where 102 were held; so they leave
    132.

    To be called before there are many threads: heaps that are there stay.
    """
    if (mallopt := _of_c_library("mallopt")) is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


@cache
def _of_c_library(name: str) -> Callable[..., int] | None:
    """A function of the C library; None where it has none of that name."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), name, None)
