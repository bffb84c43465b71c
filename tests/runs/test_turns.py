"""How long turns are: they get shorter by the run, not by the viewer, and nobody takes longer than given."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.network import Network
from playground.runs import run as run_module
from playground.runs.registry import LONGEST_TURN, SHORTEST_TURN, Registry
from playground.runs.run import Run

HELLO = ExperimentConfig()
VERSE = ExperimentConfig(
    text=TextConfig(text="the cat sat\nthe dog ran\na bird sang\n" * 3, sequence_length=12, batch_size=4),
    network=NetworkConfig(cell="gru", hidden_size=16),
)


def turn_of(registry: Registry) -> float:
    with registry.turn() as budget:
        return budget


def test_thirty_viewers_of_one_run_get_the_turns_of_one() -> None:
    registry = Registry()
    for number in range(30):
        registry.open(f"viewer {number}", HELLO)
        registry.trains(f"viewer {number}")
    assert turn_of(registry) == LONGEST_TURN
    assert registry.others_training("viewer 0") == 29, "but people are counted as people"


def test_thirty_viewers_of_thirty_runs_share() -> None:
    registry = Registry()
    for number in range(30):
        registry.open(f"viewer {number}", replace(HELLO, seed=number))
        registry.trains(f"viewer {number}")
    assert turn_of(registry) == SHORTEST_TURN


def test_watching_alone_does_not_shorten_turns() -> None:
    registry = Registry()
    for number in range(10):
        registry.open(f"viewer {number}", replace(HELLO, seed=number))
    registry.trains("viewer 0")
    assert turn_of(registry) == LONGEST_TURN


class Clock:
    """A clock that only work moves: 1 ms for a pass through the network, 4 ms for a sample."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(run_module, "time", self)
        monkeypatch.setattr(Network, "run", self.taking(0.001, Network.run))
        monkeypatch.setattr(run_module, "generate", self.taking(0.004, run_module.generate))

    def perf_counter(self) -> float:
        return self.now

    monotonic = perf_counter
    thread_time = perf_counter

    def taking(self, seconds: float, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            self.now += seconds
            return work(*args, **named)

        return timed


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
def test_a_turn_keeps_to_its_budget(config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames, samples and the look at the newest loss included."""
    clock = Clock(monkeypatch)
    run = Run(config)
    run.advance(50)
    samples = len(run.samples)
    for _ in range(200):
        began = clock.now
        assert run.advance(1_000_000, budget=0.015, shots=6) >= 4
        assert clock.now - began <= 0.015 + 1e-9
        clock.now += 0.1
    assert run.samples_until(run.step)[-1].step > 50 and len(run.samples) > samples


@pytest.mark.parametrize("shots", [2, 6, 30])
def test_a_turn_takes_no_more_frames_than_asked_for(shots: int) -> None:
    run = Run(HELLO)
    run.advance(3000)  # the tape's own frames are far apart now
    for _ in range(10):
        before, stride = run.step, run._frames.stride  # the stride may double meanwhile
        run.advance(1_000_000, budget=0.008, shots=shots)
        frames = run.frames(before + 1, run.step)
        of_tape = (run.step - before) // stride + 1
        assert len(frames) <= shots + of_tape + 1, "and the newest step"


def test_short_turns_are_not_spent_on_samples() -> None:
    run = Run(HELLO)
    run.advance(100)
    turns = 0
    before = len(run.samples)
    while len(run.samples) == before and turns < 1000:
        run._sampled_at = 0.0  # as if every turn came long after the last
        run.advance(1_000_000, budget=run._sample_seconds, shots=1)
        turns += 1
    assert 8 <= turns <= 20
