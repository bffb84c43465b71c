"""Whose turn it is and how long it lasts: first come, first served, in two lines; shorter by the run."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.records import Stretch
from playground.runs import registry as registry_module
from playground.runs import run as run_module
from playground.runs.gate import FairGate
from playground.runs.registry import SWEEP_SECONDS, Registry
from playground.runs.run import Run
from playground.runs.size import run_bytes
from playground.runs.turns import (
    ACTIVE_SECONDS,
    LONGEST_REST,
    LONGEST_TURN,
    REST_STEP,
    ROUND_SECONDS,
    SHORTEST_TURN,
    Turns,
)
from playground.training import Trainer
from tests.runs.straight import Clock, calm_registry

HELLO = ExperimentConfig()
VERSE = ExperimentConfig(
    text=TextConfig(text="the cat sat\nthe dog ran\na bird sang\n" * 3, sequence_length=12, batch_size=4),
    network=NetworkConfig(cell="gru", hidden_size=16),
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock().replace_in(monkeypatch.setattr, registry_module)


@pytest.fixture
def registry() -> Registry:
    return calm_registry()


def turn_of(registry: Registry) -> float:
    with registry.turn() as budget:
        return budget


def run_that_takes(seconds: float) -> Run:
    """A run of which the last update took so long, as it says."""
    run = Run(HELLO)
    run._step_seconds = seconds
    return run


# How long


def test_turns_shrink_with_the_runs_that_are_trained_and_a_round_stays_as_long(
    clock: Clock, registry: Registry
) -> None:
    budgets = []
    for number in range(100):
        registry.trains(f"viewer {number}", [registry.open(f"viewer {number}", replace(HELLO, seed=number))])
        budgets.append(turn_of(registry))
    assert budgets[0] == LONGEST_TURN and budgets[-1] == SHORTEST_TURN
    assert budgets == sorted(budgets, reverse=True)
    between = [(n, budget) for n, budget in enumerate(budgets, 1) if SHORTEST_TURN < budget < LONGEST_TURN]
    assert len(between) > 10
    assert all(n * budget == pytest.approx(ROUND_SECONDS) for n, budget in between)
    clock.now += ACTIVE_SECONDS + 1
    assert turn_of(registry) == LONGEST_TURN, "those who stopped no longer count"


def test_a_turn_is_at_most_as_long_as_was_promised() -> None:
    assert SHORTEST_TURN < LONGEST_TURN <= 0.08


def test_thirty_viewers_of_one_run_get_the_turns_of_one(clock: Clock, registry: Registry) -> None:
    for number in range(30):
        registry.trains(f"viewer {number}", [registry.open(f"viewer {number}", HELLO)])
    assert turn_of(registry) == LONGEST_TURN
    assert registry.others_training("viewer 0") == 29, "but people are counted as people"


def test_watching_alone_does_not_shorten_turns(registry: Registry) -> None:
    opened = [registry.open(f"viewer {number}", replace(HELLO, seed=number)) for number in range(30)]
    registry.trains("viewer 0", opened[:1])
    assert turn_of(registry) == LONGEST_TURN


def test_who_lost_the_run_counts_until_there_is_another(clock: Clock, registry: Registry) -> None:
    for number in range(100):
        identifier = registry.open(f"viewer {number}", replace(HELLO, seed=number))
        registry.trains(f"viewer {number}", [identifier])
        registry._drop(identifier)
    assert len(registry) == 0 and turn_of(registry) == SHORTEST_TURN


def test_who_goes_over_to_another_run_trains_the_one_before_no_longer(
    clock: Clock, registry: Registry
) -> None:
    for number in range(100):
        registry.trains("wanderer", [f"run {number}", f"run {number + 1}"])
    assert turn_of(registry) == LONGEST_TURN
    registry.trains("follower", ["run 100"])
    clock.now += ACTIVE_SECONDS / 2
    registry.trains("wanderer", ["run 100"])
    clock.now += ACTIVE_SECONDS / 2 + 0.1
    assert registry.others_training("wanderer") == 0 and registry._turns._being_trained == {"run 100": 1}


# In which order


class Arrivals(deque[threading.Event]):
    """A line in which it can be waited for somebody to arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Semaphore(0)

    def append(self, ticket: threading.Event) -> None:
        super().append(ticket)
        self.came.release()


def lines_of(registry: Registry) -> tuple[Arrivals, Arrivals]:
    """Where the fast and the slow ones wait from now on."""
    fast, slow = Arrivals(), Arrivals()
    registry._turns.quick._queue, registry._turns.slow._queue = fast, slow
    return fast, slow


def test_turns_are_given_in_order_of_arrival(registry: Registry) -> None:
    line, _ = lines_of(registry)
    order: list[int] = []

    def train(number: int) -> None:
        with registry.turn(run_that_takes(0.0)):
            order.append(number)

    threads = [threading.Thread(target=train, args=(number,)) for number in range(8)]
    with registry.turn():
        for thread in threads:
            thread.start()
            assert line.came.acquire(timeout=60)
        assert order == []
    for thread in threads:
        thread.join(60)
    assert order == list(range(8))


def test_a_slow_run_in_its_turn_lets_fast_ones_and_other_work_go_on(registry: Registry) -> None:
    slow, fast = run_that_takes(LONGEST_TURN), run_that_takes(LONGEST_TURN / 100)
    assert registry.is_slow(slow) and not registry.is_slow(fast)
    has_turn, done = threading.Event(), threading.Event()

    def train() -> None:
        with registry.turn(slow):
            has_turn.set()
            assert done.wait(60)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        assert has_turn.wait(60)
        passed = []
        for run in (fast, None, fast):
            others = threading.Thread(target=lambda run=run: passed.append(pass_through(registry, run)))
            others.start()
            others.join(60)
        assert len(passed) == 3, "they did not wait"
        assert thread.is_alive()
    finally:
        done.set()
        thread.join(60)


def pass_through(registry: Registry, run: Run | None) -> float:
    with registry.turn(run) as budget:
        return budget


def test_slow_runs_wait_for_one_another_in_order(registry: Registry) -> None:
    _, line = lines_of(registry)
    order: list[int] = []

    def train(number: int, run: Run) -> None:
        with registry.turn(run):
            order.append(number)

    runs = [run_that_takes(LONGEST_TURN) for _ in range(4)]
    threads = [threading.Thread(target=train, args=each) for each in enumerate(runs)]
    with registry.turn(run_that_takes(LONGEST_TURN)):
        with registry.turn(run_that_takes(0.0)):
            for thread in threads:
                thread.start()
                assert line.came.acquire(timeout=60)
        assert order == [], "a fast turn that ends lets no slow one in"
    for thread in threads:
        thread.join(60)
    assert order == list(range(4))


def test_a_run_is_slow_from_where_two_updates_do_not_fit(registry: Registry) -> None:
    assert not registry.is_slow(run_that_takes(LONGEST_TURN / 2))
    assert registry.is_slow(run_that_takes(1.01 * LONGEST_TURN / 2))


def large(monkeypatch: pytest.MonkeyPatch) -> ExperimentConfig:
    """An experiment that counts as slow to build."""
    size = run_bytes(VERSE, Corpus(VERSE.text))
    assert size > run_bytes(HELLO, Corpus(HELLO.text))
    monkeypatch.setattr(registry_module, "SLOW_BYTES", size)
    return VERSE


def test_a_large_run_is_built_in_its_turn_among_the_slow_ones(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three who open the largest settings at once would else compute beside one another and beside everybody."""
    config = large(monkeypatch)
    _, line = lines_of(registry)
    opened: list[str] = []
    thread = threading.Thread(target=lambda: opened.append(registry.open("a", config)))
    with registry.turn(run_that_takes(LONGEST_TURN)):
        thread.start()
        assert line.came.acquire(timeout=60)
        registry.open("b", HELLO)
        assert len(registry) == 1 and not opened, (
            "a small one does not wait, and others may open runs meanwhile"
        )
    thread.join(60)
    assert opened and len(registry) == 2


def test_leases_are_looked_at_every_now_and_then_not_at_every_turn(
    clock: Clock, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[float] = []
    sweep = registry._sweep

    def counted() -> None:
        swept.append(clock.now)
        sweep()

    monkeypatch.setattr(registry, "_sweep", counted)
    for _ in range(40):
        clock.now += SWEEP_SECONDS / 10
        turn_of(registry)
    assert 3 <= len(swept) <= 4


# How slow ones give way


class Resting:
    """A clock that only turns and rests move. Quick ones that wait get all the time of a rest."""

    def __init__(self) -> None:
        self.now = self.rested = 0.0
        self.meanwhile: Callable[[], object] = lambda: None  # happens while somebody rests

    def clock(self) -> float:
        return self.now

    def rest(self, seconds: float) -> None:
        self.now += seconds
        self.rested += seconds
        self.meanwhile()


def class_of(quick: int, slow: int = 1) -> tuple[Turns, Resting]:
    """Turns of a class that trains."""
    resting = Resting()
    turns = Turns(resting.clock, resting.rest)
    for number in range(quick + slow):
        turns.trains(f"viewer {number}", [f"run {number}"], now=0.0)
    return turns, resting


def slow_turn(turns: Turns, resting: Resting, seconds: float) -> None:
    with turns.turn(is_slow=True):
        resting.now += seconds


def test_after_a_slow_turn_quick_ones_that_wait_get_as_much_time_each() -> None:
    turns, resting = class_of(quick=9)
    with turns.asking(), turns.asking():
        for _ in range(5):
            slow_turn(turns, resting, 0.2)
    assert resting.rested == pytest.approx(4 * 9 * 0.2, abs=4 * REST_STEP), (
        "nobody gives way before the first"
    )


def test_several_slow_ones_owe_as_much_together_as_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, resting = class_of(quick=8, slow=4)
    monkeypatch.setattr(FairGate, "waiting", 3)
    with turns.asking(), turns.asking():
        for _ in range(8):
            slow_turn(turns, resting, 0.1)
    assert resting.rested == pytest.approx(7 * 0.1 * 8 / 4, abs=7 * REST_STEP)


def test_a_slow_one_gives_way_no_longer_than_a_picture_may_stand_still() -> None:
    turns, resting = class_of(quick=97)
    with turns.asking(), turns.asking():
        slow_turn(turns, resting, 1.5)
        slow_turn(turns, resting, 1.5)
    assert resting.rested == pytest.approx(LONGEST_REST, abs=1.5 * REST_STEP)


def test_a_slow_one_gives_way_only_while_a_quick_one_waits() -> None:
    """Where there is room for both, both compute."""
    turns, resting = class_of(quick=9)
    slow_turn(turns, resting, 0.2)
    with turns.asking():
        slow_turn(turns, resting, 0.2)
    assert resting.rested == 0.0

    with ExitStack() as questions:
        for _ in range(2):
            questions.enter_context(turns.asking())
        resting.meanwhile = questions.close
        slow_turn(turns, resting, 0.2)
    assert resting.rested == REST_STEP, "it ends when nobody waits any more"


def test_quick_ones_never_give_way() -> None:
    turns, resting = class_of(quick=9)
    with turns.asking(), turns.asking():
        slow_turn(turns, resting, 1.0)
        with turns.turn(is_slow=False):
            pass
    assert resting.rested == 0.0


def test_a_question_that_fails_is_none_any_more() -> None:
    turns, resting = class_of(quick=9)
    for _ in range(2):
        with pytest.raises(KeyError), turns.asking():
            raise KeyError
        with turns.asking():
            slow_turn(turns, resting, 0.2)
    assert resting.rested == 0.0


# What is done within


class WorkClock:
    """A clock that only work moves: 1 ms for a pass through the network, or an update, 4 ms for a sample."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(run_module, "time", self)
        monkeypatch.setattr(Network, "run", self._taking(0.001, Network.run))
        monkeypatch.setattr(Trainer, "stretch", self._stretching(Trainer.stretch))
        monkeypatch.setattr(run_module, "generate", self._taking(0.004, run_module.generate))

    def thread_time(self) -> float:
        return self.now

    def _stretching(self, work: Callable[..., Stretch]) -> Callable[..., Stretch]:
        def timed(*args: Any, **named: Any) -> Stretch:
            began = self.now
            made = work(*args, **named)
            self.now = max(self.now, began + 0.001 * len(made))
            return made

        return timed

    def _taking(self, seconds: float, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            self.now += seconds
            return work(*args, **named)

        return timed


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
def test_a_turn_keeps_to_its_budget(config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames and the look at the newest step included; what a sample takes comes on top, and there are few."""
    clock = WorkClock(monkeypatch)
    run = Run(config)
    run.advance(50)
    steps = samples = 0
    for _ in range(200):
        assert run.frame(run.step).payload, "somebody looks after every turn"
        began, before, drawn = clock.now, run.step, len(run.samples(run.step))
        assert run.advance(1_000_000, budget=0.015, shots=6) >= 4
        drawn = len(run.samples(run.step)) - drawn
        assert clock.now - began <= 0.015 + 0.004 * drawn + 1e-9
        steps, samples = steps + run.step - before, samples + drawn
    assert samples < steps / 40 and samples > 0


def test_updates_that_are_longer_than_the_turn_are_made_one_or_two_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two, because the first was measured when the turn before ended, and costs little."""
    WorkClock(monkeypatch)
    run = Run(HELLO)
    for _ in range(5):
        assert 1 <= run.advance(100, budget=0.0001) <= 2


@pytest.mark.parametrize("shots", [2, 6, 30])
def test_a_turn_takes_no_more_frames_than_asked_for(shots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Besides those of the steps that are kept anyway, and the newest; at every length of a turn."""
    WorkClock(monkeypatch)
    run = Run(HELLO)
    run.advance(1500)
    for turn in range(10):
        before = run.step
        kept = {frame.step for frame in run.frames(0, before)}
        run.advance(1_000_000, budget=0.008 * (1 + turn % 4), shots=shots)
        frames = [frame.step for frame in run.frames(before + 1, run.step)]
        of_rule = [frame.step for frame in run.tapes[0].kept_frames_after(before, 1_000)]
        assert frames[-1] == run.step not in kept
        assert len(set(frames) - set(of_rule) - {run.step}) <= shots + 1
