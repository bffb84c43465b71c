"""Run: a training run as a recording. The one mutable thing of the playground, and the only place that trains."""

import sys
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import log

import torch
from torch import Tensor

from playground.batch import Batch
from playground.config import ExperimentConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.models.parameters import parameter_shapes, views
from playground.passes.generation import Continuation, generate
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import Replica
from playground.runs.album import Album, Frame
from playground.runs.checkpoints import Checkpoints
from playground.runs.curve import CurvePoints
from playground.runs.fitting import fitting
from playground.runs.kept import next_kept
from playground.runs.layout import FrameLayout
from playground.runs.left_out import left_out
from playground.runs.milestone import Predictions
from playground.runs.replay import Admission, Replay, Walks, anybody
from playground.runs.sample import Sample
from playground.runs.size import check_size
from playground.runs.tape import Tape, of_replica
from playground.trace import Trace
from playground.training import Explosion, Snapshot, Trainer, Update

CHECKPOINTS = 192
CHECKPOINT_BYTES = 350_000  # of each replica: a walk through 4,000 steps then begins 256 before, or less
OBJECT_BYTES = 60_000  # what Python and torch keep of a run besides numbers (measured)
SAMPLE_SYMBOLS = 40


def run_name(config: ExperimentConfig, seeds: Sequence[int] | None) -> Hashable:
    """What tells a run from all others: its experiment, with the seeds of its replicas where there are several."""
    if seeds is None:
        return config
    first = replace(config, seed=seeds[0])
    return first if len(seeds) == 1 else (first, tuple(seeds))


@dataclass(frozen=True, slots=True)
class Before:
    """What a run takes over from another that equals it up to a step: the state there, and what was recorded before."""

    snapshot: Snapshot
    tapes: tuple[Tape, ...]
    checkpoints: Checkpoints


class Run:
    """One training run: a deterministic function of its configuration, on one server.

    The run grows only in `advance`. It keeps the learning curve, frames and samples of the steps that a rule of the
    step alone chooses, and checkpoints from which any other step is trained again, bit for bit. So nothing that it
    tells depends on who watched how fast. A step's frame shows the network after that many updates: frame 0 is
    untrained.

    A run of several seeds trains one network of each, its replicas, side by side, for little more than the time of one.
    Each has a tape of its own. One whose numbers stop being finite goes no further, the others do.

    Args:
        config: the experiment, changes of its learning rate included.
        corpus: its text, where that has been read already.
        admission: asked before a trainer is built that was put away, and before each one that walks through the past.
        seeds: one of each replica; the experiment's alone if None.
        before: where to go on from; None: from untrained networks.

    Attributes:
        config: the experiment of the first replica.
        name: equal runs have equal names.
        tapes: what each replica has recorded. Where a method takes no replica, it speaks of the first.

    Raises:
        Refusal: if the text cannot be trained on.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        corpus: Corpus | None = None,
        admission: Admission = anybody,
        *,
        seeds: Sequence[int] | None = None,
        before: "Before | None" = None,
    ) -> None:
        self.seeds = (config.seed,) if seeds is None else tuple(seeds)
        self.config = config if seeds is None else replace(config, seed=self.seeds[0])
        self.name = run_name(config, seeds)
        self._admission = admission
        self.corpus = corpus or Corpus(config.text)
        check_size(config, self.corpus, replicas=len(self.seeds))
        self.watched = self.corpus.window_batch(0)
        self.layout = FrameLayout.of(config.network, self.corpus)
        self._lock = threading.RLock()
        self._trainer: Trainer | None = Trainer(self.config, self.corpus, seeds=self.seeds)
        self._parked: Snapshot | None = None  # what the trainer stood on, while there is none
        if before is None:
            self.tapes = tuple(map(self._new_tape, self.seeds))
            self._checkpoints = Checkpoints(CHECKPOINTS, CHECKPOINT_BYTES * len(self.seeds))
        else:
            self.tapes, self._checkpoints = before.tapes, before.checkpoints
            self._trainer.restore(before.snapshot)
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

    def _new_tape(self, seed: int) -> Tape:
        """An empty tape of the replica of a seed."""
        config = self.config
        leaves = left_out(config.network, self.corpus, seed)
        album = Album(self.layout, config.network, self.watched, config.training.reduction, leaves)
        return Tape(album, waits=len(self.seeds) > 1)

    @property
    def step(self) -> int:
        """Updates made so far: the newest step that can be shown. It changes at the end of a turn, not within."""
        return self._step

    @property
    def explosion(self) -> Explosion | None:
        """What stopped being a finite number, if anything has."""
        return self.tapes[0].explosion

    def _going_on(self) -> list[tuple[int, Tape]]:
        """The replicas that have not exploded, and their tapes."""
        return [(replica, tape) for replica, tape in enumerate(self.tapes) if tape.explosion is None]

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
        return self._bend(lambda: any([tape.album.thin() for tape in self.tapes]))

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
            with self._admission(self.name, self._trainer_bytes):
                trainer = Trainer(self.config, self.corpus, seeds=self.seeds)
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
        records = self._checkpoints.nbytes + sum(tape.nbytes for tape in self.tapes)
        self._nbytes = trainer + self._text_bytes + records + OBJECT_BYTES

    def advance(
        self,
        steps: int,
        *,
        budget: float = float("inf"),
        shots: int = 0,
        goal: float | None = None,
        replica: int = 0,
    ) -> int:
        """Train for at most `steps` updates and about `budget` seconds, and record.

        Args:
            steps: most updates to make.
            budget: seconds of processor time in which all of it should be done, the measuring after the last update
                included; at least one update is made.
            shots: how many frames to take besides those that are kept, at most.
            goal: stop at the first step, after this one, whose batch has this perplexity or less …
            replica: … in this replica.

        Returns:
            Updates made: fewer than `steps` if time ran out, the goal was reached or all replicas have exploded.

        Raises:
            Refusal: if the trainer was put away and there is no memory for it now; then nothing has changed.
        """
        began = time.thread_time()
        elapsed, made = 0.0, 0
        with self._lock, torch.inference_mode():
            if not (going_on := self._going_on()):
                return 0
            trainer = self._at_work()
            every = -(-self._expected_steps(steps, budget) // shots) if shots else None
            nats = None if goal is None else log(goal)
            while made < steps:
                step = trainer.step
                self._keep(step, going_on)
                is_shot = going_on[0][1].album.wants(step) or (every is not None and step % every == 0)
                weights = _copies(trainer, going_on) if is_shot else None
                most = min(steps, made + fitting(budget - elapsed, self._step_seconds)) - made
                most = min(most, self._wanted_after(step, every) - step)
                stretch = trainer.stretch(most, nats if made else None, replica)
                if trainer.step == step:  # at the goal, or nobody goes on
                    break
                for each, tape in going_on:
                    tape.add(stretch, each, None if weights is None else weights[each])
                made += trainer.step - step
                if trainer.step == step + len(stretch) and not stretch.is_finite:
                    going_on = self._end_exploded(trainer, stretch.update(len(stretch) - 1))
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

    def _wanted_after(self, step: int, every: int | None) -> int:
        """The first step beyond this one of which a checkpoint, a sample or a frame may be wanted."""
        tape = self.tapes[0]  # all want the same
        kept = next_kept(step, tape.album.first)
        shot = kept if every is None else step - step % every + every
        return min(kept, shot, self._checkpoints.after(step), tape.drafts.after(step))

    def _keep(self, step: int, going_on: list[tuple[int, Tape]]) -> None:
        """Keep the checkpoint and the samples of the present step, if they are wanted."""
        if self._checkpoints.wants(step):
            self._checkpoints.add(self._at_work().snapshot())
        if going_on and going_on[0][1].drafts.wants(step):  # all want the same
            copies = _copies(self._at_work(), going_on)
            for replica, tape in going_on:
                tape.add_sample(step, copies[replica], partial(self._draw, replica))

    def _look(self) -> None:
        """Measure and show the newest step; where a number is not finite, this is as far as its replica goes."""
        trainer, going_on = self._at_work(), self._going_on()
        self._keep(trainer.step, going_on)
        newest = trainer.preview()
        with torch.inference_mode():
            copies = _copies(trainer, going_on)
            for replica, tape in going_on:
                measured = of_replica(newest, replica)
                if not measured.finite:
                    tape.explosion = trainer.explosion(replica)
                tape.look(measured, copies[replica])
        self._step = trainer.step  # last: whoever reads without a lock finds all that belongs to it
        self._weigh()

    def _end_exploded(self, trainer: Trainer, update: Update) -> list[tuple[int, Tape]]:
        """End the tapes of replicas that `update` has found to explode, and left as they were; those that go on."""
        for replica, tape in self._going_on():
            measured = of_replica(update, replica)
            if not measured.finite:
                present = trainer.snapshot()
                trainer.restore(replace(present, step=update.step))  # the batch on which it exploded
                tape.explosion = trainer.explosion(replica)
                trainer.restore(present)
                tape.look(measured, trainer.network.parameters[replica].clone())
        return self._going_on()

    def _draw(self, replica: int, step: int, weights: Tensor) -> Sample:
        """The sample of a step from the weights (P,) of a replica."""
        prompt = self.corpus.windows[0][:1]
        length = min(SAMPLE_SYMBOLS, 2 * self.layout.length + 4)
        seed = self.seeds[replica] * 1_000_003 + step
        with torch.inference_mode():
            named = views(weights[None], parameter_shapes(self.config.network, self.corpus.signature))
            parameters = {name: value[0] for name, value in named.items()}
            model = RecurrentModel(Replica(self.config.network, self.corpus.signature, parameters))
            ids = generate(model, Continuation(prompt, length, 1.0, seed, self.corpus.eos_id))
        return Sample.of(step, self.corpus, prompt, ids)

    def predictions(self, replica: int) -> Predictions:
        """How many predictions the batches of steps have that a replica is trained on."""
        return partial(self.corpus.predicted, self.seeds[replica])

    def frames(self, first: int, last: int) -> list[Frame]:
        """Frames of the steps first … last that are there, oldest first: all that are kept, and recent ones."""
        return self.tapes[0].frames(first, last)

    def frame(self, step: int, *, replica: int = 0, budget: float = float("inf")) -> Frame | None:
        """The frame of any step that a replica has passed; None if `budget` seconds were not enough (ask again).

        Raises:
            ValueError: if it has not reached `step`.
            Refusal: if it has to be trained again, and there is no memory for that now.
        """
        tape = self.tapes[replica]
        self._check(step, tape.step)
        if (frame := tape.album.get(step)) is not None:
            return frame
        with self._lock:
            if step == tape.step:
                return tape.album.expose(self._present().parameters[replica], tape.newest)
            trainer = self._walked_to(step, budget)
            return None if trainer is None else self.expose(trainer, replica)

    def expose(self, trainer: Trainer, replica: int = 0) -> Frame:
        """The frame of the step on which a replay of this run stands."""
        album = self.tapes[replica].album
        if (frame := album.get(trainer.step)) is not None:
            return frame
        with torch.inference_mode():
            update = of_replica(trainer.preview(), replica)
            return album.expose(trainer.network.parameters[replica].clone(), update)

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
            seeds=self.seeds,
            name=self.name,
            trainer_bytes=self._trainer_bytes,
            admission=self._admission,
        )
        self._walks.add(walk)
        return walk

    def curve_points(self, until: int) -> CurvePoints:
        """The learning curve up to and including step `until`."""
        return self.tapes[0].curve_points(until)

    def samples(self, until: int, *, replica: int = 0) -> list[Sample]:
        """Samples of the steps up to `until`, oldest first."""
        return self.tapes[replica].samples(until, partial(self._draw, replica))

    def snapshot_at(self, step: int, *, budget: float = float("inf")) -> Snapshot | None:
        """Weights and optimiser state after `step` updates, bit for bit as they were.

        They are trained again from the nearest checkpoint. If that takes longer than `budget` seconds the result is
        None, and the next call for the same step goes on where this one stopped, at least one update further.

        Raises:
            ValueError: if the run has not reached `step`.
            Refusal: if it has to be trained again, and there is no memory for that now.
        """
        self._check(step, self.step)
        with self._lock:
            if step == self.step:
                return self._present()
            trainer = self._walked_to(step, budget)
            return None if trainer is None else trainer.snapshot()

    @staticmethod
    def _check(step: int, newest: int) -> None:
        if not 0 <= step <= newest:
            raise ValueError(f"step must be from 0 to {newest}; got {step}")

    def _walked_to(self, step: int, budget: float) -> Trainer | None:
        """A trainer that stands on a step of the past, if it gets there within `budget` seconds."""
        replay = self._replay = self._replay or self.replay()
        trainer = replay.go_to(step, budget=budget)
        if trainer is not None:
            self._replay = None
        return trainer

    def network_at(self, step: int, *, replica: int = 0, budget: float = float("inf")) -> Network | None:
        """An independent network with the weights after `step` updates; None if `budget` ran out (ask again)."""
        snapshot = self.snapshot_at(step, budget=budget)
        if snapshot is None:
            return None
        network = Network(self.config.network, self.corpus.signature, seeds=(self.seeds[replica],))
        network.parameters.copy_(snapshot.parameters[replica : replica + 1])
        return network

    def trace_at(
        self,
        step: int,
        batch: Batch | None = None,
        *,
        replica: int = 0,
        budget: float = float("inf"),
    ) -> Trace | None:
        """Every tensor of one pass over `batch` (the watched sequence if None) with the weights of `step`."""
        network = self.network_at(step, replica=replica, budget=budget)
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
            tapes = tuple(tape.until(snapshot.step) for tape in self.tapes)
            before = Before(snapshot, tapes, self._checkpoints.until(snapshot.step))
            return Run(config, self.corpus, self._admission, seeds=self.seeds, before=before)


def _copies(trainer: Trainer, going_on: list[tuple[int, Tape]]) -> dict[int, Tensor]:
    """Copies of the weights (P,) of these replicas, each of its own: a picture holds on to no other."""
    parameters = trainer.network.parameters
    return {replica: parameters[replica].clone() for replica, _ in going_on}
