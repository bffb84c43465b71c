"""All runs of a server: shared, leased, bounded."""

import threading
import time
from dataclasses import replace

import pytest
import torch

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.refusal import Refusal
from playground.runs import registry as registry_module
from playground.runs.registry import LONGEST_TURN, MAX_BYTES, SHORTEST_TURN, Registry
from playground.runs.run import RateChange, Run

HELLO = ExperimentConfig()


def seed(number: int) -> ExperimentConfig:
    return replace(HELLO, seed=number)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The registry's clock: a list with the present time, which stands still unless the test moves it."""
    now = [1000.0]

    class Clock:
        monotonic = staticmethod(lambda: now[0])

    monkeypatch.setattr(registry_module, "time", Clock)
    return now


def test_equal_experiments_share_one_run() -> None:
    registry = Registry()
    one, other = registry.open("a", HELLO), registry.open("b", ExperimentConfig())
    assert one == other and len(registry) == 1
    assert registry.open("a", seed(1)) != one
    assert registry.open("a", HELLO, (RateChange(5, 0.1),)) != one


def test_two_viewers_who_open_the_same_experiment_at_once_share_it() -> None:
    registry, found = Registry(), []
    start = threading.Barrier(6)

    def visit(name: int) -> None:
        start.wait()
        found.append(registry.open(f"viewer {name}", HELLO))

    threads = [threading.Thread(target=visit, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 6 and len(set(found)) == 1


def test_a_text_that_cannot_be_trained_on_leaves_no_trace() -> None:
    registry = Registry()
    with pytest.raises(Refusal):
        registry.open("a", replace(HELLO, text=TextConfig(text="")))
    assert len(registry) == 0 and registry.nbytes == 0


def test_an_unknown_run_is_none() -> None:
    assert Registry().get("a", "nowhere-1") is None


def test_a_branch_is_private_and_ends_the_old_lease() -> None:
    registry = Registry()
    shared = registry.open("a", HELLO)
    registry.get("a", shared).advance(20)
    branched = registry.branch("a", shared, 10, 0.5)
    assert branched != shared
    assert registry.get("a", branched).changes == (RateChange(10, 0.5),)
    assert registry.get("b", shared).step == 20
    copy = registry.branch("b", shared, 5, HELLO.training.learning_rate)
    assert registry.open("c", HELLO) == shared, "a private copy never takes the shared run's place"
    assert registry.get("b", copy).step == 5


def test_a_lease_expires_after_ten_minutes_without_a_look(clock: list[float]) -> None:
    registry = Registry()
    left, watched = registry.open("a", seed(1)), registry.open("b", seed(2))
    for _ in range(3):
        clock[0] += 250
        assert registry.get("b", watched) is not None
    registry.open("c", seed(3))
    assert registry.get("a", left) is None
    assert registry.get("b", watched) is not None


def test_leases_expire_even_if_nobody_opens_or_leaves_anything(clock: list[float]) -> None:
    """Thirty students close their tabs; the teacher keeps watching one run. The others' memory must go."""
    registry = Registry()
    watched = registry.open("teacher", HELLO)
    for student in range(5):
        registry.open(f"student {student}", seed(student + 1))
    for _ in range(20):
        clock[0] += 60
        registry.get("teacher", watched)
        with registry.turn():
            pass
    assert len(registry) == 1


def test_a_released_run_stays_for_a_while_and_is_found_again(clock: list[float]) -> None:
    registry = Registry()
    identifier = registry.open("a", HELLO)
    registry.get("a", identifier).advance(10)
    registry.release("a", identifier)
    clock[0] += 60
    assert registry.open("a", HELLO) == identifier and registry.get("a", identifier).step == 10


def test_what_nobody_watches_goes_first_the_oldest_of_it_first(clock: list[float]) -> None:
    size = Run(HELLO).nbytes
    registry = Registry(max_bytes=100 * size, max_unwatched_bytes=int(2.5 * size))
    kept = registry.open("a", seed(0))
    left = []
    for number in range(1, 5):
        clock[0] += 1
        left.append(registry.open("b", seed(number)))
        registry.release("b", left[-1])
    present = [
        number for number, identifier in enumerate(left, 1) if registry.get("c", identifier) is not None
    ]
    assert present == [3, 4]
    assert registry.get("a", kept) is not None


def test_memory_is_bounded_even_if_everything_is_watched(clock: list[float]) -> None:
    size = Run(HELLO).nbytes
    registry = Registry(max_bytes=3 * size + size // 2)
    runs = []
    for number in range(6):
        clock[0] += 1
        runs.append(registry.open(f"viewer {number}", seed(number)))
    assert registry.nbytes <= 3 * size + size // 2
    assert [registry.get("x", identifier) is not None for identifier in runs] == [False] * 3 + [True] * 3


def test_memory_is_bounded_while_runs_grow(clock: list[float]) -> None:
    """Tapes fill up long after a run was opened, so the bound has to be looked after while it is watched, too."""
    bound = 8_000_000
    registry = Registry(max_bytes=bound)
    identifiers = {f"viewer {number}": registry.open(f"viewer {number}", seed(number)) for number in range(8)}
    grown = 0
    for _ in range(2):
        for viewer, identifier in identifiers.items():
            clock[0] += 5
            if (run := registry.get(viewer, identifier)) is not None:
                with registry.turn():
                    grown = max(grown, run.advance(200 - run.step, shots=48) and run.nbytes)
    assert 8 * grown > bound, "else this test shows nothing"
    assert registry.nbytes <= bound + grown


def test_the_newest_run_is_kept_even_if_it_alone_is_too_large() -> None:
    registry = Registry(max_bytes=1)
    identifier = registry.open("a", HELLO)
    assert registry.get("a", identifier) is not None


def test_a_pinned_run_stays(clock: list[float]) -> None:
    size = Run(HELLO).nbytes
    registry = Registry(max_bytes=2 * size, max_unwatched_bytes=size)
    pinned = registry.open("server", HELLO)
    registry.pin(pinned)
    registry.release("server", pinned)
    clock[0] += 3600
    for number in range(1, 6):
        clock[0] += 1
        registry.open("a", seed(number))
    assert registry.get("b", pinned) is not None and registry.open("b", HELLO) == pinned


def test_a_dropped_run_is_trained_again_to_the_same_weights() -> None:
    registry = Registry()
    identifier = registry.open("a", HELLO, (RateChange(30, 0.1),))
    run = registry.get("a", identifier)
    run.advance(60)
    weights = run.snapshot_at(60).parameters.clone()
    registry._drop(identifier)
    assert registry.get("a", identifier) is None
    again = registry.get("a", registry.open("a", HELLO, (RateChange(30, 0.1),)))
    assert again is not run
    again.advance(60, budget=1e-4) and again.advance(60 - again.step)
    assert torch.equal(again.snapshot_at(60).parameters, weights)


def test_turns_get_shorter_the_more_are_training(clock: list[float]) -> None:
    registry = Registry()
    budgets = []
    for number in range(40):
        registry.trains(f"viewer {number}")
        with registry.turn() as budget:
            budgets.append(budget)
    assert budgets[0] == LONGEST_TURN and budgets[-1] == SHORTEST_TURN
    assert budgets == sorted(budgets, reverse=True)
    clock[0] += 10
    with registry.turn() as budget:
        assert budget == LONGEST_TURN, "those who stopped no longer count"


def test_others_training_counts_who_trained_in_the_last_seconds(clock: list[float]) -> None:
    registry = Registry()
    for viewer in ("a", "b", "c"):
        registry.trains(viewer)
    assert [registry.others_training(viewer) for viewer in ("a", "d")] == [2, 3]
    clock[0] += 2
    registry.trains("a")
    clock[0] += 2
    assert [registry.others_training(viewer) for viewer in ("a", "b")] == [0, 1]


def test_a_thousand_short_runs_leave_memory_bounded() -> None:
    registry, sizes = Registry(max_bytes=12_000_000, max_unwatched_bytes=4_000_000), []
    previous = None
    for number in range(1000):
        identifier = registry.open("visitor", seed(number))
        run = registry.get("visitor", identifier)
        with registry.turn() as budget:
            run.advance(2, budget=budget, shots=2)
        if previous is not None:
            registry.release("visitor", previous)
        previous = identifier
        sizes.append(registry.nbytes)
    assert max(sizes) <= 12_000_000
    assert max(sizes[500:]) <= 1.1 * max(sizes[:500])
    assert len(registry._shared) == len(registry)
    assert len(registry._trained) <= 1 and not registry._pinned


def test_the_bound_is_the_one_that_was_promised() -> None:
    assert MAX_BYTES <= 256_000_000


def test_a_runs_bytes_are_counted_honestly() -> None:
    """The registry's bound is worth as much as `nbytes`: held to what the frames, weights and text weigh."""
    config = ExperimentConfig(
        network=NetworkConfig(hidden_size=64, layers=2), text=TextConfig(text="abc " * 5000)
    )
    run = Run(config)
    run.advance(20)
    frames = sum(len(frame.payload) for frame in run.frames(0, 20))
    weights = 4 * run.snapshot_at(20).parameters.numel()
    assert run.nbytes >= frames + weights + len(config.text.text)
    began = time.perf_counter()
    for _ in range(100):
        assert run.nbytes > 0
    assert (time.perf_counter() - began) / 100 < 0.001, "eviction asks every run at every change"
