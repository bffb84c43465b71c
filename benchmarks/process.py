"""What the system says about a process (Linux: the numbers come from /proc)."""

from collections.abc import Callable
from pathlib import Path


def memory_bytes(name: str, process: int | str = "self") -> int:
    """Of a process, by its number: "VmRSS", the resident memory now, or "VmHWM", the most there has been."""
    status = Path("/proc", str(process), "status")
    for line in status.read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{status} has no {name}")


def peak_growth(work: Callable[[], object]) -> int:
    """Bytes by which this process's resident memory grows at most while it works.

    Memory that was used and freed before may be used again unseen, so measure before anything large has run.
    """
    Path("/proc/self/clear_refs").write_text("5")  # from here on VmHWM counts anew
    before = memory_bytes("VmRSS")
    work()
    return max(0, memory_bytes("VmHWM") - before)
