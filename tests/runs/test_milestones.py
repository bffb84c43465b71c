"""Where playing stops by itself because something was learned: the same step for whoever watches, and only once."""

from collections import Counter
from functools import partial
from itertools import pairwise
from math import log

import numpy as np
import pytest

from playground.analysis.learned import learned, remembers
from playground.config import DEFAULTS, ExperimentConfig, TextConfig
from playground.corpus import Corpus
from playground.presets import PRESETS
from playground.runs import move as move_module
from playground.runs import pace as pace_module
from playground.runs import playhead as playhead_module
from playground.runs import run as run_module
from playground.runs.curve import CurvePoints
from playground.runs.milestone import Milestone, MilestoneOf
from playground.runs.viewer import Viewer
from tests.runs.straight import Clock, calm_registry, straight

HELLO = ExperimentConfig()


def curve(steps: list[int], losses: list[float]) -> CurvePoints:
    """Points of which only step and loss matter."""
    column = np.zeros(len(steps))
    return CurvePoints(np.array(steps), np.array(losses), *(column,) * 5)


def alike(steps: np.ndarray) -> np.ndarray:
    """Every batch has as many predictions."""
    return np.full(len(steps), 4)


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
    return Clock().replace_in(monkeypatch.setattr, playhead_module, pace_module, move_module, run_module)


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
    assert Milestone(1.0, updates).first_in(points, after, alike) == expected


def test_of_a_thinned_curve_the_mean_is_over_the_points_there_are() -> None:
    points = curve([0, 2, 4, 6], [3.0, 3.0, 1.0, 1.0])
    assert Milestone(1.0, 4).first_in(points, -1, alike) == 6  # steps 3 … 6: two points
    assert Milestone(1.0, 2).first_in(points, -1, alike) == 4


def test_it_is_looked_at_where_a_pass_ends() -> None:
    """Steps 1 and 2 are of two passes, and may have been of the same windows."""
    points = curve([0, 1, 2, 3, 4, 5], [9.0, 1.0, 1.0, 9.0, 2.0, 0.0])
    assert Milestone(1.0, 2, every=2).first_in(points, -1, alike) == 5
    assert Milestone(1.0, 2).first_in(points, -1, alike) == 2


def test_a_batch_of_few_predictions_counts_little() -> None:
    points = curve([0, 1, 2, 3], [3.0, 0.0, 3.0, 0.0])
    milestone = Milestone(1.5, 2, every=2)
    assert milestone.first_in(points, -1, alike) == 1
    assert milestone.first_in(points, -1, lambda steps: np.where(steps % 2, 1, 2)) is None
    assert milestone.mean_at(points, 3, lambda steps: np.where(steps % 2, 1, 2)) == 2.0


# What is learned, and what proves memory


@pytest.mark.parametrize("batch_size", [1, 2, 3])
@pytest.mark.parametrize("text", ["aaaaaaa\nabacada\nab\nadacaba", "hello\nhallo\nhullo\nooooooooo\nl"])
def test_whoever_sees_the_symbol_just_read_alone_never_crosses_the_line(text: str, batch_size: int) -> None:
    """The best of them, by counting: in some batches it is far below the line, in a pass through the text never."""
    corpus = Corpus(TextConfig(text=text, batch_size=batch_size))
    counts = Counter(pair for window in corpus.windows for pair in pairwise(window))
    read = Counter(symbol for window in corpus.windows for symbol in window[:-1])
    milestone = remembers(corpus)
    assert milestone is not None and corpus.steps_per_epoch > 1
    steps = np.arange(60 * corpus.steps_per_epoch)
    losses = []
    for step in steps.tolist():
        batch = corpus.batch(0, step)
        pairs = list(zip(batch.inputs[batch.mask].tolist(), batch.targets[batch.mask].tolist(), strict=True))
        losses.append(sum(log(read[a] / counts[a, b]) for a, b in pairs) / len(pairs))
    assert min(losses) < milestone.loss
    points = curve(steps.tolist(), losses)
    assert milestone.first_in(points, -1, partial(corpus.predicted, 0)) is None


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
    assert crossing.updates == crossing.every == 12
    assert learned(corpus).updates == learned(corpus).every == 12
    few = Corpus(TextConfig(text="\n".join(["hello", "hallo", "hullo"]), batch_size=1))
    assert (learned(few).updates, learned(few).every) == (12, 3), "10 updates, rounded up to whole passes"
    predicted = few.predicted(0, np.arange(6))
    assert predicted.tolist() == [int(few.batch(0, step).mask.sum()) for step in range(6)]


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
    assert [(track.playhead, step) for track, step in viewer.at_milestone] == [(expected, expected)]


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


def racing(*cells: str, **settings: object) -> Viewer:
    """A viewer of a race that stops when the text is learned."""
    configs = [ExperimentConfig.from_values(DEFAULTS | settings | {"cell": cell}) for cell in cells]
    viewer = Viewer(calm_registry(), configs[0])
    viewer.race(configs)
    viewer.speed, viewer.stop_when = "max", learned
    return viewer


def learned_alone(cell: str) -> int:
    config = ExperimentConfig.from_values(DEFAULTS | {"cell": cell})
    losses = [straight(config).update(step).nll[0] for step in range(120)]
    return first_by_hand(losses, learned(Corpus(HELLO.text)))


def reached(viewer: Viewer) -> list[tuple[str, int]]:
    return [(track.config.network.cell, step) for track, step in viewer.at_milestone]


def test_a_race_goes_on_until_all_have_learned(clock: Clock) -> None:
    first, last = learned_alone("rnn"), learned_alone("lstm")
    assert first < last
    viewer = racing("lstm", "rnn")
    assert played_to_rest(viewer, clock) == last
    assert [track.playhead for track in viewer.tracks] == [last] * 2
    assert reached(viewer) == [("lstm", last), ("rnn", first)]
    viewer.stop_step = last + 20
    assert played_to_rest(viewer, clock) == last + 20 and not viewer.at_milestone, (
        "played on, it stops no more"
    )


def test_or_where_the_first_has_learned_if_that_is_wanted(clock: Clock) -> None:
    first, last = learned_alone("rnn"), learned_alone("lstm")
    viewer = racing("lstm", "rnn")
    viewer.stops_at_first = True
    assert played_to_rest(viewer, clock) == first
    assert reached(viewer) == [("rnn", first)]
    assert played_to_rest(viewer, clock) == last, "the other one stops when it has learned, too"


@pytest.mark.parametrize("cells", [("lstm", "rnn"), ("rnn", "lstm")])
def test_nobody_waits_for_one_that_has_exploded(cells: tuple[str, str], clock: Clock) -> None:
    """The linear RNN explodes before the LSTM has learned."""
    viewer = racing(
        *cells,
        nonlinearity="linear",
        initialization="spectral",
        spectral_radius=5.0,
        clip="off",
        optimizer="sgd",
        learning_rate=2.0,
    )
    played_to_rest(viewer, clock, 600)
    (rnn,) = (track for track in viewer.tracks if track.config.network.cell == "rnn")
    assert rnn.explosion is not None
    ((cell, step),) = reached(viewer)
    assert cell == "lstm" and step == viewer.playhead > rnn.explosion.step
