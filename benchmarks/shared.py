"""Training by many viewers in one process, without pages: what sharing saves, and whether memory stays flat."""

import gc
import os
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.table import Table, Target, ratio
from playground.config import ExperimentConfig
from playground.runs.registry import Registry
from playground.runs.viewer import Viewer

MEGABYTE = 1e6


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
    table.add("equal / one, processor", ratio(alike, one), "", Target("≤", 1.5))
    table.add("equal / one, updates", ratio(alike_updates, one_updates), "", Target("≤", 1.1))
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
