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
    def turn(self) -> Generator[None]:
        """Wait for all who came earlier, then hold the gate for the body of the `with`."""
        with self._mutex:
            if self._busy:
                ticket = threading.Event()
                self._queue.append(ticket)
            else:
                self._busy, ticket = True, None
        if ticket is not None:
            ticket.wait()
        try:
            yield
        finally:
            with self._mutex:
                if self._queue:
                    self._queue.popleft().set()
                else:
                    self._busy = False
