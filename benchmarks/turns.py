"""Sides of a comparison that take turns: a machine that is slow for a while is slow for all of them.

What counts is processor time, what one call would take with the core to itself: all sides work with one thread, and
time in which others had the core says nothing about them.
"""

import statistics
import time
from collections.abc import Callable, Sequence

SLICE = 0.05  # seconds that one side works before the next takes its turn

Side = Callable[[], object]


def one_turn(side: Side, seconds: float = SLICE) -> float:
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
            taken.append(one_turn(side))
    return tuple(map(statistics.median, turns))
