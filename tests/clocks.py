"""The clocks of a machine of another speed: what the playground takes for the time, while tests wait in real time.

How much is computed in a turn, and what is left for the next, depends on clocks. No test may depend on it: what it
asserts holds for a laptop of 2035 and for a server that just now does something else.
"""

import random
import sys
import threading
import time
from collections.abc import Callable

import pytest

WALL_CLOCKS = ("monotonic", "perf_counter")  # go on while a thread waits
PROCESSOR_CLOCKS = ("thread_time", "process_time")
STALL_SECONDS = 1.0
READINGS_PER_STALL = 50  # about
PACKAGE = "playground"


class Clocks:
    """Clocks that run faster than those of this machine: so it seems slower.

    The functions of `time` look at who reads them: only modules of the playground are told another time. A sleep there
    is as much shorter, so that a second of sleep is a second by these clocks.

    Args:
        slower: how many times as slow as this machine the other one is; less than 1 for a faster one.
        stalls: draws at which readings a clock has jumped on, by `STALL_SECONDS`; None: at none. Every other jump is
            one of the processor time too: something has been computed meanwhile, else the thread has waited.
    """

    def __init__(self, slower: float, stalls: int | None) -> None:
        self._slower = slower
        self._draw = None if stalls is None else random.Random(stalls)
        self._lost = dict.fromkeys((*WALL_CLOCKS, *PROCESSOR_CLOCKS), 0.0)
        self._lock = threading.Lock()

    def put_in(self, patch: pytest.MonkeyPatch) -> None:
        """Let everybody read these clocks, also modules that take `time.monotonic` as a default once they are read."""
        for name in (*WALL_CLOCKS, *PROCESSOR_CLOCKS):
            patch.setattr(time, name, self._clock(name, getattr(time, name)))
        patch.setattr(time, "sleep", self._sleep(time.sleep))

    def _clock(self, name: str, real: Callable[[], float]) -> Callable[[], float]:
        def clock() -> float:
            if not _is_asked_by_the_playground():
                return real()
            with self._lock:
                self._stall()
                return self._slower * real() + self._lost[name]

        return clock

    def _sleep(self, real: Callable[[float], None]) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            real(seconds / self._slower if _is_asked_by_the_playground() else seconds)

        return sleep

    def _stall(self) -> None:
        """Now and then, let a second be lost."""
        if self._draw is None or self._draw.randrange(READINGS_PER_STALL):
            return
        for name in (*WALL_CLOCKS, *(PROCESSOR_CLOCKS if self._draw.randrange(2) else ())):
            self._lost[name] += STALL_SECONDS


def _is_asked_by_the_playground() -> bool:
    """Whether the function that calls this one was called by a module of the playground."""
    return sys._getframe(2).f_globals.get("__name__", "").partition(".")[0] == PACKAGE
