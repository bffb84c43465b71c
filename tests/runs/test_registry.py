"""All runs of a server: shared by equal experiments, leased, forked, found again; from one thread and from forty."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from playground.config import ExperimentConfig, NetworkConfig, RateChange, TextConfig, TrainingConfig
from playground.limits import Limits
from playground.refusal import Refusal
from playground.runs import registry as registry_module
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from tests.runs.straight import Clock, calm_registry, same_weights, straight

HELLO = ExperimentConfig()
LEASE = 600  # seconds, by default


def seed(number: int) -> ExperimentConfig:
    return replace(HELLO, seed=number)


def changed(config: ExperimentConfig, step: int, rate: float) -> ExperimentConfig:
    return replace(config, training=config.training.changed(step, rate))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock().replace_in(monkeypatch.setattr, registry_module)


@pytest.fixture
def registry() -> Registry:
    return calm_registry()


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """What `work` gives for 0 … count − 1, from as many threads that begin at once; the first error is raised."""
    start = threading.Barrier(count)

    def one(number: int) -> object:
        start.wait(60)
        return work(number)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # a thread may be stopped between any two lines
    try:
        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))
    finally:
        sys.setswitchinterval(interval)


def test_equal_experiments_share_one_run(registry: Registry) -> None:
    one, other = registry.open("a", HELLO), registry.open("b", ExperimentConfig())
    assert one == other and len(registry) == 1
    different = {one, registry.open("a", seed(1)), registry.open("a", changed(HELLO, 5, 0.1))}
    assert len(different) == len(registry) == 3


def test_identifiers_of_two_servers_are_never_the_same() -> None:
    """A link to a run of a server that was started again must not find somebody else's."""
    assert calm_registry().open("a", HELLO) != calm_registry().open("a", HELLO)


@pytest.mark.parametrize(
    "broken", [TextConfig(text=""), TextConfig(text="aaaa")], ids=["empty", "one symbol"]
)
def test_a_text_that_cannot_be_trained_on_leaves_no_trace(registry: Registry, broken: TextConfig) -> None:
    with pytest.raises(Refusal):
        registry.open("a", replace(HELLO, text=broken))
    assert len(registry) == 0 and registry.nbytes == 0
    assert not registry._coming and not registry._shared


def test_an_error_while_a_run_is_made_leaves_no_memory_set_aside(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> Run:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(registry_module, "Run", fails)
        with pytest.raises(MemoryError):
            registry.open("a", HELLO)
    assert not registry._coming
    assert registry.get("a", registry.open("a", HELLO)) is not None


def test_an_unknown_run_is_none_and_letting_go_of_it_is_nothing(registry: Registry) -> None:
    assert registry.get("a", "nowhere-1") is None
    registry.release("a", "nowhere-1")


def test_a_fork_leaves_the_other_viewers_run_as_it_is(registry: Registry) -> None:
    shared = registry.open("a", HELLO)
    registry.open("b", HELLO)
    registry.get("a", shared).advance(20)
    forked = registry.fork("a", shared, changed(HELLO, 10, 0.5), 10)
    assert registry._entries[shared].watched.keys() == {"a", "b"}, "until the viewer has gone over"
    registry.release("a", shared)
    assert forked != shared
    assert registry.get("a", forked).config.training.rates == (RateChange(10, 0.5),)
    assert (registry.get("a", forked).step, registry.get("b", shared).step) == (10, 20)
    assert registry._entries[shared].watched.keys() == {"b"}
    assert registry._entries[forked].watched.keys() == {"a"}
    assert registry.open("c", changed(HELLO, 10, 0.5)) == forked, "and whoever has the link shares it"
    registry.get("a", forked).advance(15)
    assert same_weights(registry.get("a", forked), 25) and same_weights(registry.get("b", shared), 20)


def test_a_fork_of_a_run_that_was_dropped_begins_anew(registry: Registry) -> None:
    dropped = registry.open("a", HELLO)
    registry.get("a", dropped).advance(20)
    registry._drop(dropped)
    run = registry.get("a", registry.fork("a", dropped, changed(HELLO, 10, 0.5), 10))
    assert run.step == 0
    run.advance(15)
    assert same_weights(run, 15)


def test_a_fork_finds_the_run_that_another_has_made(registry: Registry) -> None:
    config = changed(HELLO, 10, 0.5)
    theirs, mine = registry.open("b", config), registry.open("a", HELLO)
    registry.get("b", theirs).advance(3)
    assert registry.fork("a", mine, config, 10) == theirs and registry.get("a", theirs).step == 3


def test_a_lease_expires_when_nobody_has_asked_for_long(clock: Clock, registry: Registry) -> None:
    left, watched = registry.open("a", seed(1)), registry.open("b", seed(2))
    for _ in range(4):
        clock.now += LEASE / 4
        assert registry.get("b", watched) is not None
    registry.open("c", seed(3))
    assert registry.get("a", left) is not None, "not yet"
    clock.now += LEASE + 1
    registry.open("c", seed(4))
    assert registry.get("a", left) is None and registry.get("b", watched) is None


def test_leases_expire_even_if_nobody_opens_or_leaves_anything(clock: Clock, registry: Registry) -> None:
    """Thirty students close their tabs; the teacher keeps watching one run. The others' memory must go."""
    watched = registry.open("teacher", HELLO)
    for student in range(5):
        registry.open(f"student {student}", seed(student + 1))
    for _ in range(20):
        clock.now += 60
        registry.get("teacher", watched)
        with registry.turn():
            pass
    assert len(registry) == 1 and registry.get("teacher", watched) is not None


def test_a_released_run_stays_for_a_while_and_is_found_again(clock: Clock, registry: Registry) -> None:
    identifier = registry.open("a", HELLO)
    registry.get("a", identifier).advance(10)
    registry.release("a", identifier)
    clock.now += LEASE / 2
    assert registry.open("a", HELLO) == identifier and registry.get("a", identifier).step == 10


def test_a_pinned_run_stays_whatever_comes(clock: Clock) -> None:
    registry = Registry(Limits(), measured=lambda: 2 * 800_000_000 + registry.nbytes)  # twice what is allowed
    pinned = registry.open("server", HELLO, always=True)
    registry.pin(pinned)
    registry.get("server", pinned).advance(30)
    registry.release("server", pinned)
    clock.now += 100 * LEASE
    with registry.turn():
        pass
    assert registry.open("b", HELLO) == pinned
    run = registry.get("b", pinned)
    assert run.step == 30 and run.advance(5) == 5 and same_weights(run, 35)


def test_a_dropped_run_is_trained_again_to_the_same_weights(registry: Registry) -> None:
    config = changed(HELLO, 30, 0.1)
    identifier = registry.open("a", config)
    run = registry.get("a", identifier)
    run.advance(60)
    registry._drop(identifier)
    assert registry.get("a", identifier) is None
    again = registry.get("a", registry.open("a", config))
    assert again is not run and again.step == 0
    again.advance(60)
    assert torch.equal(again.snapshot_at(60).parameters, run.snapshot_at(60).parameters)
    assert same_weights(again, 60)


def test_others_training_counts_people_who_trained_in_the_last_seconds(
    clock: Clock, registry: Registry
) -> None:
    for viewer in ("a", "b", "c"):
        registry.trains(viewer, [])
    assert [registry.others_training(viewer) for viewer in ("a", "d")] == [2, 3]
    clock.now += 2
    registry.trains("a", [])
    clock.now += 2
    assert [registry.others_training(viewer) for viewer in ("a", "b")] == [0, 1]


def test_visitors_who_open_the_same_experiment_at_once_share_it(registry: Registry) -> None:
    found = together(12, lambda number: registry.open(f"viewer {number}", HELLO))
    assert len(set(found)) == len(registry) == 1
    assert registry.get("x", found[0]) is not None and not registry._coming


def test_visitors_who_fork_to_the_same_experiment_at_once_share_it(registry: Registry) -> None:
    for number in range(12):
        shared = registry.open(f"viewer {number}", HELLO)
    registry.get("viewer 0", shared).advance(20)
    config = changed(HELLO, 10, 0.5)
    found = together(12, lambda number: registry.fork(f"viewer {number}", shared, config, 10))
    assert len(set(found)) == 1 and len(registry) == 2
    run = registry.get("x", found[0])
    run.advance(10)
    assert same_weights(run, run.step)


SMALL = replace(HELLO, network=NetworkConfig(cell="rnn", hidden_size=4))
RATES = 0.1, 0.03, 0.02
FORTY = 40


def consistent(registry: Registry) -> None:
    """One run of each experiment, and no trace of those that were dropped."""
    configs = [entry.run.config for entry in registry._entries.values()]
    assert len(set(configs)) == len(configs)
    assert registry._shared == {entry.run.config: name for name, entry in registry._entries.items()}
    assert not registry._coming


def test_forty_threads_open_fork_get_release_and_lose_runs(registry: Registry) -> None:
    """What is drawn depends on the number of the thread alone; which thread is first is left to luck."""

    def visit(number: int) -> int:
        viewer, made = f"viewer {number}", 0
        identifier = registry.open(viewer, SMALL)
        for turn in range(12):
            run = registry.get(viewer, identifier)
            if run is None:  # somebody has dropped it
                identifier = registry.open(viewer, SMALL)
                continue
            with registry.turn(run) as budget:
                assert run.advance(3, budget=budget, shots=1) >= 1
            made += 1
            if turn % 3 == number % 3:
                config = changed(run.config, 2 + turn, RATES[(number + turn) % len(RATES)])
                old, identifier = identifier, registry.fork(viewer, identifier, config, 2 + turn)
                if identifier != old:
                    registry.release(viewer, old)
            elif turn % 5 == number % 5:
                registry.release(viewer, identifier)
                identifier = registry.open(viewer, SMALL)
            elif turn == 7 and number % 8 == 0:
                with registry._lock:
                    if identifier in registry._entries:
                        registry._drop(identifier)
        registry.release(viewer, identifier)
        return made

    made = together(FORTY, visit)
    assert all(made)
    consistent(registry)
    assert not any(entry.watched for entry in registry._entries.values())
    for entry in list(registry._entries.values())[:8]:
        assert same_weights(entry.run, entry.run.step)


def test_forty_visitors_move_the_rate_while_they_play(registry: Registry) -> None:
    """Each has two threads, as after a fast rerun: one ticks, the other moves the slider. All begin with one run."""
    viewers = [Viewer(registry, SMALL) for _ in range(FORTY)]
    for viewer in viewers:
        viewer.speed = "max"
        viewer.play()

    ticked = [threading.Semaphore(0) for _ in viewers]
    done = [threading.Event() for _ in viewers]

    def use(number: int) -> None:
        at, ticks = divmod(number, 2)
        viewer = viewers[at]
        if ticks:
            while not done[at].wait(0.002):  # while it goes over to another run, a tick has nothing to do
                viewer.tick()
                ticked[at].release()
            return
        try:
            for turn in range(6):
                assert ticked[at].acquire(timeout=60)
                rate = RATES[(at + turn) % len(RATES)]
                viewer.change(replace(viewer.shown, training=TrainingConfig(learning_rate=rate)))
                viewer.play()
        finally:
            done[at].set()

    together(2 * FORTY, use)
    consistent(registry)
    assert sum(len(viewer.forks) for viewer in viewers) > FORTY, "else this test shows nothing"
    for viewer in viewers:
        viewer.pause()
        assert viewer.settle()
        run, own = viewer.run, viewer.frames_to_send()[-1]
        assert run.config == viewer.config and registry._shared[viewer.config] == viewer.run_id
        assert viewer.playhead == own.step <= run.step
        assert own.update == straight(viewer.config).update(viewer.playhead)
        assert viewer.curve_points().step[-1] == viewer.playhead
    leases = {name: entry.watched.keys() for name, entry in registry._entries.items()}
    assert leases == {
        name: {viewer.id for viewer in viewers if viewer.run_id == name} for name in registry._entries
    }


def test_hundreds_of_short_visits_leave_nothing_behind(clock: Clock) -> None:
    registry = calm_registry()
    previous, most = None, 0
    for number in range(300):
        clock.now += 5
        identifier = registry.open("visitor", replace(SMALL, seed=number))
        registry.trains("visitor", [identifier])
        with registry.turn() as budget:
            registry.get("visitor", identifier).advance(1, budget=budget)
        if previous is not None:
            registry.release("visitor", previous)
        previous, most = identifier, max(most, len(registry))
    assert most <= LEASE / 5 + 2
    consistent(registry)
    assert registry._turns._trained.keys() == {"visitor"} and not registry._pinned
    assert not registry._memory._besides
