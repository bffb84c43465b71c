"""A viewer: one person's playhead on a run, and what the transport buttons do to it. Knows nothing of the page."""

import itertools
import secrets
import threading
import time
from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import log

from playground.config import ExperimentConfig
from playground.refusal import Refusal
from playground.runs.album import Frame
from playground.runs.curve import FIRST as ALL_POINTS
from playground.runs.curve import CurvePoints
from playground.runs.registry import Registry
from playground.runs.replay import Replay
from playground.runs.run import Run
from playground.training import Explosion

SPEEDS: dict[str, float | None] = {"watch": 5.0, "normal": 30.0, "fast": 300.0, "max": None}  # steps a second
MAX_GHOSTS = 3
GHOST_POINTS = 128
MANY = 1_000_000  # more than there ever are
# By how many others train: frames a second at most, and seconds between two ticks. A picture costs more than the update
# it shows, and a message more than a picture.
PACES = ((4, 60.0, 0.2), (40, 30.0, 0.2), (MANY, 15.0, 0.5))
FRAMES_PER_TICK = 24
LONGEST_PAUSE = 1.0  # seconds of playing that a late tick makes up for at most
FIRST_TICK = 0.1  # seconds for which a first tick moves on
SETTLING = 0.25  # seconds that a button may take
TRIES = 3  # times that a tick looks for the end of a tape that others train on
WALKED = 64  # steps of one turn that looks for a goal step by step

_ghost_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Ghost:
    """An earlier run as a curve: what was tried and how far it came."""

    id: str
    config: ExperimentConfig
    steps: tuple[int, ...]
    losses: tuple[float, ...]  # mean nats per predicted symbol; not finite at the end of a run that exploded


@dataclass(frozen=True, slots=True)
class _Move:
    """Where a tick takes the playhead, and the frames on the way."""

    playhead: int
    frames: tuple[Frame, ...]


class Viewer:
    """One person's view of a run.

    Several threads may use it: a person may press a button while a tick still trains. What a person does counts, and a
    tick that began before it moves nothing any more.

    Args:
        registry: the server's runs.
        config: the experiment to open.
        finished_at: open at this step if the run already has it (a first visit sees a finished run; the first play
            then starts from step 0).

    Attributes:
        config: the experiment on screen, changes of its learning rate included.
        playhead: the training step on screen.
        recording: names what the stage shows; another name means that nothing it has kept is of use.
        forks: the steps at which the learning rate was changed while this recording was watched: from there on what was
            recorded before is no longer true.
        messages: how many messages the stage has been sent.
        refused: why it stands still, where there was no memory to train; until the person does something.

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
        self.messages = 0
        self.refused: Refusal | None = None
        self._lock = threading.RLock()
        self._plays_when_settled = False
        self._acts = 0  # what the person has done so far, counted
        self._ticking = threading.Lock()
        self._recordings = itertools.count(1)
        self._registry = registry
        self._ticked_at: float | None = None
        self._due = 0.0
        self._progress: deque[tuple[float, int]] = deque(maxlen=24)
        self._replay: Replay | None = None
        self._fresh: tuple[Frame, ...] = ()  # not yet sent
        self._sent: tuple[Frame, ...] = ()  # with the message before
        self._own: Frame | None = None  # that of the playhead, when it has come to rest
        self._goal_behind: float | None = None  # a perplexity reached before play was pressed stops nobody
        self._start_recording()
        self._run_id = registry.open(self.id, config)
        self.shows_finished = self.run.step >= finished_at > 0
        if self.shows_finished:
            self.playhead = finished_at

    def _start_recording(self) -> None:
        self.recording = f"{self.id}-{next(self._recordings)}"
        self.forks: tuple[int, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """Whether the person has done nothing yet."""
        return self._acts == 0

    @property
    def run_id(self) -> str:
        """What the registry knows the run by."""
        return self._run_id

    @property
    def run(self) -> Run:
        """The run being watched. If the server has dropped it, it begins anew, behind the playhead: see `settle`."""
        with self._lock:
            run = self._registry.get(self.id, self._run_id)
            if run is None:
                self._run_id = self._registry.open(self.id, self.config)
                run = self._registry.get(self.id, self._run_id)
                self._replay = None
            assert run is not None  # just opened, and leased to this viewer
            return run

    @property
    def rate(self) -> float:
        """The learning rate after all changes: what the person has chosen last."""
        return self.config.training.last_rate

    @property
    def shown(self) -> ExperimentConfig:
        """The experiment as its widgets say it: with the rate that was chosen last, and without the way there."""
        return _with_rate(self.config, self.rate)

    @property
    def explosion(self) -> Explosion | None:
        """What stopped being a finite number, once the playhead has reached it."""
        found = self.run.explosion
        return found if found is not None and self.playhead >= found.step else None

    def play(self) -> None:
        """Go on; from the start if a finished run is being shown."""
        with self._lock:
            self._act()
            if self.shows_finished:
                self._rest(0)
            self.playing = self.explosion is None
            self._goal_behind = self.stop_perplexity if self._is_at_goal() else None
            self._ticked_at = None
            self._due = 0.0
            self._progress.clear()
            self._fresh = self._sent = ()

    def pause(self) -> None:
        """Stand still."""
        with self._lock:
            self._act()
            self.playing = False

    def _act(self) -> None:
        """To be called, with the lock held, by everything that a person does."""
        self._acts += 1
        self._plays_when_settled = False
        self.refused = None

    def _rest(self, step: int) -> None:
        """Put the playhead somewhere, as a person's doing."""
        self._act()
        self.playhead, self.shows_finished, self._own = step, False, None
        self._progress.clear()

    def step_once(self) -> None:
        """One update, or one recorded step when the playhead is not at the end of the tape."""
        with self._lock:
            self.pause()
            if self.shows_finished:
                self._rest(0)
            if self.explosion is None:
                self._rest(self.playhead + 1)
        self.settle(budget=SETTLING)

    def reset(self) -> None:
        """Back to step 0 with the same seed and the present learning rate. No ghost: it would be the same curve."""
        with self._lock:
            self.pause()
            self._open(self.shown)
            self._rest(0)

    def change(self, shown: ExperimentConfig) -> None:
        """Go over to what the widgets say.

        Another learning rate alone goes on from the playhead, and the change belongs to the experiment; anything else
        starts a new run at step 0 and leaves the old one as a ghost.

        Raises:
            Refusal: if the text cannot be trained on, or the rate has been changed too often; then nothing has changed.
        """
        with self._lock:
            if shown == self.shown:
                return
            rate = shown.training.learning_rate
            if shown == _with_rate(self.config, rate) and self.playhead > 0 and not self.shows_finished:
                self._fork(rate)
            else:
                self.open(_with_rate(shown, rate))

    def open(self, config: ExperimentConfig) -> None:
        """Go over to exactly this experiment, at step 0; the one before stays as a ghost.

        Raises:
            Refusal: if the text cannot be trained on; then nothing has changed.
        """
        with self._lock:
            if config == self.config:
                return
            ghost = self._ghost()
            self._open(config)
            self.pause()
            self._rest(0)
            if ghost is not None:
                self.ghosts = (*self.ghosts, ghost)[-MAX_GHOSTS:]

    def remove_ghost(self, identifier: str) -> None:
        with self._lock:
            self.ghosts = tuple(ghost for ghost in self.ghosts if ghost.id != identifier)

    def go_to(self, step: int, *, budget: float = float("inf")) -> bool:
        """Move the playhead to `step`, training for about `budget` seconds where the tape ends.

        Returns:
            Whether it has come as far as it can: there, or where a number is no longer finite or memory is short.
        """
        with self._lock:
            self.pause()
            run, acts = self.run, self._acts
        refused = None
        if run.step < step and run.explosion is None:
            try:
                # Without the lock: whoever has the turn may want to look at this viewer.
                with self._registry.turn(run):
                    run.advance(step - run.step, budget=budget)
            except Refusal as refusal:
                refused = refusal
        with self._lock:
            if acts == self._acts:
                self._rest(min(step, run.step))
                self.refused = refused
            return self.playhead == step or run.explosion is not None or refused is not None

    def resume(self, step: int, *, playing: bool) -> None:
        """Go on from a step at which this person has been before; to be followed by `settle`, then it plays."""
        with self._lock:
            self.pause()
            self._rest(step)
            self._plays_when_settled = playing

    def tick(self) -> bool:
        """One beat of playing: move the playhead by what is due, training where the tape ends.

        Returns:
            Whether it goes on playing: False once a stop condition is met, a number is no longer finite, or there is no
            memory to train (`refused` says so).
        """
        if not self._ticking.acquire(blocking=False):  # the beat before is still at it
            return self.playing
        try:
            with self._lock:
                if not self.playing:
                    return False
                acts, before = self._acts, self.playhead
                elapsed, steps = self._steps_due()
            self._registry.trains(self.id)
            move, refused = _Move(before, ()), None
            try:
                if steps != 0:
                    move = self._move(before, steps, shots=max(1, round(self.pace[0] * elapsed)))
            except Refusal as refusal:
                refused = refusal
            with self._lock:
                if acts == self._acts:
                    self._commit(move) if refused is None else self._stand_still(refused)
                return self.playing
        finally:
            self._ticking.release()

    @property
    def pace(self) -> tuple[float, float]:
        """Frames a second at most, and seconds from one tick to the next."""
        others = self.others_training
        return next((drawn, tick) for fewer, drawn, tick in PACES if others < fewer)

    def _steps_due(self) -> tuple[float, int | None]:
        """Seconds since the last tick, and steps to make now; None for as many as fit into a turn."""
        now = time.monotonic()
        elapsed = FIRST_TICK if self._ticked_at is None else now - self._ticked_at
        if elapsed > LONGEST_PAUSE:  # the reader was elsewhere: that time was not played
            elapsed = LONGEST_PAUSE
            self._progress.clear()
        self._ticked_at = now
        rate = SPEEDS[self.speed]
        if rate is None:
            return elapsed, None
        self._due = min(self._due + rate * elapsed, rate * LONGEST_PAUSE)
        due = int(self._due)
        self._due -= due
        return elapsed, due

    def _stand_still(self, refusal: Refusal) -> None:
        """Pause because there is no memory to train. What is recorded stays, and so does the playhead."""
        self.pause()
        self.refused = refusal

    def _commit(self, move: _Move) -> None:
        """Make a move true, and pause where there is a reason to."""
        before, self.playhead = self.playhead, move.playhead
        self._fresh = (*self._fresh, *move.frames)[-2 * FRAMES_PER_TICK :]
        if move.frames and move.frames[-1].step == self.playhead:
            self._own = move.frames[-1]
        self._progress.append((time.monotonic(), self.playhead))
        reached_step = before < self.playhead == self.stop_step
        if self.explosion is not None or reached_step or (self._goal is not None and self._is_at_goal()):
            self.pause()

    def _move(self, before: int, steps: int | None, *, shots: int) -> _Move:
        """Where the playhead comes to from `before` by `steps`, or as far as one turn takes it."""
        run = self.run
        limit = before + (MANY if steps is None else steps)
        if self.stop_step is not None and self.stop_step > before:
            limit = min(limit, self.stop_step)
        at, frames = before, ()
        for _ in range(TRIES):
            if at < run.step:
                replayed = self._replayed(run, at, limit, steps is None, shots)
                is_there = replayed.playhead < min(limit, run.step) or self._is_goal_passed(
                    run, at, replayed.playhead
                )
                at, frames = replayed.playhead, (*frames, *replayed.frames)
                if is_there:
                    break
            if at >= limit:
                break
            with self._registry.turn(run) as budget:
                if at >= run.step:  # nobody else has trained this run while we waited
                    trained = self._trained(run, at, limit, budget, shots)
                    return _Move(trained.playhead, (*frames, *trained.frames))
        return _Move(at, frames)

    def _is_goal_passed(self, run: Run, before: int, playhead: int) -> bool:
        """Whether the goal was reached on the way, at the place where the playhead has come to."""
        return self._goal is not None and run.reaches(self._goal, before, playhead) is not None

    def _trained(self, run: Run, before: int, limit: int, budget: float, shots: int) -> _Move:
        """Train at the end of the tape. A run that was dropped and begun anew has to catch up first."""
        if run.step < before:
            run.advance(before - run.step, budget=budget)
            return _Move(before, ())
        run.advance(limit - before, budget=budget, shots=shots, goal=self._goal)
        return _Move(run.step, tuple(run.frames(before + 1, run.step)[-2 * FRAMES_PER_TICK :]))

    def _replayed(self, run: Run, before: int, limit: int, is_at_max: bool, shots: int) -> _Move:
        """Move over what is recorded already: at speed max along the frames that are kept, else by every step due."""
        limit = min(limit, run.step)
        if self._goal is not None:
            if before >= ALL_POINTS:  # the curve may have left out the step at which the goal was reached
                return self._walked(run, before, min(limit, before + WALKED), shots)
            limit = min(limit, ALL_POINTS)
        if is_at_max:
            ahead = run.kept_frames_after(before, FRAMES_PER_TICK)
            if len(ahead) == FRAMES_PER_TICK:
                limit = min(limit, ahead[-1].step)
        if self._goal is not None:
            reached = run.reaches(self._goal, before, limit)
            limit = limit if reached is None else reached
        found = tuple(run.frames(before + 1, limit))
        if is_at_max or _fill(found, self._wanted(before, limit, shots)):
            return _Move(limit, found[-2 * FRAMES_PER_TICK :])
        try:
            return self._walked(run, before, limit, shots)
        except Refusal:  # no memory to take the missing frames again: those that are kept have to do
            return _Move(limit, found)

    @staticmethod
    def _wanted(before: int, limit: int, shots: int) -> range:
        """Steps after `before` whose frames make a smooth picture, the last one `limit`."""
        every = max(1, -(-(limit - before) // shots))
        return range(limit, before, -every)[::-1]

    def _walked(self, run: Run, before: int, limit: int, shots: int) -> _Move:
        """Train a stretch of the tape again, for frames that nobody has kept, and to meet a goal where it is."""
        replay = self._replay = run.replay(self._replay)
        frames: list[Frame] = []
        wanted, goal = self._wanted(before, limit, shots), self._goal
        with self._registry.turn(run) as budget:
            deadline = time.thread_time() + budget
            if replay.go_to(before, budget=budget) is None:
                return _Move(before, ())
            at = before
            for step in range(before + 1, limit + 1):
                trainer = replay.go_to(step)
                assert trainer is not None  # without a budget it gets there
                at = trainer.step
                is_last = at < step or time.thread_time() > deadline
                if goal is not None and trainer.preview().nll[0] <= log(goal):
                    is_last = True
                if step in wanted or is_last:
                    frames.append(run.expose(trainer))
                if is_last:
                    break
        return _Move(at, tuple(frames))

    def settle(self, *, budget: float = float("inf")) -> bool:
        """See to it that the playhead stands on a step whose frame is there.

        A run that the server has dropped is trained again up to it, and the frame of a step that is not kept is taken
        from its weights, for about `budget` seconds. Where there is no memory for that, the playhead goes back to the
        last frame that is there, and `refused` says why.

        Returns:
            Whether that is done; if not, ask again.
        """
        deadline = time.thread_time() + budget
        while not self.is_settled:
            with self._lock:
                run, acts, playhead = self.run, self._acts, self.playhead
            is_there = run.step >= playhead or run.explosion is not None
            frame = refused = None
            try:
                with self._registry.turn(run) as turn:
                    if not is_there:
                        run.advance(playhead - run.step, budget=turn)
                    else:
                        frame = run.frame(min(playhead, run.step), budget=turn)
            except Refusal as refusal:
                frame, refused = run.frames(0, playhead)[-1], refusal
            with self._lock:
                if frame is not None and (acts, playhead) == (self._acts, self.playhead):
                    self.playhead, self._own = frame.step, frame
                    if refused is not None:
                        self._stand_still(refused)
            if time.thread_time() >= deadline and not self.is_settled:
                return False
        with self._lock:
            if self._plays_when_settled:
                self.play()
        return True

    @property
    def is_settled(self) -> bool:
        """Whether `settle` has nothing to do."""
        with self._lock:
            run = self.run
            return run.step >= self.playhead and self._frame_of_playhead(run) is not None

    def _frame_of_playhead(self, run: Run) -> Frame | None:
        """The frame on which the playhead stands, if it is there; it stays this viewer's own from then on."""
        if self._own is None or self._own.step != self.playhead:
            found = run.frames(self.playhead, self.playhead)
            self._own = found[0] if found else None
        return self._own

    @property
    def _goal(self) -> float | None:
        return None if self.stop_perplexity == self._goal_behind else self.stop_perplexity

    def _is_at_goal(self) -> bool:
        goal = self.stop_perplexity
        if goal is None:
            return False
        own = self._frame_of_playhead(self.run)  # also of a run that has been dropped
        if own is not None:
            return own.update.nll[0] <= log(goal)
        points = self.curve_points()
        return bool(points.step[-1] == self.playhead and points.loss[-1] <= log(goal))

    def curve_points(self, most: int | None = None) -> CurvePoints:
        """The learning curve up to and including the playhead's step; through `most` points, if there are more."""
        with self._lock:
            run = self.run
            own = self._frame_of_playhead(run)
            return run.curve_points(self.playhead, None if own is None else own.update, most=most)

    @property
    def steps_per_second(self) -> float:
        """Speed of the playhead over the last ticks, 0 when not playing."""
        with self._lock:
            if not self.playing or len(self._progress) < 2:
                return 0.0
            (then, first), (now, last) = self._progress[0], self._progress[-1]
            return (last - first) / max(now - then, 1e-6)

    @property
    def is_slow(self) -> bool:
        """Whether its run trains in the line of those of which one update takes longer than a turn."""
        return self._registry.is_slow(self.run)

    @property
    def others_training(self) -> int:
        return self._registry.others_training(self.id)

    def turn(self) -> AbstractContextManager[float]:
        """Wait for this viewer's turn to compute; gives the seconds it may last."""
        return self._registry.turn(self.run)

    def frames_to_send(self, *, repeat: bool = True) -> list[Frame]:
        """What the stage needs: all frames up to the playhead when paused, the newest ones while playing.

        repeat: while playing, those of the call before as well, because they may have been lost.
        """
        with self._lock:
            run = self.run
            own = self._frame_of_playhead(run)
            here = () if own is None else (own,)
            if not self.playing:
                return _ascending((*run.frames(0, self.playhead), *here))
            again = self._sent if repeat else ()
            self._sent, self._fresh = self._fresh, ()
            return _ascending((*again, *self._sent) or here)

    def _fork(self, learning_rate: float) -> None:
        """Go on from the playhead with another learning rate."""
        training = self.config.training.changed(self.playhead, learning_rate)
        config = replace(self.config, training=training)
        self._run_id = self._registry.fork(self.id, self._run_id, config, self.playhead)
        self.config = config
        self.forks = (*self.forks, self.playhead)
        self._act()
        self._own = self._replay = None
        self._fresh = self._sent = ()

    def _open(self, config: ExperimentConfig) -> None:
        opened = self._registry.open(self.id, config)
        if opened != self._run_id:
            self._registry.release(self.id, self._run_id)
            self._run_id, self._replay = opened, None
        if config != self.config:
            self._start_recording()
        self.config = config

    def _ghost(self) -> Ghost | None:
        points = self.curve_points(GHOST_POINTS)
        if self.playhead == 0 or len(points) < 2:
            return None
        return Ghost(
            id=f"g{next(_ghost_numbers)}",
            config=self.config,
            steps=tuple(points.step.tolist()),
            losses=tuple(points.loss.tolist()),
        )


def _with_rate(config: ExperimentConfig, learning_rate: float) -> ExperimentConfig:
    """The experiment with this learning rate from the start."""
    return replace(config, training=replace(config.training, learning_rate=learning_rate, rates=()))


def _ascending(frames: tuple[Frame, ...]) -> list[Frame]:
    """Frames by step, each once."""
    by_step = {frame.step: frame for frame in frames}
    return [by_step[step] for step in sorted(by_step)]


def _fill(frames: tuple[Frame, ...], wanted: range) -> bool:
    """Whether there is a frame of every wanted step, or of one since the wanted step before."""
    steps = {frame.step for frame in frames}
    return all(any(at in steps for at in range(step, step - wanted.step, -1)) for step in wanted)
