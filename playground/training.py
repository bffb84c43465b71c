"""One update: gradients → clipping → optimiser, for R replicas at once.

A run is a pure function of its config and seeds: the batch of a step, and what dropout leaves out of it, depend on the
seed and the step alone, and nothing here draws a random number. On another kind of processor, sums are rounded in
another order.
"""

# torch does not say what its linear algebra returns.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.batch import Batch, Source, side_by_side
from playground.config import ExperimentConfig, TaskConfig
from playground.models.bridge import Bridge, EncoderDecoder
from playground.models.network import Network
from playground.models.workspace import Workspace
from playground.records import Stretch, Update, updates_of
from playground.trace import Trace
from playground.updates import LINES, Book, inferring, updates_for


@dataclass(frozen=True, slots=True)
class Explosion:
    """The first number of a training that is not finite.

    step: how many updates the weights had seen. what: "loss", "gradient", or "sum" where only that of all losses is too
    large. where: of a loss its timestep, counted from 1; of a gradient the parameter, by torch.nn's name. value: what
    it became, ∞, −∞ or NaN. sequence: of a loss in a batch of several sequences, which of them, counted from 1.
    """

    step: int
    what: str
    where: int | str
    value: float
    sequence: int | None = None


class _Phase(NamedTuple):
    """Steps first … end − 1, whose updates have one learning rate and are clipped alike."""

    first: int
    end: int
    learning_rate: float


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that a run needs to go on exactly as it would have gone on: copies that nobody changes."""

    step: int
    parameters: Tensor  # (R, P)
    optimizer: dict[str, Tensor]
    exploded: frozenset[int]  # replicas that are no longer updated
    clips: tuple[int, ...]  # how many updates of each were clipped

    @property
    def nbytes(self) -> int:
        """Bytes of the tensors."""
        return self.parameters.nbytes + sum(tensor.nbytes for tensor in self.optimizer.values())


class Trainer:
    """Trains R replicas of one network, one per seed, on the batches of one source.

    Replica r does what a trainer with `seeds[r]`, and with its learning rate and threshold, alone does: bit for bit
    where compiled loops compute both (`playground.models.form`); torch adds in another order beside others. A replica
    whose loss or gradient stops being finite keeps its weights from then on; the others go on.

    Args:
        config: what to train and how.
        source: where the batches come from: a text, or another task.
        seeds: one per replica; the config's if None.
        learning_rates: one per replica, fixed; None: all use the config's, with its changes while training.
        clip_thresholds: one per replica, ∞ for one that never clips; None: all use the config's.
        network: what to train, made for these seeds and that precision; None: a network of the config for the source.

    Attributes:
        network, source, config: what is trained, on what, and how.
        step: how many updates have been made.
    """

    def __init__(
        self,
        config: ExperimentConfig | TaskConfig,
        source: Source,
        *,
        seeds: Sequence[int] | None = None,
        learning_rates: Sequence[float] | None = None,
        clip_thresholds: Sequence[float] | None = None,
        dtype: torch.dtype = torch.float32,
        network: Network | EncoderDecoder | None = None,
    ) -> None:
        self.config, self.source = config, source
        self.seeds = (config.seed,) if seeds is None else tuple(seeds)
        self._different_seeds = tuple(dict.fromkeys(self.seeds))
        for name, values in (("learning_rates", learning_rates), ("clip_thresholds", clip_thresholds)):
            if values is not None and len(values) != len(self.seeds):
                raise ValueError(f"{name} must be as many as seeds, {len(self.seeds)}; got {len(values)}")
        self.network = network or Network(config.network, source.signature, seeds=self.seeds, dtype=dtype)
        self.step = 0
        self._book = book = Book(len(self.seeds))
        self._has_own_rates = learning_rates is not None
        if learning_rates is not None:
            book.rates[:] = learning_rates
        training, replicas = config.training, len(self.seeds)
        self._thresholds = tuple(clip_thresholds or (training.clip_threshold,) * replicas)
        name, parameters, gradients = training.optimizer, self.network.parameters, self.network.gradients
        self._updates, self._optimizer = updates_for(name, training.clip, parameters, gradients, book)
        self._is_mean = training.reduction == "mean"
        self._phase = _Phase(0, 0, math.nan)  # none, so far
        # Step, network.passes, where the pass is.
        self._measured: tuple[int, int, Workspace | Bridge] | None = None

    @property
    def learning_rate(self) -> float:
        """What the next update of replicas without rates of their own uses."""
        return self.config.training.rate_at(self.step)

    def explosion(self, replica: int = 0) -> Explosion | None:
        """What is not finite at the present weights, losses first; None if everything is."""
        with torch.inference_mode():
            workspace = self._measure()
            losses = workspace.loss[:, replica, :, 0]  # (T, B)
            broken = ~torch.isfinite(losses) & workspace.mask[:, replica]
            if broken.any():
                t, column = map(int, broken.nonzero()[0])
                sequence = column + 1 if losses.shape[1] > 1 else None
                return Explosion(self.step, "loss", t + 1, losses[t, column].item(), sequence)
            if not math.isfinite(workspace.total[replica].item()):  # of losses that are finite
                return Explosion(self.step, "sum", "losses", workspace.total[replica].item())
            for name, gradient in self.network.named_gradients().items():
                values = gradient[replica]
                if not torch.isfinite(values).all():
                    return Explosion(self.step, "gradient", name, values[~torch.isfinite(values)][0].item())
        return None

    def measure(self) -> Trace:
        """Forward and backward on the batch of this step at the present weights, without an update.

        Doing it twice computes it once; the update that follows uses it.
        """
        return self._measure().trace()

    def update(self) -> Update:
        """Make one update. If all replicas have exploded, nothing changes, not even `step`."""
        return self._made(1)[0]

    def advance(self, updates: int) -> list[Update]:
        """`updates` updates in a row; fewer if all replicas explode: then the last one has changed nothing."""
        made: list[Update] = []
        while len(made) < updates and (not made or self._goes_on):
            made += self._made(updates - len(made))
        return made

    def stretch(self, most: int, goal: float | None = None, replica: int = 0) -> Stretch:
        """At most `most` updates, as many as one call can make: more than one where all batches are one.

        It ends after the first in which a replica explodes. If all have, the last one has changed nothing.

        goal: a mean loss of a replica; it ends before the first update that would leave it, maybe without any.
        """
        step, goals = self.step, self._book.goals
        goals[replica] = -math.inf if goal is None else goal
        written = self._make(most)
        goals[replica] = -math.inf
        return Stretch(step, self._phase.learning_rate, self._book.table[:written].copy(), self._is_mean)

    def preview(self) -> Update:
        """What the next update will report, without making it."""
        book, gradients = self._book, self.network.gradients
        self._measure()
        before = gradients.clone(), book.exploded.copy(), book.clips.copy()
        (update,) = self._made(1, moves=False)
        gradients.copy_(before[0])
        book.exploded[:], book.clips[:] = before[1:]
        return update

    def snapshot(self) -> Snapshot:
        """A copy of the state between two updates."""
        optimizer = {name: tensor.clone() for name, tensor in self._optimizer.state.items()}
        clips = tuple(self._book.clips.tolist())
        return Snapshot(self.step, self.network.parameters.clone(), optimizer, self.exploded, clips)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back (or forward) to a snapshot of this run; what follows is bit for bit what followed then."""
        self.step = snapshot.step
        self._book.exploded[:] = [replica in snapshot.exploded for replica in range(len(self.seeds))]
        self._book.clips[:] = snapshot.clips
        self.network.parameters.copy_(snapshot.parameters)
        for name, tensor in self._optimizer.state.items():
            tensor.copy_(snapshot.optimizer[name])
        self._measured = None

    @property
    def exploded(self) -> frozenset[int]:
        """Replicas whose loss or gradient has stopped being finite: they are no longer updated."""
        return frozenset(np.flatnonzero(self._book.exploded).tolist())

    @property
    def _goes_on(self) -> bool:
        """Whether there are replicas that have not exploded."""
        return not self._book.exploded.all()

    @property
    def nbytes(self) -> int:
        """Bytes of parameters, gradients, optimiser state and buffers."""
        state = sum(tensor.nbytes for tensor in self._optimizer.state.values())
        return self.network.nbytes + state + self._book.nbytes

    def _batch(self) -> Batch:
        """The batch of this step: (T, 1, B) if all replicas read the same, else (T, R, B)."""
        if len(self._different_seeds) == 1:
            return self.source.batch(self.seeds[0], self.step)
        of_seed = {seed: self.source.batch(seed, self.step) for seed in self._different_seeds}
        first, *others = of_seed.values()
        if all(batch is first for batch in others):
            return first
        batches = [of_seed[seed] for seed in self.seeds]
        return side_by_side(batches)

    def _measured_already(self) -> Workspace | Bridge | None:
        """The pass at the present weights, if it is in its buffers already."""
        measured = self._measured
        if measured is not None and measured[:2] == (self.step, self.network.passes):
            return measured[2]
        return None

    def _measure(self) -> Workspace | Bridge:
        of_pass = self._measured_already()
        if of_pass is None:
            step, reduction = self.step, self.config.training.reduction
            with inferring():
                of_pass = self.network.run(self._batch(), reduction=reduction, backward=True, step=step)
            self._measured = step, self.network.passes, of_pass
        return of_pass

    def _made(self, most: int, *, moves: bool = True) -> list[Update]:
        """What updates report that one call makes; `moves` as in `_make`."""
        step = self.step
        lines = self._book.table[: self._make(most, moves=moves)]
        return updates_of(lines, step, self._phase.learning_rate, is_mean=self._is_mean)

    def _make(self, most: int, *, moves: bool = True) -> int:
        """Make at most `most` updates by one call; how many there are in the table then.

        moves: whether weights move, or is just measured what an update would do.
        """
        network, phase, step = self.network, self._phase, self.step
        if not phase.first <= step < phase.end:
            phase = self._phase = self._enter_phase()
        of_pass, program = self._measured_already(), None
        if of_pass is None:
            batch = self._batch()
            of_pass = network.ready(batch, reduction=self.config.training.reduction)
            if of_pass is None:
                of_pass = self._measure()
            else:
                program = of_pass.program
                most = min(most, LINES, phase.end - step) if batch.is_only else 1
        written, moved, is_measured = self._updates.make(of_pass, program, most, moves=moves)
        self.step = step + moved
        if is_measured:
            self._measured = self.step, network.passes, of_pass
        return written

    def _enter_phase(self) -> _Phase:
        """Write into the book by what the next updates are made."""
        training, book, step = self.config.training, self._book, self.step
        changes = [change.step for change in training.rates]
        if training.clip != "off":
            changes.append(training.clip_from)
        rate, clips = training.rate_at(step), training.clip != "off" and step >= training.clip_from
        if not self._has_own_rates:
            book.rates[:] = rate
        book.thresholds[:] = self._thresholds if clips else math.inf
        first = max([change for change in changes if change <= step], default=0)
        end = min([change for change in changes if change > step], default=sys.maxsize)
        return _Phase(first, end, rate)
