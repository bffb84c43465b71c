"""Nothing trains without having asked for memory: trainers that come back, and those that walk through the past."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from playground.config import ExperimentConfig, TrainingConfig
from playground.corpus import Corpus
from playground.refusal import Refusal
from playground.runs import registry as registry_module
from playground.runs import replay as replay_module
from playground.runs import run as run_module
from playground.runs.registry import AT_WORK_SECONDS
from playground.runs.run import Run
from playground.runs.size import parked_bytes
from playground.runs.viewer import Viewer
from playground.training import Trainer
from tests.runs.server import HELLO, LARGE, PLENTY, Server, needed, seed
from tests.runs.straight import Clock, alone, same_weights

FITTING = 3  # runs
STEPS = 20


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(Clock().replace_in(monkeypatch.setattr, registry_module, replay_module))


def rest(server: Server) -> None:
    """Everybody looks away for a while, and memory is short: all trainers are put away."""
    server.clock.now += AT_WORK_SECONDS + 1
    server.set_room(0)
    server.sweep()


def at_rest(*runs: Run) -> int:
    """What these take without their trainers."""
    return sum(parked_bytes(run.config, run.corpus) for run in runs)


def playing(viewer: Viewer) -> Viewer:
    viewer.speed = "max"
    viewer.play()
    return viewer


def parked_viewer(server: Server, config: ExperimentConfig) -> Viewer:
    """Somebody whose run has come to STEPS, and whose trainer is put away."""
    viewer = Viewer(server.registry, config)
    viewer.go_to(STEPS)
    viewer.settle()
    rest(server)
    assert viewer.run.is_parked
    return viewer


# Trainers that come back


def test_trainers_come_back_only_where_there_is_room(server: Server) -> None:
    """Twenty large runs that had been put away once took 1,003 MB under a limit of 400 when all were resumed."""
    runs = [server.open(f"viewer {number}", seed(LARGE, number)) for number in range(3 * FITTING)]
    for run in runs:
        run.advance(STEPS)
    rest(server)
    assert all(run.is_parked for run in runs)
    server.set_room(at_rest(*runs) + FITTING * runs[0]._trainer_bytes + 1_000_000)
    refused = 0
    for number, run in enumerate(runs):
        assert server.open(f"viewer {number}", seed(LARGE, number)) is run
        try:
            run.advance(1)
        except Refusal as refusal:
            assert refusal.field == "batch_size" and str(refusal).startswith("These settings together need ")
            refused += 1
    assert refused == 2 * FITTING and sum(not run.is_parked for run in runs) == FITTING
    assert not server.registry._coming
    assert server.registry.nbytes <= server.registry._room()
    assert [run.step for run in runs] == [STEPS + 1] * FITTING + [STEPS] * 2 * FITTING, "nothing is lost"
    server.set_room(PLENTY)
    assert runs[-1].advance(3) == 3 and same_weights(runs[-1], STEPS + 3)


def test_a_trainer_that_comes_back_takes_the_place_of_those_at_rest(server: Server) -> None:
    first, second = (server.open("ab"[number], seed(LARGE, number)) for number in range(2))
    rest(server)
    server.set_room(at_rest(first, second) + first._trainer_bytes + 100_000)
    server.open("a", seed(LARGE, 0)).advance(1)
    with pytest.raises(Refusal):
        server.open("b", seed(LARGE, 1)).advance(1)
    server.clock.now += AT_WORK_SECONDS + 1
    server.open("b", seed(LARGE, 1)).advance(1)
    assert first.is_parked and not second.is_parked


def test_who_cannot_train_is_told_and_stands_still_and_goes_on_later(server: Server) -> None:
    other, viewer = Viewer(server.registry, HELLO), parked_viewer(server, LARGE)
    server.set_room(at_rest(other.run, viewer.run) + other.run._trainer_bytes)
    before = viewer.playhead, viewer.recording, viewer.config, len(viewer.curve_points())
    playing(viewer)
    assert not viewer.tick() and not viewer.playing
    assert viewer.refused is not None and str(viewer.refused).count(".") == 1
    assert (viewer.playhead, viewer.recording, viewer.config, len(viewer.curve_points())) == before
    assert viewer.settle() and viewer.refused is not None, "until the person does something"
    assert playing(other).tick() and other.playhead > 0 and other.refused is None, "others notice nothing"
    server.set_room(PLENTY)
    assert playing(viewer).refused is None
    assert viewer.tick() and viewer.playhead > STEPS and same_weights(viewer.run, viewer.playhead)


def test_one_step_and_a_step_far_away_are_refused_alike(server: Server) -> None:
    viewer = parked_viewer(server, LARGE)
    for ask in (viewer.step_once, lambda: viewer.go_to(2 * STEPS)):
        ask()
        assert viewer.refused is not None and viewer.is_settled
        assert viewer.playhead == viewer.run.step == STEPS
    server.set_room(PLENTY)
    viewer.step_once()
    assert viewer.refused is None and viewer.playhead == STEPS + 1


def test_the_newest_step_of_a_parked_run_is_looked_at_without_a_trainer(server: Server) -> None:
    viewer = parked_viewer(server, LARGE)
    run = viewer.run
    while run.thin_tape():
        pass
    assert run.frame(STEPS).payload == alone(LARGE).payload(STEPS)
    assert same_weights(run, STEPS) and run.network_at(STEPS) is not None and run.is_parked


def test_who_moves_the_rate_of_a_parked_run_is_asked_for_a_trainer(server: Server) -> None:
    viewer = parked_viewer(server, LARGE)
    rate = replace(viewer.shown, training=TrainingConfig(learning_rate=0.003))
    before = viewer.config, viewer.run_id, viewer.playhead
    with pytest.raises(Refusal):
        viewer.change(rate)
    assert (viewer.config, viewer.run_id, viewer.playhead) == before and len(server.registry) == 1
    server.set_room(PLENTY)
    viewer.change(rate)
    assert viewer.rate == 0.003 and viewer.run.step == STEPS


def test_memory_is_set_aside_for_a_trainer_that_is_being_built(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two who come back at once must not both be told that there is room for one."""
    runs = [server.open("ab"[number], seed(LARGE, number)) for number in range(2)]
    rest(server)
    for number in range(2):
        server.open("ab"[number], seed(LARGE, number))
    server.set_room(at_rest(*runs) + runs[0]._trainer_bytes + 100_000)
    is_made, go_on = threading.Event(), threading.Event()

    def slow(config: ExperimentConfig, corpus: Corpus, *, seeds: Sequence[int]) -> Trainer:
        is_made.set()
        assert go_on.wait(60)
        return Trainer(config, corpus, seeds=seeds)

    monkeypatch.setattr(run_module, "Trainer", slow)
    first = threading.Thread(target=runs[0].advance, args=(1,))
    first.start()
    try:
        assert is_made.wait(60)
        with pytest.raises(Refusal):
            runs[1].advance(1)
    finally:
        go_on.set()
        first.join(60)
    assert not runs[0].is_parked and runs[1].is_parked and not server.registry._coming


# Trainers that walk through the past


def behind(server: Server, *, thinned: bool = True) -> tuple[Viewer, Run]:
    """Somebody at step 0 of a run that others have trained, of which most frames are gone."""
    viewer = Viewer(server.registry, LARGE)
    run = server.open("other", LARGE)
    run.advance(4 * STEPS)
    while thinned and run.thin_tape():
        pass
    viewer.speed = "fast"
    viewer.play()
    viewer._steps_due = lambda: (0.2, 6)  # pyright: ignore[reportAttributeAccessIssue]
    return viewer, run


def test_a_walk_through_the_past_is_counted_and_put_away_when_nobody_walks(server: Server) -> None:
    viewer, run = behind(server)
    before = server.registry.nbytes
    while viewer.playhead <= 2 * STEPS:
        assert viewer.tick()
    assert server.registry.nbytes == before + run._trainer_bytes == run.nbytes
    server.clock.now += AT_WORK_SECONDS / 2
    server.sweep()
    assert server.registry.nbytes == before + run._trainer_bytes, "it is at work"
    server.clock.now += AT_WORK_SECONDS
    server.sweep()
    assert server.registry.nbytes == before and not run.is_parked
    while viewer.playhead < 3 * STEPS:
        assert viewer.tick()
        for frame in viewer.tracks[0]._fresh:
            assert frame.payload == alone(LARGE).payload(frame.step)
    assert server.registry.nbytes == before + run._trainer_bytes


def test_walks_that_somebody_waits_for_are_counted_too(server: Server) -> None:
    run = server.open("a", LARGE)
    run.advance(4 * STEPS)
    before, rows = run.nbytes, run._checkpoints._rows
    run._checkpoints._rows = {0: rows[0]}
    assert run.frame(3 * STEPS - 1, budget=0.0) is None
    assert run.nbytes == before + run._trainer_bytes
    assert run.frame(3 * STEPS - 1).payload == alone(LARGE).payload(3 * STEPS - 1)
    assert run.nbytes == before, "done"


def test_where_there_is_no_memory_for_a_walk_the_frames_that_are_kept_have_to_do(server: Server) -> None:
    viewer, run = behind(server)
    server.set_room(server.registry.nbytes)
    before = server.registry.nbytes
    while viewer.playhead < 3 * STEPS:
        assert viewer.tick() and viewer.refused is None
    assert server.registry.nbytes <= before
    viewer.pause()
    assert viewer.settle() and viewer.refused is not None, "it comes to rest on a frame that is there"
    assert viewer.frames_to_send()[-1].step == viewer.playhead <= run.step


def test_walks_beside_one_another_do_not_take_more_than_there_is(server: Server) -> None:
    """A class that follows one run, everybody at another place: each walk is a trainer more."""
    room = needed(LARGE)
    viewers = [behind(server)[0] for _ in range(2 * FITTING)]
    run = viewers[0].run
    server.set_room(room + FITTING * run._trainer_bytes + run._trainer_bytes // 2)
    for viewer in viewers:
        while viewer.playhead < 2 * STEPS:
            assert viewer.tick()
    assert run.walking_bytes == FITTING * run._trainer_bytes


def test_a_walk_is_not_put_away_while_somebody_walks(server: Server) -> None:
    run = server.open("a", LARGE)
    run.advance(STEPS)
    walk = run.replay()
    assert walk.go_to(5) is not None
    with walk._lock:
        assert not walk.rest(server.clock.now + 1000)
    assert walk.rest(server.clock.now + 1) and walk.nbytes == 0 and not walk.rest(server.clock.now + 1)
