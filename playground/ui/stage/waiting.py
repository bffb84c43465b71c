"""Where questions wait for their answers: who has cost least comes first, and none waits behind one that is stuck."""

import asyncio
import heapq
import itertools
import time
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

PATIENCE = 0.3  # seconds; a turn of training takes less
MOST_STUCK = 16  # threads
LATELY = 1.0  # seconds for which a line counts as in use

Answer = TypeVar("Answer")


class FairLock:
    """A lock for asyncio that everybody has for the same share of the time who wants it, however long each time takes.

    Start-time fair queueing (Goyal, Vin and Cheng 1996): the line has a time of its own, which is that of the question
    being answered. A question stands at this time, or at the end of what its asker has had, whichever is later, and the
    earliest is first. So who asks for little hardly waits, who asks for much gets what is left, and nobody saves up.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._until: weakref.WeakKeyDictionary[object, float] = weakref.WeakKeyDictionary()  # by asker
        self._is_held = False
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []  # a heap
        self._numbers = itertools.count()

    @asynccontextmanager
    async def held(self, asker: object) -> AsyncGenerator[None]:
        """Wait for all who come first, then hold the lock for the body of the `with`. What it costs is charged."""
        start = max(self._until.get(asker, 0.0), self._now)
        await self._acquire(start)
        self._now = max(start, self._now)
        self._until[asker] = start
        try:
            yield
        finally:
            self._release()

    def charge(self, asker: object, seconds: float) -> None:
        """Let what an asker has had count."""
        self._until[asker] = self._until.get(asker, 0.0) + seconds

    async def _acquire(self, start: float) -> None:
        if not self._is_held:
            self._is_held = True
            return
        ticket = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (start, next(self._numbers), ticket))
        try:
            await ticket
        except asyncio.CancelledError:
            if not ticket.cancelled():  # its time had come
                self._release()
            raise

    def _release(self) -> None:
        while self._waiting:
            ticket = heapq.heappop(self._waiting)[-1]
            if not ticket.done():
                ticket.set_result(None)
                return
        self._is_held = False


class WaitingLine:
    """Work that is done one after the other, not in the thread that serves everybody: for each the same share of time.

    One at a time, because turns of training are taken one after the other anyway, and threads that compete cost more
    than they bring. What takes longer than `PATIENCE` is passed by those behind it: it may stand still for a lock that
    its own page holds, and nobody else is to notice. Those who wait cost no thread, and those who leave no work.

    It belongs to the event loop in which it is used first.

    Args:
        name: of its threads.
        beside: a line that must not suffer. While it is in use, this one rests after each piece of work as long as that
            took: all of this line has half of a processor at most, however many wait in it.
    """

    def __init__(self, name: str, beside: "WaitingLine | None" = None) -> None:
        self._front = FairLock()
        self._threads = ThreadPoolExecutor(MOST_STUCK, name)
        self._beside = beside
        self._used = -float("inf")
        self._rests_until = -float("inf")

    async def answer(
        self, asker: object, work: Callable[[], Answer], *, unless: Callable[[], Awaitable[bool]]
    ) -> Answer | None:
        """What `work` gives when its time has come; None if it is not wanted any more then.

        asker: whose share of the line it takes. unless: says whether it is not wanted.
        """
        async with self._front.held(asker):
            if self._beside is not None and self._beside.is_in_use:
                await asyncio.sleep(self._rests_until - time.monotonic())
            if await unless():
                return None
            self._used = time.monotonic()
            done = asyncio.wrap_future(self._threads.submit(self._charged, asker, work))
            await asyncio.wait((done,), timeout=PATIENCE)
        return await done

    def _charged(self, asker: object, work: Callable[[], Answer]) -> Answer:
        """Do some work, and let it count for whoever asks for it."""
        began = time.thread_time()
        try:
            return work()
        finally:
            took = time.thread_time() - began
            self._front.charge(asker, took)
            self._rests_until = time.monotonic() + took

    @property
    def is_in_use(self) -> bool:
        """Whether work was begun in it just now."""
        return self._used >= time.monotonic() - LATELY
