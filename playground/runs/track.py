"""A track: one experiment as a viewer watches it, its run and what was sent of it. Buttons and clock are a viewer's."""

import itertools
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

from playground.config import ExperimentConfig
from playground.refusal import Refusal
from playground.runs.album import Frame
from playground.runs.curve import CurvePoints
from playground.runs.leases import Leases
from playground.runs.milestone import Milestone, MilestoneOf
from playground.runs.move import FRAMES_PER_TICK, Move, Mover, Stride
from playground.runs.replay import Replay
from playground.runs.run import Run
from playground.runs.sample import Sample
from playground.runs.tape import Tape
from playground.training import Explosion

GHOST_POINTS = 128

_ghost_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Ghost:
    """An earlier run as a curve: what was tried and how far it came."""

    id: str
    config: ExperimentConfig
    steps: tuple[int, ...]
    losses: tuple[float, ...]  # mean nats per predicted symbol; not finite at the end of a run that exploded


class Dropped(Refusal):
    """The run that is asked for was dropped by the server, and has not been opened again."""


class Track:
    """One experiment under a playhead: one replica of a run, most often the only one.

    Its viewer, which alone changes it, holds the lock while it does.

    Args:
        leases: the runs that its viewer holds.
        lock: its viewer's.
        recordings: names for what it records, each given once.
        run_id: the run of the experiment, held already.
        config: the experiment, with the seed of its replica.
        seeds: of all replicas of its run, the experiment's alone if None. replica: which of them it is.

    Attributes:
        config: the experiment, changes of its learning rate included.
        run_id: what the registry knows the run by.
        playhead: the training step on which it stands.
        recording: names what is shown; another name means that nothing the stage has kept is of use.
        forks: the steps at which the learning rate was changed while this recording was watched: from there on what was
            recorded before is no longer true.
    """

    def __init__(
        self,
        leases: Leases,
        lock: threading.RLock,
        recordings: Iterator[str],
        run_id: str,
        config: ExperimentConfig,
        seeds: Sequence[int] | None = None,
        replica: int = 0,
    ) -> None:
        self.config = config
        self.run_id = run_id
        self.seeds = None if seeds is None else tuple(seeds)
        self.replica = replica
        self.playhead = 0
        self._leases, self._lock, self._recordings = leases, lock, recordings
        self._replay: Replay | None = None
        self._fresh: tuple[Frame, ...] = ()  # not yet sent
        self._sent: tuple[Frame, ...] = ()  # with the message before
        self._own: Frame | None = None  # that of the playhead, when it has come to rest
        self._goal_behind: float | None = None  # a perplexity reached before play was pressed stops nobody
        self._has_left = False
        self._is_slow = False
        self._seen: weakref.ref[Run] | None = None  # its run, as far as nobody has to be asked
        self._start_recording()
        self._look_at_run()

    def _start_recording(self) -> None:
        self.recording = next(self._recordings)
        self.forks: tuple[int, ...] = ()

    @property
    def run(self) -> Run:
        """The run being watched.

        Raises Dropped if the server has dropped it: see `reopen`.
        """
        run = self._found()
        if run is None:
            raise Dropped(
                "run",
                "This run was put away to save memory. It is trained again, to the same numbers, as soon as there is "
                "room for it.",
            )
        return run

    def _found(self) -> Run | None:
        """Its run; None if the server has dropped it, or this track has let go of it."""
        with self._lock:
            return None if self._has_left else self._leases.get(self.run_id)

    @property
    def is_there(self) -> bool:
        """Whether its run has not been dropped."""
        return self._found() is not None

    def reopen(self) -> None:
        """Have the run again that the server has dropped; it begins anew, behind the playhead.

        To be called without the lock: it builds.

        Raises:
            Refusal: if there is no memory to begin anew.
        """
        with self._lock:
            dropped, config, seeds = self.run_id, self.config, self.seeds
            if self._has_left or self.is_there:
                return
        opened = self._leases.open(config, seeds=seeds, instead_of=(dropped,))
        with self._lock:
            if (
                self._has_left or self.run_id != dropped
            ):  # somebody was faster, or it shows another experiment now
                self._leases.release(opened)
            else:
                self._replay = None
                self._change_to(config, opened)

    @property
    def is_slow(self) -> bool:
        """Whether its run trains in the line of the slow ones; of one that was dropped, whether it did. Never waits."""
        run = None if self._seen is None else self._seen()
        if run is not None:
            self._is_slow = self._leases.registry.is_slow(run)
        return self._is_slow

    def _look_at_run(self) -> None:
        """Know the run without asking for it, as long as the server keeps it."""
        run = self._found()
        self._seen = None if run is None else weakref.ref(run)

    @property
    def tape(self) -> Tape:
        """What its replica has recorded. Raises Dropped as `run` does."""
        return self.run.tapes[self.replica]

    @property
    def rate(self) -> float:
        """The learning rate after all changes: what the person has chosen last."""
        return self.config.training.last_rate

    @property
    def shown(self) -> ExperimentConfig:
        """The experiment as its widgets say it: with the rate that was chosen last, and without the way there."""
        return with_rate(self.config, self.rate)

    @property
    def explosion(self) -> Explosion | None:
        """What stopped being a finite number, once the playhead has reached it; None of a run that was dropped."""
        run = self._found()
        return None if run is None else _explosion_at(self.playhead, run.tapes[self.replica])

    # Where it stands

    def rest(self, step: int) -> None:
        """Put the playhead somewhere."""
        self.playhead, self._own = step, None

    def start(self, stop_perplexity: float | None) -> None:
        """Play is pressed: what was sent and what is reached already no longer counts."""
        self._fresh = self._sent = ()
        self._goal_behind = stop_perplexity if self._is_at(stop_perplexity) else None

    def goal(self, stop_perplexity: float | None) -> float | None:
        """The perplexity at which to stop, if it was not reached before play was pressed."""
        return None if stop_perplexity == self._goal_behind else stop_perplexity

    def is_at_goal(self, stop_perplexity: float | None) -> bool:
        """Whether it stands where it is to stop."""
        return self._is_at(self.goal(stop_perplexity))

    def first_at(self, milestone_of: MilestoneOf | None) -> int | None:
        """The step at which a milestone of its text is reached; None if it is not, or its run was dropped."""
        run = self._found()
        if run is None or milestone_of is None:
            return None
        milestone = milestone_of(run.corpus)
        if milestone is None:
            return None
        return run.tapes[self.replica].first_at(milestone, run.predictions(self.replica))

    def mean_of(self, milestone: Milestone) -> float:
        """Mean loss of the updates that a milestone looks at, up to the playhead's step: nats per predicted symbol."""
        return milestone.mean_at(self.curve_points(), self.playhead, self.run.predictions(self.replica))

    def done_at(self, milestone_of: MilestoneOf | None) -> int | None:
        """The step at which it has reached a milestone, or has exploded before; None while it may still reach it."""
        reached, run = self.first_at(milestone_of), self._found()
        if reached is not None or run is None:
            return reached
        explosion = run.tapes[self.replica].explosion
        return None if explosion is None else explosion.step

    def _is_at(self, goal: float | None) -> bool:
        """Whether the step of the playhead has this perplexity or less."""
        if goal is None:
            return False
        is_there = self.is_there
        own = self._frame_of_playhead(self.tape if is_there else None)
        if own is not None:
            return own.update.nll[0] <= log(goal)
        if not is_there:
            return False
        points = self.curve_points()
        return bool(points.step[-1] == self.playhead and points.loss[-1] <= log(goal))

    def move(self, stride: Stride) -> tuple[Move, bool]:
        """Where a tick takes the playhead, and whether it ends there. To be called without the lock: it trains.

        Raises:
            Refusal: if there is no memory to train.
        """
        run = self.run
        mover = Mover(self._leases.registry, run, self.replica, self._replay)
        try:
            move = mover.move(stride)
        finally:
            self._replay = mover.replay
        return move, _explosion_at(move.playhead, run.tapes[self.replica]) is not None

    def take(self, move: Move) -> None:
        """Make a move true."""
        self.playhead = move.playhead
        self._fresh = (*self._fresh, *move.frames)[-2 * FRAMES_PER_TICK :]
        if move.frames and move.frames[-1].step == self.playhead:
            self._own = move.frames[-1]

    @property
    def is_settled(self) -> bool:
        """Whether the playhead stands on a step whose frame is there."""
        with self._lock:
            run = self._found()
            if run is None:
                return False
            tape = run.tapes[self.replica]
            return tape.step >= self.playhead and self._frame_of_playhead(tape) is not None

    def settle(self, run: Run, playhead: int) -> Frame | None:
        """One turn of training towards the frame of a step; it, or that of the step where the run ends, once there.

        To be called without the lock.

        Raises:
            Refusal: if there is no memory to train.
        """
        tape = run.tapes[self.replica]
        is_there = tape.step >= playhead or tape.explosion is not None
        with self._leases.registry.turn(run) as budget:
            if not is_there:
                run.advance(playhead - tape.step, budget=budget)
                return None
            return run.frame(min(playhead, tape.step), replica=self.replica, budget=budget)

    def stand_on(self, frame: Frame) -> None:
        """Put the playhead on the step of a frame."""
        self.playhead, self._own = frame.step, frame

    def _frame_of_playhead(self, tape: Tape | None) -> Frame | None:
        """The frame on which the playhead stands, if it is there; it stays this track's own from then on.

        tape: None of a run that was dropped.
        """
        if self._own is None or self._own.step != self.playhead:
            found = [] if tape is None else tape.frames(self.playhead, self.playhead)
            self._own = found[0] if found else None
        return self._own

    # What is seen of it

    def curve_points(self, most: int | None = None) -> CurvePoints:
        """The learning curve up to and including the playhead's step; through `most` points, if there are more."""
        with self._lock:
            tape = self.tape
            own = self._frame_of_playhead(tape)
            return tape.curve_points(self.playhead, None if own is None else own.update, most=most)

    def samples(self) -> list[Sample]:
        """The samples up to the playhead's step, oldest first."""
        return self.run.samples(self.playhead, replica=self.replica)

    def frames_to_send(self, *, playing: bool, repeat: bool = True) -> list[Frame]:
        """What the stage needs: all frames up to the playhead when paused, the newest ones while playing.

        repeat: while playing, those of the call before as well, because they may have been lost.
        """
        with self._lock:
            tape = self.tape
            own = self._frame_of_playhead(tape)
            here = () if own is None else (own,)
            if not playing:
                return _ascending((*tape.frames(0, self.playhead), *here))
            again = self._sent if repeat else ()
            self._sent, self._fresh = self._fresh, ()
            return _ascending((*again, *self._sent) or here)

    def ghost(self) -> Ghost | None:
        """It as a curve, to be kept when something else takes its place; None if it has not moved or was dropped."""
        if self.playhead == 0 or not self.is_there:
            return None
        points = self.curve_points(GHOST_POINTS)
        if len(points) < 2:
            return None
        return Ghost(
            id=f"g{next(_ghost_numbers)}",
            config=self.config,
            steps=tuple(points.step.tolist()),
            losses=tuple(points.loss.tolist()),
        )

    # Going over to another experiment, in two parts: the first may be refused

    def opened(self, config: ExperimentConfig) -> str:
        """Hold the run of another experiment, to `go_over` to it.

        Raises:
            Refusal: if the text cannot be trained on, or there is no memory.
        """
        return self._leases.open(config, seeds=self._seeds_of(config), instead_of=(self.run_id,))

    def go_over(self, config: ExperimentConfig, opened: str) -> None:
        """Show what has been opened, at the present step; another experiment is another recording."""
        if opened != self.run_id:
            self._replay = None
        if config != self.config:
            self._start_recording()
        self.seeds = self._seeds_of(config)
        self._change_to(config, opened)

    def _seeds_of(self, config: ExperimentConfig) -> tuple[int, ...] | None:
        """Those of the replicas; with a seed of its own it is an experiment by itself."""
        return self.seeds if config.seed == self.config.seed else None

    def changed(self, learning_rate: float) -> ExperimentConfig:
        """The experiment with another learning rate from the playhead on.

        Raises:
            Refusal: if it has been changed too often.
        """
        return replace(self.config, training=self.config.training.changed(self.playhead, learning_rate))

    def forked(self, config: ExperimentConfig) -> str:
        """Hold the run of what `changed` has given, to `fork` to it.

        Raises:
            Refusal: if there is no memory.
        """
        return self._leases.fork(self.run_id, config, self.playhead, seeds=self.seeds)

    def fork(self, config: ExperimentConfig, forked: str) -> None:
        """Go on with it from the playhead."""
        self.forks = (*self.forks, self.playhead)
        self._own = self._replay = None
        self._fresh = self._sent = ()
        self._change_to(config, forked)

    def _change_to(self, config: ExperimentConfig, run_id: str) -> None:
        before, self.run_id = self.run_id, run_id
        self._leases.release(before)
        self.config = config
        self._look_at_run()

    def leave(self) -> None:
        """Let go of its run: it is shown no longer."""
        self._has_left = True
        self._leases.release(self.run_id)


def with_rate(config: ExperimentConfig, learning_rate: float) -> ExperimentConfig:
    """The experiment with this learning rate from the start."""
    return replace(config, training=replace(config.training, learning_rate=learning_rate, rates=()))


def _explosion_at(step: int, tape: Tape) -> Explosion | None:
    """What has ended a tape at or before a step."""
    found = tape.explosion
    return found if found is not None and step >= found.step else None


def _ascending(frames: tuple[Frame, ...]) -> list[Frame]:
    """Frames by step, each once."""
    by_step = {frame.step: frame for frame in frames}
    return [by_step[step] for step in sorted(by_step)]
