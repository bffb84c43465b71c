"""Darkrooms that were used lately, for all runs of a process, in bounded memory: building one takes a few passes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, Protocol, TypeVar

from playground.named_locks import NamedLocks


class Weighed(Protocol):
    """What says how many bytes it takes."""

    @property
    def nbytes(self) -> int: ...


Room = TypeVar("Room", bound=Weighed)
MOST_BYTES = 48_000_000  # of all darkrooms of a process, but for the newest


class Darkrooms(Generic[Room]):
    """Darkrooms by what they are for; those used longest ago go first. Any thread may use it.

    make: builds the one for a key, of which it is the arguments.
    """

    def __init__(self, make: Callable[..., Room], most_bytes: int = MOST_BYTES) -> None:
        self._make, self._most_bytes = make, most_bytes
        self._rooms: OrderedDict[tuple[Hashable, ...], tuple[Room, float]] = OrderedDict()  # and last used
        self._making = NamedLocks()  # by key; taken before `_lock`
        self._lock = threading.Lock()

    def __call__(self, *key: Hashable) -> Room:
        """The darkroom for a key, made if it is not there any more."""
        room = self._found(key)
        if room is None:
            with self._making.held(key):
                room = self._found(key) or self._built(key)
        return room

    def _found(self, key: tuple[Hashable, ...]) -> Room | None:
        """The darkroom for a key, used just now, if it is there."""
        with self._lock:
            found = self._rooms.pop(key, None)
            if found is None:
                return None
            self._rooms[key] = found[0], time.monotonic()
            return found[0]

    def _built(self, key: tuple[Hashable, ...]) -> Room:
        """A new darkroom for a key that is held: others develop meanwhile."""
        room = self._make(*key)
        with self._lock:
            self._rooms[key] = room, time.monotonic()
            self._keep_to_bound()
        return room

    def let_go(self, unused_since: float) -> bool:
        """Let go of those that nobody has used since that time (`time.monotonic`); whether there was one."""
        with self._lock:
            unused = [key for key, (_, used) in self._rooms.items() if used < unused_since]
            for key in unused:
                del self._rooms[key]
        return bool(unused)

    def most_of(self, sizes: Iterable[int]) -> int:
        """Bytes that darkrooms of these sizes take at most, if all are used."""
        sizes = tuple(sizes)
        return min(sum(sizes), max(self._most_bytes, *sizes, 0))

    @property
    def nbytes(self) -> int:
        """Bytes of all that are kept, which are not more than the bound from now on."""
        with self._lock:
            return self._keep_to_bound()

    def _keep_to_bound(self) -> int:
        """Let go of the oldest where all are too much: a darkroom grows at its first use. Bytes of those that stay."""
        sizes = {key: room.nbytes for key, (room, _) in self._rooms.items()}
        while sum(sizes.values()) > self._most_bytes and len(sizes) > 1:
            oldest, _ = self._rooms.popitem(last=False)
            del sizes[oldest]
        return sum(sizes.values())
