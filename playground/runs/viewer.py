"""A viewer: one person's playhead on a run, and what the transport buttons do to it. Knows nothing of the page."""

import itertools
import secrets
import time
from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import isfinite

from playground.config import ExperimentConfig
from playground.runs.frame import Frame
from playground.runs.registry import Registry
from playground.runs.run import RateChange, Run

SPEEDS: dict[str, float | None] = {"watch": 5.0, "normal": 30.0, "fast": 300.0, "max": None}  # steps a second
MAX_GHOSTS = 3
GHOST_POINTS = 128
DRAWN_PER_SECOND = 30.0
FRAMES_PER_TICK = 24
LONGEST_PAUSE = 1.0  # seconds of playing that a late tick makes up for at most
RESTORE_SECONDS = 2.0

_ghost_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Ghost:
    """An earlier run as a curve: what was tried and how far it came."""

    id: str
    config: ExperimentConfig
    steps: tuple[int, ...]
    perplexities: tuple[float | None, ...]  # None where it is not finite


class Viewer:
    """One person's view of a run.

    Args:
        registry: the server's runs.
        config: the experiment to open.
        finished_at: open at this step if the run already has it (a first visit sees a finished run; the first play
            then starts from step 0).

    Attributes:
        recording: names what the stage shows; another name means that nothing it has kept is of use.
        epoch: grows when the recording beyond the playhead is no longer what it was.
        messages: how many messages the stage has been sent.

    Raises:
        Refusal: if the text cannot be trained on.
    """

    def __init__(self, registry: Registry, config: ExperimentConfig, *, finished_at: int = 0) -> None:
        self.id = secrets.token_hex(8)
        self.config = config
        self.playhead = 0
        self.playing = False
        self.speed = "normal"
        self.stop_step: int | None = None
        self.stop_perplexity: float | None = None
        self.ghosts: tuple[Ghost, ...] = ()
        self.epoch = 0
        self.messages = 0
        self._recordings = itertools.count(1)
        self.recording = self._next_recording()
        self._registry = registry
        self._root = config
        self._changes: tuple[RateChange, ...] = ()
        self._run_id = registry.open(self.id, config)
        self._ticked_at: float | None = None
        self._due = 0.0
        self._progress: deque[tuple[float, int]] = deque(maxlen=24)
        self._sent_until = [-1, -1]
        self._goal_behind: float | None = None  # a perplexity reached before play was pressed stops nobody
        self.shows_finished = self.run.step >= finished_at > 0
        if self.shows_finished:
            self.playhead = finished_at

    def _next_recording(self) -> str:
        return f"{self.id}-{next(self._recordings)}"

    @property
    def run_id(self) -> str:
        """Changes whenever another recording is shown."""
        return self._run_id

    @property
    def run(self) -> Run:
        """The run being watched. If the server has dropped it, it is trained again: it is the same run."""
        run = self._registry.get(self.id, self._run_id)
        if run is None:
            self._run_id = self._registry.open(self.id, self._root, self._changes)
            run = self._registry.get(self.id, self._run_id)
            assert run is not None
            with self._registry.turn():
                run.advance(max(0, self.playhead - run.step), budget=RESTORE_SECONDS)
            self.playhead = min(self.playhead, run.step)
        return run

    @property
    def exploded_at(self) -> int | None:
        """The step whose loss was no longer a finite number, once the playhead has reached it."""
        at = self.run.exploded_at
        return at if at is not None and self.playhead >= at else None

    def play(self) -> None:
        """Go on; from the start if a finished run is being shown."""
        if self.shows_finished:
            self.playhead, self.shows_finished = 0, False
        self.playing = self.exploded_at is None
        self._goal_behind = self.stop_perplexity if self._is_at_goal() else None
        self._ticked_at = None
        self._due = 0.0
        self._progress.clear()
        self._sent_until = [self.playhead - 1, self.playhead - 1]

    def pause(self) -> None:
        self.playing = False

    def step_once(self) -> None:
        """Make one update and stop."""
        self.pause()
        self.shows_finished = False
        self._move(1, shots=1)

    def reset(self) -> None:
        """Back to step 0 with the same seed and the present learning rate. No ghost: it would be the same curve."""
        self.pause()
        self.playhead, self.shows_finished = 0, False
        if self._changes or self._root != self.config:
            self._open(self.config)

    def change(self, config: ExperimentConfig) -> None:
        """Go over to another experiment.

        Another learning rate alone goes on from the playhead; anything else starts a new run at step 0 and leaves the
        old one as a ghost.

        Raises:
            Refusal: if the text cannot be trained on; then nothing has changed.
        """
        if config == self.config:
            return
        training = replace(self.config.training, learning_rate=config.training.learning_rate)
        only_rate = replace(self.config, training=training) == config
        if only_rate and self.playhead > 0 and not self.shows_finished:
            self._branch(config.training.learning_rate)
            self.config = config
            return
        ghost = self._ghost()
        self._open(config)
        self.pause()
        if ghost is not None:
            self.ghosts = (*self.ghosts, ghost)[-MAX_GHOSTS:]

    def remove_ghost(self, identifier: str) -> None:
        self.ghosts = tuple(ghost for ghost in self.ghosts if ghost.id != identifier)

    def tick(self) -> bool:
        """One beat of playing: move the playhead by what is due, training where the tape ends.

        Returns:
            Whether it goes on playing: False once a stop condition is met or the loss is no longer finite.
        """
        self._registry.trains(self.id)
        now = time.monotonic()
        elapsed = 0.1 if self._ticked_at is None else min(now - self._ticked_at, LONGEST_PAUSE)
        self._ticked_at = now
        rate = SPEEDS[self.speed]
        before = self.playhead
        shots = max(1, round(DRAWN_PER_SECOND * elapsed))
        if rate is None:
            self._move(None, shots=shots)
        else:
            self._due = min(self._due + rate * elapsed, rate * LONGEST_PAUSE)
            due = int(self._due)
            self._due -= due
            if due:
                self._move(due, shots=min(shots, due))
        self._progress.append((time.monotonic(), self.playhead))
        reached_step = before < self.playhead == self.stop_step
        if self.exploded_at is not None or reached_step or (self._goal is not None and self._is_at_goal()):
            self.pause()
        return self.playing

    def _move(self, steps: int | None, *, shots: int) -> None:
        """Move the playhead by `steps`, or as far as one turn takes it."""
        run = self.run
        if self.playhead < run.step and run.spacing(self.playhead) > self._widest_spacing():
            self._branch(run.rate_at(self.playhead))
            run = self.run
        if self.stop_step is not None and self.stop_step > self.playhead:
            steps = min(steps or self.stop_step, self.stop_step - self.playhead)
        before = self.playhead
        if before < run.step:
            self.playhead = self._replayed(run, steps)
        elif self.exploded_at is None:
            with self._registry.turn() as budget:
                if before < run.step:  # somebody else has trained this run while we waited
                    self.playhead = self._replayed(run, steps)
                else:
                    run.advance(steps or 1_000_000, budget=budget, shots=shots, goal=self._goal)
                    self.playhead = run.step
        if self._goal is not None:
            reached = run.curve.reaches(self._goal, before, self.playhead)
            self.playhead = self.playhead if reached is None else reached

    def _replayed(self, run: Run, steps: int | None) -> int:
        """Where the playhead comes to on what is already recorded."""
        if steps is not None:
            return min(self.playhead + steps, run.step)
        ahead = run.frames(self.playhead + 1, run.step)[:FRAMES_PER_TICK]
        return ahead[-1].step if ahead else run.step

    def _widest_spacing(self) -> float:
        rate = SPEEDS[self.speed]
        return float("inf") if rate is None else max(1.0, rate / 10)

    @property
    def _goal(self) -> float | None:
        return None if self.stop_perplexity == self._goal_behind else self.stop_perplexity

    def _is_at_goal(self) -> bool:
        if self.stop_perplexity is None:
            return False
        return bool(self.run.curve_points(self.playhead).perplexity[-1] <= self.stop_perplexity)

    @property
    def steps_per_second(self) -> float:
        """Speed of the playhead over the last ticks, 0 when not playing."""
        if not self.playing or len(self._progress) < 2:
            return 0.0
        (then, first), (now, last) = self._progress[0], self._progress[-1]
        return (last - first) / max(now - then, 1e-6)

    @property
    def others_training(self) -> int:
        return self._registry.others_training(self.id)

    def turn(self) -> AbstractContextManager[float]:
        """Wait for this viewer's turn to compute; gives the seconds it may last."""
        return self._registry.turn()

    def frames_to_send(self) -> list[Frame]:
        """What the stage needs: all recorded frames up to the playhead when paused, the newest ones while playing.

        While playing, each call repeats the frames of the call before, because the page may drop a message.
        """
        run = self.run
        if not self.playing:
            return run.frames(0, self.playhead)
        frames = run.frames(self._sent_until[0] + 1, self.playhead)
        self._sent_until = [self._sent_until[1], self.playhead]
        if len(frames) > 2 * FRAMES_PER_TICK:
            frames = frames[-2 * FRAMES_PER_TICK :]
        return frames

    def _branch(self, learning_rate: float) -> None:
        assert self.run is not None  # trained again if the server has dropped it
        self._run_id = self._registry.branch(self.id, self._run_id, self.playhead, learning_rate)
        self._changes = self.run.changes
        self.epoch += 1

    def _open(self, config: ExperimentConfig) -> None:
        opened = self._registry.open(self.id, config)
        if opened != self._run_id:
            self._registry.release(self.id, self._run_id)
            self.recording = self._next_recording()
        self._run_id, self._root, self._changes = opened, config, ()
        self.config = config
        self.playhead, self.shows_finished = 0, False
        self._progress.clear()

    def _ghost(self) -> Ghost | None:
        points = self.run.curve_points(self.playhead).thinned(GHOST_POINTS)
        if self.playhead == 0 or len(points.step) < 2:
            return None
        return Ghost(
            id=f"g{next(_ghost_numbers)}",
            config=self.config,
            steps=tuple(points.step.tolist()),
            perplexities=tuple(value if isfinite(value) else None for value in points.perplexity.tolist()),
        )
