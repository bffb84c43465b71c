"""A classroom on one small server: thirty people who all train at once.

    python -m benchmarks.classroom [--sessions 30] [--seconds 20] [--json]

Server and visitors share two cores. A visitor is a websocket session that behaves as a browser tab does
(`benchmarks.session`). A tick's latency counts from the oldest request that it answers to its picture: a lost
picture makes the next one late.
"""

import argparse
import asyncio
import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import numpy as np
import torch

from benchmarks.server import MeasuredServer, running_server, use_two_cores
from benchmarks.session import PATIENCE, Answer, Session
from benchmarks.table import Table, Target, show
from playground.config import ExperimentConfig
from playground.runs.registry import Registry
from playground.runs.viewer import Viewer

SETTLING = 3.0  # seconds of training before the clock starts
OPENING_AT_ONCE = 4  # pages
IDLE_SHARE = 0.1  # of one core: below it nothing trains
LONGEST_WIND_DOWN = 15.0
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was measured while everybody trained. Times in seconds, memory in bytes.

    Attributes:
        opened: time of each page from connection to its first picture.
        ticks: per session, the ticks whose picture came within the measured time.
        steps: per session, training steps per second.
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


def lesson(sessions: int, seconds: float, query: Callable[[int], str]) -> Lesson:
    """Start a server, let `sessions` pages train for `seconds`, and stop.

    Args:
        query: number of a session → query string of its page.
    """
    with running_server() as server:
        return asyncio.run(_lesson(server, sessions, seconds, query))


async def _lesson(server: MeasuredServer, count: int, seconds: float, query: Callable[[int], str]) -> Lesson:
    before = server.resident_bytes
    door = asyncio.Semaphore(OPENING_AT_ONCE)

    async def enter(number: int) -> tuple[Session, float]:
        async with door:
            began = time.perf_counter()
            session = await Session.open(server.url, query(number))
            return session, time.perf_counter() - began

    entered = await asyncio.gather(*(enter(number) for number in range(count)))
    sessions = [session for session, _ in entered]

    async def play(number: int) -> None:
        await asyncio.sleep(number / count)
        await sessions[number].click("play", timeout=60)

    await asyncio.gather(*(play(number) for number in range(count)))
    await asyncio.sleep(SETTLING)

    playheads = [_playhead(session) for session in sessions]
    lost = sum(session.lost for session in sessions)
    repeated = sum(session.repeated for session in sessions)
    cpu, client_cpu, began = server.cpu_seconds, time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    now = time.perf_counter()
    elapsed = now - began
    cpu, client_cpu = server.cpu_seconds - cpu, time.process_time() - client_cpu
    steps = [_playhead(session) - first for session, first in zip(sessions, playheads, strict=True)]
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


def _playhead(session: Session) -> int:
    if session.stage is None:
        raise RuntimeError("the page has no stage")
    return session.stage.playhead


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


def different(number: int) -> str:
    """A page with a run of its own, as fast as it goes."""
    return urlencode({"text": "hello", "cell": "lstm", "seed": 1000 + number, "speed": "max"})


def equal(_: int) -> str:
    """A page with everybody's run, at the speed at which lessons are watched."""
    return urlencode({"text": "hello", "cell": "lstm", "seed": 1000})


def different_watched(number: int) -> str:
    """A page with a run of its own, at the speed at which lessons are watched."""
    return urlencode({"text": "hello", "cell": "lstm", "seed": 1000 + number})


def everybody_trains(result: Lesson) -> Table:
    """Thirty different runs, as fast as they go."""
    answers = [answer for ticks in result.ticks for answer in ticks]
    latencies = [1000 * (answer.shown - answer.asked) for answer in answers]
    runs = [1000 * (answer.finished - answer.began) for answer in answers]
    gaps = [
        1000 * (later.shown - earlier.shown) for ticks in result.ticks for earlier, later in pairwise(ticks)
    ]
    rates = [len(ticks) / result.seconds for ticks in result.ticks]
    count = len(result.ticks)
    table = Table(
        f'{count} sessions train different runs of "hello" (LSTM, 16 units) as fast as they go, two cores'
    )
    table.add("page opened, p50", 1000 * median(result.opened), "ms", note=f"{OPENING_AT_ONCE} at once")
    table.add("page opened, p95", 1000 * float(np.quantile(result.opened, 0.95)), "ms")
    table.add("tick latency, p50", _quantile(latencies, 0.5), "ms")
    table.add(
        "tick latency, p95", _quantile(latencies, 0.95), "ms", Target("≤", 800), "oldest request to picture"
    )
    table.add("tick's own run, p50", _quantile(runs, 0.5), "ms", note="begun to ended, as the page sees it")
    table.add("tick's own run, p95", _quantile(runs, 0.95), "ms")
    table.add("between two pictures, p50", _quantile(gaps, 0.5), "ms")
    table.add("between two pictures, p95", _quantile(gaps, 0.95), "ms")
    table.add("ticks per session", median(rates), "/s", note=f"least {min(rates):.2f}, most {max(rates):.2f}")
    table.add("longest unanswered at the end", 1000 * result.unanswered, "ms")
    table.add("pictures never sent", result.lost, "", note=f"of {len(answers) + result.lost}")
    table.add("asked again", result.repeated, "", note=f"no picture for {PATIENCE:g} s")
    table.add("steps/s, slowest session", min(result.steps), "/s", Target("≥", 60))
    table.add("steps/s, median session", median(result.steps), "/s", note=f"fastest {max(result.steps):.0f}")
    table.add("slowest / median", _ratio(min(result.steps), median(result.steps)), "", Target("≥", 0.5))
    table.add("steps/s of all", sum(result.steps), "/s")
    table.add("bytes per tick", _quantile([float(answer.size) for answer in answers], 0.5), "B")
    table.add(
        "server's processor", result.cpu, "cores", note=f"visitors use {result.client_cpu:.2f} beside it"
    )
    table.add("resident before the first page", result.before / MEGABYTE, "MB")
    table.add("resident while training", result.resident / MEGABYTE, "MB", Target("≤", 600))
    table.add("resident at most", result.peak / MEGABYTE, "MB")
    table.add("training stops after the last goes", result.stopped, "s", Target("≤", 5))
    table.add("errors", len(result.errors), "", Target("≤", 0), "; ".join(sorted(set(result.errors))[:3]))
    return table


def everybody_watches(one: Lesson, alike: Lesson, apart: Lesson) -> Table:
    """Equal experiments share one run: what they cost beside one session, and beside different ones."""
    count = len(alike.ticks)
    table = Table(f"{count} sessions watch equal runs at normal speed (30 steps/s each)")
    table.add("one session, processor", one.cpu, "cores")
    table.add(
        f"{count} equal, processor", alike.cpu, "cores", note="mostly one script run per session and tick"
    )
    table.add(f"{count} different, processor", apart.cpu, "cores")
    table.add("equal / one, processor", _ratio(alike.cpu, one.cpu))
    table.add("equal / different, processor", _ratio(alike.cpu, apart.cpu))
    table.add("one session, resident", one.resident / MEGABYTE, "MB")
    table.add(f"{count} equal, resident", alike.resident / MEGABYTE, "MB")
    table.add(f"{count} different, resident", apart.resident / MEGABYTE, "MB")
    table.add("equal / one, resident", _ratio(alike.resident, one.resident), "", Target("≤", 1.2))
    table.add("equal, steps/s of the slowest", min(alike.steps), "/s", Target("≥", 27))
    table.add("different, steps/s of the slowest", min(apart.steps), "/s", Target("≥", 27))
    errors = one.errors + alike.errors + apart.errors
    table.add("errors", len(errors), "", Target("≤", 0), "; ".join(sorted(set(errors))[:3]))
    return table


def shared_training(sessions: int, seconds: float) -> Table:
    """The cost of training alone, without pages: viewers of equal and of different runs in this process."""

    def cost(seeds: Sequence[int]) -> tuple[float, int, int]:
        """Processor seconds, updates of all runs, and steps of the slowest of viewers who all play fast."""
        registry = Registry()
        viewers = [Viewer(registry, ExperimentConfig(seed=seed)) for seed in seeds]
        for viewer in viewers:
            viewer.speed = "fast"
            viewer.play()
        used = 0.0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            round_began = time.monotonic()
            began = time.thread_time()
            for viewer in viewers:
                viewer.tick()
            used += time.thread_time() - began
            time.sleep(max(0.0, 0.2 - (time.monotonic() - round_began)))
        runs = {id(viewer.run): viewer.run for viewer in viewers}
        return used, sum(run.step for run in runs.values()), min(viewer.playhead for viewer in viewers)

    cost([0])
    one, one_updates, one_slowest = cost([1])
    alike, alike_updates, alike_slowest = cost([1] * sessions)
    apart, apart_updates, apart_slowest = cost(list(range(sessions)))
    table = Table(f"Training of {sessions} equal runs at 300 steps/s, without pages")
    table.add("one viewer, processor", one / seconds, "cores", note=f"{one_updates} updates")
    table.add(f"{sessions} equal, processor", alike / seconds, "cores", note=f"{alike_updates} updates")
    table.add(f"{sessions} different, processor", apart / seconds, "cores", note=f"{apart_updates} updates")
    table.add("equal / one, processor", _ratio(alike, one), "", Target("≤", 1.5))
    table.add("equal / one, updates", _ratio(alike_updates, one_updates), "", Target("≤", 1.1))
    table.add("one viewer, steps/s", one_slowest / seconds, "/s")
    slowest = f"{sessions} different: {apart_slowest / seconds:.0f}"
    table.add("equal, steps/s of the slowest", alike_slowest / seconds, "/s", Target("≥", 270), slowest)
    return table


def short_runs(count: int = 1000) -> Table:
    """Many short runs one after another, as a class that keeps throwing the dice: does memory stay flat?

    Growth is counted from the 400th run on, when the registry holds all that it may.
    """
    registry = Registry()
    resident: dict[int, float] = {}
    held: dict[int, float] = {}
    gc.collect()
    gc.freeze()  # as the server does after its warm-up
    began = time.perf_counter()
    for number in range(1, count + 1):
        viewer = Viewer(registry, ExperimentConfig(seed=number))
        for _ in range(5):
            viewer.step_once()
        viewer.frames_to_send()
        registry.release(viewer.id, viewer.run_id)
        if number in (count // 5, 2 * count // 5, count):
            resident[number] = _own_resident_bytes() / MEGABYTE
            held[number] = registry.nbytes / MEGABYTE
    each = (time.perf_counter() - began) / count
    table = Table(f"{count:,} short runs in a row (opened, five steps, left)")
    table.add("one run", 1000 * each, "ms")
    for number in resident:
        note = f"the registry counts {held[number]:.1f} MB"
        table.add(f"resident after {number:,}", resident[number], "MB", note=note)
    table.add(
        f"growth since {2 * count // 5:,}", resident[count] - resident[2 * count // 5], "MB", Target("≤", 10)
    )
    table.add("runs kept", len(registry))
    return table


def _own_resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _quantile(values: Sequence[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None


def _ratio(value: float, base: float) -> float | None:
    return value / base if base else None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="A classroom on one small server.")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="measured time; the smaller parts take less"
    )
    parser.add_argument("--only", choices=("training", "equal", "memory"), help="one part alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    use_two_cores()
    torch.set_num_threads(1)
    tables = []
    if options.only in (None, "training"):
        tables.append(everybody_trains(lesson(options.sessions, options.seconds, different)))
    if options.only in (None, "equal"):
        shorter = options.seconds / 2
        one = lesson(1, shorter, equal)
        alike = lesson(options.sessions, shorter, equal)
        apart = lesson(options.sessions, shorter, different_watched)
        tables.append(everybody_watches(one, alike, apart))
        tables.append(shared_training(options.sessions, min(4.0, options.seconds)))
    if options.only in (None, "memory"):
        tables.append(short_runs())
    show(tables, as_json=options.json)


if __name__ == "__main__":
    main()
