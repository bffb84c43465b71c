"""A recorded training of any task, piece by piece: frames of some of its steps, and how it answers what is held out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from playground.batch import Batch, Signature, Source
from playground.config import Range, TaskConfig
from playground.models.bridge import EncoderDecoder
from playground.models.network import Network
from playground.passes.writing import own_answers
from playground.pieces import InPieces, Pieces
from playground.studies.judged import Judged, judged
from playground.studies.lesson_frame import LessonFrame, Reader, parameter_counts
from playground.tasks.delayed import Delayed
from playground.tasks.task import Task
from playground.training import Explosion, Trainer

__all__ = ["LessonFrame", "LessonRun", "kept_steps"]

MOST_FRAMES = 60
UPDATES = Range(1, 3000)
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
        keeps_weights: whether the network of every frame can be had back (`network_at`).

    Raises Refusal for the number of updates, and ValueError for an encoder in both directions.

    Attributes:
        parameters: how many numbers it learns, by its parts (`parameter_counts`).
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
        self._frames: list[LessonFrame] = []
        self._outputs: Tensor | None = None
        self._new_network = partial(_network, config, task, dtype, has_decoder=has_decoder)
        network, copy = self._new_network(), self._new_network()
        self._weights: list[Tensor] | None = [] if keeps_weights else None
        self.parameters: Mapping[str, int] = parameter_counts(network)
        self._reader = Reader(copy, task, watched, feeds_itself=feeds_itself)
        source = _FedItself(task, task, network) if feeds_itself and isinstance(task, Delayed) else task
        trainer = Trainer(config, source, network=network, dtype=dtype)
        frames = len(kept_steps(updates))
        weights = frames * network.parameters.nbytes if keeps_weights else 0
        needs = trainer.nbytes + self._reader.needs(frames) + weights
        super().__init__(self._train(trainer), needs=needs)

    @property
    def frames(self) -> tuple[LessonFrame, ...]:
        """What is recorded so far, in the order of steps."""
        return tuple(self._frames)

    def results(self) -> Judged | None:
        """How everything that is held out is answered at the newest frame; None before the first one."""
        if self._outputs is None:
            return None
        return judged(self.task, self._reader.held_out, self._outputs)

    def network_at(self, place: int) -> Network | EncoderDecoder:
        """A network of its own with the weights of the frame at a place in `frames`.

        Raises ValueError if weights are not kept.
        """
        if self._weights is None:
            raise ValueError("the weights of this lesson are not kept; make it with keeps_weights=True")
        network = self._new_network()
        network.parameters.copy_(self._weights[place])
        return network

    def _train(self, trainer: Trainer) -> Pieces[None]:
        kept = set(kept_steps(self.updates))
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

    def _record(self, trainer: Trainer) -> None:
        """Take a frame of the present weights."""
        loss = trainer.preview().nll[0]
        frame, self._outputs = self._reader.frame(trainer.network.parameters, trainer.step, loss)
        if self._weights is not None:
            self._weights.append(trainer.network.parameters.clone())
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
