"""Where a tick takes the playhead on one replica of a run: along its tape, and on by training where that ends."""

import time
from dataclasses import dataclass
from math import log

from playground.refusal import Refusal
from playground.runs.album import Frame
from playground.runs.curve import FIRST as ALL_POINTS
from playground.runs.registry import Registry
from playground.runs.replay import Replay
from playground.runs.run import Run

FRAMES_PER_TICK = 24
TRIES = 3  # times that a tick looks for the end of a tape that others train on
WALKED = 64  # steps of one turn that looks for a goal step by step


@dataclass(frozen=True, slots=True)
class Stride:
    """What is wanted of one tick.

    before: the step from which to move. limit: the last step to come to. is_at_max: as far as one turn goes. shots: how
    many frames to see on the way, about. goal: a perplexity at which to stop.
    """

    before: int
    limit: int
    is_at_max: bool
    shots: int
    goal: float | None


@dataclass(frozen=True, slots=True)
class Move:
    """Where a tick takes the playhead, and the frames on the way."""

    playhead: int
    frames: tuple[Frame, ...] = ()

    def until(self, step: int) -> "Move":
        """As much of it as does not go beyond a step."""
        if self.playhead <= step:
            return self
        return Move(step, tuple(frame for frame in self.frames if frame.step <= step))


class Mover:
    """Moves along one replica of a run.

    Args:
        registry: where turns to compute are had.
        run: what to move along. replica: which of its replicas.
        replay: a walk through the past that may go on.

    Attributes:
        replay: the walk that was made last.
    """

    def __init__(self, registry: Registry, run: Run, replica: int, replay: Replay | None) -> None:
        self._registry = registry
        self._run, self._replica, self._tape = run, replica, run.tapes[replica]
        self.replay = replay

    def move(self, stride: Stride) -> Move:
        """Where the playhead comes to by what is wanted, or as far as one turn takes it.

        Raises:
            Refusal: if there is no memory to train.
        """
        run, tape = self._run, self._tape
        at, limit, frames = stride.before, stride.limit, ()
        for _ in range(TRIES):
            if at < tape.step:
                replayed = self._replayed(at, stride)
                is_there = replayed.playhead < min(limit, tape.step) or self._is_goal_passed(
                    at, replayed.playhead, stride.goal
                )
                at, frames = replayed.playhead, (*frames, *replayed.frames)
                if is_there:
                    break
            if at >= limit:
                break
            with self._registry.turn(run) as budget:
                if at >= tape.step:  # nobody else has trained this run while we waited
                    trained = self._trained(at, stride, budget)
                    return Move(trained.playhead, (*frames, *trained.frames))
        return Move(at, frames)

    def _is_goal_passed(self, before: int, playhead: int, goal: float | None) -> bool:
        """Whether the goal was reached on the way, at the place where the playhead has come to."""
        return goal is not None and self._tape.reaches(goal, before, playhead) is not None

    def _trained(self, before: int, stride: Stride, budget: float) -> Move:
        """Train at the end of the tape. A run that was dropped and begun anew has to catch up first."""
        run, tape = self._run, self._tape
        if tape.step < before:
            run.advance(before - tape.step, budget=budget)
            return Move(before)
        run.advance(
            stride.limit - before,
            budget=budget,
            shots=stride.shots,
            goal=stride.goal,
            replica=self._replica,
        )
        return Move(tape.step, tuple(tape.frames(before + 1, tape.step)[-2 * FRAMES_PER_TICK :]))

    def _replayed(self, before: int, stride: Stride) -> Move:
        """Move over what is recorded already: at speed max along the frames that are kept, else by every step due."""
        tape, goal = self._tape, stride.goal
        limit = min(stride.limit, tape.step)
        if goal is not None:
            if before >= ALL_POINTS:  # the curve may have left out the step at which the goal was reached
                return self._walked(before, min(limit, before + WALKED), stride)
            limit = min(limit, ALL_POINTS)
        if stride.is_at_max:
            ahead = tape.kept_frames_after(before, FRAMES_PER_TICK)
            if len(ahead) == FRAMES_PER_TICK:
                limit = min(limit, ahead[-1].step)
        if goal is not None:
            reached = tape.reaches(goal, before, limit)
            limit = limit if reached is None else reached
        found = tuple(tape.frames(before + 1, limit))
        if stride.is_at_max or _fill(found, _wanted(before, limit, stride.shots)):
            return Move(limit, found[-2 * FRAMES_PER_TICK :])
        try:
            return self._walked(before, limit, stride)
        except Refusal:  # no memory to take the missing frames again: those that are kept have to do
            return Move(limit, found)

    def _walked(self, before: int, limit: int, stride: Stride) -> Move:
        """Train a stretch of the tape again, for frames that nobody has kept, and to meet a goal where it is."""
        run = self._run
        replay = self.replay = run.replay(self.replay)
        frames: list[Frame] = []
        wanted, goal = _wanted(before, limit, stride.shots), stride.goal
        with self._registry.turn(run) as budget:
            deadline = time.thread_time() + budget
            if replay.go_to(before, budget=budget) is None:
                return Move(before)
            at = before
            for step in range(before + 1, limit + 1):
                trainer = replay.go_to(step)
                assert trainer is not None  # without a budget it gets there
                at = trainer.step
                is_last = at < step or time.thread_time() > deadline
                if goal is not None and trainer.preview().nll[self._replica] <= log(goal):
                    is_last = True
                if step in wanted or is_last:
                    frames.append(run.expose(trainer, self._replica))
                if is_last:
                    break
        return Move(at, tuple(frames))


def _wanted(before: int, limit: int, shots: int) -> range:
    """Steps after `before` whose frames make a smooth picture, the last one `limit`."""
    every = max(1, -(-(limit - before) // shots))
    return range(limit, before, -every)[::-1]


def _fill(frames: tuple[Frame, ...], wanted: range) -> bool:
    """Whether there is a frame of every wanted step, or of one since the wanted step before."""
    steps = {frame.step for frame in frames}
    return all(any(at in steps for at in range(step, step - wanted.step, -1)) for step in wanted)
