"""Runs of a server: equal experiments share one, and any thread may ask for them."""

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.refusal import Refusal
from playground.runs.registry import Registry
from playground.runs.viewer import Viewer
from tests.runs.straight import calm_registry, same_weights

HELLO = ExperimentConfig(network=NetworkConfig(hidden_size=4))


def seed(number: int) -> ExperimentConfig:
    return replace(HELLO, seed=number)


def changed(config: ExperimentConfig, step: int, rate: float) -> ExperimentConfig:
    return replace(config, training=config.training.changed(step, rate))


@pytest.fixture
def registry() -> Registry:
    return calm_registry()


@pytest.fixture
def hurried():
    """Threads that take turns ten thousand times as often as usual, so that they meet everywhere."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def at_once(*work: Callable[[], object]) -> None:
    """Do all of it in threads that start together; raises what the first of them raised."""
    start, raised = threading.Barrier(len(work)), []

    def begin(each: Callable[[], object]) -> None:
        start.wait()
        try:
            each()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=begin, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if raised:
        raise raised[0]


def test_equal_experiments_share_one_run_and_changes_of_the_rate_are_part_of_them(registry: Registry) -> None:
    one, other = registry.open("a", HELLO), registry.open("b", replace(HELLO))
    assert one == other and len(registry) == 1
    assert registry.open("a", seed(1)) != one
    assert registry.open("a", changed(HELLO, 5, 0.1)) != one
    assert registry.open("a", changed(HELLO, 5, 0.1)) == registry.open("b", changed(HELLO, 5, 0.1))


def test_a_text_that_cannot_be_trained_on_leaves_no_trace(registry: Registry) -> None:
    with pytest.raises(Refusal):
        registry.open("a", replace(HELLO, text=TextConfig(text="")))
    assert len(registry) == 0 and registry.nbytes == 0


def test_an_unknown_run_is_none(registry: Registry) -> None:
    assert registry.get("a", "nowhere-1") is None
    registry.release("a", "nowhere-1")


def test_a_fork_takes_over_what_is_known_and_is_shared_like_any_run(registry: Registry) -> None:
    shared = registry.open("a", HELLO)
    registry.get("a", shared).advance(20)
    forked = registry.fork("a", shared, changed(HELLO, 10, 0.5), 10)
    assert forked != shared and registry.get("b", shared).step == 20
    run = registry.get("a", forked)
    assert run.config == changed(HELLO, 10, 0.5) and 0 < run.step <= 10
    run.advance(25 - run.step)
    assert same_weights(run, 25) and same_weights(run, 10)
    assert registry.open("c", changed(HELLO, 10, 0.5)) == forked
    assert registry.fork("b", shared, changed(HELLO, 10, 0.5), 10) == forked


def test_a_fork_of_a_dropped_run_begins_anew(registry: Registry) -> None:
    old = registry.open("a", HELLO)
    registry.get("a", old).advance(20)
    registry._drop(old)
    forked = registry.fork("a", old, changed(HELLO, 10, 0.5), 10)
    run = registry.get("a", forked)
    assert run.step == 0 and run.config == changed(HELLO, 10, 0.5)


def test_a_fork_back_to_the_first_rate_is_the_first_run(registry: Registry) -> None:
    first = registry.open("a", HELLO)
    registry.open("b", HELLO)
    registry.get("a", first).advance(10)
    there = registry.fork("a", first, changed(HELLO, 10, 0.5), 10)
    assert registry.fork("a", there, changed(changed(HELLO, 10, 0.5), 10, 0.01), 10) == first


@pytest.mark.parametrize("number", range(10))
def test_many_who_open_the_same_experiment_at_once_share_it(
    registry: Registry, hurried: None, number: int
) -> None:
    found: list[str] = []
    at_once(
        *(partial(lambda name: found.append(registry.open(name, seed(number))), name) for name in "abcdefgh")
    )
    assert len(found) == 8 and len(set(found)) == 1 and len(registry) == 1
    assert registry.get("a", found[0]).config == seed(number)


@pytest.mark.parametrize("number", range(10))
def test_many_who_change_the_rate_at_once_share_what_is_equal(
    registry: Registry, hurried: None, number: int
) -> None:
    old = registry.open("teacher", seed(number))
    registry.get("teacher", old).advance(12)
    forked: dict[int, str] = {}

    def fork(index: int) -> None:
        forked[index] = registry.fork(f"{index}", old, changed(seed(number), 9, 0.1 + index % 2), 9)

    at_once(*(partial(fork, index) for index in range(8)))
    assert len(set(forked.values())) == 2 and len(registry) == len(registry._shared) == 3
    for index, identifier in forked.items():
        assert registry.get("x", identifier).config == changed(seed(number), 9, 0.1 + index % 2)


def test_opening_forking_and_leaving_while_runs_are_dropped(registry: Registry, hurried: None) -> None:
    """No KeyError, and always the run that was asked for, whatever is dropped in between."""
    done = threading.Event()

    def drop() -> None:
        while not done.is_set():
            with registry._lock:
                for identifier in list(registry._entries)[:2]:
                    registry._drop(identifier)

    def come_and_go(name: int) -> None:
        for number in range(25):
            config = seed(number % 3)
            identifier = registry.open(f"{name}", config)
            run = registry.get(f"{name}", identifier)
            assert run is None or run.config == config
            further = changed(config, 1 + number % 4, 0.5)
            forked = registry.fork(f"{name}", identifier, further, 1 + number % 4)
            run = registry.get(f"{name}", forked)
            assert run is None or run.config == further
            registry.release(f"{name}", forked)

    dropping = threading.Thread(target=drop)
    dropping.start()
    try:
        at_once(*(partial(come_and_go, name) for name in range(4)))
    finally:
        done.set()
        dropping.join(30)
    assert len(registry) == len(registry._shared)
    assert {entry.run.config for entry in registry._entries.values()} == set(registry._shared)


def test_forty_changes_of_the_rate_while_others_play(registry: Registry, hurried: None) -> None:
    """Whoever moves the learning rate while playing ends on the weights of the own experiment."""
    viewers = [Viewer(registry, HELLO) for _ in range(4)]
    rates = (0.1, 0.02, 0.3)

    def play(viewer: Viewer, number: int) -> None:
        viewer.speed = "max"
        viewer.play()
        for tick in range(10):
            viewer.stop_step = viewer.playhead + 5
            viewer.tick()
            shown = viewer.shown
            rate = rates[(tick + number) % 3]
            viewer.change(replace(shown, training=replace(shown.training, learning_rate=rate)))
            viewer.play()
        viewer.pause()
        assert viewer.settle()

    at_once(
        *(lambda viewer=viewer, number=number: play(viewer, number) for number, viewer in enumerate(viewers))
    )
    for viewer in viewers:
        assert viewer.playhead > 0 and len(viewer.config.training.rates) > 1
        assert same_weights(viewer.run, viewer.playhead)
        assert viewer.frames_to_send()[-1].step == viewer.playhead


def test_a_dropped_run_is_gone_from_memory_at_once(registry: Registry) -> None:
    identifier = registry.open("a", HELLO)
    size = registry.nbytes
    assert size == registry.get("a", identifier).nbytes > 0
    assert registry._drop(identifier) == size and registry.nbytes == 0
