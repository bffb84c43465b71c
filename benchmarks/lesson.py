"""A class that trains: real pages on a real server, and what is measured from outside."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from benchmarks.server import MeasuredServer, running_server
from benchmarks.session import Answer, Session

SETTLING = 3.0  # seconds of training before the clock starts
OPENING_AT_ONCE = 4  # pages
IDLE_SHARE = 0.1  # of one core: below it nothing trains
LONGEST_WIND_DOWN = 15.0
LOOKS = 1.0  # seconds between two looks at all playheads


@dataclass(frozen=True, slots=True)
class Pupil:
    """One page: its query, and whether it gets frames by runs of the page instead of by their own address."""

    query: str
    by_page: bool = False


@dataclass(slots=True)
class Watch:
    """Every playhead and the server's memory, looked at once a second.

    Attributes:
        times: of the looks. playheads: (looks, pages). resident, private: bytes at each look.
    """

    times: list[float] = field(default_factory=list)
    playheads: list[list[int]] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    private: list[int] = field(default_factory=list)

    async def keep(self, sessions: list[Session], server: MeasuredServer) -> None:
        """Look until cancelled."""
        while True:
            self.times.append(time.perf_counter())
            self.playheads.append([playhead(session) for session in sessions])
            self.resident.append(server.resident_bytes)
            self.private.append(server.private_bytes)
            await asyncio.sleep(LOOKS)

    @property
    def went_back(self) -> int:
        """Pages whose playhead was ever smaller than before."""
        heads = np.array(self.playheads)
        return int((np.diff(heads, axis=0) < 0).any(axis=0).sum())

    @property
    def longest_still(self) -> float:
        """Seconds that a playhead stood still at most."""
        longest = 0.0
        for column in np.array(self.playheads).T:
            moved = [
                self.times[0],
                *(t for t, step in zip(self.times[1:], np.diff(column), strict=True) if step),
            ]
            longest = max(
                longest, *(later - earlier for earlier, later in pairwise([*moved, self.times[-1]]))
            )
        return longest

    def growth(self, seconds: float) -> int:
        """Bytes by which resident memory grew in the last seconds."""
        from_then = [
            size
            for when, size in zip(self.times, self.resident, strict=True)
            if when >= self.times[-1] - seconds
        ]
        return from_then[-1] - from_then[0]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was measured while everybody trained. Times in seconds, memory in bytes.

    Attributes:
        opened: time of each page from connection to its first picture.
        ticks: per session, the ticks whose picture came within the measured time.
        steps: per session, training steps per second.
        watch: all playheads over the measured time.
        clicks: seconds until a page that did nothing else had answered a click.
        lost: ticks whose picture the server never sent. repeated: questions asked again for want of an answer.
        unanswered: at the end, the age of the oldest request without a picture.
        cpu: cores that the server used. client_cpu: cores that the visitors used.
        resident: memory of the server while training. before: the same before the first page; peak: at most.
        stopped: time from the last disconnect until the server used no processor; None if it did not stop.
        errors: exceptions on pages and in the log.
    """

    seconds: float
    opened: tuple[float, ...]
    ticks: tuple[tuple[Answer, ...], ...]
    steps: tuple[float, ...]
    watch: Watch
    clicks: tuple[float, ...]
    lost: int
    repeated: int
    unanswered: float
    cpu: float
    client_cpu: float
    before: int
    resident: int
    peak: int
    stopped: float | None
    errors: tuple[str, ...]


Meanwhile = Callable[[list[Session], str], Awaitable[None]]


def lesson(pupils: list[Pupil], seconds: float, *, meanwhile: Meanwhile | None = None) -> Lesson:
    """Start a server, let pages train for `seconds`, and stop.

    meanwhile: what else goes on, given the pages and the server's address; it ends when it is cancelled.
    """
    with running_server() as server:
        return asyncio.run(_lesson(server, pupils, seconds, meanwhile))


async def _lesson(
    server: MeasuredServer, pupils: list[Pupil], seconds: float, meanwhile: Meanwhile | None
) -> Lesson:
    before = server.resident_bytes
    door = asyncio.Semaphore(OPENING_AT_ONCE)

    async def enter(pupil: Pupil) -> tuple[Session, float]:
        async with door:
            began = time.perf_counter()
            session = await Session.open(server.url, pupil.query, by_page=pupil.by_page, timeout=60)
            return session, time.perf_counter() - began

    entered = await asyncio.gather(*map(enter, pupils))
    sessions = [session for session, _ in entered]

    async def play(number: int) -> None:
        await asyncio.sleep(number / len(pupils))
        await sessions[number].click("play", timeout=120)

    await asyncio.gather(*(play(number) for number in range(len(pupils))))
    await asyncio.sleep(SETTLING)

    watch, clicks = Watch(), []
    tasks = [
        asyncio.create_task(watch.keep(sessions, server)),
        asyncio.create_task(_click_about(server, clicks)),
    ]
    if meanwhile is not None:
        tasks.append(asyncio.create_task(_ignoring_the_end(meanwhile(sessions, server.url))))
    playheads = [playhead(session) for session in sessions]
    lost = sum(session.lost for session in sessions)
    repeated = sum(session.repeated for session in sessions)
    cpu, client_cpu, began = server.cpu_seconds, time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    now = time.perf_counter()
    elapsed = now - began
    for task in tasks:
        task.cancel()
    cpu, client_cpu = server.cpu_seconds - cpu, time.process_time() - client_cpu
    steps = [playhead(session) - first for session, first in zip(sessions, playheads, strict=True)]
    ticks = [
        tuple(answer for answer in session.answers if answer.is_tick and began <= answer.shown <= now)
        for session in sessions
    ]
    lost = sum(session.lost for session in sessions) - lost
    repeated = sum(session.repeated for session in sessions) - repeated
    unanswered = max(now - (session.unanswered_since or now) for session in sessions)
    resident, peak = server.resident_bytes, server.peak_bytes

    await asyncio.gather(*(session.close() for session in sessions))
    stopped = await _wind_down(server)
    return Lesson(
        seconds=elapsed,
        opened=tuple(opened for _, opened in entered),
        ticks=tuple(ticks),
        steps=tuple(made / elapsed for made in steps),
        watch=watch,
        clicks=tuple(clicks),
        lost=lost,
        repeated=repeated,
        unanswered=unanswered,
        cpu=cpu / elapsed,
        client_cpu=client_cpu / elapsed,
        before=before,
        resident=resident,
        peak=peak,
        stopped=stopped,
        errors=tuple(text for session in sessions for text in session.exceptions) + tuple(server.errors()),
    )


def playhead(session: Session) -> int:
    """The training step that a page shows."""
    if session.stage is None:
        raise RuntimeError("the page has no stage")
    return session.stage.playhead


async def _click_about(server: MeasuredServer, took: list[float]) -> None:
    """One more visitor, who presses Step once a second: how long does an ordinary click take?

    One that is still to be answered when the lesson ends counts for as long as it has waited.
    """
    session = await Session.open(server.url, "text=abcabd&cell=gru&seed=77", timeout=60)
    try:
        while True:
            began = time.perf_counter()
            try:
                await session.click("step", timeout=60)
            finally:
                took.append(time.perf_counter() - began)
            await asyncio.sleep(1.0)
    finally:
        await session.close()


async def _ignoring_the_end(work: Awaitable[None]) -> None:
    """Pages that are closed at the end of a lesson are no errors."""
    try:
        await work
    except ConnectionError:
        return


async def _wind_down(server: MeasuredServer) -> float | None:
    """Seconds until the server goes idle and stays so for two seconds."""
    closed = time.perf_counter()
    busy_until, used = closed, server.cpu_seconds
    while (now := time.perf_counter()) < closed + LONGEST_WIND_DOWN:
        if now - busy_until >= 2.0:
            return busy_until - closed
        await asyncio.sleep(0.25)
        used, before = server.cpu_seconds, used
        if used - before > IDLE_SHARE * 0.25:
            busy_until = time.perf_counter()
    return None
