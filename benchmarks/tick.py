"""What a learner who plays costs a server, without pages: updates, frames, messages.

    python -m benchmarks.tick [--seconds 8] [--engine both] [--json]

Processor time of one thread. The sides take turns in short slices; a tick with its message is measured at the pace of
a stage, five times a second, when others have used the caches meanwhile.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch

from benchmarks.engines import add_option, by_engines
from benchmarks.table import Table, Target, ratio, show
from benchmarks.turns import medians
from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.training import Trainer
from playground.ui.stage.message import Heard, Scene, message

TOGETHER = 24  # frames that are developed at once, as many as a tick at speed max sends
BETWEEN = 0.2  # seconds from one tick to the next
WARMING = 60  # steps before the clock starts


@dataclass(frozen=True, slots=True)
class Ticks:
    """Ticks of a viewer at speed normal: median processor time of one with its message, in seconds, and its steps."""

    seconds: float
    steps: float


def updates(config: ExperimentConfig) -> Callable[[], object]:
    """A call makes `TOGETHER` updates and records nothing."""
    trainer = Trainer(config, Corpus(config.text))
    trainer.advance(WARMING)
    return lambda: trainer.advance(TOGETHER)


def updates_with_frames(config: ExperimentConfig) -> Callable[[], list[bytes]]:
    """A call makes as many, recorded as always, and the frame of every one."""
    run = Run(config)
    run.advance(WARMING)

    def side() -> list[bytes]:
        run.advance(TOGETHER, shots=TOGETHER)
        return [frame.payload for frame in run.frames(run.step - TOGETHER + 1, run.step)]

    return side


def ticks(config: ExperimentConfig, seconds: float) -> Ticks:
    """Play for some seconds, with a message to a stage that has received every one before."""
    viewer = Viewer(Registry(), config)
    scene = Scene.of({"remembers": None}, viewer.recording)
    viewer.go_to(WARMING)
    viewer.play()
    viewer.tick()
    first, taken = viewer.playhead, list[float]()
    end = time.monotonic() + seconds
    while time.monotonic() < end or not taken:
        time.sleep(BETWEEN)
        began = time.thread_time()
        viewer.tick()
        message(viewer, (scene,), Heard(viewer.messages, scene.id))
        taken.append(time.thread_time() - began)
    return Ticks(median(taken), (viewer.playhead - first) / len(taken))


def measure(seconds: float) -> Table:
    """All of it, for the experiment that a first visit trains."""
    config = ExperimentConfig()
    bare, framed = (
        each / TOGETHER for each in medians((updates(config), updates_with_frames(config)), seconds / 2)
    )
    played = ticks(config, seconds / 2)
    table = Table("What one who plays costs, default experiment")
    table.add("update", 1e6 * bare, "µs")
    table.add("update with its frame", 1e6 * framed, "µs", note=f"{TOGETHER} frames at once")
    table.add("with its frame / bare", ratio(framed, bare), "", Target("≤", 1.3))
    note = f"{played.steps:.1f} steps in each"
    table.add("tick at speed normal with its message", 1e6 * played.seconds, "µs", Target("≤", 1000), note)
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a learner who plays costs a server, without pages.")
    parser.add_argument("--seconds", type=float, default=8.0)
    add_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    torch.set_num_threads(1)
    show(by_engines(options.engine, lambda: [measure(options.seconds)], {}), as_json=options.json)


if __name__ == "__main__":
    main()
