"""Run: a training run as a recording. The one mutable thing of the playground, and the only place that trains."""

import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from playground.config import ExperimentConfig
from playground.corpus import Batch, Corpus
from playground.generation import generate
from playground.network import Network, Workspace
from playground.runs.curve import Curve, CurvePoints
from playground.runs.frame import Camera, Frame
from playground.runs.layout import FrameLayout
from playground.runs.size import check_size
from playground.runs.thinned import Thinned
from playground.trace import Trace
from playground.training import Snapshot, Trainer

TAPE_FRAMES = 192  # evenly spaced over the whole run
RECENT_FRAMES = 48  # the newest ones, closer together; 240 with the tape
TAPE_BYTES = 4_500_000
CHECKPOINT_BYTES = 3_000_000
OBJECT_BYTES = 60_000  # what Python and torch keep of a run besides numbers (measured)
SNAPSHOT_BYTES = 2_500  # the same of a snapshot
SAMPLE_SECONDS = 0.4  # a new sample is drawn after this time …
SAMPLE_GROWTH = 1.25  # … or when there are so many times the steps of the last sample …
SAMPLE_SHARE = 0.1  # … but only if it takes no more than this part of the turns since the last one
SAMPLES = 24
SAMPLE_SYMBOLS = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """Text drawn from the network at one step, symbol by symbol at temperature 1, after `prompt`."""

    step: int
    prompt: str
    text: str


@dataclass(frozen=True, slots=True)
class RateChange:
    """From `step` on, updates use `learning_rate`."""

    step: int
    learning_rate: float


class Run:
    """One training run: a deterministic function of its configuration, its seed and its changes of learning rate.

    The run grows only in `advance`. It records frames (thinned to a bounded number), checkpoints from which any step
    can be rebuilt exactly, the learning curve, and samples of generated text. A step's frame shows the network after
    that many updates, so frame 0 is the untrained network.

    Args:
        config: the experiment.
        changes: learning-rate changes after step 0, ascending.

    Raises:
        Refusal: if the text cannot be trained on.
    """

    def __init__(
        self, config: ExperimentConfig, changes: Sequence[RateChange] = (), corpus: Corpus | None = None
    ):
        self.config = config
        self.changes = tuple(changes)
        self.corpus = corpus or Corpus(config.text)
        check_size(config, self.corpus)
        self.exploded_at: int | None = None
        self.watched = self.corpus.window_batch(0)
        self.layout = FrameLayout.of(
            config.network, len(self.corpus.vocabulary), length=int(self.watched.inputs.shape[0])
        )
        self.curve = Curve()
        self.samples: deque[Sample] = deque(maxlen=SAMPLES)
        self._lock = threading.RLock()
        self._trainer = Trainer(config, self.corpus)
        self._camera = Camera(self.layout)
        frame_bytes = self._camera.frame_bytes
        self._frames: Thinned[Frame] = Thinned(TAPE_FRAMES, TAPE_BYTES, lambda _: frame_bytes)
        self._recent: deque[Frame] = deque(maxlen=RECENT_FRAMES)
        self._checkpoints: Thinned[Snapshot] = Thinned(
            TAPE_FRAMES, CHECKPOINT_BYTES, lambda snapshot: snapshot.nbytes + SNAPSHOT_BYTES
        )
        self._rebuilder: Trainer | None = None
        self._step_seconds: float | None = None  # what a step of the last turn took, its recording included
        self._sample_seconds = 0.0  # what the last sample took
        self._sampled_at = 0.0
        self._seconds_without_sample = 0.0  # budgets of the turns since
        self._watches_batch = len(self.corpus.windows) == 1
        # One more step and what follows it (a frame, a look at the newest loss) take as long as so many steps: a frame
        # of a sequence that is not the batch needs a pass of its own.
        self._steps_to_close = 2 if self._watches_batch else 4
        self._record()
        self._preview()
        self._weigh()

    @property
    def step(self) -> int:
        """Updates made so far: the newest step that can be shown."""
        return self._trainer.step

    @property
    def nbytes(self) -> int:
        """Bytes of all it holds, as of its last change: whoever adds up all runs must not add up their parts."""
        return self._nbytes

    def _weigh(self) -> None:
        camera = self._camera
        recordings = self._frames.nbytes + len(self._recent) * camera.frame_bytes + camera.nbytes
        trainers = self._trainer.nbytes + (self._rebuilder.nbytes if self._rebuilder else 0)
        text = sys.getsizeof(self.config.text.text) + self.corpus.nbytes
        numbers = trainers + recordings + self._checkpoints.nbytes + self.curve.nbytes + text
        self._nbytes = numbers + OBJECT_BYTES

    def advance(
        self, steps: int, *, budget: float = float("inf"), shots: int = 8, goal: float | None = None
    ) -> int:
        """Train for at most `steps` updates and about `budget` seconds, and record.

        Args:
            steps: most updates to make.
            budget: seconds in which all of it should be done, measuring and sampling after the last update included;
                at least one update is made.
            shots: how many frames to record besides those of the tape, at most.
            goal: stop at the first step, after this one, whose batch has this perplexity or less.

        Returns:
            Updates made: fewer than `steps` if time ran out, the goal was reached or the loss is no longer finite.
        """
        deadline = time.thread_time() + budget
        made = taken = 0
        with self._lock, torch.inference_mode():
            began = time.thread_time()
            self._seconds_without_sample += budget
            expected = self._expected_steps(steps, budget)
            samples = self._is_sample_due(self.step + expected)
            until = deadline - self._sample_seconds if samples else deadline
            every = -(-expected // max(shots, 1))
            while made < steps and self.exploded_at is None:
                if goal is not None and made and self._trainer.preview().perplexity[0] <= goal:
                    break
                if self._frames.wants(self.step):
                    self._record()
                elif self.step % every == 0 and taken < shots:
                    self._record()
                    taken += 1
                if self._checkpoints.wants(self.step):
                    self._checkpoints.add(self.step, self._trainer.snapshot())
                if self.changes:
                    self._trainer.learning_rate = self.rate_at(self.step)
                update = self._trainer.update()
                if not update.finite:
                    break
                self.curve.add(update)
                made += 1
                now = time.thread_time()
                self._step_seconds = (now - began) / made
                if now + self._steps_to_close * self._step_seconds > until:
                    break
            self._record()
            self._preview()
            fits = samples or time.thread_time() + self._sample_seconds <= deadline
            if self.exploded_at is None and fits and self._is_sample_due(self.step):
                self._sample()
            self._weigh()
        return made

    def _expected_steps(self, steps: int, budget: float) -> int:
        """How many steps a turn will make, at the speed of the last one; at least 1."""
        if self._step_seconds is not None and budget < steps * self._step_seconds:
            steps = int(budget / self._step_seconds)
        return max(1, steps)

    def _preview(self) -> None:
        """Measure the newest step; if its loss or gradient is not finite, this is as far as the run goes."""
        self._next = self._trainer.preview()
        if not self._next.finite:
            self.exploded_at = self.step

    def _record(self) -> None:
        """Take the frame of the present step, unless it is already there."""
        step = self.step
        if self._recent and self._recent[-1].step == step:
            return
        frame = self._frames[step] if step in self._frames else self._camera.take(step, self._watched_pass())
        self._recent.append(frame)
        self._frames.add(step, frame)

    def _watched_pass(self) -> Workspace:
        """A pass over the watched sequence at the present weights; where that is the batch, the next update uses it."""
        network = self._trainer.network
        if self._watches_batch:
            self._trainer.measure()
            return network.workspace(self.watched)
        return network.run(self.watched, reduction=self.config.training.reduction, backward=True)

    def _is_sample_due(self, step: int) -> bool:
        """Whether to draw a sample at `step`: now and then, more often early on, and less often in short turns."""
        last = self.samples[-1].step if self.samples else -1
        waited = time.monotonic() - self._sampled_at >= SAMPLE_SECONDS
        if step == last or not (waited or step >= SAMPLE_GROWTH * last + 4):
            return False
        return self._sample_seconds <= SAMPLE_SHARE * self._seconds_without_sample

    def _sample(self) -> None:
        began = time.thread_time()
        prompt = self.corpus.windows[0][:1]
        generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + self.step)
        length = min(SAMPLE_SYMBOLS, 2 * self.layout.length + 4)
        ids = generate(
            self._trainer.network, self.corpus, prompt, length=length, temperature=1.0, generator=generator
        )
        self.samples.append(Sample(self.step, self.corpus.decode(prompt), self.corpus.decode(ids)))
        self._sampled_at = time.monotonic()
        self._sample_seconds = time.thread_time() - began
        self._seconds_without_sample = 0.0

    def frames(self, first: int, last: int) -> list[Frame]:
        """Recorded frames of the steps first … last, oldest first, tape and recent ones together."""
        with self._lock:
            found = {frame.step: frame for frame in self._frames.between(first, last)}
            found.update((frame.step, frame) for frame in self._recent if first <= frame.step <= last)
            return [found[step] for step in sorted(found)]

    def spacing(self, step: int) -> int:
        """Steps between recorded frames just after `step`: 1 if every step is there."""
        with self._lock:
            if self._recent and step >= self._recent[0].step:
                return 1
            return self._frames.stride

    def curve_points(self, until: int) -> CurvePoints:
        """The learning curve up to and including step `until`, also where that is measured but not yet updated."""
        with self._lock:
            if until < self.step:
                return self.curve.points(until)
            return self.curve.points(self.step - 1, newest=self._next)

    def samples_until(self, step: int) -> list[Sample]:
        """Samples drawn at or before `step`, oldest first."""
        with self._lock:
            return [sample for sample in self.samples if sample.step <= step]

    def snapshot_at(self, step: int, *, budget: float = float("inf")) -> Snapshot | None:
        """Weights and optimiser state after `step` updates, bit for bit as they were.

        They are trained again from the nearest checkpoint. If that takes longer than `budget` seconds the result is
        None, and the next call for the same step goes on where this one stopped, at least one update further.

        Raises:
            ValueError: if the run has not reached `step`.
        """
        if not 0 <= step <= self.step:
            raise ValueError(f"step must be from 0 to {self.step}; got {step}")
        deadline = time.thread_time() + budget
        with self._lock, torch.inference_mode():
            if step == self.step:
                return self._trainer.snapshot()
            kept, checkpoint = self._checkpoints.latest(step)
            if kept == step:
                return checkpoint
            trainer = self._rebuilder
            if trainer is None or not kept <= trainer.step <= step:
                trainer = trainer or Trainer(self.config, self.corpus)
                trainer.restore(checkpoint)
                self._rebuilder = trainer
            while trainer.step < step:
                trainer.learning_rate = self.rate_at(trainer.step)
                trainer.update()
                if trainer.step < step and time.thread_time() > deadline:
                    self._weigh()
                    return None
            self._rebuilder = None
            self._weigh()
            return trainer.snapshot()

    def network_at(self, step: int, *, budget: float = float("inf")) -> Network | None:
        """An independent network with the weights after `step` updates; None if `budget` ran out (ask again)."""
        snapshot = self.snapshot_at(step, budget=budget)
        if snapshot is None:
            return None
        network = Network(self.config.network, len(self.corpus.vocabulary), seeds=(self.config.seed,))
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

    def rate_at(self, step: int) -> float:
        """Learning rate of the update that leaves `step`."""
        rate = self.config.training.learning_rate
        for change in self.changes:
            if change.step <= step:
                rate = change.learning_rate
        return rate

    def branch(self, step: int, learning_rate: float) -> "Run":
        """A run that equals this one up to `step` and goes on with `learning_rate`; what is recorded is shared."""
        snapshot = self.snapshot_at(step)
        assert snapshot is not None  # no budget was given
        with self._lock:
            changes = tuple(change for change in self.changes if change.step < step)
            if learning_rate != self.rate_at(step):
                changes += (RateChange(step, learning_rate),)
            other = Run(self.config, changes, self.corpus)
            other._trainer.restore(snapshot)
            other._frames = self._frames.until(step)
            other._recent = deque(
                (frame for frame in self._recent if frame.step <= step), maxlen=RECENT_FRAMES
            )
            other._checkpoints = self._checkpoints.until(step)
            self._camera.develop()
            other._camera = Camera(self.layout, after=self.frames(0, step)[-1])
            other.curve = self.curve.until(step - 1)
            other.samples.extend(self.samples_until(step))
            other._record()
            other._preview()
            other._weigh()
        return other
