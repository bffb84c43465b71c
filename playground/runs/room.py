"""The room that a process has for what is counted, by what the system measures of it."""

import threading
from collections import deque
from collections.abc import Callable

from playground.runs.memory import give_back

BASE_BYTES = 260_000_000  # what the process takes besides what is counted, where that cannot be measured
SPARE_SHARE = 0.04  # of all memory: kept free for what grows between two looks at it
NEAR_SHARE = 0.9  # of all memory: from there on what has been freed is given back before it is asked for
GROWN_SHARE = 0.01  # of all memory: by as much the process has grown since, else there is little to give back
LATELY_SECONDS = (
    10.0  # a page that runs, and what was freed, count for as long as that before they are believed
)
GIVEN_BACK_SECONDS = 1.0  # between two times, as all wait who ask for memory meanwhile


class Room:
    """What a process may take, and what it takes besides all that is counted. Any thread may use it.

    Memory that was freed is not given back at once, and still is the process's own: what it takes besides is therefore
    the least that was found lately, and where memory is short, what was freed is handed back to the system.

    Args:
        limit: bytes that the process may have for itself.
        measured: bytes that it has just now, or None where the system does not say.
    """

    def __init__(self, limit: int, measured: Callable[[], int | None]) -> None:
        self._limit = limit
        self._measured = measured
        self._besides: deque[tuple[float, int]] = deque()  # when, and bytes besides what was counted then
        self._kept = 0  # bytes of the process when memory was given back last …
        self._given_back = -float("inf")  # … and when that was
        self._lock = threading.Lock()

    def for_counted(self, counted: int, now: float) -> int:
        """Bytes that all that is counted may take.

        counted: bytes that it takes just now. now: by a clock that never goes back, in seconds.
        """
        measured = self._measured()
        with self._lock:
            if measured is not None:
                self._besides.append((now, max(0, measured - counted)))
            while self._besides and self._besides[0][0] < now - LATELY_SECONDS:
                self._besides.popleft()
            besides = min((size for _, size in self._besides), default=BASE_BYTES)
        return round((1 - SPARE_SHARE) * self._limit) - besides

    def give_back(self, now: float, *, is_short: bool = False) -> None:
        """Hand back to the system what was freed, where the process takes nearly all that it may and has grown.

        is_short: whether it is worth the time although it has not grown: something was let go of, or is refused else.
        """
        measured = self._measured()
        if measured is None or measured < NEAR_SHARE * self._limit:
            return
        with self._lock:
            if now < self._given_back + GIVEN_BACK_SECONDS:
                return
            if not is_short and measured < self._kept + GROWN_SHARE * self._limit:
                return
            self._given_back = now
        give_back()
        self._kept = self._measured() or 0
