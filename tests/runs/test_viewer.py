"""A person's playhead on a recording: what every transport button does to it, without a page.

What holds for any sequence of actions is in `test_playhead.py`; here each thing has a name and an example.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from math import isfinite, log

import pytest

from playground.config import (
    MAX_CHANGES,
    ExperimentConfig,
    NetworkConfig,
    TextConfig,
    TrainingConfig,
    from_query,
    to_query,
)
from playground.refusal import Refusal
from playground.runs import album as album_module
from playground.runs import move as move_module
from playground.runs import pace as pace_module
from playground.runs import track as track_module
from playground.runs.playhead import PACES
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.tape import Tape
from playground.runs.viewer import MAX_GHOSTS, Viewer
from tests.runs.straight import Clock, alone, calm_registry, same_weights, straight
from tests.waiting import wait_until

HELLO = ExperimentConfig()
SMALL = ExperimentConfig(network=NetworkConfig("gru", 4))
EXPLOSIVE = ExperimentConfig(
    network=NetworkConfig(cell="rnn", nonlinearity="linear"),
    training=TrainingConfig(optimizer="sgd", learning_rate=1.0, clip="off"),
)


def with_rate(config: ExperimentConfig, learning_rate: float) -> ExperimentConfig:
    return replace(config, training=replace(config.training, learning_rate=learning_rate, rates=()))


def with_rates(config: ExperimentConfig, *rates: tuple[int, float]) -> ExperimentConfig:
    return replace(config, training=replace(config.training, rates=rates))


def with_seed(seed: int, config: ExperimentConfig = HELLO) -> ExperimentConfig:
    return replace(config, seed=seed)


@pytest.fixture
def registry() -> Registry:
    return calm_registry()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The viewers' clock, which stands still unless the test moves it; looking at it is the only work there is."""
    return Clock().replace_for_viewers(monkeypatch.setattr)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Albums that keep so little that a few hundred steps are a long run."""
    monkeypatch.setattr(album_module, "FIRST", (8,))
    monkeypatch.setattr(album_module, "RECENT", 4)
    alone.cache_clear()


@pytest.fixture(autouse=True)
def forget_short_albums() -> Iterator[None]:
    yield
    alone.cache_clear()


def tick(viewer: Viewer, clock: Clock, seconds: float = 0.2) -> int:
    """One beat after some seconds; the step it comes to."""
    clock.now += seconds
    viewer.tick()
    return viewer.playhead


def play_to(viewer: Viewer, step: int) -> None:
    """Bring a viewer to a step by playing, as fast as it goes."""
    viewer.speed, viewer.stop_step = "max", step
    viewer.play()
    while viewer.tick():
        pass
    assert viewer.playhead == step and viewer.settle()
    viewer.stop_step = None


def picture(viewer: Viewer) -> bytes:
    """What a viewer at rest sees: the last frame of its message, which must be that of its playhead."""
    assert not viewer.playing and viewer.settle()
    frames = viewer.frames_to_send()
    assert frames[-1].step == viewer.playhead
    return frames[-1].payload


def assert_sees_its_own_step(viewer: Viewer) -> None:
    assert picture(viewer) == alone(viewer.config).payload(viewer.playhead)


# Play, pause, step, reset


@pytest.mark.parametrize(("speed", "rate"), [("watch", 5), ("normal", 30), ("fast", 300)])
def test_playing_moves_at_the_chosen_speed(registry: Registry, clock: Clock, speed: str, rate: int) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.speed = speed
    viewer.play()
    start = tick(viewer, clock)
    for _ in range(40):
        tick(viewer, clock)
    assert viewer.playhead - start == pytest.approx(rate * 0.2 * 40, abs=1)
    assert viewer.steps_per_second == pytest.approx(rate, rel=0.1)


def test_as_fast_as_it_goes_is_a_turn_of_training_each_tick(registry: Registry, clock: Clock) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.speed = "max"
    viewer.play()
    steps = [tick(viewer, clock, 0.0) for _ in range(5)]
    assert steps == sorted(set(steps)) and steps[-1] > 100


def test_a_late_tick_makes_up_for_two_of_the_longest_at_most(registry: Registry, clock: Clock) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.play()
    before = tick(viewer, clock)
    assert 2 * PACES[-1][2] <= pace_module.LONGEST_PAUSE < 3 * PACES[-1][2]
    assert tick(viewer, clock, 3600.0) - before <= 30 * pace_module.LONGEST_PAUSE + 1


def test_3_12_time_away_from_the_page_is_not_counted(registry: Registry, clock: Clock) -> None:
    """3.12: after a visit to another page the speed shown was 12 steps/s at 30 steps/s."""
    viewer = Viewer(registry, SMALL)
    viewer.play()
    for _ in range(10):
        tick(viewer, clock)
    assert viewer.steps_per_second == pytest.approx(30, rel=0.05)
    tick(viewer, clock, 20.0)
    for _ in range(3):
        tick(viewer, clock)
        assert viewer.steps_per_second == pytest.approx(30, rel=0.05)


def test_a_paused_viewer_stays_and_trains_nothing(registry: Registry, clock: Clock) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.play()
    for _ in range(5):
        tick(viewer, clock)
    viewer.pause()
    step, trained = viewer.playhead, viewer.run.step
    assert not viewer.playing and viewer.steps_per_second == 0
    assert tick(viewer, clock, 100.0) == step and viewer.run.step == trained
    viewer.play()
    assert step <= tick(viewer, clock) <= step + 4, "the pause is not made up for"


def test_2_1_pause_at_full_speed_shows_the_newest_step(registry: Registry, clock: Clock) -> None:
    """2.1: GRU, hello, seed 60: stage and status said 9,067, the study 9,616, and Step jumped to 9,617."""
    viewer = Viewer(registry, ExperimentConfig(network=NetworkConfig("gru"), seed=60))
    viewer.speed = "max"
    viewer.play()
    for _ in range(3):
        tick(viewer, clock)
        viewer.frames_to_send()
    viewer.pause()
    step = viewer.playhead
    assert step == viewer.run.step == viewer.frames_to_send()[-1].step > 100
    assert viewer.curve_points().step[-1] == step
    viewer.step_once()
    assert viewer.playhead == step + 1 == viewer.frames_to_send()[-1].step
    assert_sees_its_own_step(viewer)


def test_step_makes_one_update_and_stops(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.play()
    viewer.step_once()
    assert not viewer.playing
    viewer.step_once()
    assert viewer.playhead == viewer.run.step == 2 and same_weights(viewer.run, 2)
    assert_sees_its_own_step(viewer)


def test_reset_goes_back_to_the_same_untrained_network(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    first = picture(viewer)
    play_to(viewer, 50)
    later, recording = picture(viewer), viewer.recording
    viewer.reset()
    assert viewer.playhead == 0 and viewer.ghosts == () and viewer.recording == recording
    assert picture(viewer) == first and len(viewer.frames_to_send()) == 1
    play_to(viewer, 50)
    assert picture(viewer) == later != first


def test_a_finished_run_is_shown_and_played_from_its_start(registry: Registry, clock: Clock) -> None:
    finished = registry.get("server", registry.open("server", HELLO))
    finished.advance(60)
    viewer = Viewer(registry, HELLO, finished_at=60)
    assert viewer.shows_finished and viewer.playhead == 60 and not viewer.playing
    assert [frame.step for frame in viewer.frames_to_send()] == list(range(61))
    viewer.play()
    assert tick(viewer, clock, 0.1) < 10 and not viewer.shows_finished
    assert finished.step == 60, "what is recorded is not trained again"
    assert not Viewer(registry, with_seed(1), finished_at=60).shows_finished


def test_going_on_from_where_one_was_plays_once_the_step_is_there(registry: Registry) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.resume(40, playing=True)
    assert not viewer.playing
    assert viewer.settle() and viewer.playing and viewer.playhead == 40
    viewer.resume(30, playing=True)
    viewer.pause()
    assert viewer.settle() and not viewer.playing, "what is done in the meantime counts"


# Where a playhead rests, its own frame is there


def test_3_1_step_by_step_through_a_long_recording(registry: Registry, short: None) -> None:
    """3.1: speed max past 6,000, Pause, Reset, Step ×4: status 1 … 4, stage 0, 0, 0, 0."""
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 400)
    viewer.reset()
    for step in range(1, 25):
        viewer.step_once()
        assert viewer.playhead == step
        assert_sees_its_own_step(viewer)
    assert viewer.run.step == 400


@pytest.mark.parametrize("stop", [None, 77, 300])
def test_3_1_a_latecomer_stops_where_it_was_asked_to(
    registry: Registry, clock: Clock, short: None, stop: int | None
) -> None:
    """3.1: on a shared run at max, *stop at perplexity 1.2* stopped at 48 and showed frame 0; stop 1000 showed 896."""
    viewer, ahead = Viewer(registry, SMALL), Viewer(registry, SMALL)
    ahead.run.advance(500)
    goal = straight(SMALL).update(217).perplexity[0] * 1.0001
    reached = next(s for s in range(1, 500) if straight(SMALL).update(s).nll[0] <= log(goal))
    assert reached > 60
    viewer.stop_step, viewer.stop_perplexity = stop, None if stop else goal
    viewer.speed = "max"
    viewer.play()
    while viewer.playing:
        tick(viewer, clock)
    assert viewer.playhead == (stop or reached)
    assert_sees_its_own_step(viewer)


def test_3_1_a_paused_viewer_keeps_its_frame_when_a_classmate_trains_on(
    registry: Registry, short: None
) -> None:
    """3.1: a viewer paused at 1,297 saw 1,280 after a reload, then 1,024."""
    viewer, classmate = Viewer(registry, SMALL), Viewer(registry, SMALL)
    play_to(viewer, 129)
    before = picture(viewer)
    play_to(classmate, 700)
    assert picture(viewer) == before
    reloaded = Viewer(registry, viewer.config)
    assert reloaded.go_to(129) and picture(reloaded) == before


def test_3_1_the_frame_stays_also_when_it_was_only_looked_at(registry: Registry, short: None) -> None:
    """A frame that the run still has becomes the viewer's own by being looked at."""
    viewer, classmate = Viewer(registry, SMALL), Viewer(registry, SMALL)
    viewer.go_to(37)
    assert viewer.is_settled
    play_to(classmate, 90)
    assert [frame.step for frame in viewer.frames_to_send()][-1] == 37


@pytest.mark.parametrize("speed", ["watch", "normal"])
def test_3_2_watching_where_frames_are_far_apart_shows_every_step(
    registry: Registry, clock: Clock, short: None, speed: str
) -> None:
    """3.2: resuming at *watch* in a stretch with gaps (1742, 1744, 1755, …) froze the picture."""
    viewer, ahead = Viewer(registry, SMALL), Viewer(registry, SMALL)
    ahead.run.advance(300)
    viewer.go_to(100)
    viewer.settle()
    assert len(viewer.run.frames(100, 140)) < 10, "else this test shows nothing"
    viewer.speed = speed
    viewer.play()
    seen: dict[int, bytes] = {}
    for _ in range(12):
        tick(viewer, clock)
        seen |= {frame.step: frame.payload for frame in viewer.frames_to_send()}
        assert max(seen) == viewer.playhead
    steps = sorted(step for step in seen if step > 100)
    assert steps == list(range(101, viewer.playhead + 1)) and len(steps) > 10
    assert all(payload == alone(SMALL).payload(step) for step, payload in seen.items())


def test_fast_replay_of_a_sparse_recording_is_smooth_too(
    registry: Registry, clock: Clock, short: None
) -> None:
    viewer, ahead = Viewer(registry, SMALL), Viewer(registry, SMALL)
    ahead.run.advance(600)
    viewer.speed = "fast"
    viewer.play()
    seen: set[int] = set()
    for _ in range(8):
        tick(viewer, clock)
        seen |= {frame.step for frame in viewer.frames_to_send()}
    steps = sorted(seen)
    assert viewer.playhead > 200
    assert max(after - before for before, after in pairwise(steps)) <= 2 * 60 / 6 + 1, "six frames a tick"


# What the stage is sent


def test_while_playing_every_message_repeats_the_one_before(registry: Registry, clock: Clock) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.play()
    batches = []
    for _ in range(12):
        tick(viewer, clock)
        batches.append({frame.step for frame in viewer.frames_to_send()})
        assert max(batches[-1]) == viewer.playhead
    for dropped in (0, 1):
        left = batches[dropped::2]
        assert set.union(*left) >= set(range(1, max(left[-1]) + 1)), "a message may drop"


def test_where_messages_do_not_drop_each_frame_is_sent_once(registry: Registry, clock: Clock) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.play()
    sent: list[int] = []
    for _ in range(12):
        tick(viewer, clock)
        sent += [frame.step for frame in viewer.frames_to_send(repeat=False)]
    assert sent == list(range(1, viewer.playhead + 1))


def test_a_paused_viewer_is_sent_everything_it_has_seen_and_nothing_beyond(registry: Registry) -> None:
    ahead, behind = Viewer(registry, HELLO), Viewer(registry, HELLO)
    play_to(ahead, 60)
    play_to(behind, 30)
    assert [frame.step for frame in behind.frames_to_send()] == list(range(31))
    assert ahead.frames_to_send()[-1].step == 60


# Other experiments and their ghosts


def test_another_experiment_starts_at_zero_and_leaves_a_ghost(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    play_to(viewer, 40)
    points, recording = viewer.curve_points(), viewer.recording
    viewer.play()
    viewer.change(replace(HELLO, network=NetworkConfig(cell="gru")))
    assert (viewer.playhead, viewer.playing, viewer.config.network.cell) == (0, False, "gru")
    assert viewer.recording != recording and viewer.forks == ()
    (ghost,) = viewer.ghosts
    assert ghost.config == HELLO
    assert ghost.steps == tuple(points.step) and ghost.losses == tuple(points.loss)


def test_an_experiment_that_never_ran_leaves_no_ghost(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.change(with_seed(1))
    assert viewer.ghosts == ()
    viewer.change(viewer.shown)
    assert viewer.ghosts == ()


def test_ghosts_are_at_most_three_the_newest_and_can_be_removed(registry: Registry) -> None:
    viewer = Viewer(registry, SMALL)
    for seed in range(1, 6):
        play_to(viewer, 5)
        viewer.change(with_seed(seed, SMALL))
    assert MAX_GHOSTS == 3 and [ghost.config.seed for ghost in viewer.ghosts] == [2, 3, 4]
    assert len({ghost.id for ghost in viewer.ghosts}) == 3
    viewer.remove_ghost(viewer.ghosts[1].id)
    assert [ghost.config.seed for ghost in viewer.ghosts] == [2, 4]
    viewer.remove_ghost("no such ghost")
    assert len(viewer.ghosts) == 2


def test_ghosts_of_long_runs_stay_small_and_end_where_they_were_left(registry: Registry) -> None:
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 700)
    viewer.change(with_seed(1, SMALL))
    (ghost,) = viewer.ghosts
    assert 100 <= len(ghost.steps) <= 130 and (ghost.steps[0], ghost.steps[-1]) == (0, 700)
    assert list(ghost.losses) == [straight(SMALL).update(step).nll[0] for step in ghost.steps]


def test_3_9_a_ghost_knows_the_changes_of_its_rate(registry: Registry) -> None:
    """3.9: a ghost read as if its last rate had held all along."""
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 10)
    viewer.change(with_rate(SMALL, 0.5))
    play_to(viewer, 20)
    viewer.change(with_seed(1, with_rate(SMALL, 0.5)))
    assert viewer.ghosts[0].config == with_rates(SMALL, (10, 0.5))
    assert viewer.config == with_seed(1, with_rate(SMALL, 0.5)), "the new one begins with the rate on screen"


def test_an_exploded_ghost_keeps_what_it_measured(registry: Registry) -> None:
    viewer = Viewer(registry, EXPLOSIVE)
    viewer.go_to(5000)
    assert viewer.settle() and viewer.explosion is not None
    viewer.change(HELLO)
    losses = viewer.ghosts[0].losses
    assert viewer.ghosts[0].config == EXPLOSIVE and all(map(isfinite, losses[:-1]))


def test_a_text_that_cannot_be_trained_on_changes_nothing(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    play_to(viewer, 20)
    before = (viewer.config, viewer.playhead, viewer.run_id, viewer.ghosts, viewer.recording)
    with pytest.raises(Refusal, match="text"):
        viewer.change(replace(HELLO, text=TextConfig(text="a")))
    assert (viewer.config, viewer.playhead, viewer.run_id, viewer.ghosts, viewer.recording) == before
    play_to(viewer, 25)


# The learning rate


def test_another_learning_rate_goes_on_and_belongs_to_the_experiment(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    play_to(viewer, 40)
    viewer.play()
    recording = viewer.recording
    viewer.change(with_rate(HELLO, 0.05))
    assert viewer.playing and viewer.playhead == 40 and viewer.ghosts == ()
    assert viewer.recording == recording and viewer.forks == (40,)
    assert viewer.config == with_rates(HELLO, (40, 0.05))
    assert viewer.rate == 0.05 and viewer.shown == with_rate(HELLO, 0.05)
    play_to(viewer, 60)
    assert viewer.curve_points().learning_rate.tolist() == [0.01] * 40 + [0.05] * 21
    assert same_weights(viewer.run, 60)
    assert_sees_its_own_step(viewer)


def test_3_3_a_change_at_the_very_step_of_an_earlier_one_replaces_it(registry: Registry) -> None:
    """3.3: `branch(10, .1)` of a run whose rate changed at 10 trained with the rate before; the page said .1."""
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 10)
    for rate in (0.5, 0.2):
        viewer.change(with_rate(SMALL, rate))
        assert viewer.rate == rate and viewer.run.config.training.rate_at(10) == rate
    play_to(viewer, 15)
    assert viewer.config == with_rates(SMALL, (10, 0.2)) and viewer.forks == (10, 10)
    assert viewer.curve_points().learning_rate.tolist() == [0.01] * 10 + [0.2] * 6
    assert same_weights(viewer.run, 15)
    viewer.go_to(10)
    viewer.change(with_rate(SMALL, 0.01))
    assert viewer.config == SMALL, "and back to the first rate, it is the first experiment"


def test_changing_the_rate_and_back_is_recorded_twice(registry: Registry) -> None:
    viewer = Viewer(registry, SMALL)
    for step, rate in ((10, 0.5), (20, 0.01)):
        play_to(viewer, step)
        viewer.change(with_rate(SMALL, rate))
    play_to(viewer, 30)
    assert viewer.config == with_rates(SMALL, (10, 0.5), (20, 0.01))
    assert viewer.curve_points().learning_rate.tolist() == [0.01] * 10 + [0.5] * 10 + [0.01] * 11


def test_a_change_after_going_back_forgets_the_changes_beyond(registry: Registry) -> None:
    viewer = Viewer(registry, SMALL)
    for step, rate in ((10, 0.5), (20, 0.2)):
        play_to(viewer, step)
        viewer.change(with_rate(SMALL, rate))
    viewer.go_to(15)
    viewer.change(with_rate(SMALL, 0.3))
    assert viewer.config == with_rates(SMALL, (10, 0.5), (15, 0.3)) and viewer.playhead == 15
    play_to(viewer, 25)
    assert same_weights(viewer.run, 25)
    assert_sees_its_own_step(viewer)


def test_3_4_no_frame_of_the_old_future_is_sent_after_a_change(registry: Registry, clock: Clock) -> None:
    """3.4: 77 of 340 frames in the browser were of the old future; step 205 showed 18.05 for 5.73."""
    viewer, other = Viewer(registry, SMALL), Viewer(registry, SMALL)
    other.run.advance(80)
    viewer.play()
    for _ in range(8):
        tick(viewer, clock)
        viewer.frames_to_send()
    step = viewer.playhead
    viewer.change(with_rate(SMALL, 0.9))
    assert viewer.playing and viewer.forks == (step,)
    for _ in range(5):
        tick(viewer, clock)
        for frame in viewer.frames_to_send():
            assert frame.payload == alone(viewer.config).payload(frame.step)
    viewer.pause()
    assert viewer.playhead > step
    for frame in viewer.frames_to_send():
        assert frame.payload == alone(viewer.config).payload(frame.step)


def test_a_rate_changed_before_the_first_update_is_another_experiment(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.change(with_rate(HELLO, 0.5))
    assert viewer.config == with_rate(HELLO, 0.5) and viewer.forks == ()


def test_reset_after_a_rate_change_starts_with_the_present_rate(registry: Registry) -> None:
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 10)
    viewer.change(with_rate(SMALL, 0.5))
    play_to(viewer, 20)
    recording = viewer.recording
    viewer.reset()
    assert viewer.playhead == 0 and viewer.config == with_rate(SMALL, 0.5)
    assert viewer.recording != recording and viewer.forks == ()


def test_a_rate_change_leaves_others_alone(registry: Registry) -> None:
    one, other = Viewer(registry, SMALL), Viewer(registry, SMALL)
    play_to(one, 30)
    play_to(other, 10)
    other.change(with_rate(SMALL, 0.5))
    play_to(other, 20)
    assert one.config == SMALL and one.run.step == 30 and one.run is not other.run
    assert_sees_its_own_step(one)


def test_too_many_changes_are_refused_and_change_nothing(registry: Registry) -> None:
    viewer = Viewer(registry, with_rates(SMALL, *((s, 0.1 + s % 2) for s in range(1, MAX_CHANGES + 1))))
    viewer.go_to(MAX_CHANGES + 1)
    viewer.settle()
    before = (viewer.config, viewer.playhead, viewer.forks, viewer.run_id)
    with pytest.raises(Refusal, match=f"^rates must be at most {MAX_CHANGES}; got {MAX_CHANGES + 1}"):
        viewer.change(with_rate(viewer.shown, 0.7))
    assert (viewer.config, viewer.playhead, viewer.forks, viewer.run_id) == before
    assert_sees_its_own_step(viewer)


def test_3_9_the_address_names_the_experiment_with_its_changes(registry: Registry) -> None:
    """3.9: rnn, hello world, seed 31, 0.01 → 0.1 at 81, at 155: the link gave ‖∂L/∂W‖ 0.0000281 for 0.000147."""
    config = ExperimentConfig(TextConfig("hello world"), NetworkConfig("rnn"), seed=31)
    viewer = Viewer(registry, config)
    play_to(viewer, 81)
    viewer.change(with_rate(config, 0.1))
    play_to(viewer, 155)
    query = to_query(viewer.config)
    assert query["rates"] == "81:0.1"
    opened, refusals = from_query(query)
    assert refusals == () and opened == viewer.config
    stranger = Viewer(calm_registry(), opened)
    stranger.go_to(155)
    assert picture(stranger) == picture(viewer)
    assert stranger.rate == viewer.rate == 0.1
    norms = [each.curve_points().gradient_norm[-1] for each in (viewer, stranger)]
    assert norms[0] == norms[1] == straight(with_rates(config, (81, 0.1))).update(155).gradient_norm[0]
    assert norms[0] != straight(config).update(155).gradient_norm[0]


def test_a_link_may_be_opened_in_place_of_what_is_there(registry: Registry) -> None:
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 12)
    config = with_rates(SMALL, (5, 0.2))
    viewer.open(config)
    assert viewer.config == config and viewer.playhead == 0 and viewer.ghosts[0].config == SMALL
    play_to(viewer, 9)
    assert same_weights(viewer.run, 9)
    viewer.open(config)
    assert viewer.playhead == 9, "the experiment that is there already stays as it is"


# Several viewers of one run


def test_equal_experiments_share_a_run_and_each_viewer_has_a_playhead(registry: Registry) -> None:
    one, other = Viewer(registry, HELLO), Viewer(registry, ExperimentConfig())
    assert one.run is other.run and len(registry) == 1
    play_to(one, 60)
    assert other.playhead == 0 and len(other.frames_to_send()) == 1
    play_to(other, 25)
    assert (one.playhead, other.playhead, one.run.step) == (60, 25, 60)
    other.reset()
    assert one.playhead == 60 and one.run.step == 60


def test_3_10_a_strangers_training_does_not_thin_my_record(
    registry: Registry, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3.10: B paused at 38 had a curve of 39 points; A trained on to 36,675, and 3 were left, the last at 32."""
    monkeypatch.setattr("playground.runs.curve.FIRST", 16)
    mine, stranger = Viewer(registry, SMALL), Viewer(registry, SMALL)
    play_to(mine, 39)
    before = [column.tolist() for column in mine.curve_points().columns]
    seen, samples = [f.payload for f in mine.frames_to_send()], mine.run.samples(39)
    assert before[0][-1] == 39
    play_to(stranger, 800)
    mine.settle()
    assert [column.tolist() for column in mine.curve_points().columns] == before
    assert mine.run.samples(39) == samples and mine.frames_to_send()[-1].payload == seen[-1]
    play_to(mine, 139)
    assert mine.playhead == 139, "a hundred steps more are counted from my own"


@pytest.mark.parametrize("recorded", [0, 40, 600])
@pytest.mark.parametrize("speed", ["normal", "fast", "max"])
def test_3_10_a_stop_at_a_perplexity_is_the_same_whoever_trained_before(
    registry: Registry, clock: Clock, short: None, monkeypatch: pytest.MonkeyPatch, speed: str, recorded: int
) -> None:
    """3.10: a viewer stopped at 40 instead of 35 because a stranger's training had thinned the curve."""
    monkeypatch.setattr("playground.runs.curve.FIRST", 16)
    monkeypatch.setattr(move_module, "ALL_POINTS", 16)
    Viewer(registry, SMALL).run.advance(recorded)
    viewer = Viewer(registry, SMALL)
    viewer.speed, viewer.stop_perplexity = speed, 2.0
    viewer.play()
    for _ in range(600):
        tick(viewer, clock)
        if not viewer.playing:
            break
    expected = next(s for s in range(1, 600) if straight(SMALL).update(s).nll[0] <= log(2.0))
    assert expected > 40 and viewer.playhead == expected and not viewer.playing
    assert_sees_its_own_step(viewer)


@pytest.mark.parametrize("speed", ["normal", "fast", "max"])
def test_3_10_two_who_stop_at_the_same_perplexity_stop_at_the_same_step(
    registry: Registry, clock: Clock, speed: str
) -> None:
    """The second one finds a recording that ends at the very step: it must not train on in the same tick."""
    steps = []
    for _ in range(3):
        viewer = Viewer(registry, SMALL)
        viewer.speed, viewer.stop_perplexity = speed, 2.0
        viewer.play()
        while viewer.playing:
            tick(viewer, clock)
        steps.append(viewer.playhead)
    assert len(set(steps)) == 1 and viewer.run.step == steps[0]


def test_others_training_counts_the_others_only(registry: Registry, clock: Clock) -> None:
    viewers = [Viewer(registry, with_seed(seed)) for seed in range(3)]
    assert [viewer.others_training for viewer in viewers] == [0, 0, 0]
    for viewer in viewers[:2]:
        viewer.play()
        viewer.tick()
    assert [viewer.others_training for viewer in viewers] == [1, 1, 2]


# Stop conditions and explosions


@pytest.mark.parametrize("recorded", [0, 20, 150])
@pytest.mark.parametrize("speed", ["watch", "normal", "fast", "max"])
def test_stop_at_a_step_is_exact(registry: Registry, clock: Clock, speed: str, recorded: int) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.run.advance(recorded)
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


def test_3_7_with_a_stop_far_away_a_replay_at_max_is_still_a_replay(
    registry: Registry, clock: Clock, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3.7: with a stop step set, the replay jumped there in one tick."""
    monkeypatch.setattr(move_module, "FRAMES_PER_TICK", 5)
    monkeypatch.setattr(track_module, "FRAMES_PER_TICK", 5)
    viewer = Viewer(registry, SMALL)
    viewer.run.advance(300)
    viewer.speed, viewer.stop_step = "max", 277
    viewer.play()
    steps = []
    while viewer.playing:
        steps.append(tick(viewer, clock))
        assert not viewer.playing or len(viewer.frames_to_send()) <= 2 * 2 * 5, (
            "with those of the message before"
        )
    assert len(steps) >= 4 and steps[0] < 10 and steps[-1] == 277
    assert_sees_its_own_step(viewer)


def test_single_steps_go_past_a_stop_condition(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    viewer.stop_step, viewer.stop_perplexity = 2, 100.0
    for _ in range(5):
        viewer.step_once()
    assert viewer.playhead == 5


@pytest.mark.parametrize("is_dropped", [False, True])
def test_playing_on_below_the_chosen_perplexity_is_possible(
    registry: Registry, clock: Clock, is_dropped: bool
) -> None:
    """Pressing play after a stop is a wish to go on; else the button seems broken."""
    viewer = Viewer(registry, HELLO)
    viewer.speed, viewer.stop_perplexity = "max", 2.0
    viewer.play()
    while viewer.playing:
        tick(viewer, clock)
    before = viewer.playhead
    if is_dropped:
        registry._drop(viewer.run_id)
    viewer.speed = "normal"
    viewer.play()
    for _ in range(6):
        tick(viewer, clock)
    assert viewer.playhead >= before + 20 and viewer.playing


@pytest.mark.parametrize("learning_rate", [1.0, 10.0])
@pytest.mark.parametrize("text", ["hello", "a" + "." * 49 + "A"])
def test_an_explosion_stops_the_viewer_and_keeps_the_tape(
    registry: Registry, clock: Clock, learning_rate: float, text: str
) -> None:
    config = replace(with_rate(EXPLOSIVE, learning_rate), text=TextConfig(text=text))
    viewer = Viewer(registry, config)
    viewer.speed = "max"
    viewer.play()
    for _ in range(400):
        tick(viewer, clock)
        if not viewer.playing:
            break
    end = straight(config).last(10_000)
    assert viewer.explosion.step == viewer.playhead == end == viewer.frames_to_send()[-1].step > 0
    viewer.play()
    assert not viewer.playing, "there is nothing beyond an explosion"
    viewer.step_once()
    assert viewer.playhead == end
    viewer.reset()
    assert viewer.playhead == 0 and viewer.explosion is None
    viewer.step_once()
    assert viewer.playhead == 1


def test_an_explosion_is_announced_where_it_is_and_not_before(registry: Registry) -> None:
    viewer, ahead = Viewer(registry, EXPLOSIVE), Viewer(registry, EXPLOSIVE)
    ahead.go_to(10_000)
    end = ahead.playhead
    assert ahead.explosion.step == end and viewer.explosion is None
    viewer.go_to(end - 1)
    assert viewer.explosion is None
    viewer.step_once()
    assert viewer.explosion == ahead.explosion and viewer.playhead == end
    viewer.step_once()
    assert viewer.playhead == end


def test_a_smaller_rate_before_the_explosion_avoids_it(registry: Registry) -> None:
    viewer = Viewer(registry, EXPLOSIVE)
    viewer.step_once()
    viewer.change(with_rate(EXPLOSIVE, 1e-3))
    play_to(viewer, 200)
    assert viewer.explosion is None


# Dropped runs


def test_a_dropped_run_is_trained_again_to_the_same_weights(registry: Registry) -> None:
    viewer = Viewer(registry, HELLO)
    play_to(viewer, 30)
    viewer.change(with_rate(HELLO, 0.05))
    play_to(viewer, 80)
    curve = [column.tolist() for column in viewer.curve_points().columns]
    recording, forks, before = viewer.recording, viewer.forks, picture(viewer)
    registry._drop(viewer.run_id)
    assert viewer.playhead == 80 and not viewer.is_settled
    assert picture(viewer) == before and same_weights(viewer.run, 80)
    assert [column.tolist() for column in viewer.curve_points().columns] == curve
    assert viewer.recording == recording and viewer.forks == forks, "the stage may keep its frames"
    registry._drop(viewer.run_id)
    viewer.reset()
    assert viewer.recording != recording, "the rate from the start is another experiment"


def test_reset_of_a_dropped_run_is_the_same_recording(registry: Registry) -> None:
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 10)
    recording = viewer.recording
    registry._drop(viewer.run_id)
    viewer.reset()
    assert viewer.recording == recording and viewer.playhead == 0


def test_a_dropped_run_comes_back_in_slices_and_the_playhead_waits(registry: Registry, clock: Clock) -> None:
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 400)
    before = picture(viewer)
    registry._drop(viewer.run_id)
    tries = 1
    while not viewer.settle(budget=0.0):
        assert viewer.playhead == 400, "where a person was is not forgotten"
        tries += 1
    assert 3 < tries < 50 and picture(viewer) == before


@pytest.mark.parametrize("speed", ["watch", "max"])
def test_whoever_plays_while_the_run_is_dropped_plays_on_from_the_same_step(
    registry: Registry, clock: Clock, speed: str
) -> None:
    viewer = Viewer(registry, SMALL)
    play_to(viewer, 100)
    viewer.speed = speed
    viewer.play()
    registry._drop(viewer.run_id)
    steps = [tick(viewer, clock) for _ in range(12)]
    assert viewer.playing and steps[0] == 100 and steps == sorted(steps) and steps[-1] > 100
    viewer.pause()
    assert_sees_its_own_step(viewer)


def test_a_viewer_away_longer_than_its_lease_can_change_the_learning_rate(registry: Registry) -> None:
    """The change is the first thing this viewer does after its run was dropped."""
    viewer = Viewer(registry, HELLO)
    play_to(viewer, 20)
    registry._drop(viewer.run_id)
    viewer.change(with_rate(HELLO, 0.05))
    assert viewer.playhead == 20 and viewer.config == with_rates(HELLO, (20, 0.05))
    assert_sees_its_own_step(viewer)


def test_going_to_a_step_stops_at_its_budget_and_goes_on(registry: Registry, clock: Clock) -> None:
    viewer = Viewer(registry, SMALL)
    calls = 1
    while not viewer.go_to(200, budget=0.03):
        assert viewer.playhead == viewer.run.step < 200
        calls += 1
    assert 3 < calls < 50 and viewer.playhead == 200
    assert viewer.go_to(50) and viewer.playhead == 50
    exploding = Viewer(registry, EXPLOSIVE)
    assert exploding.go_to(10_000) and exploding.explosion.step == exploding.playhead


# Several threads


@contextmanager
def meanwhile(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, happens: Callable[[], object]
) -> Iterator[None]:
    """Let something happen in the middle of the next call of a method: before what it does."""
    original, happened = getattr(owner, name), []

    def interrupted(*args, **named):
        if not happened:
            happened.append(True)
            happens()
        return original(*args, **named)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, interrupted)
        yield
    assert happened, "else this test shows nothing"


ACTIONS: dict[str, Callable[[Viewer], object]] = {
    "pause": Viewer.pause,
    "reset": Viewer.reset,
    "step": Viewer.step_once,
    "rate": lambda viewer: viewer.change(with_rate(SMALL, 0.9)),
    "another experiment": lambda viewer: viewer.change(with_seed(9, SMALL)),
    "go to": lambda viewer: viewer.go_to(7),
}


@pytest.mark.parametrize("recorded", [0, 300])
@pytest.mark.parametrize("action", list(ACTIONS))
def test_what_a_person_does_counts_and_not_a_tick_that_began_before(
    registry: Registry,
    clock: Clock,
    short: None,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    recorded: int,
) -> None:
    viewer, twin = Viewer(registry, SMALL), Viewer(registry, SMALL)
    viewer.run.advance(recorded)
    for each in (viewer, twin):
        each.go_to(33)
        each.play()
    where = (Tape, "frames") if recorded else (Registry, "trains")
    with meanwhile(monkeypatch, *where, lambda: ACTIONS[action](viewer)):
        tick(viewer, clock)
    ACTIONS[action](twin)
    assert (viewer.playhead, viewer.playing, viewer.config) == (twin.playhead, twin.playing, twin.config)
    viewer.pause()
    assert_sees_its_own_step(viewer)


def test_a_tick_that_was_overtaken_by_a_change_leaves_no_old_future_behind(
    registry: Registry, clock: Clock, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tick walked through the run before, and the next one went on with that walk in the new run's album."""
    viewer = Viewer(registry, SMALL)
    viewer.run.advance(300)
    viewer.go_to(100)
    viewer.settle()
    viewer.play()
    tick(viewer, clock)
    with meanwhile(monkeypatch, Run, "replay", lambda: viewer.change(with_rate(SMALL, 0.9))):
        tick(viewer, clock)
    Viewer(registry, viewer.config).run.advance(300)
    for _ in range(6):
        tick(viewer, clock)
        for frame in viewer.frames_to_send():
            assert frame.payload == alone(viewer.config).payload(frame.step)
    assert viewer.playhead > 110


def test_settling_does_not_take_a_playing_playhead_back(
    registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick that moves on while the frame of the step before is being taken."""
    viewer = Viewer(registry, SMALL)
    viewer.run.advance(300)
    viewer.go_to(201)
    viewer.play()
    assert not viewer.is_settled
    with meanwhile(monkeypatch, Registry, "turn", lambda: tick(viewer, clock)):
        viewer.settle()
    assert viewer.playing and viewer.playhead > 201


def test_whoever_has_the_turn_may_look_at_a_viewer_that_waits_for_it(registry: Registry) -> None:
    """`go_to` once waited for its turn with the viewer locked, and nobody could move any more."""
    viewer = Viewer(registry, SMALL)
    viewer.run._step_seconds = 0.0  # it waits among the quick ones, on every machine
    going = threading.Thread(target=lambda: viewer.go_to(20))
    with viewer.turn():
        going.start()
        looking = threading.Thread(target=lambda: viewer.run)
        wait_until(lambda: bool(registry._turns.quick._queue))
        looking.start()
        looking.join(30)
        assert not looking.is_alive()
    going.join(30)
    assert viewer.playhead == 20


def test_two_ticks_at_once_are_one(registry: Registry, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = Viewer(registry, SMALL)
    viewer.play()
    seen: list[bool] = []
    with meanwhile(monkeypatch, Run, "advance", lambda: seen.append(viewer.tick())):
        tick(viewer, clock)
    assert seen == [True] and viewer.playhead == viewer.run.step == 3
