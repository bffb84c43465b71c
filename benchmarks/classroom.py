"""A classroom on one small server: thirty to a hundred people who all train at once.

    python -m benchmarks.classroom [--sessions 100] [--seconds 60] [--only …] [--engine both] [--json]

Server and visitors share two cores. A visitor is a websocket session that behaves as a browser tab does
(`benchmarks.session`). A picture's latency counts from the question to its answer.
"""

import argparse
import asyncio
import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from types import MappingProxyType
from urllib.parse import urlencode

import numpy as np
import torch

from benchmarks.engines import add_option, by_engines
from benchmarks.fair import fair_shares, step_seconds
from benchmarks.lesson import OPENING_AT_ONCE, Lesson, Pupil, lesson
from benchmarks.server import use_two_cores
from benchmarks.session import PATIENCE, Session
from benchmarks.shared import shared_training, short_runs
from benchmarks.table import Table, Target, ratio, show
from playground.config import ExperimentConfig
from playground.limits import limits

MEGABYTE = 1e6
MOST_MEMORY = 700  # MB resident with a hundred who train
PANGRAM = "the quick brown fox jumps over the lazy dog "
LARGE: dict[str, object] = {"cell": "lstm", "text": PANGRAM, "hidden_size": 128}
LARGEST = (
    LARGE
    | {  # with the longest text that fits into an address, and as many sequences at once as a run may hold
        "text": (PANGRAM * 200)[:6500],
        "embedding": 128,
        "layers": 3,
        "sequence_length": 200,
        "batch_size": 11,
    }
)
NORMAL = 30.0  # steps/s that are asked for at normal speed
RATES = ("0.005", "0.01", "0.02", "0.05")
PARTS = ("normal", "max", "mixed", "equal", "memory")
OF_ALL = "steps/s of all"
COMPILED_LOOPS = {OF_ALL: Target("≥", 3)}  # as fast as they go, with beside without


def pupil(number: int, more: dict[str, object] | None = None, *, by_page: bool = False) -> Pupil:
    """A page with a run of its own; or of one that all share, if a seed is given."""
    query: dict[str, object] = {"text": "hello", "cell": "lstm", "seed": 1000 + number, "train.stop": "never"}
    return Pupil(urlencode(query | (more or {})), by_page)


def trained(more: Mapping[str, object] = MappingProxyType({})) -> ExperimentConfig:
    """The experiment of such a page."""
    return ExperimentConfig.from_values({**ExperimentConfig().values(), **more})


def everybody_trains(result: Lesson, title: str) -> Table:
    """Different runs, as fast as they go."""
    table = _pictures(result, title)
    table.add("steps/s, slowest session", min(result.steps), "/s", note=f"fastest {max(result.steps):.0f}")
    table.add("steps/s, median session", median(result.steps), "/s")
    table.add("slowest / median", ratio(min(result.steps), median(result.steps)), "", Target("≥", 0.5))
    table.add(OF_ALL, sum(result.steps), "/s")
    return _server(table, result)


def everybody_follows(result: Lesson, title: str) -> Table:
    """Different runs at the speed at which lessons are watched."""
    table = _pictures(result, title, Target("≤", 400))
    table.add("steps/s, slowest session", min(result.steps), "/s", Target("≥", 27))
    table.add("steps/s, median session", median(result.steps), "/s", note="30 are asked for")
    return _server(table, result, Target("≤", 1.5))


def everybody_differs(result: Lesson, kinds: Mapping[str, tuple[int, ExperimentConfig]], title: str) -> Table:
    """Ordinary runs beside large ones, with people who come, go and turn knobs.

    kinds: by name, in the order of the sessions, how many there are and what one of them trains.
    """
    table = _pictures(result, title)
    costs = {name: step_seconds(config) for name, (_, config) in kinds.items()}
    each = [costs[name] for name, (count, _) in kinds.items() for _ in range(count)]
    shares, at = fair_shares(result.steps, each, NORMAL), 0
    for name, (count, _) in kinds.items():
        steps, fair, at = result.steps[at : at + count], shares[at : at + count], at + count
        note = f"fastest {max(steps):.2f}; a step takes {1000 * costs[name]:.1f} ms alone"
        table.add(f"steps/s, slowest {name} session", min(steps), "/s", note=note)
        table.add(f"steps/s, median {name} session", median(steps), "/s", note=f"fair are {min(fair):.2f}")
        least = min(map(ratio, steps, fair), key=lambda share: share or 0.0)
        table.add(f"slowest {name} session / fair share", least, "", Target("≥", 1 / 3))
    limit = limits().memory_mb
    most = max(result.watch.private) / MEGABYTE
    table.add("memory of its own at most", most, "MB", Target("≤", 1.15 * limit), f"the limit is {limit} MB")
    return _server(table, result, peak=None)


def _pictures(result: Lesson, title: str, latency: Target | None = None) -> Table:
    """What one sees: how soon pages open, and how soon pictures come."""
    answers = [answer for ticks in result.ticks for answer in ticks]
    latencies = [1000 * (answer.shown - answer.asked) for answer in answers]
    gaps = [
        1000 * (later.shown - earlier.shown) for ticks in result.ticks for earlier, later in pairwise(ticks)
    ]
    rates = [len(ticks) / result.seconds for ticks in result.ticks]
    table = Table(title)
    table.add("page opened, p50", 1000 * median(result.opened), "ms", note=f"{OPENING_AT_ONCE} at once")
    table.add("page opened, p95", 1000 * float(np.quantile(result.opened, 0.95)), "ms")
    table.add("picture after, p50", _quantile(latencies, 0.5), "ms")
    table.add("picture after, p95", _quantile(latencies, 0.95), "ms", latency)
    table.add("between two pictures, p95", _quantile(gaps, 0.95), "ms")
    table.add(
        "pictures per session", median(rates), "/s", note=f"least {min(rates):.2f}, most {max(rates):.2f}"
    )
    table.add("longest unanswered at the end", 1000 * result.unanswered, "ms")
    table.add("pictures never sent", result.lost, "", note=f"of {len(answers) + result.lost}")
    table.add("asked again", result.repeated, "", note=f"no picture for {PATIENCE:g} s")
    clicks = [1000 * took for took in result.clicks]
    table.add("a click is answered after, p95", _quantile(clicks, 0.95), "ms")
    table.add("a click is answered after, at most", _quantile(clicks, 1.0), "ms", Target("≤", 1000))
    table.add("bytes of a picture", _quantile([float(answer.size) for answer in answers], 0.5), "B")
    return table


def _server(
    table: Table,
    result: Lesson,
    cpu: Target | None = None,
    peak: Target | None = Target("≤", MOST_MEMORY),  # noqa: B008, frozen
) -> Table:
    """What it costs, and what went wrong."""
    note = f"visitors use {result.client_cpu:.2f} beside it"
    table.add("playheads that went back", result.watch.went_back, "", Target("≤", 0), "a run trained again")
    table.add("a playhead stood still at most", result.watch.longest_still, "s")
    table.add("server's processor", result.cpu, "cores", cpu, note)
    table.add("resident before the first page", result.before / MEGABYTE, "MB")
    table.add("resident while training", result.resident / MEGABYTE, "MB")
    table.add("resident at most", result.peak / MEGABYTE, "MB", peak)
    lately = min(60.0, result.seconds / 2)
    table.add(f"growth in the last {lately:.0f} s", result.watch.growth(lately) / MEGABYTE, "MB")
    table.add("training stops after the last goes", result.stopped, "s", Target("≤", 5))
    table.add("errors", len(result.errors), "", Target("≤", 0), "; ".join(sorted(set(result.errors))[:3]))
    return table


def everybody_watches(one: Lesson, alike: Lesson, apart: Lesson) -> Table:
    """Equal experiments share one run: what they cost beside one session, and beside different ones."""
    count = len(alike.ticks)
    table = Table(f"{count} sessions watch equal runs at normal speed (30 steps/s each)")
    table.add("one session, processor", one.cpu, "cores")
    table.add(f"{count} equal, processor", alike.cpu, "cores")
    table.add(f"{count} different, processor", apart.cpu, "cores")
    table.add("equal / one, processor", ratio(alike.cpu, one.cpu))
    table.add("equal / different, processor", ratio(alike.cpu, apart.cpu))
    table.add("one session, resident", one.resident / MEGABYTE, "MB")
    table.add(f"{count} equal, resident", alike.resident / MEGABYTE, "MB")
    table.add(f"{count} different, resident", apart.resident / MEGABYTE, "MB")
    table.add("equal / one, resident", ratio(alike.resident, one.resident), "", Target("≤", 1.2))
    table.add("equal, steps/s of the slowest", min(alike.steps), "/s", Target("≥", 27))
    table.add("different, steps/s of the slowest", min(apart.steps), "/s", Target("≥", 27))
    errors = one.errors + alike.errors + apart.errors
    table.add("errors", len(errors), "", Target("≤", 0), "; ".join(sorted(set(errors))[:3]))
    return table


async def _turn_knobs(sessions: list[Session], url: str) -> None:
    """Forty of the class change the learning rate now and then; every second somebody comes, plays and goes."""

    async def change(session: Session, chance: random.Random) -> None:
        while True:
            await asyncio.sleep(chance.uniform(2.0, 6.0))
            await session.choose("learning_rate", chance.choice(RATES), timeout=60)

    async def pass_by(number: int) -> None:
        session = await Session.open(url, pupil(5000 + number).query, timeout=60)
        await session.click("play", timeout=60)
        await asyncio.sleep(3.0)
        await session.close()

    async def come_and_go() -> None:
        number = 0
        passers: set[asyncio.Task[None]] = set()
        while True:
            passers.add(asyncio.create_task(pass_by(number)))
            passers = {each for each in passers if not each.done()}
            number += 1
            await asyncio.sleep(1.0)

    changes = [change(session, random.Random(number)) for number, session in enumerate(sessions[:40])]
    await asyncio.gather(come_and_go(), *changes)


def _quantile(values: Sequence[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None


def measure(parts: Sequence[str], count: int, seconds: float, *, by_page: bool) -> list[Table]:
    """Some parts, each on fresh servers."""
    tables = list[Table]()
    if "normal" in parts:
        result = lesson([pupil(k, by_page=by_page) for k in range(count)], seconds)
        tables.append(
            everybody_follows(result, f'{count} different runs of "hello" at normal speed (30 steps/s each)')
        )
    if "max" in parts:
        result = lesson([pupil(k, {"speed": "max"}, by_page=by_page) for k in range(count)], seconds)
        tables.append(everybody_trains(result, f'{count} different runs of "hello" as fast as they go'))
    if "mixed" in parts:
        ordinary = max(1, count - 10)
        pupils = [pupil(k, by_page=by_page) for k in range(ordinary)]
        pupils += [pupil(k, LARGE) for k in range(7)] + [pupil(k, LARGEST) for k in range(3)]
        kinds = {
            "ordinary": (ordinary, trained()),
            "large": (7, trained(LARGE)),
            "largest": (3, trained(LARGEST)),
        }
        result = lesson(pupils, seconds, meanwhile=_turn_knobs)
        title = f"{ordinary} ordinary, 7 with 128 units, 3 with the largest settings; 40 turn a knob, some come and go"
        tables.append(everybody_differs(result, kinds, title))
    if "equal" in parts:
        shorter = seconds / 2
        one = lesson([pupil(0)], shorter)
        alike = lesson([pupil(k, {"seed": 1000}) for k in range(count)], shorter)
        apart = lesson([pupil(k) for k in range(count)], shorter)
        tables.append(everybody_watches(one, alike, apart))
        tables.append(shared_training(count, min(4.0, seconds)))
    if "memory" in parts:
        tables.append(short_runs())
    return tables


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="A classroom on one small server.")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="measured time; the smaller parts take less"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="these parts alone")
    parser.add_argument(
        "--by-page", action="store_true", help="frames by runs of the page, as where a host has no route"
    )
    add_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    use_two_cores()
    torch.set_num_threads(1)

    def measured() -> list[Table]:
        parts = options.only or PARTS
        return measure(parts, options.sessions, options.seconds, by_page=options.by_page)

    show(by_engines(options.engine, measured, COMPILED_LOOPS), as_json=options.json)


if __name__ == "__main__":
    main()
