"""One update: gradients → clipping → optimiser, for R replicas at once.

A run is a pure function of its config and seeds: the batch of a step, and what dropout leaves out of it, depend on the
seed and the step alone, and nothing here draws a random number. On another kind of processor, sums are rounded in
another order.
"""

# torch does not say what its linear algebra and `tolist` return.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from operator import add
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from playground.batch import Batch, Source, side_by_side
from playground.config import ExperimentConfig, TaskConfig
from playground.models.bridge import Bridge, EncoderDecoder
from playground.models.model import perplexity
from playground.models.network import Network
from playground.models.workspace import Workspace
from playground.norms import norms_of
from playground.optimizers import OPTIMIZERS, stepper
from playground.trace import Trace

CLIP_EPSILON = 1e-6  # torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6
SMALLEST_SCALE = 1e-30  # by which a gradient of 32 bits is multiplied; smaller ones lose digits there


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


class Update(NamedTuple):
    """What one update measured. The tuples have one entry per replica.

    Loss and gradient are those of the weights *before* the update, so `step` is how many updates they had
    seen: the first Update has step 0 and the loss of the untrained network.
    """

    step: int
    loss: tuple[float, ...]  # what was differentiated: nll, or with reduction "sum" the sum over predictions
    nll: tuple[float, ...]  # mean loss per prediction: nats, or the squared error
    gradient_norm: tuple[float, ...]  # ‖∂loss/∂parameters‖₂ before clipping
    clipped_norm: tuple[float, ...]  # after clipping: what the optimiser got
    clipped: tuple[bool, ...]  # whether clipping changed the gradient
    learning_rate: float  # the config's at this step; replicas with rates of their own keep to those
    clips: tuple[int, ...]  # how many updates, this one included, were clipped so far
    finite: (
        bool  # False: loss or gradient of a replica is not a number any more; that replica was not updated
    )

    @property
    def perplexity(self) -> tuple[float, ...]:
        """exp(nll), the number of symbols between which the network is as good as guessing; ∞ beyond 64 bits."""
        return tuple(map(perplexity, self.nll))


class _Measured(NamedTuple):
    """Of an `Update`, what is known before anything is clipped."""

    step: int
    loss: tuple[float, ...]
    nll: tuple[float, ...]
    gradient_norm: tuple[float, ...]
    learning_rate: float
    finite: bool


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

    Replica r does what a trainer with `seeds[r]`, and with its learning rate and threshold, alone does. A replica
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
        self._learning_rates = None if learning_rates is None else _column(learning_rates, dtype)
        threshold = config.training.clip_threshold
        self._thresholds = tuple(clip_thresholds or (threshold,) * len(self.seeds))
        self._bounds = threshold if clip_thresholds is None else _column(clip_thresholds, dtype)
        name, gradients = config.training.optimizer, self.network.gradients
        self._optimizer = OPTIMIZERS[name](self.network.parameters, gradients)
        self._move = stepper(name, self._optimizer)
        self._norms = norms_of(gradients)
        self._exploded: set[int] = set()  # replicas that keep their weights
        self._clips = (0,) * len(self.seeds)
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
        with torch.inference_mode():
            workspace = self._measure()
        return workspace.trace()

    def update(self) -> Update:
        """Make one update. If all replicas have exploded, nothing changes, not even `step`."""
        if torch.is_inference_mode_enabled():  # to enter it again takes as long as an operation
            return self._update()
        with torch.inference_mode():
            return self._update()

    def preview(self) -> Update:
        """What the next update will report, without making it."""
        with torch.inference_mode():
            workspace = self._measure()
            measured = self._numbers(workspace)
            norms, exploded = measured.gradient_norm, set[int]()
            if not measured.finite:
                exploded = self._exploded | _broken(workspace.total.tolist(), norms)
            if len(exploded) == len(norms):
                return self._reported(measured, norms, (False,) * len(norms))
            gradients = self.network.gradients.clone()
            after = _but_for(exploded, norms, *self._clip(norms))
            self.network.gradients.copy_(gradients)
            return self._reported(measured, *after)

    def advance(self, updates: int) -> list[Update]:
        """`updates` updates in a row, a little cheaper than one by one; stops when all replicas exploded."""
        made: list[Update] = []
        with torch.inference_mode():
            for _ in range(updates):
                made.append(self._update())
                if len(self._exploded) == len(self.seeds):
                    break
        return made

    def snapshot(self) -> Snapshot:
        """A copy of the state between two updates."""
        optimizer = {name: tensor.clone() for name, tensor in self._optimizer.state.items()}
        return Snapshot(
            self.step,
            self.network.parameters.clone(),
            optimizer,
            self.exploded,
            self._clips,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go back (or forward) to a snapshot of this run; what follows is bit for bit what followed then."""
        self.step = snapshot.step
        self._exploded, self._clips = set(snapshot.exploded), snapshot.clips
        self.network.parameters.copy_(snapshot.parameters)
        for name, tensor in self._optimizer.state.items():
            tensor.copy_(snapshot.optimizer[name])
        self._measured = None

    @property
    def exploded(self) -> frozenset[int]:
        """Replicas whose loss or gradient has stopped being finite: they are no longer updated."""
        return frozenset(self._exploded)

    @property
    def nbytes(self) -> int:
        """Bytes of parameters, gradients, optimiser state and buffers."""
        return self.network.nbytes + sum(tensor.nbytes for tensor in self._optimizer.state.values())

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

    def _measure(self) -> Workspace | Bridge:
        network, measured = self.network, self._measured
        if measured is not None and measured[0] == self.step and measured[1] == network.passes:
            return measured[2]
        reduction, step = self.config.training.reduction, self.step
        workspace = network.run(self._batch(), reduction=reduction, backward=True, step=step)
        self._measured = self.step, network.passes, workspace
        return workspace

    def _numbers(self, workspace: Workspace | Bridge) -> _Measured:
        """What the present weights measure."""
        totals: list[float] = workspace.total.tolist()
        norms = self._norms()
        pairs = zip(totals, workspace.count, strict=True)
        nll = tuple([total / count if count else math.nan for total, count in pairs])
        loss = nll if self.config.training.reduction == "mean" else tuple(totals)
        finite = not self._exploded and all(map(math.isfinite, (*totals, *norms)))
        return _Measured(self.step, loss, nll, norms, self.learning_rate, finite)

    def _reported(
        self, measured: _Measured, clipped_norm: tuple[float, ...], clipped: tuple[bool, ...]
    ) -> Update:
        """What an update reports that has clipped like this."""
        step, loss, nll, norms, learning_rate, finite = measured
        clips = _added(self._clips, clipped)
        return Update(step, loss, nll, norms, clipped_norm, clipped, learning_rate, clips, finite)

    def _update(self) -> Update:
        workspace = self._measure()
        measured = self._numbers(workspace)
        if measured.finite:
            after = self._clip(measured.gradient_norm)
            self._optimize(measured.learning_rate)
            self.step += 1
        else:
            after = self._update_the_finite(workspace.total.tolist(), measured)
        update = self._reported(measured, *after)
        self._clips = update.clips
        return update

    def _update_the_finite(
        self, totals: Sequence[float], measured: _Measured
    ) -> tuple[tuple[float, ...], tuple[bool, ...]]:
        """Update as usual, then put back the replicas that have exploded, now or before."""
        norms = measured.gradient_norm
        self._exploded |= _broken(totals, norms)
        if len(self._exploded) == len(self.seeds):
            return tuple(norms), (False,) * len(norms)

        frozen = sorted(self._exploded)
        tensors = [self.network.parameters, *self._optimizer.state.values()]
        kept = [
            tensor[frozen].clone() for tensor in tensors if tensor.dim()
        ]  # a step counter is shared by all
        after, clipped = self._clip(norms)
        self._optimize(measured.learning_rate)
        for tensor, rows in zip([tensor for tensor in tensors if tensor.dim()], kept, strict=True):
            tensor[frozen] = rows
        self.step += 1
        return _but_for(self._exploded, norms, after, clipped)

    def _optimize(self, learning_rate: float) -> None:
        self._move(learning_rate if self._learning_rates is None else self._learning_rates)

    def _clip(self, norms: Sequence[float]) -> tuple[tuple[float, ...], tuple[bool, ...]]:
        """Clip as configured. Looked up each time: a kept bound method would be a cycle through the trainer."""
        training = self.config.training
        return self._CLIPPING[training.clip if self.step >= training.clip_from else "off"](self, norms)

    def _clip_nothing(self, norms: Sequence[float]) -> tuple[tuple[float, ...], tuple[bool, ...]]:
        return tuple(norms), (False,) * len(norms)

    def _clip_norm(self, norms: Sequence[float]) -> tuple[tuple[float, ...], tuple[bool, ...]]:
        """g ← g · threshold / (‖g‖ + 1e−6) for each replica whose ‖g‖ is too large: the direction stays."""
        pairs = zip(self._thresholds, norms, strict=True)
        scales = [threshold / (norm + CLIP_EPSILON) for threshold, norm in pairs]
        clipped = tuple([scale < 1 for scale in scales])
        if True not in clipped:
            return tuple(norms), clipped
        scales = [min(scale, 1.0) for scale in scales]
        gradients = self.network.gradients
        if min(scales) < SMALLEST_SCALE:
            gradients.copy_(gradients.double() * _column(scales, torch.float64))
        elif len(scales) == 1:
            gradients.mul_(scales[0])
        else:
            gradients.mul_(_column(scales, gradients.dtype))
        return tuple([norm * scale for norm, scale in zip(norms, scales, strict=True)]), clipped

    def _clip_value(self, norms: Sequence[float]) -> tuple[tuple[float, ...], tuple[bool, ...]]:
        """Each number of g is cut off at ±threshold: the direction changes."""
        gradients, bounds = self.network.gradients, self._bounds
        largest: list[float] = torch.linalg.vector_norm(gradients, math.inf, 1).tolist()
        gradients.clamp_(-bounds, bounds)  # pyright: ignore[reportCallIssue, reportArgumentType]
        after = self._norms()
        pairs = zip(largest, self._thresholds, strict=True)
        return after, tuple([each > threshold for each, threshold in pairs])

    _CLIPPING: ClassVar = {"off": _clip_nothing, "norm": _clip_norm, "value": _clip_value}


def _broken(totals: Sequence[float], norms: Sequence[float]) -> set[int]:
    """Replicas of which loss or gradient is not finite."""
    values = zip(totals, norms, strict=True)
    return {r for r, (total, norm) in enumerate(values) if not math.isfinite(total + norm)}


def _but_for(
    exploded: Set[int], norms: Sequence[float], after: Sequence[float], clipped: Sequence[bool]
) -> tuple[tuple[float, ...], tuple[bool, ...]]:
    """Norms after clipping, and what was clipped, where that did nothing to replicas that have exploded."""
    if not exploded:
        return tuple(after), tuple(clipped)
    pairs = zip(norms, after, strict=True)
    left = tuple([before if r in exploded else each for r, (before, each) in enumerate(pairs)])
    return left, tuple([each and r not in exploded for r, each in enumerate(clipped)])


def _added(clips: tuple[int, ...], clipped: tuple[bool, ...]) -> tuple[int, ...]:
    """How many updates were clipped, with one more."""
    return tuple(map(add, clips, clipped)) if True in clipped else clips


def _column(values: Sequence[float], dtype: torch.dtype) -> Tensor:
    """One number per replica as (R, 1), to go with rows of parameters."""
    return torch.tensor(values, dtype=dtype)[:, None]
