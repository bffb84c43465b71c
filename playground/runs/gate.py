"""One turn at a time, in order of arrival: how many viewers share a few cores without starving anybody."""

import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager


class FairGate:
    """A lock that is handed over strictly first come, first served (threading.Lock promises no order)."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._busy = False
        self._queue: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @contextmanager
    def turn(self) -> Generator[None]:
        """Wait for all who came earlier, then hold the gate for the body of the `with`."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._mutex:
            if not self._busy:
                self._busy = True
                return
            ticket = threading.Event()
            self._queue.append(ticket)
        ticket.wait()

    def _leave(self) -> None:
        with self._mutex:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._busy = False
