"""Run: a training run as a recording. The one mutable thing of the playground, and the only place that trains."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch

from playground.batch import Batch
from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.generation import Continuation, generate
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from playground.runs.album import Album, Frame
from playground.runs.checkpoints import Checkpoints
from playground.runs.curve import Curve, CurvePoints
from playground.runs.kept import Kept
from playground.runs.layout import FrameLayout
from playground.runs.left_out import left_out
from playground.runs.replay import Admission, Replay, Walks, anybody
from playground.runs.size import check_size
from playground.trace import Trace
from playground.training import Explosion, Snapshot, Trainer, Update

CHECKPOINTS = 192
CHECKPOINT_BYTES = 700_000
OBJECT_BYTES = 60_000  # what Python and torch keep of a run besides numbers (measured)
FIRST_SAMPLES = 8  # steps after each of which a sample is drawn; then ever more rarely: one costs ten updates
SAMPLE_BYTES = 400
SAMPLE_SYMBOLS = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """Text drawn from the network of one step, symbol by symbol at temperature 1, after `prompt`."""

    step: int
    prompt: str
    text: str


class Run:
    """One training run: a deterministic function of its configuration, on one server.

    The run grows only in `advance`. It keeps the learning curve, frames and samples of the steps that a rule of the
    step alone chooses, and checkpoints from which any other step is trained again, bit for bit. So nothing that it
    tells depends on who watched how fast. A step's frame shows the network after that many updates: frame 0 is
    untrained.

    Args:
        config: the experiment, changes of its learning rate included.
        corpus: its text, where that has been read already.
        admission: asked before a trainer is built that was put away, and before each one that walks through the past.

    Raises:
        Refusal: if the text cannot be trained on.
    """

    def __init__(
        self, config: ExperimentConfig, corpus: Corpus | None = None, admission: Admission = anybody
    ) -> None:
        self.config = config
        self._admission = admission
        self.corpus = corpus or Corpus(config.text)
        check_size(config, self.corpus)
        self.explosion: Explosion | None = None
        self.watched = self.corpus.window_batch(0)
        self.layout = FrameLayout.of(
            config.network, len(self.corpus.vocabulary), length=int(self.watched.inputs.shape[0])
        )
        self._lock = threading.RLock()
        self._trainer: Trainer | None = Trainer(config, self.corpus)
        self._parked: Snapshot | None = None  # what the trainer stood on, while there is none
        self._curve = Curve()
        self._album = Album(
            self.layout,
            config.network,
            self.watched,
            config.training.reduction,
            left_out(config.network, self.corpus, config.seed),
        )
        self._samples: Kept[Sample] = Kept(FIRST_SAMPLES)
        self._checkpoints = Checkpoints(CHECKPOINTS, CHECKPOINT_BYTES)
        self._replay: Replay | None = None  # on its way to a step that was asked for
        self._walks = Walks()
        began = time.thread_time()
        self._trainer.measure()  # makes the buffers
        self._step_seconds = (
            time.thread_time() - began
        )  # what a step of the last turn took, its recording included
        self._trainer_bytes = self._trainer.nbytes
        self._text_bytes = sys.getsizeof(config.text.text) + self.corpus.nbytes
        self._look()

    @property
    def step(self) -> int:
        """Updates made so far: the newest step that can be shown. It changes at the end of a turn, not within."""
        return self._newest.step

    @property
    def nbytes(self) -> int:
        """Bytes of all it holds, as of its last change: whoever adds up all runs must not add up their parts."""
        return self._nbytes + self._walks.nbytes

    @property
    def walking_bytes(self) -> int:
        """Of these, bytes of the trainers that walk through its past."""
        return self._walks.nbytes

    @property
    def is_parked(self) -> bool:
        """Whether its trainer is put away."""
        return self._trainer is None

    @property
    def step_seconds(self) -> float:
        """Seconds of processor time that one update takes, with its recording."""
        return self._step_seconds

    def thin_tape(self) -> bool:
        """Let go of some frames; whether there were any to let go of."""
        return self._bend(self._album.thin)

    def thin_checkpoints(self) -> bool:
        """Let go of some checkpoints; whether there were any to let go of."""
        return self._bend(self._checkpoints.thin)

    def park(self) -> bool:
        """Put the trainer away, but for the state it is in; whether there was one. To train brings it back."""
        return self._bend(self._put_trainer_away)

    def rest_walks(self, unused_since: float) -> bool:
        """Put away trainers that nobody has used since that time to walk through the past; whether there was one."""
        return self._walks.rest(unused_since)

    def _put_trainer_away(self) -> bool:
        if self._trainer is None:
            return False
        self._parked = self._trainer.snapshot()
        self._trainer = None
        return True

    def _bend(self, let_go: Callable[[], bool]) -> bool:
        """Make the run lighter, unless it is at work."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            bent = let_go()
            self._weigh()
            return bent
        finally:
            self._lock.release()

    def _at_work(self) -> Trainer:
        """The trainer at the newest step, to be called with the lock held.

        Raises:
            Refusal: if it was put away and there is no memory for it now; then nothing has changed.
        """
        if self._trainer is None:
            with self._admission(self.config, self._trainer_bytes):
                trainer = Trainer(self.config, self.corpus)
                trainer.restore(self._present())
                self._trainer, self._parked = trainer, None
                self._weigh()
        return self._trainer

    def _present(self) -> Snapshot:
        """The state of the newest step, to be called with the lock held."""
        if self._trainer is not None:
            return self._trainer.snapshot()
        assert self._parked is not None
        return self._parked

    def _weigh(self) -> None:
        trainer = self._trainer_bytes if self._parked is None else self._parked.nbytes
        records = self._album.nbytes + self._checkpoints.nbytes + self._curve.nbytes
        self._nbytes = trainer + self._text_bytes + records + len(self._samples) * SAMPLE_BYTES + OBJECT_BYTES

    def advance(
        self, steps: int, *, budget: float = float("inf"), shots: int = 0, goal: float | None = None
    ) -> int:
        """Train for at most `steps` updates and about `budget` seconds, and record.

        Args:
            steps: most updates to make.
            budget: seconds of processor time in which all of it should be done, the measuring after the last update
                included; at least one update is made.
            shots: how many frames to take besides those that are kept, at most.
            goal: stop at the first step, after this one, whose batch has this perplexity or less.

        Returns:
            Updates made: fewer than `steps` if time ran out, the goal was reached or a number is no longer finite.

        Raises:
            Refusal: if the trainer was put away and there is no memory for it now; then nothing has changed.
        """
        began = time.thread_time()
        made = 0
        with self._lock, torch.inference_mode():
            if self.explosion is not None:
                return 0
            trainer = self._at_work()
            every = -(-self._expected_steps(steps, budget) // shots) if shots else None
            while made < steps:
                if goal is not None and made and trainer.preview().nll[0] <= log(goal):
                    break
                step = trainer.step
                self._keep(step)
                is_shot = self._album.wants(step) or (every is not None and step % every == 0)
                weights = trainer.network.parameters[0].clone() if is_shot else None
                update = trainer.update()
                if not update.finite:
                    break
                self._curve.add(update)
                if weights is not None:
                    self._album.expose(weights, update)
                made += 1
                elapsed = time.thread_time() - began
                self._step_seconds = elapsed / made
                if elapsed + 2 * self._step_seconds > budget:  # one more step, and a look at the newest
                    break
            self._look()
        return made

    def _expected_steps(self, steps: int, budget: float) -> int:
        """How many steps a turn will make, at the speed of the last one; at least 1."""
        if budget < steps * self._step_seconds:
            steps = int(budget / self._step_seconds)
        return max(1, steps)

    def _keep(self, step: int) -> None:
        """Keep the checkpoint and the sample of the present step, if they are wanted."""
        if self._checkpoints.wants(step):
            self._checkpoints.add(self._at_work().snapshot())
        if self._samples.wants(step):
            self._samples.add(step, self._sample(step))

    def _look(self) -> None:
        """Measure and show the newest step; if a number is not finite there, this is as far as the run goes."""
        trainer = self._at_work()
        self._keep(trainer.step)
        newest = trainer.preview()
        if not newest.finite:
            self.explosion = trainer.explosion()
        with torch.inference_mode():
            self._album.expose(trainer.network.parameters[0].clone(), newest)
        self._newest = newest  # last: whoever reads without a lock finds all that belongs to it
        self._weigh()

    def _sample(self, step: int) -> Sample:
        prompt = self.corpus.windows[0][:1]
        length = min(SAMPLE_SYMBOLS, 2 * self.layout.length + 4)
        seed = self.config.seed * 1_000_003 + step
        model = RecurrentModel(replica_of(self._at_work().network))
        ids = generate(model, Continuation(prompt, length, 1.0, seed, self.corpus.eos_id))
        return Sample(step, *self.corpus.continuation(prompt, ids))

    def frames(self, first: int, last: int) -> list[Frame]:
        """Frames of the steps first … last that are there, oldest first: all that are kept, and recent ones."""
        return self._album.between(first, last)

    def kept_frames_after(self, step: int, most: int) -> list[Frame]:
        """The next kept frames after `step`, oldest first."""
        return self._album.kept_after(step, self.step, most)

    def frame(self, step: int, *, budget: float = float("inf")) -> Frame | None:
        """The frame of any step that the run has passed; None if `budget` seconds were not enough (ask again).

        Raises:
            ValueError: if the run has not reached `step`.
            Refusal: if it has to be trained again, and there is no memory for that now.
        """
        self._check(step)
        if (frame := self._album.get(step)) is not None:
            return frame
        with self._lock:
            if step == self.step:
                return self._album.expose(self._present().parameters[0], self._newest)
            trainer = self._walked_to(step, budget)
            return None if trainer is None else self.expose(trainer)

    def expose(self, trainer: Trainer) -> Frame:
        """The frame of the step on which a replay of this run stands."""
        update = trainer.preview()
        if (frame := self._album.get(update.step)) is not None:
            return frame
        with torch.inference_mode():
            return self._album.expose(trainer.network.parameters[0].clone(), update)

    def replay(self, last: Replay | None = None) -> Replay:
        """A walk through the past of this run, for somebody who follows at a pace of their own.

        last: a walk that may go on, if it is one through this very run.
        """
        if last is not None and last.checkpoints is self._checkpoints:
            return last
        walk = Replay(
            self.config,
            self.corpus,
            self._checkpoints,
            trainer_bytes=self._trainer_bytes,
            admission=self._admission,
        )
        self._walks.add(walk)
        return walk

    def curve_points(self, until: int, own: Update | None = None, *, most: int | None = None) -> CurvePoints:
        """The learning curve up to and including step `until`.

        own: what that step measured, where it may not be among the points that are kept. most: of how many points, if
        there are more: evenly spaced, to draw.
        """
        newest = self._newest
        is_own = own is not None and own.step == until
        last = newest if newest.step <= until else own if is_own else None
        points = self._curve.points(until if last is None else last.step - 1)
        if last is not None:
            return points.followed_by(last, most)
        return points if most is None else points.thinned(most)

    def reaches(self, perplexity: float, after: int, until: int) -> int | None:
        """The first recorded step in (after, until] at or below `perplexity`, or None; the newest is one of them."""
        newest = self._newest
        reached = self._curve.reaches(perplexity, after, until)
        if reached is None and after < newest.step <= until and newest.nll[0] <= log(perplexity):
            return newest.step
        return reached

    def samples(self, until: int) -> list[Sample]:
        """Samples drawn at or before step `until`, oldest first."""
        return self._samples.between(0, until)

    def snapshot_at(self, step: int, *, budget: float = float("inf")) -> Snapshot | None:
        """Weights and optimiser state after `step` updates, bit for bit as they were.

        They are trained again from the nearest checkpoint. If that takes longer than `budget` seconds the result is
        None, and the next call for the same step goes on where this one stopped, at least one update further.

        Raises:
            ValueError: if the run has not reached `step`.
            Refusal: if it has to be trained again, and there is no memory for that now.
        """
        self._check(step)
        with self._lock:
            if step == self.step:
                return self._present()
            trainer = self._walked_to(step, budget)
            return None if trainer is None else trainer.snapshot()

    def _check(self, step: int) -> None:
        if not 0 <= step <= self.step:
            raise ValueError(f"step must be from 0 to {self.step}; got {step}")

    def _walked_to(self, step: int, budget: float) -> Trainer | None:
        """A trainer that stands on a step of the past, if it gets there within `budget` seconds."""
        replay = self._replay = self._replay or self.replay()
        trainer = replay.go_to(step, budget=budget)
        if trainer is not None:
            self._replay = None
        return trainer

    def network_at(self, step: int, *, budget: float = float("inf")) -> Network | None:
        """An independent network with the weights after `step` updates; None if `budget` ran out (ask again)."""
        snapshot = self.snapshot_at(step, budget=budget)
        if snapshot is None:
            return None
        network = Network(self.config.network, self.corpus.signature, seeds=(self.config.seed,))
        network.parameters.copy_(snapshot.parameters)
        return network

    def trace_at(
        self, step: int, batch: Batch | None = None, *, budget: float = float("inf")
    ) -> Trace | None:
        """Every tensor of one pass over `batch` (the watched sequence if None) with the weights of `step`."""
        network = self.network_at(step, budget=budget)
        if network is None:
            return None
        with torch.inference_mode():
            return network.trace(batch or self.watched, reduction=self.config.training.reduction).copy()

    def fork(self, config: ExperimentConfig, step: int) -> "Run":
        """A run of `config`, which equals this one's up to `step`, with all that is known of it already.

        It stands on `step`, or on the checkpoint before it; what is recorded is shared.
        """
        with self._lock, torch.inference_mode():
            is_newest = step >= self.step
            snapshot = self._present() if is_newest else self._checkpoints.latest(step)
            other = Run(config, self.corpus, self._admission)
            other._at_work().restore(snapshot)
            other._album = self._album.until(
                snapshot.step - 1
            )  # the frame of a step tells the rate from there on
            other._checkpoints = self._checkpoints.until(snapshot.step)
            other._curve = self._curve.until(snapshot.step)
            other._samples = self._samples.until(snapshot.step)
            other._look()
        return other
