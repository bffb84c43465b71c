"""What many ask for at once is made once, and while it is made nobody who only looks has to wait."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from playground.config import ExperimentConfig, NetworkConfig, TrainingConfig
from playground.refusal import Refusal
from playground.runs import registry as registry_module
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.track import Dropped
from playground.runs.viewer import Viewer
from tests.runs.server import seed
from tests.waiting import wait_until

SMALL = ExperimentConfig(network=NetworkConfig("gru", 4))
CLASS = 20


def rate(config: ExperimentConfig, learning_rate: float) -> ExperimentConfig:
    return replace(config, training=TrainingConfig(learning_rate=learning_rate))


class Works:
    """Makes runs, each only when the test lets it; some fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[object] = []
        self.failing = 0
        self.go_on = threading.Event()
        self._is_broken = threading.Lock()
        init, fork = Run.__init__, Run.fork

        def build(run: Run, *args: Any, **named: Any) -> None:
            if threading.current_thread() is not threading.main_thread():
                self._await()
            init(run, *args, **named)

        def forked(run: Run, *args: Any) -> Run:
            self._await()
            self.go_on.set()
            other = fork(run, *args)
            self.made.pop()  # a fork makes a run
            return other

        monkeypatch.setattr(Run, "__init__", build)
        monkeypatch.setattr(Run, "fork", forked)

    def _await(self) -> None:
        self.made.append(object())
        if not self.go_on.wait(60):
            self.go_on.set()  # the test has failed: nobody else is to wait for it
            raise AssertionError("it was never let go on")
        with self._is_broken:
            if self.failing:
                self.failing -= 1
                raise MemoryError


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Works:
    return Works(monkeypatch)


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CLASS) as threads:
        yield threads


WAYS: dict[str, Callable[[Registry, str], str]] = {
    "one seed": lambda registry, viewer: registry.open(viewer, SMALL),
    "many seeds": lambda registry, viewer: registry.open(viewer, SMALL, seeds=(0, 1, 2)),
}


def all_wait(registry: Registry, works: Works, name: object) -> None:
    """Everybody has come: one makes it, the others wait (or make it too, which the test is to find out)."""

    def have_come() -> bool:
        wanted_by = registry._making.wanted_by(name)
        return len(works.made) == CLASS or (len(works.made) > 0 and wanted_by == CLASS)

    wait_until(have_come)


@pytest.mark.parametrize("way", WAYS)
def test_a_class_that_opens_one_link_makes_one_run_and_sets_memory_aside_once(
    registry: Registry, works: Works, pool: ThreadPoolExecutor, way: str
) -> None:
    name = SMALL if way == "one seed" else (SMALL, (0, 1, 2))
    coming = [pool.submit(WAYS[way], registry, f"viewer {number}") for number in range(CLASS)]
    all_wait(registry, works, name)
    assert len(works.made) == 1 and len(registry._coming) == 1
    works.go_on.set()
    identifiers = {each.result(60) for each in coming}
    assert len(identifiers) == 1 == len(registry) and not registry._coming
    assert len(registry._entries[identifiers.pop()].watched) == CLASS


def test_a_class_that_moves_the_rate_alike_makes_one_fork(
    registry: Registry, works: Works, pool: ThreadPoolExecutor
) -> None:
    shared = registry.open("viewer 0", SMALL)
    registry.get("viewer 0", shared).advance(5)
    config = replace(SMALL, training=SMALL.training.changed(5, 0.5))
    coming = [pool.submit(registry.fork, f"viewer {number}", shared, config, 5) for number in range(CLASS)]
    all_wait(registry, works, config)
    assert len(works.made) == 1 == len(registry._coming)
    works.go_on.set()
    assert len({each.result(60) for each in coming}) == 1 and len(registry) == 2


def test_where_making_it_fails_everybody_wakes_and_the_next_one_tries(
    registry: Registry, works: Works, pool: ThreadPoolExecutor
) -> None:
    works.failing = 3
    coming = [pool.submit(registry.open, f"viewer {number}", SMALL) for number in range(CLASS)]
    all_wait(registry, works, SMALL)
    works.go_on.set()
    errors = [each.exception(60) for each in coming]
    assert [type(error) for error in errors if error is not None] == [MemoryError] * 3
    assert len(works.made) == 4 and len(registry) == 1 and not registry._coming
    assert registry._making.wanted_by(SMALL) == 0


def test_different_experiments_are_made_side_by_side(
    registry: Registry, works: Works, pool: ThreadPoolExecutor
) -> None:
    coming = [pool.submit(registry.open, "viewer", seed(SMALL, number)) for number in range(3)]
    wait_until(lambda: len(works.made) == 3)
    assert len(registry._coming) == 3, "each with memory of its own"
    works.go_on.set()
    assert len({each.result(60) for each in coming}) == 3


# A viewer while its next run is made


CHANGES: dict[str, Callable[[Viewer], None]] = {
    "another experiment": lambda viewer: viewer.change(seed(viewer.shown, 7)),
    "another rate": lambda viewer: viewer.change(rate(viewer.shown, 0.5)),
    "reset": lambda viewer: viewer.reset(),
    "race": lambda viewer: viewer.race([viewer.config, seed(viewer.config, 8)]),
    "seeds": lambda viewer: viewer.sow((0, 1)),
}


@pytest.fixture
def moved(registry: Registry) -> Viewer:
    """A viewer that has played, with a change of its rate behind it."""
    viewer = Viewer(registry, SMALL)
    viewer.go_to(5)
    viewer.change(rate(viewer.shown, 0.03))
    viewer.go_to(9)
    return viewer


@pytest.mark.parametrize("way", CHANGES)
def test_while_the_next_run_is_made_a_viewer_answers_and_stands_still(
    moved: Viewer, registry: Registry, monkeypatch: pytest.MonkeyPatch, pool: ThreadPoolExecutor, way: str
) -> None:
    with registry._lock:
        registry._drop(registry._shared[SMALL])  # else a reset would find it
    works = Works(monkeypatch)
    before = moved.config
    moved.play()
    moved.run._step_seconds = 0.0  # a small network, on every machine
    change = pool.submit(CHANGES[way], moved)
    wait_until(lambda: bool(works.made))

    def look() -> tuple[int, bool, ExperimentConfig, bool, bool]:
        with moved.held():
            assert moved.frames_to_send()[-1].step == moved.playhead
        return moved.playhead, moved.tick(), moved.config, moved.is_slow, moved.is_settled

    looked = pool.submit(look).result(60)
    assert looked == (9, way != "reset", before, False, True) and moved.playhead == 9
    works.go_on.set()
    change.result(60)
    assert moved.playing == (way == "another rate") and moved.playhead == (9 if moved.playing else 0)


@pytest.mark.parametrize("way", ["another experiment", "another rate"])
@pytest.mark.parametrize("press", ["play", "pause"])
def test_a_button_that_is_pressed_meanwhile_counts_and_the_change_is_not_lost(
    moved: Viewer, monkeypatch: pytest.MonkeyPatch, pool: ThreadPoolExecutor, way: str, press: str
) -> None:
    works = Works(monkeypatch)
    (moved.pause if press == "play" else moved.play)()
    before = moved.shown
    change = pool.submit(CHANGES[way], moved)
    wait_until(lambda: bool(works.made))
    getattr(moved, press)()
    works.go_on.set()
    change.result(60)
    assert moved.shown == (seed(before, 7) if way == "another experiment" else rate(before, 0.5))
    assert moved.playing == (press == "play")


def test_of_two_changes_the_later_one_stays(
    moved: Viewer, monkeypatch: pytest.MonkeyPatch, pool: ThreadPoolExecutor
) -> None:
    works = Works(monkeypatch)
    first = pool.submit(moved.change, seed(SMALL, 7))
    wait_until(lambda: bool(works.made))
    second = pool.submit(moved.change, seed(SMALL, 8))
    works.go_on.set()
    for change in (first, second):
        change.result(60)
    assert moved.config == seed(SMALL, 8) and [ghost.config.seed for ghost in moved.ghosts] == [0]


# A run that was dropped


def test_what_only_looks_never_builds(
    moved: Viewer, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry._drop(moved.run_id)
    monkeypatch.setattr(registry_module, "Run", None)  # whoever builds fails
    assert not moved.is_settled and moved.explosion is None and not moved.is_slow
    with pytest.raises(Dropped):
        _ = moved.run
    moved.play()
    moved.pause()
    assert moved.playhead == 9


def test_slowness_is_known_while_every_lock_is_held_and_after_the_run_was_dropped(
    moved: Viewer, registry: Registry, pool: ThreadPoolExecutor
) -> None:
    moved.run._step_seconds = 1.0
    with moved.held(), registry._lock, moved.run._lock:
        assert pool.submit(lambda: moved.is_slow).result(60)
    registry._drop(moved.run_id)
    assert moved.is_slow, "it will be as slow again"


@pytest.mark.parametrize("way", ["tick", "settle", "go to"])
def test_where_there_is_no_room_to_begin_anew_it_stands_still_and_says_so(
    moved: Viewer, registry: Registry, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    refusal = Refusal("batch_size", "full")

    def full(*_: object, **__: object) -> None:
        raise refusal

    moved.play()
    registry._drop(moved.run_id)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "_begin", full)
        done = {"tick": moved.tick, "settle": moved.settle, "go to": lambda: moved.go_to(20)}[way]()
        assert done == (way == "go to")
    assert moved.refused is refusal and not moved.playing and moved.playhead == 9
    assert moved.settle() and moved.playhead == 9, "later there is room"
