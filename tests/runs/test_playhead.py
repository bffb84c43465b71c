"""Random sequences of what people do to a playhead, against a plain model that never thins.

The model is a straight training of each experiment, with every update and every weight kept, and one sentence for what
each action means. After every action playhead, frames, curve, rates, samples and explosion are compared. The clock is
the test's own, and the constants are so small that a few hundred steps thin everything there is to thin.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import log
from unittest import mock

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from playground.config import (
    ExperimentConfig,
    NetworkConfig,
    RateChange,
    TextConfig,
    TrainingConfig,
    from_query,
    to_query,
)
from playground.corpus import Corpus
from playground.runs import album as album_module
from playground.runs import curve as curve_module
from playground.runs import move as move_module
from playground.runs import pace as pace_module
from playground.runs import run as run_module
from playground.runs import tape as tape_module
from playground.runs import track as track_module
from playground.runs.album import Album
from playground.runs.layout import FrameLayout
from playground.runs.playhead import SPEEDS
from playground.runs.run import Run
from playground.runs.sample import Sample
from playground.runs.viewer import MAX_GHOSTS, Viewer
from tests.runs.straight import Clock, calm_registry, straight

ALL_POINTS, ALL_FRAMES, ALL_SAMPLES = 32, 8, 4
SMALL = {
    curve_module: {"FIRST": ALL_POINTS},
    move_module: {"ALL_POINTS": ALL_POINTS, "WALKED": 12, "FRAMES_PER_TICK": 6},
    track_module: {"FRAMES_PER_TICK": 6, "GHOST_POINTS": 12},
    album_module: {"FIRST": (ALL_FRAMES,), "RECENT": 5, "FEWEST": 4},
    run_module: {"CHECKPOINTS": 6},
    tape_module: {"FIRST_SAMPLES": ALL_SAMPLES},
}
TURN = 0.03  # seconds on a clock of which a look takes 1 ms: about thirty updates
TEXT = TextConfig("abcab")
LEARNS = ExperimentConfig(
    TEXT, NetworkConfig("gru", 4), TrainingConfig("adam", 0.02, "norm", clip_threshold=0.3), seed=3
)
EXPLODES = ExperimentConfig(
    TEXT, NetworkConfig("rnn", 3, nonlinearity="linear"), TrainingConfig("sgd", 0.02, "off"), seed=4
)
EXPERIMENTS = (LEARNS, EXPLODES, replace(LEARNS, network=NetworkConfig("rnn", 5)))
RATES = (0.02, 0.3, 10.0)
SPEED_NAMES = tuple(SPEEDS)


# The plain model


class Pictures:
    """The frame of any step of a straight training, from an album that is shown all steps in order."""

    def __init__(self, config: ExperimentConfig) -> None:
        corpus = Corpus(config.text)
        watched = corpus.window_batch(0)
        layout = FrameLayout.of(config.network, corpus)
        self._album = Album(layout, config.network, watched, config.training.reduction)
        self._training = straight(config)
        self._shown = 0

    def payload(self, step: int) -> bytes:
        while self._shown < step:
            self._show(self._shown)
            self._shown += 1
        return self._show(step).payload

    def _show(self, step: int):
        with torch.inference_mode():
            return self._album.expose(self._training.weights(step)[0].clone(), self._training.update(step))


@lru_cache(maxsize=256)
def pictures(config: ExperimentConfig) -> Pictures:
    return Pictures(config)


@lru_cache(maxsize=256)
def sample(config: ExperimentConfig, step: int) -> Sample:
    """The sample of a step, by a run of its own that has come straight there."""
    run = Run(config)
    run.advance(step)
    return run.samples(step)[-1]


def is_due(step: int, all_up_to: int) -> bool:
    """Every step up to a number, every second one up to its double, and so on."""
    spacing = 1
    while all_up_to * spacing < step:
        spacing *= 2
    return step % spacing == 0


@dataclass
class Model:
    """What a person knows: which experiment, which step, whether it plays, where it is to stop."""

    config: ExperimentConfig
    playhead: int = 0
    playing: bool = False
    stop_step: int | None = None
    stop_perplexity: float | None = None
    is_goal_behind: float | None = None
    forks: tuple[int, ...] = ()
    ghosts: tuple[tuple[ExperimentConfig, int], ...] = ()
    recordings: int = 0  # how many experiments have been opened
    ticked_at: float | None = None  # since play was pressed

    @property
    def training(self):
        return straight(self.config)

    @property
    def rate(self) -> float:
        rates = self.config.training.rates
        return rates[-1].learning_rate if rates else self.config.training.learning_rate

    @property
    def has_exploded(self) -> bool:
        return self.training.last(self.playhead) == self.playhead == self.training.exploded_at

    @property
    def goal(self) -> float | None:
        return None if self.stop_perplexity == self.is_goal_behind else self.stop_perplexity

    def is_below(self, step: int, perplexity: float | None) -> bool:
        return perplexity is not None and self.training.update(step).nll[0] <= log(perplexity)

    def last_of_a_tick(self, recorded: int) -> int:
        """The step beyond which a tick does not go, where the recording ends at `recorded`."""
        last = self.training.last(max(recorded, self.playhead) + 200)
        if self.stop_step is not None and self.stop_step > self.playhead:
            last = min(last, self.stop_step)
        if self.goal is not None:
            last = next((s for s in range(self.playhead + 1, last) if self.is_below(s, self.goal)), last)
        return last

    # One sentence for each action

    def play(self) -> None:
        self.playing, self.ticked_at = not self.has_exploded, None
        below = self.is_below(self.playhead, self.stop_perplexity)
        self.is_goal_behind = self.stop_perplexity if below else None

    def pause(self) -> None:
        self.playing = False

    def step(self) -> None:
        self.playing = False
        self.playhead += 0 if self.has_exploded else 1

    def reset(self) -> None:
        self.playing = False
        self._open(with_rate(self.config, self.rate))
        self.playhead = 0

    def change_rate(self, rate: float) -> bool:
        """Whether it was another rate."""
        if rate == self.rate:
            return False
        if self.playhead == 0:
            return self.change(self.config, rate)
        training = self.config.training
        changes = {step: value for step, value in training.rates if step < self.playhead}
        changes[self.playhead] = rate
        told, holds = [], training.learning_rate
        for step in sorted(changes):  # a change to the rate that holds anyway is none
            if changes[step] != holds:
                told.append(RateChange(step, changes[step]))
            holds = changes[step]
        self.config = replace(self.config, training=replace(training, rates=tuple(told)))
        self.forks = (*self.forks, self.playhead)
        return True

    def change(self, experiment: ExperimentConfig, rate: float | None = None) -> bool:
        """Another experiment with the rate on screen, or with `rate`; the one before stays as a ghost.

        Returns whether it was another one.
        """
        config = with_rate(experiment, self.rate if rate is None else rate)
        if config == with_rate(self.config, self.rate):
            return False
        if self.playhead > 0:
            self.ghosts = (*self.ghosts, (self.config, self.playhead))[-MAX_GHOSTS:]
        self.playing = False
        self._open(config)
        self.playhead = 0
        return True

    def go_to(self, step: int) -> None:
        self.playing = False
        self.playhead = self.training.last(step)

    def _open(self, config: ExperimentConfig) -> None:
        if config != self.config:
            self.config, self.forks, self.recordings = config, (), self.recordings + 1


def with_rate(config: ExperimentConfig, rate: float) -> ExperimentConfig:
    return replace(config, training=replace(config.training, learning_rate=rate, rates=()))


# The machine

Action = tuple[Callable[[Viewer], object], Callable[[Model], object]]


@dataclass
class Seat:
    """A person: the viewer and what it should be."""

    viewer: Viewer
    model: Model
    recordings: set[str] = field(default_factory=set)


def change_of_rate(rate: float) -> Action:
    return (
        lambda viewer: viewer.change(with_rate(viewer.shown, rate)),
        lambda model: model.change_rate(rate),
    )


actions: st.SearchStrategy[Action] = st.one_of(
    st.just((Viewer.play, Model.play)),
    st.just((Viewer.pause, Model.pause)),
    st.just((Viewer.step_once, Model.step)),
    st.just((Viewer.reset, Model.reset)),
    st.sampled_from(RATES).map(change_of_rate),
    st.sampled_from(EXPERIMENTS).map(
        lambda experiment: (
            lambda viewer: viewer.change(with_rate(experiment, viewer.rate)),
            lambda model: model.change(experiment),
        )
    ),
    st.integers(0, 90).map(lambda step: (lambda viewer: viewer.go_to(step), lambda model: model.go_to(step))),
)
seats = st.integers(0, 1)


class Playheads(RuleBasedStateMachine):
    """Two people at one server."""

    def __init__(self) -> None:
        super().__init__()
        self.interruption: tuple[str, Callable[[], object]] | None = None
        self._patches = [
            mock.patch.object(module, name, value)
            for module, values in SMALL.items()
            for name, value in values.items()
        ]
        for patch in self._patches:
            patch.start()
        self._clocks = pytest.MonkeyPatch()
        self.clock = Clock().replace_for_viewers(self._clocks.setattr)
        self.registry = calm_registry()
        self.registry.turn = self._turn
        trains = self.registry.trains

        def about_to_move(viewer: str, runs: Iterable[str]) -> None:
            trains(viewer, runs)
            self._interrupt("before the turn")

        self.registry.trains = about_to_move
        pictures.cache_clear()
        sample.cache_clear()

    def teardown(self) -> None:
        self._clocks.undo()
        for patch in self._patches:
            patch.stop()

    @contextmanager
    def _turn(self, run: Run | None = None) -> Iterator[float]:
        self._interrupt("at the turn")
        yield TURN
        self._interrupt("after the turn")

    def _interrupt(self, when: str) -> None:
        if self.interruption is not None and self.interruption[0] == when:
            interrupts, self.interruption = self.interruption[1], None
            interrupts()

    @initialize(experiment=st.sampled_from(EXPERIMENTS))
    def two_people_come(self, experiment: ExperimentConfig) -> None:
        self.people = [Seat(Viewer(self.registry, experiment), Model(experiment)) for _ in range(2)]

    @rule(seat=seats, action=actions)
    def act(self, seat: int, action: Action) -> None:
        person = self.people[seat]
        with self._comparing_ghosts(person):
            self._do(person, action)
            action[1](person.model)

    @rule(seat=seats, speed=st.sampled_from(SPEED_NAMES))
    def choose_a_speed(self, seat: int, speed: str) -> None:
        self.people[seat].viewer.speed = speed

    @rule(seat=seats, step=st.none() | st.integers(1, 120))
    def choose_where_to_stop(self, seat: int, step: int | None) -> None:
        self.people[seat].viewer.stop_step = self.people[seat].model.stop_step = step

    @rule(seat=seats, perplexity=st.none() | st.sampled_from((1.2, 1.8, 2.5)))
    def choose_how_good_is_enough(self, seat: int, perplexity: float | None) -> None:
        person = self.people[seat]
        person.viewer.stop_perplexity = person.model.stop_perplexity = perplexity
        self._know_where_it_stands(person)

    @rule(seat=seats, seconds=st.sampled_from((0.0, 0.2, 0.7, 60.0)))
    def tick(self, seat: int, seconds: float) -> None:
        self._tick(self.people[seat], seconds)

    def _tick(self, person: Seat, seconds: float) -> None:
        viewer, model = person.viewer, person.model
        before, was_playing = model.playhead, model.playing
        viewer.reopen()
        last = model.last_of_a_tick(viewer.run.step)
        self.clock.now += seconds
        assert viewer.tick() == viewer.playing
        if not was_playing:
            return
        elapsed = (
            0.1
            if model.ticked_at is None
            else min(pace_module.LONGEST_PAUSE, self.clock.now - model.ticked_at)
        )
        model.playhead, model.ticked_at = viewer.playhead, self.clock.now
        assert before <= model.playhead <= last
        rate = SPEEDS[viewer.speed]
        assert rate is None or model.playhead - before <= rate * elapsed + 1
        is_at_stop = before < model.playhead and model.playhead in (
            model.stop_step,
            model.training.exploded_at,
        )
        is_at_goal = model.is_below(model.playhead, model.goal)
        model.playing = not (is_at_stop or is_at_goal or model.has_exploded)
        assert viewer.playing == model.playing

    @rule(seat=seats, speed=st.sampled_from(SPEED_NAMES))
    def play_for_a_while(self, seat: int, speed: str) -> None:
        """Whoever plays comes on, whatever was before."""
        person = self.people[seat]
        person.viewer.speed = speed
        self._do(person, (Viewer.play, Model.play))
        person.model.play()
        before, ticks = person.model.playhead, 0
        while person.model.playing and ticks < 30:
            self._tick(person, 0.2)
            self._compare_message(person)
            ticks += 1
            if person.model.playhead > before + 20 and ticks > 3:
                break
        assert person.model.playhead > before or not person.model.playing, "it hangs"

    @rule(seat=seats, speed=st.sampled_from(SPEED_NAMES), rate=st.sampled_from(RATES))
    def change_the_rate_while_it_plays(self, seat: int, speed: str, rate: float) -> None:
        """Again and again, as somebody who plays with it does, and look at each."""
        self.play_for_a_while(seat, speed)
        self.act(seat, change_of_rate(rate))
        self.look(seat)

    @rule(
        seat=seats,
        when=st.sampled_from(("before the turn", "at the turn", "after the turn")),
        action=actions,
    )
    def act_while_a_tick_is_under_way(self, seat: int, when: str, action: Action) -> None:
        """The tick moves nothing any more."""
        person = self.people[seat]
        is_an_act = action[1](replace(person.model)) is not False
        if not (person.model.playing and is_an_act and self._would_interrupt(person, when)):
            return
        with self._comparing_ghosts(person):
            self.clock.now += 0.2
            self.interruption = (when, lambda: self._do(person, action))
            person.model.ticked_at = self.clock.now
            person.viewer.tick()
            assert self.interruption is None
            action[1](person.model)

    def _do(self, person: Seat, action: Action) -> None:
        self._know_where_it_stands(person)
        action[0](person.viewer)
        self._know_where_it_stands(person)

    @staticmethod
    def _know_where_it_stands(person: Seat) -> None:
        """As a page does before anybody can press Play: whether the step is the last one is read from its frame."""
        if person.model.stop_perplexity is not None or person.model.has_exploded:
            assert person.viewer.settle()

    @staticmethod
    def _would_interrupt(person: Seat, when: str) -> bool:
        """Whether a tick comes by there for sure: it takes a turn where the recording ends."""
        viewer = person.viewer
        viewer.reopen()
        is_at_end = viewer.run.step == viewer.playhead and viewer.explosion is None
        return when == "before the turn" or (is_at_end and viewer.speed == "max")

    @rule(seat=seats, mover=seats)
    def somebody_else_acts_in_the_middle(self, seat: int, mover: int) -> None:
        """Another one trains the same run, or the server drops it, while this one's tick is under way."""
        person, other = self.people[seat], self.people[1 - seat]

        def train() -> None:
            other.viewer.reopen()
            other.viewer.run.advance(17)

        self.interruption = ("before the turn", train if mover else lambda: self._drop(person))
        self._tick(person, 0.2)
        self.interruption = None

    @rule(seat=seats)
    def the_server_drops_the_run(self, seat: int) -> None:
        self._drop(self.people[seat])

    def _drop(self, person: Seat) -> None:
        for each in self.people:
            self._know_where_it_stands(each)
        if person.viewer.run_id in self.registry._entries:
            self.registry._drop(person.viewer.run_id)

    @rule(seat=seats)
    def memory_becomes_short(self, seat: int) -> None:
        viewer = self.people[seat].viewer
        viewer.reopen()
        run = viewer.run
        run.thin_tape()
        run.thin_checkpoints()
        run.park()

    @rule(seat=seats)
    def reload(self, seat: int) -> None:
        """The address, opened by a stranger, and the step."""
        person = self.people[seat]
        config, refusals = from_query(to_query(person.viewer.config))
        assert refusals == () and config == person.model.config
        step = person.model.playhead
        self.people[seat] = Seat(Viewer(self.registry, config), Model(config))
        self.people[seat].viewer.go_to(step)
        self.people[seat].model.go_to(step)

    @rule(seat=seats)
    def look(self, seat: int) -> None:
        """Everything that a page shows of a viewer at rest, or while it plays."""
        person = self.people[seat]
        viewer, model = person.viewer, person.model
        assert viewer.settle() and viewer.is_settled and viewer.playhead == model.playhead
        self._compare_message(person)
        run, training = viewer.run, model.training
        explosion = viewer.explosion
        assert (explosion is not None) == model.has_exploded
        assert explosion is None or explosion.step == model.playhead
        points = viewer.curve_points()
        steps = [step for step in range(model.playhead) if is_due(step, ALL_POINTS)] + [model.playhead]
        assert points.step.tolist() == steps
        updates = [training.update(step) for step in steps]
        assert repr(points.loss.tolist()) == repr([update.nll[0] for update in updates])  # NaN is NaN
        assert repr(points.gradient_norm.tolist()) == repr([update.gradient_norm[0] for update in updates])
        assert points.learning_rate.tolist() == [update.learning_rate for update in updates]
        assert points.clipped.tolist() == [update.clipped[0] for update in updates]
        counted = [update.clipped[0] for update in training.updates(model.playhead)]
        assert points.clips.tolist() == [sum(counted[: step + 1]) for step in steps]
        due = [step for step in range(model.playhead + 1) if is_due(step, ALL_SAMPLES)]
        samples = run.samples(model.playhead)
        assert [each.step for each in samples] == due
        assert samples[-1] == sample(model.config, due[-1])
        weights = run.snapshot_at(model.playhead).parameters
        assert torch.equal(weights, training.weights(model.playhead))

    @invariant()
    def what_is_known_without_training(self) -> None:
        for person in getattr(self, "people", ()):
            viewer, model = person.viewer, person.model
            assert viewer.playhead == model.playhead and viewer.playing == model.playing
            assert viewer.config == model.config and viewer.forks == model.forks
            assert viewer.rate == model.rate and viewer.shown == with_rate(model.config, model.rate)
            person.recordings.add(viewer.recording)
            assert len(person.recordings) <= model.recordings + 1
            assert viewer.recording.endswith(f"-{model.recordings + 1}")
            assert [ghost.config for ghost in viewer.ghosts] == [config for config, _ in model.ghosts]

    def _compare_message(self, person: Seat) -> None:
        """No frame beyond the playhead, none of another future, and that of the playhead if it is there."""
        viewer, model = person.viewer, person.model
        is_there = viewer.is_settled
        viewer.reopen()
        frames = viewer.frames_to_send()
        steps = [frame.step for frame in frames]
        assert steps == sorted(set(steps)) and (not steps or steps[-1] <= model.playhead)
        if is_there and not model.playing:
            assert steps[0] == 0 and steps[-1] == model.playhead
        for frame in (*frames[:3], *frames[-6:]):
            assert frame.payload == pictures(model.config).payload(frame.step), frame.step

    @contextmanager
    def _comparing_ghosts(self, person: Seat) -> Iterator[None]:
        """A ghost has the rows of its experiment up to where it was left. Of a run that was dropped it has none."""
        viewer, model, before = person.viewer, person.model, person.model.ghosts
        was_there = viewer.tracks[0].is_there and viewer.run.step >= model.playhead
        yield
        if model.ghosts == before:
            return
        if not was_there:
            model.ghosts = tuple((ghost.config, ghost.steps[-1]) for ghost in viewer.ghosts)
            return
        ghost, (config, playhead) = viewer.ghosts[-1], model.ghosts[-1]
        assert ghost.config == config and ghost.steps[0] == 0
        assert ghost.steps[-1] <= playhead < ghost.steps[-1] + 1 + playhead // ALL_POINTS
        losses = [straight(config).update(step).nll[0] for step in ghost.steps]
        assert repr(list(ghost.losses)) == repr(losses)


Playheads.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, report_multiple_bugs=False
)
TestPlayheads = Playheads.TestCase
