"""Memory that bends: what goes first, what never goes, what is refused; and whether what is reckoned is held."""

import gc
import json
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.kernels.engine import using
from playground.limits import Limits
from playground.models.workspace import call_bytes
from playground.optimizers import OPTIMIZERS
from playground.refusal import Refusal
from playground.runs import album as album_module
from playground.runs import checkpoints as checkpoints_module
from playground.runs import registry as registry_module
from playground.runs import room as room_module
from playground.runs import run as run_module
from playground.runs.darkroom import Darkroom
from playground.runs.darkrooms import Darkrooms
from playground.runs.entry import PLAYED_SECONDS
from playground.runs.layout import FrameLayout
from playground.runs.memory import _of_c_library, give_back, private_bytes
from playground.runs.registry import AT_WORK_SECONDS, SWEEP_SECONDS, Registry
from playground.runs.room import BASE_BYTES, GIVEN_BACK_SECONDS, GROWN_SHARE, LATELY_SECONDS, NEAR_SHARE, Room
from playground.runs.run import Run
from playground.runs.size import Cost, check_size, parked_bytes, run_bytes, trainer_bytes
from playground.runs.viewer import Viewer
from playground.training import Trainer
from tests.runs.server import HELLO, LARGE, LIMIT, PLENTY, USABLE, VERSE, Server, needed, seed
from tests.runs.straight import Clock, alone, same_weights, straight

STEPS = 90  # past the steps that tape and samples keep whole


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock().replace_in(monkeypatch.setattr, registry_module)


@pytest.fixture
def server(clock: Clock) -> Server:
    return Server(clock)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[ExperimentConfig]:
    """The experiments of all trainers that runs have built, in order. (Walks through the past have their own.)"""
    made: list[ExperimentConfig] = []

    def build(config: ExperimentConfig, corpus: Corpus, *, seeds: Sequence[int]) -> Trainer:
        made.append(config)
        return Trainer(config, corpus, seeds=seeds)

    monkeypatch.setattr(run_module, "Trainer", build)
    return made


def numbers(refusal: Refusal) -> tuple[int, int]:
    """Megabytes needed, and megabytes free, as the refusal says."""
    return cast(int, refusal.values["needed"]), cast(int, refusal.values["free"])


def frames_of(run: Run) -> int:
    return len(run.frames(0, run.step))


def held_exactly(run: Run, last: int) -> None:
    """Weights, frames, curve and samples of the steps up to `last`, against a training and a run that never bent."""
    path, other = straight(run.config), Run(run.config)
    other.advance(last)
    points = run.curve_points(last)
    assert points.step.tolist() == list(range(last + 1))
    assert points.loss.tolist() == [update.nll[0] for update in path.updates(last)]
    assert points.clips.tolist() == [path.clips(step) for step in range(last + 1)]
    assert run.samples(last) == other.samples(last)
    for step in (0, 1, last // 3, last // 2, last - 1, last):
        assert same_weights(run, step)
    for step in range(last + 1):
        assert run.frame(step).payload == alone(run.config).payload(step), step


# What goes, and in which order


def test_while_there_is_room_nothing_goes(server: Server) -> None:
    runs = [server.open(f"viewer {number}", seed(HELLO, number)) for number in range(4)]
    for run in runs:
        run.advance(STEPS, shots=10)
    before = [(frames_of(run), len(run._checkpoints), run.nbytes) for run in runs]
    server.clock.now += 5 * AT_WORK_SECONDS
    server.set_room(server.registry.nbytes)
    server.sweep()
    assert before == [(frames_of(run), len(run._checkpoints), run.nbytes) for run in runs]
    assert not any(run.is_parked for run in runs)


def test_under_pressure_idle_runs_go_then_tapes_then_checkpoints_then_trainers_at_rest(
    server: Server,
) -> None:
    """The room shrinks by a hundredth at a time; after each sweep nothing of a later kind has gone too early."""
    idle = [seed(HELLO, number) for number in range(2)]
    resting = [seed(HELLO, number) for number in range(2, 5)]
    at_work = [seed(HELLO, number) for number in range(5, 8)]
    for config in idle:
        server.open("a", config).advance(STEPS, shots=10)
    for config in resting:
        server.open("b", config).advance(STEPS, shots=10)
    server.clock.now += AT_WORK_SECONDS + 1
    for config in at_work:
        server.open("c", config).advance(STEPS, shots=10)
    for config in idle:
        server.registry.release("a", server.registry._shared[config])
    watched = [server.run_of(config) for config in (*resting, *at_work)]
    tapes, states = [frames_of(run) for run in watched], [len(run._checkpoints) for run in watched]
    size, stages = server.registry.nbytes, []
    for room in range(size, -1, -size // 100):
        server.set_room(room)
        server.sweep()
        dropped = len(idle) - sum(server.run_of(config) is not None for config in idle)
        is_tape_thinned = tapes != [frames_of(run) for run in watched]
        is_bent_elsewhere = states != [len(run._checkpoints) for run in watched]
        parked = sum(run.is_parked for run in watched)
        assert not (is_tape_thinned and dropped < len(idle))
        assert not (
            is_bent_elsewhere and any(run.tapes[0].album._kept.first > album_module.FEWEST for run in watched)
        )
        assert not (parked and any(len(run._checkpoints) > checkpoints_module.FEWEST for run in watched))
        stages.append((dropped, is_tape_thinned, is_bent_elsewhere, parked))
        if server.registry.nbytes > room:
            assert parked == len(resting), "room is short only if nothing is left to give"
    assert stages[0] == (0, False, False, 0) and stages[-1] == (len(idle), True, True, len(resting))
    assert len(set(stages)) >= 6, "one after the other, not all at once"
    assert all(server.run_of(config).is_parked for config in resting)
    assert not any(server.run_of(config).is_parked for config in at_work)


def test_a_large_trainer_at_rest_goes_before_anything_that_is_recorded(server: Server) -> None:
    """One that is put away brings as much as all tapes of a class, and they would have to be trained again."""
    large, others = server.open("a", LARGE), [seed(HELLO, number) for number in range(4)]
    large.advance(2)
    server.clock.now += AT_WORK_SECONDS + 1
    small = [server.open("b", config) for config in others]
    for run in small:
        run.advance(STEPS, shots=10)
    before = [(frames_of(run), len(run._checkpoints)) for run in (large, *small)]
    server.set_room(server.registry.nbytes - large._trainer_bytes // 2)
    server.sweep()
    assert large.is_parked and server.registry.nbytes <= server.registry._room()
    assert [(frames_of(run), len(run._checkpoints)) for run in (large, *small)] == before
    server.open("a", LARGE)
    server.set_room(PLENTY)
    large.advance(1)
    server.set_room(server.registry.nbytes - 1000)
    server.sweep()
    assert not large.is_parked and [frames_of(run) for run in small] != [
        frames for frames, _ in before[1:]
    ], "one at work stays"


def test_the_oldest_go_first(server: Server) -> None:
    runs = []
    for number in range(4):
        runs.append(server.open(f"viewer {number}", seed(LARGE, number)))
        runs[-1].advance(2)
        server.clock.now += 1
    server.clock.now += AT_WORK_SECONDS
    server.set_room(0)
    server.sweep()
    least = server.registry.nbytes
    server.set_room(PLENTY)
    for run in runs:
        run.advance(1)
    server.set_room(least + 2 * runs[0]._trainer_bytes)
    server.sweep()
    assert [run.is_parked for run in runs] == [True, True, False, False]


def test_no_more_goes_than_must(server: Server) -> None:
    """A little pressure costs a little: the room that is made is that of one run's tape, not of all."""
    runs = [server.open(f"viewer {number}", seed(HELLO, number)) for number in range(6)]
    for run in runs:
        run.advance(STEPS, shots=10)
    tapes = [frames_of(run) for run in runs]
    server.set_room(server.registry.nbytes - 1000)
    server.sweep()
    assert server.registry.nbytes <= server.registry._room()
    assert sum(before != frames_of(run) for before, run in zip(tapes, runs, strict=True)) == 1


def test_a_run_that_somebody_asks_for_keeps_its_trainer_however_short_memory_is(
    server: Server, built: list[ExperimentConfig]
) -> None:
    playing, looked_at = server.open("a", seed(HELLO, 1)), server.open("b", seed(HELLO, 2))
    server.set_room(0)
    for _ in range(STEPS):
        server.clock.now += 0.9 * AT_WORK_SECONDS
        for number in (1, 2):
            server.open("ab"[number - 1], seed(HELLO, number))
        with server.registry.turn(playing):
            playing.advance(1, shots=1)
        assert not playing.is_parked and not looked_at.is_parked
    assert len(built) == 2 and len(server.registry) == 2
    server.clock.now += 1.1 * AT_WORK_SECONDS
    server.sweep()
    assert playing.is_parked and looked_at.is_parked
    server.set_room(PLENTY)
    held_exactly(playing, STEPS)


def test_who_plays_may_wait_longer_for_the_next_turn_than_who_looks(server: Server) -> None:
    """Beside large networks the turns of a class come late: what waits for one is not at rest."""
    played, looked_at = server.open("a", seed(HELLO, 1)), server.open("b", seed(HELLO, 2))
    server.registry.trains("a", [server.registry._shared[played.name]])
    server.set_room(0)
    server.clock.now += AT_WORK_SECONDS + 1
    server.sweep()
    assert looked_at.is_parked and not played.is_parked
    server.clock.now += PLAYED_SECONDS
    server.sweep()
    assert played.is_parked


def test_a_run_in_the_middle_of_its_turn_is_left_alone(server: Server) -> None:
    """Somebody else's sweep comes while it trains: it neither waits for the turn to end nor takes anything away."""
    run = server.open("a", HELLO)
    run.advance(STEPS)
    server.clock.now += 2 * AT_WORK_SECONDS
    server.set_room(0)
    is_held, swept = threading.Event(), threading.Event()

    def train() -> None:
        with run._lock:
            is_held.set()
            swept.wait(60)

    thread = threading.Thread(target=train)
    thread.start()
    assert is_held.wait(60)
    before = run.nbytes
    server.sweep()
    swept.set()
    thread.join(60)
    assert run.nbytes == before and not run.is_parked
    server.sweep()
    assert run.is_parked


def test_a_pinned_run_stays_and_bends_as_the_others_do(server: Server) -> None:
    run = server.open("first visit", HELLO)
    run.advance(STEPS)
    identifier = server.registry._shared[HELLO]
    server.registry.pin(identifier)
    server.registry.release("first visit", identifier)
    server.clock.now += 2 * AT_WORK_SECONDS
    server.set_room(0)
    server.sweep()
    assert server.run_of(HELLO) is run and run.is_parked
    held_exactly(run, STEPS)


def test_runs_that_nobody_watches_are_few(server: Server) -> None:
    """The newest stay, in case somebody comes back to them, and the rest goes although there is room."""
    for number in range(30):
        server.clock.now += 1
        run = server.open("visitor", seed(LARGE, number))
        size = run.nbytes
        server.registry.release("visitor", server.registry._shared[seed(LARGE, number)])
    most = int(server.registry._most_unwatched // size)
    assert 1 <= most < 30
    left = [number for number in range(30) if server.run_of(seed(LARGE, number)) is not None]
    assert left == list(range(30 - most, 30))


# What is given back when somebody looks again


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_parked_run_goes_on_bit_for_bit_and_is_built_once_more(
    cell: str, server: Server, built: list[ExperimentConfig]
) -> None:
    config = replace(HELLO, network=NetworkConfig(cell=cell, hidden_size=8))
    config = replace(config, training=config.training.changed(30, 0.1))
    run = server.open("a", config)
    run.advance(STEPS // 2, shots=5)
    server.clock.now += 2 * AT_WORK_SECONDS
    server.set_room(0)
    server.sweep()
    assert run.is_parked and built == [config]
    server.set_room(PLENTY)
    assert server.open("a", config) is run
    assert run.frames(0, run.step) and len(run.curve_points(run.step)) and run.samples(run.step)
    assert run.is_parked, "to look at what is recorded needs no trainer"
    for _ in range(STEPS - STEPS // 2):
        assert run.advance(1, shots=1) == 1
        server.sweep()
    assert built == [config, config]
    held_exactly(run, STEPS)


def test_a_run_is_parked_and_built_as_often_as_one_likes(server: Server) -> None:
    run = server.open("a", HELLO)
    for _ in range(STEPS // 10):
        server.clock.now += 2 * AT_WORK_SECONDS
        server.set_room(0)
        server.sweep()
        assert run.is_parked
        server.set_room(PLENTY)
        run.advance(10, shots=2)
    held_exactly(run, STEPS // 10 * 10)


def test_an_exploded_run_is_the_same_after_it_was_parked() -> None:
    network = NetworkConfig("rnn", nonlinearity="linear")
    config = replace(HELLO, network=network, training=TrainingConfig("sgd", 10.0, clip="off"))
    run = Run(config)
    run.advance(1000)
    explosion, step = run.explosion, run.step
    assert explosion is not None and step < 1000
    assert run.park() and not run.park()
    assert run.advance(10) == 0 and run.step == step
    assert repr(run.explosion) == repr(explosion), "nan is not equal to itself"
    assert run.frame(step).update.finite is False and run.snapshot_at(step).step == step


@pytest.mark.parametrize("times", [1, 3, 10])
def test_a_thinned_tape_gives_every_frame_with_equal_bytes_and_its_axes_stay(times: int) -> None:
    """Also of the steps that come later, whose axes are those of kept frames before them."""
    run = Run(seed(HELLO, 3))
    run.advance(STEPS, shots=20)
    before = frames_of(run)
    assert developed(run) == len(alone(run.config).payload(STEPS))
    for _ in range(times):
        run.thin_tape()
        run.thin_checkpoints()
    assert frames_of(run) < before
    run.advance(STEPS, shots=20)
    for step in (2 * STEPS - 1, STEPS + 1, STEPS - 1, 3):  # the later ones first
        assert run.frame(step).payload == alone(run.config).payload(step)
    held_exactly(run, 2 * STEPS)


def test_a_tape_that_is_thinned_before_anybody_looked_is_the_same() -> None:
    """Its frames are not developed yet, and what is let go of is needed for the axes of what stays."""
    run = Run(HELLO)
    for _ in range(STEPS // 5):
        run.advance(5, shots=5)
        run.thin_tape()
    held_exactly(run, STEPS)


def test_exposures_of_frames_that_are_let_go_of_go_with_them_and_are_not_counted() -> None:
    """Frames that wait to be developed hold the weights of their step."""
    run = Run(HELLO)
    for _ in range(STEPS):
        run.advance(1, shots=1)
    album = run.tapes[0].album
    waited = len(album._waiting)
    weight = run.snapshot_at(0).parameters.nbytes
    assert album._waiting_bytes > waited * weight > 0
    del run
    while album.thin():
        pass
    alive = [ref() for ref in album._waiting]
    assert 0 < len(alive) < waited and None not in alive, "some are needed for the axes of later ones"
    assert len(alive) * weight <= album._waiting_bytes < 1.5 * len(alive) * weight


def test_what_thinning_leaves_is_bounded_and_it_ends() -> None:
    run = Run(HELLO)
    run.advance(500, shots=100)
    tape, states = 0, 0
    while run.thin_tape():
        tape += 1
        assert tape < 20
    while run.thin_checkpoints():
        states += 1
        assert states < 20
    assert tape >= 3 and states >= 2, "bit by bit"
    assert (
        frames_of(run) <= album_module.FEWEST // 2 * 8 and len(run._checkpoints) <= checkpoints_module.FEWEST
    )
    assert run.frame(0).step == 0 and run.snapshot_at(0).step == 0
    run.advance(200, shots=100)
    assert frames_of(run) < 60, "a thinned tape stays thin"
    assert len(run._checkpoints) <= checkpoints_module.FEWEST


def test_bytes_are_told_as_they_are_after_every_bend(server: Server) -> None:
    run = server.open("a", HELLO)
    run.advance(STEPS, shots=20)
    for let_go in (Run.thin_tape, Run.thin_checkpoints, Run.park):
        before = run.nbytes
        assert let_go(run) and run.nbytes < before
        told = run.nbytes
        run._weigh()
        assert run.nbytes == told == server.registry.nbytes
    before = run.nbytes
    run.advance(1)
    assert run.nbytes >= before + 0.9 * run._trainer_bytes


# Nothing thrashes


FITTING = 4  # runs


def test_those_who_ask_in_turn_for_more_than_fits_are_refused_and_nobody_is_dropped(
    server: Server, built: list[ExperimentConfig]
) -> None:
    """Twice as many as fit, all at work, round after round: who is in stays in and trains; who is not, is told so."""
    server.set_room(FITTING * needed(LARGE) + needed(LARGE) // 2)
    steps = dict.fromkeys(range(2 * FITTING), 0)
    refused = 0
    for _ in range(6):
        for number in steps:
            server.clock.now += AT_WORK_SECONDS / (3 * FITTING)
            try:
                run = server.open(f"viewer {number}", seed(LARGE, number))
            except Refusal:
                refused += 1
                continue
            with server.registry.turn(run):
                assert run.advance(2, shots=1) == 2
            steps[number] += 2
            assert run.step == steps[number], "never again from step 0"
    assert list(steps.values()) == [12] * FITTING + [0] * FITTING and refused == 6 * FITTING
    assert built == [seed(LARGE, number) for number in range(FITTING)]
    assert server.registry.nbytes <= server.registry._room() + FITTING * needed(LARGE) // 10


def test_those_who_come_seldom_take_turns_and_none_of_them_starts_again(
    server: Server, built: list[ExperimentConfig]
) -> None:
    """Twice as many as fit, but each at rest before the next comes: they are parked, and built once at each return."""
    server.set_room((FITTING + 1) * needed(LARGE))
    rounds = 5
    for turn in range(rounds):
        for number in range(2 * FITTING):
            server.clock.now += AT_WORK_SECONDS + 1
            run = server.open(f"viewer {number}", seed(LARGE, number))
            with server.registry.turn(run):
                assert run.advance(3, shots=1) == 3
            assert run.step == 3 * (turn + 1), "never again from step 0"
            server.sweep()
            assert server.registry.nbytes <= server.registry._room()
    assert len(server.registry) == 2 * FITTING
    assert max(built.count(seed(LARGE, number)) for number in range(2 * FITTING)) <= rounds
    for number in range(2 * FITTING):
        assert same_weights(server.run_of(seed(LARGE, number)), 3 * rounds)


# What does not fit is refused


def refusal_of(server: Server, viewer: str, config: ExperimentConfig) -> Refusal:
    with pytest.raises(Refusal) as raised:
        server.registry.open(viewer, config)
    return raised.value


def test_what_does_not_fit_is_refused_in_one_sentence_before_it_is_made(
    server: Server, built: list[ExperimentConfig]
) -> None:
    server.set_room(needed(LARGE) + 2_500_000)
    server.open("a", HELLO).advance(STEPS, shots=10)
    server.open("b", LARGE)
    runs = [server.run_of(HELLO), server.run_of(LARGE)]
    before = [(run.step, frames_of(run), len(run._checkpoints), run.nbytes) for run in runs]
    refusal = refusal_of(server, "c", seed(LARGE, 1))
    assert (refusal.field, refusal.values["needed"]) == ("batch_size", -(-needed(LARGE) // 1_000_000))
    sentence = str(refusal)
    assert sentence.startswith(
        f"These settings together need {refusal.values['needed']} MB of memory, and this "
    )
    assert f" has {refusal.values['free']} left " in sentence and sentence.count(".") == 1
    assert built == [HELLO, LARGE], "nothing was built"
    after = [(run.step, frames_of(run), len(run._checkpoints), run.nbytes) for run in runs]
    assert after == before and not any(run.is_parked for run in runs), "the others notice nothing"
    assert len(server.registry) == 2 and not server.registry._coming


@pytest.mark.parametrize("room", range(3_000_000, 12_000_000, 700_000))
def test_what_the_refusal_says_would_fit_does_fit_and_a_megabyte_more_does_not(
    server: Server, room: int
) -> None:
    server.set_room(room)
    server.open("a", HELLO)
    huge = replace(LARGE, network=NetworkConfig(hidden_size=128, layers=3))
    _, free = numbers(refusal_of(server, "b", huge))
    assert free == (room - needed(HELLO)) // 1_000_000
    sizes = {
        batch: needed(replace(LARGE, text=replace(LARGE.text, batch_size=batch))) for batch in range(1, 13)
    }
    assert sizes[1] < sizes[12]
    for batch, size in sizes.items():
        config = replace(LARGE, text=replace(LARGE.text, batch_size=batch))
        if size <= free * 1_000_000:
            server.registry.release("b", server.registry.open("b", config))
        elif size > (free + 1) * 1_000_000:
            assert numbers(refusal_of(server, "b", config))[1] == free


@pytest.mark.parametrize("developing", [False, True])
@pytest.mark.parametrize("room", range(5_000_000, 19_000_000, 2_700_000))
def test_the_hidden_size_that_the_refusal_names_does_fit(clock: Clock, room: int, developing: bool) -> None:
    """With the darkroom of its frames, too, where one has to leave room for that; of runs alone, one more does not."""
    server = Server(clock, room, darkrooms=Darkrooms(Darkroom) if developing else None)
    server.open("a", HELLO)
    huge = replace(LARGE, network=NetworkConfig(hidden_size=128, layers=3))
    refusal = refusal_of(server, "b", huge)
    size = cast(int, refusal.values["hidden_size"])
    assert f"choose a hidden size of {size}, a smaller batch size" in str(refusal)
    assert str(refusal).count(".") == 1 <= size < 128

    def of_size(hidden_size: int) -> ExperimentConfig:
        return replace(huge, network=replace(huge.network, hidden_size=hidden_size))

    if not developing:
        refusal_of(server, "b", of_size(size + 1))
    server.open("b", of_size(size))


def test_where_not_even_one_unit_fits_no_size_is_named(server: Server) -> None:
    server.set_room(needed(HELLO) + 1_000_000)
    server.open("a", HELLO)
    text = replace(LARGE.text, sequence_length=100, batch_size=64, text=VERSE * 100)
    refusal = refusal_of(server, "b", replace(LARGE, text=text))
    assert "hidden_size" not in refusal.values and "hidden size or number of layers" in str(refusal)


def test_more_than_a_run_may_have_is_refused_whatever_the_room(clock: Clock) -> None:
    with using(loops=False):  # as large wherever it is computed
        size = trainer_bytes(LARGE, Corpus(LARGE.text))
        assert 4_000_000 < size < 5_000_000
        registry = Registry(Limits(run_mb=4), measured=lambda: 0)
        with pytest.raises(
            Refusal, match=r"need 5 MB of memory, and a run may have 4; choose a smaller batch"
        ):
            registry.open("a", LARGE)
        assert Registry(Limits(run_mb=5), measured=lambda: 0).open("a", LARGE)


def test_an_idle_run_and_one_at_rest_make_room_for_a_new_one(server: Server) -> None:
    """They are not at work: the refusal does not count them, and they do give way."""
    server.set_room(2 * needed(LARGE) - 1_000_000)
    server.open("a", seed(LARGE, 1)).advance(20, shots=5)
    server.clock.now += 2 * AT_WORK_SECONDS
    server.open("b", seed(LARGE, 2))
    assert server.run_of(seed(LARGE, 1)).is_parked
    server.registry.release("b", server.registry._shared[seed(LARGE, 2)])
    server.open("c", seed(LARGE, 3))
    assert server.run_of(seed(LARGE, 2)) is None


def test_memory_is_set_aside_for_a_run_that_is_being_made(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two who come at once must not both be told that there is room for one."""
    server.set_room(needed(LARGE) + needed(LARGE) // 2)
    is_made, go_on = threading.Event(), threading.Event()

    class Slow(Run):
        def __init__(self, *args: Any, **named: Any) -> None:
            is_made.set()
            assert go_on.wait(60)
            super().__init__(*args, **named)

    monkeypatch.setattr(registry_module, "Run", Slow)
    first = threading.Thread(target=server.open, args=("a", seed(LARGE, 1)))
    first.start()
    try:
        assert is_made.wait(60)
        needs, free = numbers(refusal_of(server, "b", seed(LARGE, 2)))
        assert free < needs
    finally:
        go_on.set()
        first.join(60)
    assert server.run_of(seed(LARGE, 1)) is not None and len(server.registry) == 1


def test_room_is_made_before_the_run_is_and_not_after(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.open("a", seed(LARGE, 1)).advance(20, shots=5)
    server.clock.now += 2 * AT_WORK_SECONDS
    server.set_room(needed(LARGE) + parked_bytes(LARGE, Corpus(LARGE.text)))
    found: list[bool] = []

    class Looking(Run):
        def __init__(self, *args: Any, **named: Any) -> None:
            found.append(server.run_of(seed(LARGE, 1)).is_parked)
            super().__init__(*args, **named)

    monkeypatch.setattr(registry_module, "Run", Looking)
    server.open("b", seed(LARGE, 2))
    assert found == [True]


def test_who_moves_the_rate_of_a_run_that_others_keep_is_asked_for_its_memory(server: Server) -> None:
    """Thirty who watch one large run, each with another rate, must not become thirty large runs."""
    server.set_room(FITTING * needed(LARGE) + needed(LARGE) // 2)
    viewers = [Viewer(server.registry, LARGE) for _ in range(3 * FITTING)]
    shared = viewers[0].run
    shared.advance(5)
    refused = 0
    for number, viewer in enumerate(viewers):
        viewer.resume(3, playing=False)
        rate = replace(viewer.shown, training=TrainingConfig(learning_rate=0.0011 * (number + 1)))
        before = (viewer.config, viewer.run_id, viewer.playhead)
        try:
            viewer.change(rate)
        except Refusal as refusal:
            needs, free = numbers(refusal)
            assert needs > free
            assert (viewer.config, viewer.run_id, viewer.playhead) == before, "nothing has changed"
            refused += 1
    assert len(server.registry) == FITTING and refused == 3 * FITTING - (FITTING - 1)
    assert viewers[-1].run is shared


def test_who_is_alone_on_a_run_may_move_its_rate_on_a_full_server(server: Server) -> None:
    server.set_room(needed(LARGE))
    viewer = Viewer(server.registry, LARGE)
    viewer.run.advance(5)
    server.set_room(viewer.run.nbytes - 1_000_000)
    for step in range(1, 6):
        viewer.resume(step, playing=False)
        viewer.change(replace(viewer.shown, training=TrainingConfig(learning_rate=0.001 * step)))
        assert viewer.run.config.training.rates[-1].step == step
        server.sweep()
        assert len(server.registry) == 1


def test_a_visitors_own_run_is_no_reason_to_refuse_the_next(server: Server) -> None:
    server.set_room(needed(LARGE))
    viewer = Viewer(server.registry, LARGE)
    viewer.change(seed(LARGE, 1))
    viewer.change(seed(LARGE, 2))
    assert [server.run_of(seed(LARGE, number)) is not None for number in range(3)] == [False, False, True]
    Viewer(server.registry, seed(LARGE, 2))
    refusal_of(server, viewer.id, seed(LARGE, 3))  # now somebody else would lose it


@pytest.mark.parametrize("way", ["another rate", "another seed"])
def test_a_large_run_that_takes_the_place_of_another_is_not_made_beside_its_trainer(
    server: Server, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Two of a hundred megabytes for a moment would be above the limit, if it is near."""
    monkeypatch.setattr(registry_module, "SLOW_BYTES", needed(LARGE))
    viewer = Viewer(server.registry, LARGE)
    viewer.go_to(3)
    before, there = viewer.run, list[tuple[bool, bool]]()
    kept = server.open("b", seed(LARGE, 5))

    def trainer(*args: Any, **named: Any) -> Trainer:
        there.append((before.is_parked, kept.is_parked))
        return Trainer(*args, **named)

    monkeypatch.setattr(run_module, "Trainer", trainer)
    shown = viewer.shown
    rate = replace(shown, training=replace(shown.training, learning_rate=0.003))
    viewer.change(rate if way == "another rate" else seed(shown, 9))
    assert there == [(True, False)] and viewer.run is not before
    viewer.go_to(6)
    assert same_weights(viewer.run, 6)


# What is measured


def test_what_the_process_takes_besides_runs_is_the_least_that_was_found_lately(clock: Clock) -> None:
    server = Server(clock, room=200_000_000)
    assert server.registry._room() == 200_000_000
    server._others += 80_000_000  # a study has just computed, and has not given all back yet
    clock.now += LATELY_SECONDS / 2
    assert server.registry._room() == 200_000_000
    clock.now += LATELY_SECONDS / 2 + 1
    assert server.registry._room() == 120_000_000, "it has had its time"
    server._others -= 90_000_000
    assert server.registry._room() == 210_000_000
    server.open("a", LARGE)
    assert server.registry._room() == 210_000_000, "runs are not counted twice"


def test_where_nothing_can_be_measured_a_fixed_part_is_left_free() -> None:
    assert Room(LIMIT, lambda: None).for_counted(10_000_000, 0.0) == USABLE - BASE_BYTES


def test_a_process_that_is_larger_than_its_limit_refuses_and_says_that_nothing_is_left(clock: Clock) -> None:
    registry = Registry(Limits(memory_mb=300), measured=lambda: 400_000_000)
    with pytest.raises(
        Refusal, match=r"^This server has no memory left for one more run .*; try again later\.$"
    ):
        registry.open("a", HELLO)
    assert registry.open("a", HELLO, always=True), "but for the run that a first visit shows"


class Process:
    """A process of a size that a test says, of which nothing can be given back; counts how often that is tried."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, share: float) -> None:
        self.share, self.given_back = share, 0
        monkeypatch.setattr(room_module, "give_back", self._give_back)

    def _give_back(self) -> None:
        self.given_back += 1

    def measured(self) -> int:
        return round(self.share * LIMIT)


@pytest.mark.parametrize(("share", "is_given_back"), [(NEAR_SHARE - 0.01, False), (NEAR_SHARE + 0.01, True)])
def test_near_the_limit_freed_memory_is_given_back_though_all_fits(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, share: float, is_given_back: bool
) -> None:
    """Freed memory that the C library keeps counts as the process's own."""
    process = Process(monkeypatch, share)
    registry = Registry(Limits(memory_mb=LIMIT // 1_000_000), measured=process.measured)
    clock.now += SWEEP_SECONDS
    with registry.turn():
        assert bool(process.given_back) == is_given_back


def test_memory_is_given_back_only_after_the_process_has_grown_and_not_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes longer than a turn, and a class near its limit stays there."""
    process = Process(monkeypatch, 0.95)
    room = Room(LIMIT, process.measured)
    now = 0.0
    room.give_back(now)
    for _ in range(5):
        now += GIVEN_BACK_SECONDS
        room.give_back(now)
    assert process.given_back == 1, "it is as large as it was"
    process.share += 1.5 * GROWN_SHARE
    room.give_back(now)
    assert process.given_back == 2
    process.share += 1.5 * GROWN_SHARE
    room.give_back(now + GIVEN_BACK_SECONDS / 2)
    assert process.given_back == 2, "it was just now"
    room.give_back(now + GIVEN_BACK_SECONDS)
    assert process.given_back == 3
    room.give_back(now + 2 * GIVEN_BACK_SECONDS, is_short=True)
    assert process.given_back == 4, "something was let go of"


def test_nobody_waits_for_the_registry_while_memory_is_given_back(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(monkeypatch, 0.95)
    registry = Registry(Limits(memory_mb=LIMIT // 1_000_000), measured=process.measured)
    looked: list[bool] = []

    def look() -> None:
        thread = threading.Thread(target=lambda: looked.append(registry.get("a", "nothing") is None))
        thread.start()
        thread.join(60)

    monkeypatch.setattr(room_module, "give_back", look)
    clock.now += SWEEP_SECONDS
    with registry.turn():
        assert looked == [True]


@pytest.mark.skipif(_of_c_library("mallopt") is None, reason="another C library")
def test_large_blocks_that_are_freed_are_given_back_at_once() -> None:
    """In a process of its own, where a block of 16 MB was freed before: by itself glibc would keep the next ones."""
    program = """
import ctypes, resource
from playground.runs.memory import keep_heap_small, private_bytes
keep_heap_small()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def have(size):
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    return block
libc.free(have(16_000_000))
before = private_bytes()
blocks = [have(1_000_000) for _ in range(20)]
last = have(1_000)  # keeps the end of the heap
for block in blocks:
    libc.free(block)
print(private_bytes() - before)
"""
    grown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(grown.stdout) < 10_000_000


@pytest.mark.skipif(_of_c_library("mallopt") is None, reason="another C library")
def test_all_threads_take_memory_from_one_heap() -> None:
    """In a process of its own: the heap of another thread would be a mapping far from that of the first."""
    program = """
import ctypes, threading
from playground.runs.memory import keep_heap_small
keep_heap_small()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
places = []
def take():
    places.extend(libc.malloc(50_000) for _ in range(20))
take()
for _ in range(3):
    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
print(max(places) - min(places))
"""
    spread = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(spread.stdout) < 50_000_000


def test_private_memory_counts_what_is_written_to() -> None:
    give_back()
    before = private_bytes() or 0
    block = torch.ones(5_000_000)
    size, after = block.nbytes, private_bytes() or 0
    assert 0.9 * size < after - before < 1.2 * size
    del block
    give_back()
    assert (private_bytes() or 0) - before < size / 4


# What is reckoned before it is made


def of(
    cell: str, hidden: int, layers: int, embedding: int, time: int, batch: int, symbols: int
) -> ExperimentConfig:
    letters = "".join(chr(0xAC00 + number % symbols) for number in range(4 * time * batch + 1))
    return ExperimentConfig(
        TextConfig(letters, sequence_length=time, batch_size=batch),
        NetworkConfig(cell=cell, hidden_size=hidden, layers=layers, embedding=embedding),
    )


SHAPES = [
    (16, 1, 0, 4, 1, 4),
    (1, 1, 0, 1, 1, 2),
    (16, 3, 8, 200, 1, 30),
    (64, 2, 0, 50, 16, 40),
    (128, 1, 128, 50, 4, 200),
    (128, 3, 128, 200, 1, 60),
]


@pytest.mark.usefixtures("each_engine")
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_tensors_of_training_are_reckoned_to_the_hundredth(cell: str, shape: tuple[int, ...]) -> None:
    config = of(cell, *shape)
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus)
    trainer.advance(2)
    assert trainer_bytes(config, corpus) == pytest.approx(trainer.nbytes, rel=0.01, abs=600)


@pytest.mark.usefixtures("each_engine")
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("batch", [2, 64])
@pytest.mark.parametrize("replicas", [1, 3])
def test_replicas_are_reckoned_in_the_form_that_computes_them(cell: str, batch: int, replicas: int) -> None:
    config = of(cell, 24, 2, 0, 20, batch, 30)
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus, seeds=tuple(range(replicas)))
    trainer.advance(2)
    assert trainer_bytes(config, corpus, replicas=replicas) == pytest.approx(trainer.nbytes, rel=0.01)


@pytest.mark.usefixtures("each_engine")
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_darkroom_is_reckoned_to_the_fiftieth_before_it_is_made(cell: str, shape: tuple[int, ...]) -> None:
    config = of(cell, *shape)
    corpus = Corpus(config.text)
    room = Darkroom(FrameLayout.of(config.network, corpus), config.network)
    assert Cost.of(config, corpus).developing == pytest.approx(room.nbytes, rel=0.02, abs=600)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_no_optimizer_takes_more_than_is_reckoned(optimizer: str) -> None:
    config = replace(of("lstm", 128, 2, 0, 10, 1, 20), training=TrainingConfig(optimizer=optimizer))
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus)
    trainer.update()
    assert trainer.nbytes <= 1.01 * trainer_bytes(config, corpus)
    assert (trainer.nbytes > 0.98 * trainer_bytes(config, corpus)) == (optimizer == "adam")


def tensors() -> Iterator[torch.Tensor]:
    gc.collect()
    return (each for each in gc.get_objects() if type(each) is torch.Tensor)


def storage_bytes() -> int:
    """Of all tensors there are, each storage once."""
    return sum(
        {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in tensors()}.values()
    )


def developed(run: Run) -> int:
    """Bytes of the frame on which a run stands, after which none of its frames waits to be developed."""
    return len(run.frame(run.step).payload)


MIDDLE = of("gru", 48, 2, 0, 40, 8, 30)
LARGEST_TEXT = 100_000
LARGEST = replace(
    of("lstm", 128, 3, 128, 200, 11, 96),
    text=TextConfig(
        "".join(chr(0xAC00 + 7 * number % 96) for number in range(LARGEST_TEXT)),
        sequence_length=200,
        batch_size=11,
    ),
)


def test_the_largest_settings_are_about_as_large_as_a_run_may_be() -> None:
    """Else the largest that is measured here is not the largest that is allowed."""
    text = replace(LARGEST.text, batch_size=16)
    check_size(LARGEST, Corpus(LARGEST.text), most=Limits().run_mb * 1_000_000)
    with pytest.raises(Refusal):
        check_size(LARGEST, Corpus(text), most=Limits().run_mb * 1_000_000)


@pytest.mark.parametrize(
    "config", [HELLO, MIDDLE, LARGE, LARGEST], ids=["default", "middle", "large", "largest"]
)
def test_what_a_run_tells_of_itself_is_what_python_and_torch_hold(config: ExperimentConfig) -> None:
    """Tensors are counted by their storages, everything else as Python counts it, views as reckoned."""
    developed(Run(replace(config, seed=1)))  # the darkroom is the server's, not the run's
    before = storage_bytes()
    tracemalloc.start()
    try:
        began, _ = tracemalloc.get_traced_memory()

        def held() -> int:
            gc.collect()
            return tracemalloc.get_traced_memory()[0] - began + storage_bytes() - before

        run = Run(config)
        run.advance(4 if config is LARGEST else 60)
        developed(run)
        run.advance(1)  # weighs it again
        cell, length = config.network.cell, run.layout.length
        views = config.network.layers * call_bytes(cell, length, are_loops=False)
        whole = held()
        assert whole <= 1.25 * run.nbytes and whole + views >= 0.75 * run.nbytes
        while run.thin_tape() or run.thin_checkpoints():
            pass
        assert held() <= 1.25 * run_bytes(config, run.corpus)
    finally:
        tracemalloc.stop()


# What the process takes


CROWD = """
import json, sys
from dataclasses import replace
import torch
torch.set_num_threads(1)
from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.limits import Limits
from playground.refusal import Refusal
from playground.runs import registry as registry_module
from playground.runs import room as room_module
from playground.runs.memory import private_bytes
from playground.runs.registry import Registry

limit, at_work = int(sys.argv[1]), float(sys.argv[2])
registry_module.AT_WORK_SECONDS = at_work
room_module.LATELY_SECONDS, registry_module.SWEEP_SECONDS = 2.0, 0.1  # time passes faster here
registry = Registry(Limits(memory_mb=limit))
text = TextConfig("".join(chr(0xAC00 + 7 * n % 80) for n in range(6400)), sequence_length=100, batch_size=8)
sizes = [  # of the runs of 1, 3, 9 and 27 MB
    ExperimentConfig(),
    ExperimentConfig(replace(text, batch_size=2), NetworkConfig("gru", 32)),
    ExperimentConfig(text, NetworkConfig("lstm", 64)),
    ExperimentConfig(text, NetworkConfig("lstm", 128, layers=3)),
]
configs = [replace(sizes[n * n % 7 % 4], seed=n) for n in range(70)]
seen, refused, parked, dropped, leases = [], 0, 0, 0, {}
before = private_bytes()
for turn in range(3):
    for number, config in enumerate(configs):
        viewer = f"viewer {number}"
        if viewer in leases and registry.get(viewer, leases[viewer]) is None:
            dropped += 1
        try:
            leases[viewer] = registry.open(viewer, config)
        except Refusal:
            refused += 1
            continue
        run = registry.get(viewer, leases[viewer])
        parked += run.is_parked
        with registry.turn(run) as budget:
            try:
                run.advance(12, budget=budget, shots=3)
            except Refusal:
                refused += 1
        [frame.payload for frame in run.frames(0, run.step)]
        seen.append(private_bytes())
print(json.dumps({"before": before, "most": max(seen), "last": seen[-1], "runs": len(registry),
                  "refused": refused, "parked": parked, "dropped": dropped}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system does not tell")
@pytest.mark.parametrize("at_work", [1000.0, 0.2], ids=["all at work", "most at rest"])
def test_a_server_full_of_runs_of_all_sizes_keeps_to_its_limit(at_work: float) -> None:
    """In a process of its own, as its private memory is measured by the system."""
    limit = 330
    arguments = [sys.executable, "-c", CROWD, str(limit), str(at_work)]
    root = Path(__file__).parents[2]
    ended = subprocess.run(arguments, cwd=root, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, int] = json.loads(ended.stdout)
    assert found["most"] <= 1.15 * limit * 1_000_000, found
    assert found["refused"] + found["parked"] > 0 and found["dropped"] == 0, (
        "there was pressure, none lost a run"
    )
    assert found["runs"] >= 20, found
