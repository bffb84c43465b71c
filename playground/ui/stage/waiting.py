"""Where questions wait for their answers: first come, first served, and none waits behind one that is stuck."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

PATIENCE = 0.3  # seconds; a turn of training takes less
MOST_STUCK = 16  # threads

Answer = TypeVar("Answer")


class WaitingLine:
    """Work that is done one after the other in order of arrival, not in the thread that serves everybody.

    One at a time, because turns of training are taken one after the other anyway, and threads that compete cost more
    than they bring. What takes longer than `PATIENCE` is passed by those behind it: it may stand still for a lock that
    its own page holds, and nobody else is to notice. Those who wait cost no thread, and those who leave no work.

    It belongs to the event loop in which it is used first.
    """

    def __init__(self, name: str) -> None:
        self._front = asyncio.Lock()
        self._threads = ThreadPoolExecutor(MOST_STUCK, name)

    async def answer(
        self, work: Callable[[], Answer], *, unless: Callable[[], Awaitable[bool]]
    ) -> Answer | None:
        """What `work` gives when its time has come; None if it is not wanted any more then. unless: says whether."""
        async with self._front:
            if await unless():
                return None
            done = asyncio.wrap_future(self._threads.submit(work))
            await asyncio.wait((done,), timeout=PATIENCE)
        return await done
