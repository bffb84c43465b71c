"""A person's playhead on a recording: what every transport button does to it, without a page."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.refusal import Refusal
from playground.runs import viewer as viewer_module
from playground.runs.curve import CurvePoints
from playground.runs.registry import Registry
from playground.runs.run import RateChange
from playground.runs.viewer import MAX_GHOSTS, Viewer
from playground.training import Trainer

HELLO = ExperimentConfig()
EXPLOSIVE = ExperimentConfig(
    network=NetworkConfig(cell="rnn", nonlinearity="linear"),
    training=TrainingConfig(optimizer="sgd", learning_rate=1.0, clip="off"),
)


def with_rate(config: ExperimentConfig, learning_rate: float) -> ExperimentConfig:
    return replace(config, training=replace(config.training, learning_rate=learning_rate))


def with_seed(seed: int) -> ExperimentConfig:
    return replace(HELLO, seed=seed)


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The viewers' clock: a list with the present time, which stands still unless the test moves it."""
    now = [1000.0]

    class Clock:
        monotonic = staticmethod(lambda: now[0])

    monkeypatch.setattr(viewer_module, "time", Clock)
    return now


def tick(viewer: Viewer, clock: list[float], seconds: float = 0.2) -> int:
    """One beat after some seconds; the step it comes to."""
    clock[0] += seconds
    viewer.tick()
    return viewer.playhead


def advance(viewer: Viewer, steps: int) -> None:
    """Bring a viewer to a step by playing, as fast as it goes."""
    viewer.speed, viewer.stop_step = "max", viewer.playhead + steps
    viewer.play()
    while viewer.tick():
        pass
    assert viewer.playhead == viewer.stop_step
    viewer.stop_step = None


# Play, pause, step, reset


@pytest.mark.parametrize(("speed", "rate"), [("watch", 5), ("normal", 30), ("fast", 300)])
def test_playing_moves_at_the_chosen_speed(
    registry: Registry, clock: list[float], speed: str, rate: int
) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.speed = speed
    viewer.play()
    tick(viewer, clock)
    start = viewer.playhead
    budget = 40  # ticks: at 300/s a turn of the gate must be long enough for its 60 steps
    for _ in range(budget):
        tick(viewer, clock)
    assert viewer.playhead - start == pytest.approx(rate * 0.2 * budget, rel=0.1, abs=1)
    assert viewer.steps_per_second == pytest.approx(rate, rel=0.2)


def test_as_fast_as_it_goes_is_faster_than_fast(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.speed = "max"
    viewer.play()
    for _ in range(5):
        viewer.tick()
    assert viewer.playhead > 30


def test_a_late_tick_makes_up_for_a_second_at_most(registry: Registry, clock: list[float]) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.play()
    before = tick(viewer, clock)
    assert tick(viewer, clock, 3600.0) - before <= 31


def test_a_paused_viewer_stays_and_trains_nothing(registry: Registry, clock: list[float]) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.play()
    for _ in range(5):
        tick(viewer, clock)
    viewer.pause()
    step, trained = viewer.playhead, viewer.run.step
    assert not viewer.playing and viewer.steps_per_second == 0
    clock[0] += 100
    assert (viewer.playhead, viewer.run.step) == (step, trained)
    viewer.play()
    assert step <= tick(viewer, clock) <= step + 31, "the pause is not made up for"


def test_step_makes_one_update_and_stops(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.play()
    viewer.step_once()
    assert not viewer.playing
    viewer.step_once()
    assert viewer.playhead == viewer.run.step == 2
    straight = Trainer(HELLO, Corpus(HELLO.text))
    straight.advance(2)
    assert torch.equal(viewer.run.snapshot_at(2).parameters, straight.network.parameters)


def test_reset_goes_back_to_the_same_untrained_network(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    first = viewer.run.frames(0, 0)
    advance(viewer, 50)
    later = viewer.run.frames(50, 50)
    viewer.reset()
    assert viewer.playhead == 0 and not viewer.playing and viewer.ghosts == ()
    assert viewer.frames_to_send() == first
    advance(viewer, 50)
    assert viewer.frames_to_send()[-1:] == later


def test_a_finished_run_is_shown_and_played_from_its_start(registry: Registry, clock: list[float]) -> None:
    finished = registry.get("server", registry.open("server", HELLO))
    finished.advance(120, shots=120)
    viewer = Viewer(registry, HELLO, finished_at=120)
    assert viewer.shows_finished and viewer.playhead == 120 and not viewer.playing
    assert [frame.step for frame in viewer.frames_to_send()] == list(range(121))
    viewer.play()
    assert tick(viewer, clock, 0.1) < 10 and not viewer.shows_finished
    assert finished.step == 120, "what is recorded is not trained again"
    assert not Viewer(registry, with_seed(1), finished_at=120).shows_finished


# What the stage is sent


def test_while_playing_every_message_repeats_the_one_before(registry: Registry, clock: list[float]) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.play()
    batches = []
    for _ in range(12):
        tick(viewer, clock)
        batches.append({frame.step for frame in viewer.frames_to_send()})
        assert max(batches[-1]) == viewer.playhead
    assert len(set.union(*batches[0::2]) | set.union(*batches[1::2])) == viewer.playhead + 1
    for dropped in (0, 1):
        assert set.union(*batches[dropped::2]) >= set(range(min(map(max, batches[dropped::2])) + 1)), (
            "a message may drop"
        )


def test_a_paused_viewer_is_sent_everything_it_has_seen_and_nothing_beyond(registry: Registry) -> None:
    ahead, behind = Viewer(registry, HELLO), Viewer(registry, HELLO)
    advance(ahead, 100)
    advance(behind, 30)
    assert [frame.step for frame in behind.frames_to_send()] == list(range(31))
    assert ahead.frames_to_send()[-1].step == 100


# Other experiments and their ghosts


def test_another_experiment_starts_at_zero_and_leaves_a_ghost(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 40)
    points, recording = viewer.run.curve_points(40), viewer.recording
    viewer.play()
    viewer.change(replace(HELLO, network=NetworkConfig(cell="gru")))
    assert (viewer.playhead, viewer.playing, viewer.config.network.cell) == (0, False, "gru")
    assert viewer.recording != recording
    (ghost,) = viewer.ghosts
    assert ghost.config == HELLO
    assert ghost.steps == tuple(points.step) and ghost.perplexities == tuple(points.perplexity)


def test_an_experiment_that_never_ran_leaves_no_ghost(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.change(with_seed(1))
    assert viewer.ghosts == ()
    viewer.change(viewer.config)
    assert viewer.ghosts == ()


def test_ghosts_are_at_most_three_the_newest_and_can_be_removed(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    for seed in range(1, 6):
        advance(viewer, 5)
        viewer.change(with_seed(seed))
    assert MAX_GHOSTS == 3 and [ghost.config.seed for ghost in viewer.ghosts] == [2, 3, 4]
    assert len({ghost.id for ghost in viewer.ghosts}) == 3
    viewer.remove_ghost(viewer.ghosts[1].id)
    assert [ghost.config.seed for ghost in viewer.ghosts] == [2, 4]
    viewer.remove_ghost("no such ghost")
    assert len(viewer.ghosts) == 2


def test_a_ghost_shows_what_its_viewer_saw_not_what_others_trained(registry: Registry) -> None:
    ahead, behind = Viewer(registry, HELLO), Viewer(registry, HELLO)
    advance(ahead, 80)
    advance(behind, 10)
    behind.change(with_seed(1))
    assert behind.ghosts[0].steps[-1] <= 10


def test_ghosts_of_long_runs_stay_small(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 2000)
    viewer.change(with_seed(1))
    assert 100 <= len(viewer.ghosts[0].steps) <= 130


def test_the_ghost_of_an_exploded_run_can_be_written_as_json(registry: Registry) -> None:
    """JSON has no NaN and no infinity; a ghost with one would end every later message."""
    viewer = Viewer(registry, EXPLOSIVE)
    viewer.speed = "max"
    viewer.play()
    while viewer.tick():
        pass
    assert viewer.exploded_at is not None
    viewer.change(HELLO)
    (ghost,) = viewer.ghosts
    assert all(value is None or np.isfinite(value) for value in ghost.perplexities)


def test_a_text_that_cannot_be_trained_on_changes_nothing(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 20)
    before = (viewer.config, viewer.playhead, viewer.run_id, viewer.ghosts, viewer.recording)
    with pytest.raises(Refusal, match="text"):
        viewer.change(replace(HELLO, text=TextConfig(text="a")))
    assert (viewer.config, viewer.playhead, viewer.run_id, viewer.ghosts, viewer.recording) == before
    advance(viewer, 5)


# The learning rate


def test_another_learning_rate_goes_on_and_is_recorded_at_its_step(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 40)
    viewer.play()
    recording, epoch = viewer.recording, viewer.epoch
    viewer.change(with_rate(HELLO, 0.05))
    assert viewer.playing and viewer.playhead == 40 and viewer.ghosts == ()
    assert viewer.recording == recording and viewer.epoch > epoch
    assert viewer.run.changes == (RateChange(40, 0.05),)
    advance(viewer, 20)
    assert viewer.run.curve_points(59).learning_rate.tolist() == [0.01] * 40 + [0.05] * 20
    straight = Trainer(HELLO, Corpus(HELLO.text))
    straight.advance(40)
    straight.learning_rate = 0.05
    straight.advance(20)
    assert torch.equal(viewer.run.snapshot_at(60).parameters, straight.network.parameters)


def test_changing_the_rate_and_back_is_recorded_twice(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 10)
    viewer.change(with_rate(HELLO, 0.5))
    advance(viewer, 10)
    viewer.change(HELLO)
    advance(viewer, 10)
    assert viewer.run.changes == (RateChange(10, 0.5), RateChange(20, 0.01))
    assert viewer.run.curve_points(29).learning_rate.tolist() == [0.01] * 10 + [0.5] * 10 + [0.01] * 10


def test_a_rate_that_changed_nothing_yet_is_forgotten(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 10)
    viewer.change(with_rate(HELLO, 0.5))
    viewer.change(with_rate(HELLO, 0.2))
    assert viewer.run.changes == (RateChange(10, 0.2),)


def test_a_rate_changed_before_the_first_update_is_another_experiment(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.change(with_rate(HELLO, 0.5))
    assert viewer.run.config.training.learning_rate == 0.5 and viewer.run.changes == ()


def test_reset_after_a_rate_change_starts_with_the_present_rate(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 10)
    viewer.change(with_rate(HELLO, 0.5))
    advance(viewer, 10)
    viewer.reset()
    assert viewer.playhead == 0 and viewer.run.rate_at(0) == 0.5 and viewer.run.changes == ()


def test_a_rate_change_leaves_the_shared_run_alone(registry: Registry) -> None:
    one, other = Viewer(registry, HELLO), Viewer(registry, HELLO)
    advance(one, 30)
    advance(other, 10)
    other.change(with_rate(HELLO, 0.5))
    advance(other, 10)
    assert one.run.changes == () and one.run.step == 30
    assert one.run is not other.run


# Several viewers of one run


def test_equal_experiments_share_a_run_and_each_viewer_has_a_playhead(registry: Registry) -> None:
    one, other = Viewer(registry, HELLO), Viewer(registry, ExperimentConfig())
    assert one.run is other.run and len(registry) == 1
    advance(one, 60)
    assert other.playhead == 0 and len(other.frames_to_send()) == 1
    advance(other, 25)
    assert (one.playhead, other.playhead, one.run.step) == (60, 25, 60)
    other.reset()
    assert one.playhead == 60 and one.run.step == 60


def test_a_viewer_behind_a_long_run_sees_its_own_speed(registry: Registry, clock: list[float]) -> None:
    """A long run's tape is too sparse to be watched step by step: then the viewer gets a copy."""
    fast, slow = Viewer(registry, HELLO), Viewer(registry, HELLO)
    shared = fast.run
    shared.advance(3000)
    assert shared.spacing(0) > 3, "else this test shows nothing"
    slow.speed = "normal"
    slow.play()
    seen = set()
    for _ in range(10):
        tick(slow, clock)
        seen |= {frame.step for frame in slow.frames_to_send()}
    assert slow.run is not shared and shared.step == 3000
    assert seen >= set(range(slow.playhead + 1))
    for frame in slow.run.frames(0, slow.playhead):
        trace = shared.trace_at(frame.step)
        assert frame.perplexity == pytest.approx(trace["nll"].exp().item(), rel=1e-5)


def test_at_full_speed_what_is_recorded_is_replayed(registry: Registry) -> None:
    fast, late = Viewer(registry, HELLO), Viewer(registry, HELLO)
    fast.run.advance(3000)
    late.speed = "max"
    late.play()
    for _ in range(12):
        late.tick()
        late.frames_to_send()
    assert late.run is fast.run and late.playhead >= 1000


def test_others_training_counts_the_others_only(registry: Registry) -> None:
    viewers = [Viewer(registry, with_seed(seed)) for seed in range(3)]
    assert [viewer.others_training for viewer in viewers] == [0, 0, 0]
    for viewer in viewers[:2]:
        viewer.play()
        viewer.tick()
    assert [viewer.others_training for viewer in viewers] == [1, 1, 2]


# Stop conditions and explosions


@pytest.mark.parametrize("speed", ["watch", "normal", "fast", "max"])
def test_stop_at_a_step_is_exact(registry: Registry, clock: list[float], speed: str) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.speed, viewer.stop_step = speed, 37
    viewer.play()
    for _ in range(100):
        tick(viewer, clock)
        if not viewer.playing:
            break
    assert viewer.playhead == 37 and not viewer.playing
    viewer.play()
    for _ in range(5):
        tick(viewer, clock)
    assert viewer.playhead > 37 and viewer.playing, "playing on goes past the stop"


def test_stop_at_a_step_is_exact_on_what_is_already_recorded(registry: Registry) -> None:
    ahead, viewer = Viewer(registry, HELLO), Viewer(registry, HELLO)
    ahead.run.advance(150)
    viewer.speed, viewer.stop_step = "max", 77
    viewer.play()
    while viewer.tick():
        pass
    assert viewer.playhead == 77


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("speed", ["normal", "fast", "max"])
def test_stop_at_a_perplexity(registry: Registry, clock: list[float], speed: str, recorded: bool) -> None:
    viewer = Viewer(registry, HELLO)
    if recorded:
        viewer.run.advance(150)
    viewer.speed, viewer.stop_perplexity = speed, 2.0
    viewer.play()
    for _ in range(400):
        tick(viewer, clock)
        if not viewer.playing:
            break
    assert not viewer.playing
    perplexity = viewer.run.curve_points(viewer.playhead).perplexity
    assert (perplexity > 2.0).sum() == len(perplexity) - 1 and perplexity[-1] <= 2.0


def test_single_steps_go_past_a_stop_condition(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.stop_step, viewer.stop_perplexity = 2, 100.0
    for _ in range(5):
        viewer.step_once()
    assert viewer.playhead == 5


def test_playing_on_below_the_chosen_perplexity_is_possible(registry: Registry, clock: list[float]) -> None:
    """Pressing play after a stop is a wish to go on; else the button seems broken."""
    viewer = Viewer(registry, HELLO)
    viewer.speed, viewer.stop_perplexity = "max", 2.0
    viewer.play()
    while viewer.tick():
        pass
    before = viewer.playhead
    viewer.speed = "normal"
    viewer.play()
    for _ in range(5):
        tick(viewer, clock)
    assert viewer.playhead >= before + 20


@pytest.mark.parametrize("learning_rate", [1.0, 10.0])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
@pytest.mark.parametrize("text", ["hello", "a" + "." * 49 + "A"])
def test_an_explosion_stops_the_viewer_and_keeps_the_tape(
    registry: Registry, clock: list[float], learning_rate: float, optimizer: str, text: str
) -> None:
    training = TrainingConfig(optimizer=optimizer, learning_rate=learning_rate, clip="off")
    viewer = Viewer(registry, replace(EXPLOSIVE, training=training, text=TextConfig(text=text)))
    viewer.play()
    for _ in range(2000):
        tick(viewer, clock)
        if not viewer.playing:
            break
    assert viewer.exploded_at == viewer.playhead > 0
    frames = viewer.frames_to_send()
    assert frames[0].step == 0 and frames[-1].step == viewer.playhead
    viewer.play()
    assert not viewer.playing, "there is nothing beyond an explosion"
    viewer.step_once()
    assert viewer.playhead == viewer.exploded_at
    viewer.reset()
    assert viewer.playhead == 0 and viewer.exploded_at is None
    viewer.step_once()
    assert viewer.playhead == 1


def test_a_smaller_rate_before_the_explosion_avoids_it(registry: Registry) -> None:
    viewer = Viewer(registry, EXPLOSIVE)
    viewer.step_once()
    viewer.change(with_rate(EXPLOSIVE, 1e-3))
    advance(viewer, 300)
    assert viewer.exploded_at is None and viewer.playhead == 301


# Dropped runs


def test_a_dropped_run_is_trained_again_to_the_same_weights(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 30)
    viewer.change(with_rate(HELLO, 0.05))
    advance(viewer, 50)
    weights, curve = viewer.run.snapshot_at(80).parameters.clone(), viewer.run.curve_points(79)
    recording, epoch = viewer.recording, viewer.epoch
    registry._drop(viewer.run_id)
    assert torch.equal(viewer.run.snapshot_at(80).parameters, weights)
    assert viewer.playhead == 80
    again: CurvePoints = viewer.run.curve_points(79)
    assert again.perplexity.tolist() == curve.perplexity.tolist()
    assert again.learning_rate.tolist() == curve.learning_rate.tolist()
    assert viewer.recording == recording and viewer.epoch == epoch, "the stage may keep its frames"


def test_a_dropped_run_that_takes_too_long_brings_the_playhead_back_honestly(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = Viewer(registry, HELLO)
    advance(viewer, 400)
    registry._drop(viewer.run_id)
    monkeypatch.setattr(viewer_module, "RESTORE_SECONDS", 0.0)
    began = time.perf_counter()
    step = viewer.run.step
    assert time.perf_counter() - began < 1
    assert viewer.playhead == step < 400
    viewer.step_once()
    assert viewer.playhead == step + 1


def test_a_viewer_away_longer_than_its_lease_can_change_the_learning_rate(registry: Registry) -> None:
    """The change is the first thing this viewer does after its run was dropped."""
    viewer = Viewer(registry, HELLO)
    advance(viewer, 20)
    registry._drop(viewer.run_id)
    viewer.change(with_rate(HELLO, 0.05))
    assert viewer.playhead == 20 and viewer.run.changes == (RateChange(20, 0.05),)
