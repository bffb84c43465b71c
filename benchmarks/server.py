"""A real server to measure, and what the system says about it: resident memory and processor time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import memory_bytes
from tests.serving import Server, serve

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class MeasuredServer:
    """The playground, served by a process of its own (Linux: the numbers come from /proc)."""

    server: Server

    @property
    def url(self) -> str:
        """Address of the front page, without a slash at the end."""
        return self.server.url

    @property
    def resident_bytes(self) -> int:
        """Resident memory now."""
        return memory_bytes("VmRSS", self.server.process.pid)

    @property
    def private_bytes(self) -> int:
        """Of these, what is the process's own: without pages of files such as libraries, as its limit counts it."""
        _, resident, shared, *_ = map(int, Path(f"/proc/{self.server.process.pid}/statm").read_text().split())
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")

    @property
    def peak_bytes(self) -> int:
        """Largest resident memory since the start."""
        return memory_bytes("VmHWM", self.server.process.pid)

    @property
    def cpu_seconds(self) -> float:
        """Processor time used since the start, all threads, user and system."""
        stat = Path(f"/proc/{self.server.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()  # from the third field on
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def errors(self) -> list[str]:
        """Lines of the log that tell of an exception."""
        signs = ("Traceback", "Error:", "Exception")
        return [line for line in self.server.log().splitlines() if any(sign in line for sign in signs)]


def use_two_cores() -> None:
    """Keep this process and all it starts to two cores, however many the machine has."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


@contextmanager
def running_server() -> Iterator[MeasuredServer]:
    """Start the playground with its own settings, wait until it answers, and stop it at the end.

    Raises:
        RuntimeError: with its log, if it does not come up.
    """
    with serve() as server:
        yield MeasuredServer(server)
