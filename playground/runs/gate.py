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

    @contextmanager
    def turn(self, *, patience: float | None = None) -> Generator[bool]:
        """Wait for all who came earlier, then hold the gate for the body of the `with`. Gives whether it is held.

        patience: seconds after which the body goes ahead without the gate, for who may hold something for which the one
        in front waits.
        """
        is_held = self._enter(patience)
        try:
            yield is_held
        finally:
            if is_held:
                self._leave()

    def _enter(self, patience: float | None) -> bool:
        with self._mutex:
            if not self._busy:
                self._busy = True
                return True
            ticket = threading.Event()
            self._queue.append(ticket)
        if ticket.wait(patience):
            return True
        with self._mutex:
            if ticket.is_set():  # handed over at the last moment
                return True
            self._queue.remove(ticket)
            return False

    def _leave(self) -> None:
        with self._mutex:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._busy = False
