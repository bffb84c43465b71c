"""A lock for each name: what several threads want at once is made by one of them, and the others wait for that one."""

import threading
from collections.abc import Generator, Hashable
from contextlib import contextmanager


class NamedLocks:
    """Locks by name; holding one lets everybody with another name through. A name takes no memory unless it is held.

    Whoever makes something by name holds its lock and looks first whether it is there by now. So it is made once; and
    where making it fails, the next one tries.
    """

    def __init__(self) -> None:
        self._locks: dict[Hashable, _Counted] = {}
        self._mutex = threading.Lock()

    @contextmanager
    def held(self, name: Hashable) -> Generator[None]:
        """Hold the lock of a name. It is not to be taken twice by one thread."""
        with self._mutex:
            counted = self._locks.setdefault(name, _Counted())
            counted.wanted_by += 1
        try:
            with counted.lock:
                yield
        finally:
            with self._mutex:
                counted.wanted_by -= 1
                if counted.wanted_by == 0:
                    del self._locks[name]

    def wanted_by(self, name: Hashable) -> int:
        """How many threads hold the lock of a name or wait for it."""
        with self._mutex:
            counted = self._locks.get(name)
            return 0 if counted is None else counted.wanted_by


class _Counted:
    """A lock, and how many threads hold it or wait for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.wanted_by = 0
