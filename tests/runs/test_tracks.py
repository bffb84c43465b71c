"""Several runs under one playhead: each as if it were alone, moved together, admitted like any run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.config import ExperimentConfig, NetworkConfig, TrainingConfig
from playground.refusal import Refusal
from playground.runs import album as album_module
from playground.runs import registry as registry_module
from playground.runs import wire
from playground.runs.registry import AT_WORK_SECONDS, Registry
from playground.runs.viewer import MAX_TRACKS, Viewer
from playground.ui.stage.feed import Feed
from playground.ui.stage.message import Heard, Scene
from tests.runs.server import LARGE, Server, needed, seed
from tests.runs.straight import Clock, alone, calm_registry, straight

HELLO = ExperimentConfig()
CELLS = tuple(replace(HELLO, network=NetworkConfig(cell, 6)) for cell in ("rnn", "lstm", "gru"))
EXPLODES = ExperimentConfig(
    network=NetworkConfig("rnn", 6, nonlinearity="linear"), training=TrainingConfig("sgd", 2.0, "off")
)


@pytest.fixture(autouse=True)
def one_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick goes as far on every machine."""
    Clock().replace_for_viewers(monkeypatch.setattr)


@pytest.fixture(autouse=True)
def forget_albums() -> Iterator[None]:
    """Some tests keep fewer frames than others, and axes go from frame to frame."""
    alone.cache_clear()
    yield
    alone.cache_clear()


def racing(configs: tuple[ExperimentConfig, ...], registry: Registry | None = None) -> Viewer:
    viewer = Viewer(calm_registry() if registry is None else registry, configs[0])
    viewer.race(configs)
    return viewer


def play_to(viewer: Viewer, step: int, speed: str) -> None:
    """Play to a step, and look at everything on the way as a stage does."""
    viewer.speed, viewer.stop_step = speed, step
    viewer._steps_due = lambda: (0.2, None if speed == "max" else 7)  # pyright: ignore[reportAttributeAccessIssue]
    viewer.play()
    while viewer.tick():
        for track in viewer.tracks:
            for frame in track.frames_to_send(playing=True):
                assert frame.payload == alone(track.config).payload(frame.step)
    viewer.stop_step = None
    assert viewer.playhead == step and viewer.settle()


def assert_each_is_as_alone(viewer: Viewer) -> None:
    """Curve and frames of every track at rest, bit for bit."""
    for track in viewer.tracks:
        own = straight(track.config)
        assert track.playhead == own.last(viewer.playhead)
        points = track.curve_points()
        updates = [own.update(step) for step in points.step]
        assert points.step[-1] == track.playhead
        assert repr(points.loss.tolist()) == repr([update.nll[0] for update in updates])  # NaN is NaN
        frames = track.frames_to_send(playing=False)
        assert frames[-1].step == track.playhead
        for frame in (*frames[:4], *frames[-4:]):
            assert frame.payload == alone(track.config).payload(frame.step)


@pytest.mark.parametrize("speed", ["normal", "max"])
def test_a_race_gives_the_curves_and_frames_of_each_cell_alone(speed: str) -> None:
    viewer = racing(CELLS)
    play_to(viewer, 60, speed)
    assert [track.config for track in viewer.tracks] == list(CELLS)
    assert {track.playhead for track in viewer.tracks} == {60}
    assert_each_is_as_alone(viewer)


def test_a_tick_moves_all_tracks_by_the_same_steps() -> None:
    viewer = racing(CELLS)
    viewer._steps_due = lambda: (0.2, 6)  # pyright: ignore[reportAttributeAccessIssue]
    viewer.play()
    for tick in range(1, 5):
        assert viewer.tick()
        assert [track.playhead for track in viewer.tracks] == [6 * tick] * 3


def test_a_track_that_lags_behind_holds_the_others_back() -> None:
    """The first has been trained far already; at full speed it would be there at once."""
    registry = calm_registry()
    viewer = racing(CELLS, registry)
    viewer.tracks[0].run.advance(500)
    viewer.speed = "max"
    viewer.play()
    places = [0]
    for _ in range(4):
        viewer.tick()
        assert len({track.playhead for track in viewer.tracks}) == 1
        places.append(viewer.playhead)
    assert all(before < after for before, after in pairwise(places))


def test_who_has_exploded_stands_still_and_the_others_go_on() -> None:
    end = straight(EXPLODES).last(1000)
    assert 3 < end < 300
    viewer = racing((CELLS[0], EXPLODES, CELLS[1]))
    play_to(viewer, end + 20, "normal")
    exploded = viewer.tracks[1]
    assert [track.playhead for track in viewer.tracks] == [end + 20, end, end + 20]
    assert exploded.explosion is not None and exploded.explosion.step == end
    assert viewer.explosion is None and viewer.tracks[2].explosion is None
    assert_each_is_as_alone(viewer)
    viewer.step_once()
    assert viewer.playhead == end + 21 and exploded.playhead == end
    assert viewer.go_to(end - 2) and exploded.explosion is None
    assert {track.playhead for track in viewer.tracks} == {end - 2}
    assert viewer.go_to(end + 4) and viewer.settle() and exploded.playhead == end
    assert_each_is_as_alone(viewer)


def test_when_all_have_exploded_it_is_over() -> None:
    viewer = racing((EXPLODES, replace(EXPLODES, seed=1)))
    ends = [straight(track.config).last(1000) for track in viewer.tracks]
    assert ends[0] != ends[1]
    viewer._steps_due = lambda: (0.2, 9)  # pyright: ignore[reportAttributeAccessIssue]
    viewer.play()
    while viewer.tick():
        pass
    assert [track.playhead for track in viewer.tracks] == ends and viewer.playhead == max(ends)
    viewer.play()
    assert not viewer.playing
    assert viewer.go_to(10_000) and viewer.settle() and viewer.playhead == max(ends)
    assert_each_is_as_alone(viewer)


def test_a_goal_stops_all_when_the_first_has_reached_it_and_then_the_next() -> None:
    viewer = racing(CELLS)
    viewer.stop_perplexity = 1.5
    met = sorted(
        next(step for step in range(2000) if straight(config).update(step).perplexity[0] <= 1.5)
        for config in CELLS
    )
    assert len(set(met)) == 3
    viewer._steps_due = lambda: (0.2, 16)  # pyright: ignore[reportAttributeAccessIssue]
    for step in met:
        viewer.play()
        while viewer.tick():
            pass
        assert viewer.playhead == step and {track.playhead for track in viewer.tracks} == {step}


def test_another_rate_is_another_rate_of_all() -> None:
    viewer = racing(CELLS)
    viewer.go_to(30)
    shown = viewer.shown
    viewer.change(replace(shown, training=replace(shown.training, learning_rate=0.05)))
    assert viewer.playhead == 30
    assert [track.config.training.rates for track in viewer.tracks] == [((30, 0.05),)] * 3
    assert [track.forks for track in viewer.tracks] == [(30,)] * 3
    play_to(viewer, 50, "normal")
    assert_each_is_as_alone(viewer)
    viewer.reset()
    assert {track.config.training.learning_rate for track in viewer.tracks} == {0.05}
    assert viewer.playhead == 0 and not viewer.ghosts


def test_another_experiment_of_one_track_has_all_begin_again() -> None:
    viewer = racing(CELLS)
    viewer.go_to(12)
    names = [track.recording for track in viewer.tracks]
    other = replace(CELLS[1], seed=9)
    viewer.change(CELLS[0], beside=[other, CELLS[2]])
    assert [track.config for track in viewer.tracks] == [CELLS[0], other, CELLS[2]]
    assert [track.recording == name for track, name in zip(viewer.tracks, names, strict=True)] == [
        True,
        False,
        True,
    ]
    assert viewer.ghosts == (), "that of the page is the same"
    assert {track.playhead for track in viewer.tracks} == {0}
    play_to(viewer, 20, "normal")
    assert_each_is_as_alone(viewer)


def test_alone_again_it_goes_on_where_it_is_and_the_other_runs_are_let_go() -> None:
    registry = calm_registry()
    viewer = racing(CELLS, registry)
    viewer.go_to(20)
    assert [bool(entry.watched) for entry in registry._entries.values()] == [True] * 3
    viewer.alone()
    assert viewer.playhead == 20 and [track.config for track in viewer.tracks] == [CELLS[0]]
    watched = {name for name, entry in registry._entries.items() if entry.watched}
    assert watched == {viewer.run_id}


def test_two_tracks_may_share_a_run_and_keep_it_until_both_have_left() -> None:
    registry = calm_registry()
    viewer = racing((CELLS[0], CELLS[0]), registry)
    assert viewer.tracks[0].run is viewer.tracks[1].run
    play_to(viewer, 20, "normal")
    assert_each_is_as_alone(viewer)
    viewer.change(CELLS[0], beside=[CELLS[1]])
    assert registry._entries[viewer.tracks[0].run_id].watched.keys() == {viewer.id}
    viewer.race((CELLS[2],))
    watched = [entry.run.config for entry in registry._entries.values() if entry.watched]
    assert watched == [CELLS[2]]


def test_no_more_than_a_few_and_at_least_one() -> None:
    viewer = racing(CELLS)
    tracks = viewer.tracks
    for count in (0, MAX_TRACKS + 1):
        with pytest.raises(Refusal, match=rf"From 1 to {MAX_TRACKS} .* got {count}\."):
            viewer.race(CELLS[:1] * count)
    assert viewer.tracks == tracks
    viewer.race(CELLS[:1] * MAX_TRACKS)


def test_where_memory_is_short_the_tracks_stay_what_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(Clock().replace_in(monkeypatch.setattr, registry_module))
    viewer = Viewer(server.registry, seed(LARGE, 0))
    viewer.go_to(3)
    before, config = viewer.tracks, viewer.config
    server.set_room(needed(LARGE) * 5 // 2)
    with pytest.raises(Refusal, match="MB of memory"):
        viewer.race([seed(LARGE, number) for number in range(3)])
    assert viewer.tracks == before and viewer.playhead == 3 and viewer.config == config
    assert not server.registry._coming
    watched = {name for name, entry in server.registry._entries.items() if entry.watched}
    assert watched == {viewer.run_id}
    server.clock.now += 2 * AT_WORK_SECONDS
    viewer.race([seed(LARGE, number) for number in range(2)])
    assert len(viewer.tracks) == 2, "two have room"


def test_a_rate_that_one_track_refuses_changes_none() -> None:
    """A rate may be changed so many times only; the second track has been changed that often."""
    viewer = racing(CELLS[:2])
    training = CELLS[1].training
    for step in range(1, 1000):
        try:
            training = training.changed(step, 0.01 if step % 2 else 0.02)
        except Refusal:
            break
    viewer.race((CELLS[0], replace(CELLS[1], training=training)))
    viewer.go_to(step)
    before = [(track.config, track.run_id, track.forks) for track in viewer.tracks]
    shown = viewer.shown
    with pytest.raises(Refusal):
        viewer.change(replace(shown, training=replace(shown.training, learning_rate=0.5)))
    assert [(track.config, track.run_id, track.forks) for track in viewer.tracks] == before


def test_a_message_carries_what_each_track_offers() -> None:
    viewer = racing(CELLS)
    viewer.go_to(9)
    assert viewer.settle()
    tracks = [
        wire.Track({"run": track.recording}, track.curve_points(72), track.frames_to_send(playing=False))
        for track in viewer.tracks
    ]
    message = wire.encode({"playhead": viewer.playhead}, tracks)
    parts = [bulk(wire.encode({}, [track])) for track in tracks]
    assert bulk(message) == b"".join(parts) and len(set(parts)) == 3
    for track, part in zip(viewer.tracks, parts, strict=True):
        assert part.endswith(alone(track.config).payload(9))


def bulk(message: bytes) -> bytes:
    """What comes after the header."""
    return message[4 + int.from_bytes(message[:4], "little") :]


def test_a_feed_moves_all_tracks() -> None:
    viewer = racing(CELLS)
    feed = Feed(viewer, lambda: True)
    feed.scenes = tuple(Scene.of({"remembers": None}, track.recording) for track in viewer.tracks)
    viewer._steps_due = lambda: (0.2, 6)  # pyright: ignore[reportAttributeAccessIssue]
    viewer.play()
    answer = feed.answer(Heard())
    assert answer is not None and b'"playhead":6' in answer
    assert [track.playhead for track in viewer.tracks] == [6, 6, 6]


# Whatever happens to it


@dataclass
class Model:
    """Two straight trainings and one number: where the playhead is."""

    configs: list[ExperimentConfig]
    playhead: int = 0

    def places(self) -> list[int]:
        return [straight(config).last(self.playhead) for config in self.configs]

    @property
    def has_ended(self) -> bool:
        return all(
            straight(config).exploded_at == place
            for config, place in zip(self.configs, self.places(), strict=True)
        )

    def set_rate(self, rate: float) -> None:
        if rate == self.configs[0].training.last_rate:
            return
        for number, place in enumerate(self.places()):
            training = self.configs[number].training
            if self.playhead:
                training = training.changed(place, rate)
            else:
                training = replace(training, learning_rate=rate, rates=())
            self.configs[number] = replace(self.configs[number], training=training)

    def reset(self) -> None:
        self.playhead = 0
        self.configs = [
            replace(
                config,
                training=replace(config.training, learning_rate=config.training.last_rate, rates=()),
            )
            for config in self.configs
        ]


def set_rate(viewer: Viewer, rate: float) -> None:
    viewer.change(
        replace(viewer.shown, training=replace(viewer.shown.training, learning_rate=rate, rates=()))
    )


actions = st.one_of(
    st.tuples(st.just("tick"), st.sampled_from((1, 7, 30, None))),
    st.tuples(st.just("go to"), st.integers(0, 60)),
    st.tuples(st.just("step"), st.none()),
    st.tuples(st.just("rate"), st.sampled_from((0.01, 0.3, 2.0))),
    st.tuples(st.just("reset"), st.none()),
    st.tuples(st.just("drop"), st.integers(0, 1)),
    st.tuples(st.just("thin"), st.integers(0, 1)),
)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(st.permutations([0, 1]), st.lists(actions, min_size=2, max_size=14))
def test_two_tracks_are_two_straight_trainings_at_one_playhead(order, acts) -> None:
    alone.cache_clear()
    configs = [(CELLS[2], EXPLODES)[number] for number in order]
    with (
        mock.patch.object(album_module, "FIRST", (8,)),
        mock.patch.object(album_module, "RECENT", 4),
    ):
        registry = calm_registry()
        viewer, model = racing(tuple(configs), registry), Model(configs)
        for act, value in acts:
            if act == "tick":
                viewer._steps_due = lambda value=value: (0.2, value)  # pyright: ignore[reportAttributeAccessIssue]
                before, had_ended = viewer.playhead, model.has_ended
                viewer.play()
                assert viewer.playing != had_ended
                viewer.tick()
                assert viewer.playhead > before or had_ended or value is not None
                assert value is None or viewer.playhead <= before + value
                model.playhead = viewer.playhead
                viewer.pause()
            elif act == "go to":
                viewer.go_to(value)
                model.playhead = value
            elif act == "step":
                viewer.step_once()
                model.playhead += 0 if model.has_ended else 1
            elif act == "rate":
                set_rate(viewer, value)
                model.set_rate(value)
            elif act == "reset":
                viewer.reset()
                model.reset()
            elif act == "drop" and viewer.tracks[value].run_id in registry._entries:
                registry._drop(viewer.tracks[value].run_id)
            elif act == "thin":
                viewer.tracks[value].run.thin_tape()
            assert viewer.settle()
            model.playhead = max(model.places())
            assert [track.config for track in viewer.tracks] == model.configs
            assert [track.playhead for track in viewer.tracks] == model.places()
            assert viewer.playhead == model.playhead
            assert_each_is_as_alone(viewer)
