"""How far a playhead is to move, by the clock and the speed that was chosen, and how fast it has moved."""

import time
from collections import deque

# Seconds of playing that a late tick makes up for at most: two of the longest tick, and more.
LONGEST_PAUSE = 2.0
FIRST_TICK = 0.1  # seconds for which a first tick moves on


class Pace:
    """The time since the last tick, as steps that are due."""

    def __init__(self) -> None:
        self._ticked_at: float | None = None
        self._due = 0.0
        self._progress: deque[tuple[float, int]] = deque(maxlen=24)

    def start(self) -> None:
        """Play is pressed."""
        self._ticked_at = None
        self._due = 0.0
        self.forget()

    def forget(self) -> None:
        """What was moved until now says nothing of the speed from here on."""
        self._progress.clear()

    def steps_due(self, rate: float | None) -> tuple[float, int | None]:
        """Seconds since the last tick, and steps to make now; None for as many as fit into a turn.

        rate: steps a second; None for as many as there can be.
        """
        now = time.monotonic()
        elapsed = FIRST_TICK if self._ticked_at is None else now - self._ticked_at
        if elapsed > LONGEST_PAUSE:  # the reader was elsewhere: that time was not played
            elapsed = LONGEST_PAUSE
            self.forget()
        self._ticked_at = now
        if rate is None:
            return elapsed, None
        self._due = min(self._due + rate * elapsed, rate * LONGEST_PAUSE)
        due = int(self._due)
        self._due -= due
        return elapsed, due

    def note(self, playhead: int) -> None:
        """Where a tick has come to."""
        self._progress.append((time.monotonic(), playhead))

    @property
    def steps_per_second(self) -> float:
        """Speed of the playhead over the last ticks; 0 where it is not known yet."""
        if len(self._progress) < 2:
            return 0.0
        (then, first), (now, last) = self._progress[0], self._progress[-1]
        return (last - first) / max(now - then, 1e-6)
