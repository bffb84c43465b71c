"""A recorded training of any task, piece by piece: frames of some of its steps, and how it answers what is held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from playground.batch import Batch, Signature, Source
from playground.config import Range, TaskConfig
from playground.models.bridge import EncoderDecoder
from playground.models.network import Network
from playground.passes.writing import own_answers
from playground.pieces import InPieces, Pieces
from playground.studies.judged import Judged, judged
from playground.studies.lesson_frame import LessonFrame, Reader, Record, parameter_counts
from playground.tasks.delayed import Delayed
from playground.tasks.task import Task
from playground.training import Explosion, Trainer

__all__ = ["LessonFrame", "LessonRun", "kept_steps"]

CURVE_COLUMNS = ("step", "loss", "success")
MOST_FRAMES = 60
FRAME_WEIGHTS = 24_000_000  # bytes of all weights that are kept: of a large network there are fewer frames
UPDATES = Range(1, 3000)
NOT_KEPT = "the weights of this lesson are not kept; make it with keeps_weights=True"
BENT = 1.5  # how much closer frames stand at the beginning, where most is learned


def kept_steps(updates: int, most: int = MOST_FRAMES) -> tuple[int, ...]:
    """The steps of which there are frames: at most `most`, the first and the last among them."""
    shares = np.linspace(0, 1, min(most, updates + 1)) ** BENT
    return tuple(sorted({round(float(share) * updates) for share in shares}))


class LessonRun(InPieces[None]):
    """One network learns a task. The same arguments give the same frames, bit for bit.

    Args:
        config: network, training and seed.
        task: what is learned.
        updates: how many updates are made, 1 … 3000.
        watched: which of the held-out sequences frames are of, from 0.
        has_decoder: whether a `Delayed` task is learned by an encoder with a decoder, not by one network.
        feeds_itself: whether a network for a `Delayed` task reads, while it writes, what it has answered before instead
            of what it should have answered: when it is trained, and when it is judged. Dropout leaves out nothing when
            these answers are found.
        keeps_weights: whether the network of every frame can be had back (`network_at`), and read another of the
            held-out sequences (`frames_of`).

    Raises Refusal for the number of updates, and ValueError for an encoder in both directions.

    Attributes:
        parameters: how many numbers it learns, by its parts (`parameter_counts`).
        count: how many sequences are held out.
        explosion: the first number that was not finite, if there was one; the training ends there.
    """

    def __init__(
        self,
        config: TaskConfig,
        task: Task,
        *,
        updates: int,
        watched: int = 0,
        has_decoder: bool = False,
        feeds_itself: bool = False,
        keeps_weights: bool = False,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        UPDATES.check("updates", updates)
        self.config, self.task, self.updates = config, task, updates
        self.explosion: Explosion | None = None
        self._records: list[Record] = []
        self._frames: list[LessonFrame] = []
        self._others: tuple[int, tuple[LessonFrame, ...]] = watched, ()
        self._outputs: Tensor | None = None
        self._new_network = partial(_network, config, task, dtype, has_decoder=has_decoder)
        network = self._new_network()
        self._weights: list[Tensor] | None = [] if keeps_weights else None
        self.parameters: Mapping[str, int] = parameter_counts(network)
        self._reader = Reader(self._new_network, task, feeds_itself=feeds_itself)
        self.count = self._reader.count
        self.watched = min(watched, self.count - 1)
        source = _FedItself(task, task, network) if feeds_itself and isinstance(task, Delayed) else task
        trainer = Trainer(config, source, network=network, dtype=dtype)
        each = network.parameters.nbytes if keeps_weights else 0
        most = max(2, min(MOST_FRAMES, FRAME_WEIGHTS // each)) if each else MOST_FRAMES
        kept = kept_steps(updates, most)
        trained = source.batch(config.seed, 0).mask.numel()
        needs = trainer.nbytes + self._reader.needs(len(kept), trained) + len(kept) * each
        super().__init__(self._train(trainer, kept), needs=needs)

    @property
    def frames(self) -> tuple[LessonFrame, ...]:
        """What is recorded so far, in the order of steps."""
        return tuple(self._frames)

    def frames_of(self, column: int) -> tuple[LessonFrame, ...]:
        """The frames of another of the held-out sequences, from 0; those of the one asked for last are kept.

        Raises ValueError if weights are not kept.
        """
        if column == self.watched:
            return self.frames
        if self._weights is None:
            raise ValueError(NOT_KEPT)
        watched, frames = self._others
        known = frames if watched == column else ()
        new = zip(self._records[len(known) :], self._weights[len(known) :], strict=False)
        frames = (*known, *(self._reader.frame(weights, record, column) for record, weights in new))
        self._others = column, frames
        if self.progress == 1:
            self._reader.rest()
        return frames

    def curve(self) -> pd.DataFrame:
        """A row a frame: step, loss, success, as in `LessonFrame`."""
        rows = [(record.step, record.loss, record.success) for record in list(self._records)]
        return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))

    def results(self) -> Judged | None:
        """How everything that is held out is answered at the newest frame; None before the first one."""
        if self._outputs is None:
            return None
        return judged(self.task, self._reader.held_out, self._outputs)

    def symbols_right(self) -> tuple[float, float] | None:
        """The share of single symbols that are right at the newest frame, with the right ones and with its own before.

        None for a task that is not `Delayed`. Raises ValueError if weights are not kept.
        """
        if self._weights is None:
            raise ValueError(NOT_KEPT)
        if not isinstance(self.task, Delayed):
            return None
        found = self._reader.symbols_right(self._weights[-1])
        if self.progress == 1:
            self._reader.rest()
        return found

    def network_at(self, place: int) -> Network | EncoderDecoder:
        """A network of its own with the weights of the frame at a place in `frames`.

        Raises ValueError if weights are not kept.
        """
        if self._weights is None:
            raise ValueError(NOT_KEPT)
        network = self._new_network()
        network.parameters.copy_(self._weights[place])
        return network

    def _train(self, trainer: Trainer, steps: Sequence[int]) -> Pieces[None]:
        kept = set(steps)
        try:
            while True:
                if trainer.step in kept:
                    self._record(trainer)
                    yield trainer.step / (self.updates + 1)
                if trainer.step == self.updates:
                    return
                if not trainer.update().finite:
                    self.explosion = trainer.explosion()
                    if self._frames[-1].step != trainer.step:
                        self._record(trainer)
                    return
                yield trainer.step / (self.updates + 1)
        finally:
            self._reader.rest()

    def _record(self, trainer: Trainer) -> None:
        """Take a frame of the present weights."""
        loss, weights = trainer.preview().nll[0], trainer.network.parameters
        record, self._outputs = self._reader.record(weights, trainer.step, loss)
        frame = self._reader.frame(weights, record, self.watched)
        if self._weights is not None:
            self._weights.append(weights.clone())
        self._records.append(record)
        self._frames.append(frame)


@dataclass(frozen=True, slots=True)
class _FedItself:
    """The batches of a task with a network's own answers in them, as they are at its present weights."""

    source: Source
    task: Delayed
    network: Network | EncoderDecoder

    @property
    def signature(self) -> Signature:
        """As without them."""
        return self.source.signature

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of a step; not the same when the weights are others."""
        return own_answers(self.network, self.task, self.source.batch(seed, step))


def _network(
    config: TaskConfig, task: Task, dtype: torch.dtype, *, has_decoder: bool
) -> Network | EncoderDecoder:
    """One replica of what is to learn a task."""
    if has_decoder and isinstance(task, Delayed):
        signatures = task.encoder_signature, task.decoder_signature
        return EncoderDecoder(config.network, *signatures, task.halves, seeds=[config.seed], dtype=dtype)
    return Network(config.network, task.signature, seeds=[config.seed], dtype=dtype)
