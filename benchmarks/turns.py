"""Sides of a comparison that take turns: a machine that is slow for a while is slow for all of them.

What counts is processor time, what one call would take with the core to itself: all sides work with one thread, and
time in which others had the core says nothing about them.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

SLICE = 0.05  # seconds that one side works before the next takes its turn


@runtime_checkable
class Clocked(Protocol):
    """A side that reads a clock of its own."""

    def turn(self, seconds: float) -> float:
        """Work for about `seconds` of processor time; returns the mean seconds of what is counted."""
        ...


Side = Callable[[], object] | Clocked


@dataclass(frozen=True, slots=True)
class Several:
    """A side that does several of what is counted by one call."""

    call: Callable[[], object]
    count: int

    def turn(self, seconds: float) -> float:
        """Like `one_turn`, of one of them."""
        return one_turn(self.call, seconds) / self.count


def one_turn(side: Callable[[], object], seconds: float = SLICE) -> float:
    """Call a side for about `seconds`, at least once. Returns the mean seconds of a call."""
    count, start = 0, time.process_time()
    while (elapsed := time.process_time() - start) < seconds or not count:
        side()
        count += 1
    return elapsed / count


def medians(sides: Sequence[Side], seconds: float) -> tuple[float, ...]:
    """Let all sides work in turns until `seconds` have passed, each at least once.

    Returns the median of each side's turns, in seconds per call. Sides that need it have been warmed up before.
    """
    turns: tuple[list[float], ...] = tuple([] for _ in sides)
    end = time.perf_counter() + seconds
    while not turns[0] or time.perf_counter() < end:
        for side, taken in zip(sides, turns, strict=True):
            taken.append(side.turn(SLICE) if isinstance(side, Clocked) else one_turn(side))
    return tuple(map(statistics.median, turns))
