"""Where playing stops by itself because something was learned: the same step for whoever watches, and only once."""

from math import log

import numpy as np
import pytest

from playground.analysis.learned import learned, remembers
from playground.config import DEFAULTS, ExperimentConfig, TextConfig
from playground.corpus import Corpus
from playground.presets import PRESETS
from playground.runs import move as move_module
from playground.runs import pace as pace_module
from playground.runs import run as run_module
from playground.runs import viewer as viewer_module
from playground.runs.curve import CurvePoints
from playground.runs.milestone import Milestone, MilestoneOf
from playground.runs.viewer import Viewer
from tests.runs.straight import Clock, calm_registry, straight

HELLO = ExperimentConfig()


def curve(steps: list[int], losses: list[float]) -> CurvePoints:
    """Points of which only step and loss matter."""
    column = np.zeros(len(steps))
    return CurvePoints(np.array(steps), np.array(losses), *(column,) * 5)


def first_by_hand(losses: list[float], milestone: Milestone) -> int:
    """By its definition: the mean of the last updates, at every step."""
    count = milestone.updates
    return next(
        step
        for step in range(count - 1, len(losses))
        if sum(losses[step - count + 1 : step + 1]) / count <= milestone.loss
    )


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock().replace_in(monkeypatch.setattr, viewer_module, pace_module, move_module, run_module)


def played_to_rest(viewer: Viewer, clock: Clock, ticks: int = 200) -> int:
    """Where playing stops by itself, at a tick each fifth of a second."""
    viewer.play()
    for _ in range(ticks):
        clock.now += 0.2
        if not viewer.tick():
            break
    assert not viewer.playing
    return viewer.playhead


# What a milestone is


@pytest.mark.parametrize(
    ("updates", "after", "expected"),
    [(1, -1, 1), (2, -1, 3), (3, -1, 3), (4, -1, 4), (5, -1, None), (1, 1, 3), (1, 2, 3), (1, 4, None)],
)
def test_the_mean_of_the_last_updates_comes_down(updates: int, after: int, expected: int | None) -> None:
    points = curve([0, 1, 2, 3, 4], [4.0, 1.0, 2.0, 0.0, 0.5])
    assert Milestone(1.0, updates).first_in(points, after) == expected


def test_of_a_thinned_curve_the_mean_is_over_the_points_there_are() -> None:
    points = curve([0, 2, 4, 6], [3.0, 3.0, 1.0, 1.0])
    assert Milestone(1.0, 4).first_in(points, -1) == 6  # steps 3 … 6: two points
    assert Milestone(1.0, 2).first_in(points, -1) == 4


# What is learned, and what proves memory


def test_learned_is_near_the_lowest_floor_and_nearer_where_memory_gains_little() -> None:
    """Half of the predictions of hello, and one of twenty or fifty of a long gap, cost ln 2 without memory."""
    nats = {
        name: learned(Corpus(TextConfig(**PRESETS[name].values()))).loss
        for name in ("hello", "gap-20", "gap-50")
    }
    assert nats["hello"] == pytest.approx(0.02)  # ln 2 / 2 / 4 would be more
    assert nats["gap-20"] == pytest.approx(log(2) / 20 / 4)
    assert nats["gap-50"] == pytest.approx(log(2) / 50 / 4)


def test_memory_is_proved_below_what_the_symbol_just_read_tells() -> None:
    milestone = remembers(Corpus(TextConfig(text="hello")))
    assert milestone is not None and milestone.updates == 1
    assert log(2) / 2 - 1e-3 < milestone.loss < log(2) / 2
    assert remembers(Corpus(TextConfig(text="ybigta"))) is None


def test_of_a_text_in_batches_the_mean_is_over_one_pass_through_it() -> None:
    corpus = Corpus(TextConfig(text="\n".join(["hello", "hallo", "hullo"] * 12), batch_size=3))
    crossing = remembers(corpus)
    assert corpus.steps_per_epoch == 12 and crossing is not None
    assert crossing.updates == 12 and learned(corpus).updates == 12


# Where a viewer stops


@pytest.mark.parametrize("speed", ["normal", "fast", "max"])
@pytest.mark.parametrize("milestone_of", [learned, remembers])
def test_playing_stops_where_it_is_reached_at_every_speed(
    milestone_of: MilestoneOf, speed: str, clock: Clock
) -> None:
    losses = [straight(HELLO).update(step).nll[0] for step in range(120)]
    milestone = milestone_of(Corpus(HELLO.text))
    assert milestone is not None
    expected = first_by_hand(losses, milestone)
    assert losses[0] > milestone.loss and 10 < expected < 110
    viewer = Viewer(calm_registry(), HELLO)
    viewer.speed, viewer.stop_when = speed, milestone_of
    assert played_to_rest(viewer, clock) == expected
    viewer.settle()
    assert [track.playhead for track in viewer.at_milestone] == [expected]


def test_whoever_plays_on_is_not_stopped_again(clock: Clock) -> None:
    viewer = Viewer(calm_registry(), HELLO)
    viewer.speed, viewer.stop_when = "max", learned
    at = played_to_rest(viewer, clock)
    viewer.stop_step = at + 40
    assert played_to_rest(viewer, clock) == at + 40 and viewer.at_milestone == ()
    viewer.reset()
    assert played_to_rest(viewer, clock) == at, "who begins again is"


def test_whoever_trained_the_run_before_changes_nothing(clock: Clock) -> None:
    registry = calm_registry()
    first = Viewer(registry, HELLO)
    first.go_to(150)
    second = Viewer(registry, HELLO)
    second.speed, second.stop_when = "max", learned
    assert second.run is first.run
    at = played_to_rest(second, clock)
    alone = Viewer(calm_registry(), HELLO)
    alone.speed, alone.stop_when = "max", learned
    assert played_to_rest(alone, clock) == at < 150


def test_a_text_without_memory_is_never_crossed(clock: Clock) -> None:
    viewer = Viewer(calm_registry(), ExperimentConfig(text=TextConfig(text="ybigta")))
    viewer.speed, viewer.stop_when, viewer.stop_step = "max", remembers, 150
    assert played_to_rest(viewer, clock) == 150


def test_of_several_tracks_all_stop_where_the_first_has_learned(clock: Clock) -> None:
    cells = ("lstm", "rnn")
    configs = [ExperimentConfig.from_values(DEFAULTS | {"cell": cell}) for cell in cells]
    wanted = learned(Corpus(HELLO.text))
    alone = {
        cell: first_by_hand([straight(config).update(step).nll[0] for step in range(120)], wanted)
        for cell, config in zip(cells, configs, strict=True)
    }
    assert alone["rnn"] < alone["lstm"]
    viewer = Viewer(calm_registry(), configs[0])
    viewer.race(configs)
    viewer.speed, viewer.stop_when = "max", learned
    assert played_to_rest(viewer, clock) == alone["rnn"]
    assert [track.playhead for track in viewer.tracks] == [alone["rnn"]] * 2
    assert [track.config.network.cell for track in viewer.at_milestone] == ["rnn"]
    assert played_to_rest(viewer, clock) == alone["lstm"], "the other one stops when it has learned, too"
