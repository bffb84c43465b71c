"""All tracks follow what the widgets say, and two may part at a step up to which they are the same."""

from dataclasses import replace

import pytest

from playground.config import ExperimentConfig, NetworkConfig, TrainingConfig
from playground.refusal import Refusal
from playground.runs import registry as registry_module
from playground.runs.registry import Registry
from playground.runs.viewer import Viewer
from tests.runs.server import LARGE, Server, needed, seed
from tests.runs.straight import Clock, alone, calm_registry, straight

EXPLODES = ExperimentConfig(
    network=NetworkConfig("rnn", 6, nonlinearity="linear"), training=TrainingConfig("sgd", 2.0, "off")
)
CELLS = tuple(
    replace(EXPLODES, network=replace(EXPLODES.network, cell=cell)) for cell in ("rnn", "gru", "lstm")
)


def end() -> int:
    """The step at which it explodes: of the weights that it starts with here."""
    return straight(EXPLODES).last(1000)


def parting() -> int:
    """The step at which two part."""
    return end() - 2


def clipped(config: ExperimentConfig = EXPLODES, step: int | None = None) -> ExperimentConfig:
    begins = parting() if step is None else step
    return replace(
        config, training=replace(config.training, clip="norm", clip_threshold=0.01, clip_from=begins)
    )


def exploded(registry: Registry | None = None) -> Viewer:
    viewer = Viewer(calm_registry() if registry is None else registry, EXPLODES)
    viewer.go_to(1000)
    assert viewer.playhead == end() > parting() > 0 and viewer.explosion is not None
    return viewer


def assert_each_is_as_alone(viewer: Viewer) -> None:
    for track in viewer.tracks:
        own = straight(track.config)
        points = track.curve_points()
        assert track.playhead == points.step[-1] == own.last(viewer.playhead)
        assert repr(points.loss.tolist()) == repr([own.update(step).nll[0] for step in points.step])
        frames = track.frames_to_send(playing=False)
        assert frames[-1].payload == alone(track.config).payload(track.playhead)


def test_two_part_at_a_step_and_one_explodes_again() -> None:
    viewer = exploded()
    viewer.part(clipped(), parting())
    assert viewer.settle() and not viewer.playing
    assert [track.config for track in viewer.tracks] == [EXPLODES, clipped()]
    assert [track.playhead for track in viewer.tracks] == [parting(), parting()] and viewer.explosion is None
    one, other = (track.curve_points() for track in viewer.tracks)
    assert one.loss.tolist() == other.loss.tolist() and one.clips.tolist() == [0] * (parting() + 1)
    assert other.clipped.tolist() == [False] * parting() + [True]
    assert_each_is_as_alone(viewer)
    viewer.go_to(end() + 30)
    assert viewer.settle()
    assert [track.playhead for track in viewer.tracks] == [end(), end() + 30]
    assert [track.explosion is None for track in viewer.tracks] == [False, True]
    assert_each_is_as_alone(viewer)


def test_to_part_at_step_0_is_to_begin_side_by_side() -> None:
    viewer = exploded()
    viewer.part(clipped(step=0), 0)
    assert viewer.settle() and viewer.playhead == 0
    assert_each_is_as_alone(viewer)


def test_what_else_was_beside_is_let_go_when_they_part() -> None:
    registry = calm_registry()
    viewer = exploded(registry)
    viewer.race([EXPLODES, CELLS[1]])
    viewer.part(clipped(), 0)
    watched = [entry.run.config for entry in registry._entries.values() if entry.watched]
    assert sorted(map(str, watched)) == sorted(map(str, (EXPLODES, clipped())))


def test_a_run_that_was_dropped_is_begun_anew_for_who_parts_from_it() -> None:
    registry = calm_registry()
    viewer = exploded(registry)
    registry._drop(viewer.run_id)
    viewer.part(clipped(), parting())
    assert viewer.settle() and [track.playhead for track in viewer.tracks] == [parting(), parting()]
    assert_each_is_as_alone(viewer)


def test_where_memory_is_short_nobody_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(Clock().replace_in(monkeypatch.setattr, registry_module))
    viewer = Viewer(server.registry, seed(LARGE, 0))
    viewer.go_to(3)
    tracks = viewer.tracks
    server.set_room(needed(LARGE) * 3 // 2)
    with pytest.raises(Refusal, match="MB of memory"):
        viewer.part(clipped(seed(LARGE, 0), 2), 2)
    assert viewer.tracks == tracks and viewer.playhead == 3 and not server.registry._coming


def test_a_field_of_all_tracks_starts_all_over_and_leaves_one_ghost() -> None:
    viewer = Viewer(calm_registry(), CELLS[0])
    viewer.race(CELLS)
    viewer.go_to(parting())
    wanted = [replace(config, seed=5) for config in CELLS]
    viewer.change(wanted[0], beside=wanted[1:])
    assert [track.config for track in viewer.tracks] == wanted
    assert viewer.playhead == 0 and [ghost.config for ghost in viewer.ghosts] == [CELLS[0]]


def test_a_rate_of_all_tracks_goes_on_from_the_playhead() -> None:
    viewer = Viewer(calm_registry(), CELLS[0])
    viewer.race(CELLS)
    viewer.go_to(parting())
    wanted = [replace(config, training=replace(config.training, learning_rate=0.5)) for config in CELLS]
    viewer.change(wanted[0], beside=wanted[1:])
    assert viewer.playhead == parting() and not viewer.ghosts
    assert [track.config.training.rates for track in viewer.tracks] == [((parting(), 0.5),)] * 3
    viewer.change(wanted[0], beside=wanted[1:])
    assert [track.config.training.rates for track in viewer.tracks] == [((parting(), 0.5),)] * 3, "said again"


def test_who_arrives_at_a_race_has_done_nothing_yet() -> None:
    viewer = Viewer(calm_registry(), CELLS[0])
    viewer.race(CELLS, arrives=True)
    assert viewer.is_fresh
    viewer.pause()
    assert not viewer.is_fresh
    viewer.race(CELLS[:2])
    assert not viewer.is_fresh
