"""The unrolled network: a batch read by the readable cells, every step kept.

This is the only loop over them. Generation goes on in it symbol by symbol, analysis walks back through what it kept,
and what-ifs are edits of it (`playground.passes.edits`). Built from plain torch operations, so autograd can follow it
too: that makes it the authority beside which the gradients written by hand are shown.

Shapes: T time, B batch, E input size, H hidden size, O output size; one replica only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear, one_hot

from playground.batch import Batch
from playground.cells.hold import free
from playground.config import NetworkConfig
from playground.passes.edit_list import fits_network
from playground.passes.edits import (
    Edit,
    Edits,
    Hold,
    Planted,
    Transplant,
    cuts_at,
    holds_at,
    planted,
    read_with,
)
from playground.passes.replica import Replica

FIELD = "edits"  # what a refusal of edits that do not fit is about
_NAMES = {"cross_entropy": ("logits", "probabilities"), "squared_error": ("outputs",)}
Steps = Sequence[Any]  # what the cell of a layer returned, a step a timestep


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Where a reading stands: what its next timestep meets.

    layers: of each layer its states, (B, H), in the order of the cell; one that reads backwards begins at the end.
    read: how many timesteps were read before; edits count from the first of them all. total: (B, H), Σ h of the highest
    layer, if its mean is read out.
    """

    layers: tuple[tuple[Tensor, ...], ...]
    read: int = 0
    total: Tensor | None = None

    @classmethod
    def zero(cls, model: Replica, batch: int) -> "States":
        """Before anything is read."""
        zeros = torch.zeros(batch, model.config.hidden_size, dtype=model.dtype)
        return cls(tuple(tuple(zeros for _ in model.spec.states) for _ in model.cells))


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """T timesteps through L layers, B sequences side by side.

    batch: what was read, (T, 1, B), edited symbols included. edits: those that were made. steps: of each layer, what
    its cell returned at each timestep; the tensors in it are (B, H). cut: (T, B) bool, before which timesteps the
    states were made zero. outputs: (T, B, O), logits or numbers. final: where the reading then stands, to go on from.

    What the cells computed is read by the names of a trace: unrolled["l0.f"] is (T, B, H), and so on for `names`.
    """

    model: Replica
    batch: Batch
    edits: Edits
    steps: tuple[Steps, ...]
    cut: Tensor
    outputs: Tensor
    final: States

    @property
    def config(self) -> NetworkConfig:
        """Of the network."""
        return self.model.config

    @property
    def cells(self) -> tuple[Any, ...]:
        """The readable cell of each layer."""
        return self.model.cells

    @property
    def length(self) -> int:
        """T."""
        return len(self.outputs)

    @property
    def is_held(self) -> bool:
        """Whether gates or states were held: the gradients written by hand are of steps that go by the equations."""
        return any(isinstance(edit, Hold | Transplant) for edit in self.edits)

    @property
    def predicted(self) -> Tensor:
        """(T, B) bool: where there is something to predict."""
        return self.batch.mask[:, 0]

    @property
    def predictions(self) -> int:
        """How many of the timesteps have something to predict."""
        return int(self.predicted.sum())

    @property
    def losses(self) -> Tensor:
        """(T, B): −log p of each target in nats, or the squared error; 0 where nothing is predicted."""
        return losses_of(self.model, self.batch, self.outputs)

    @property
    def grad_outputs(self) -> Tensor:
        """(T, B, O): ∂ each loss / ∂ its own outputs, softmax(logits) − one_hot(target) or 2 (y − target)."""
        targets = self.batch.targets[:, 0]
        if self.model.signature.loss == "squared_error":
            grad = 2 * (self.outputs - targets)
        else:
            grad = self.outputs.softmax(-1) - one_hot(targets, self.outputs.shape[-1])
        return torch.where(self.predicted[..., None], grad, 0.0)

    def before(self, layer: int) -> Tensor:
        """h_{k−1} for every k, (T, B, H): the state that W_hh meets at each timestep, also after a cut."""
        return torch.stack([step.h_before for step in self.steps[layer]])

    @property
    def names(self) -> tuple[str, ...]:
        """Of everything that can be read by its name, as in a `Trace`."""
        spec, known = self.model.spec, ["inputs", "targets", "mask"]
        for layer in self.model.layers:
            before = [f"pre.{name}" for name in spec.gates or spec.states]
            known += [f"{layer}.{name}" for name in ("x", *spec.states, *spec.gates, *before)]
        return (*known, *_NAMES[self.model.signature.loss], "loss")

    def __getitem__(self, name: str) -> Tensor:
        """(T, B, ·). Raises KeyError for what is not in `names`."""
        if name not in self.names:
            raise KeyError(f"this reading has no {name!r}; it has {', '.join(self.names)}")
        layer, dot, of_layer = name.partition(".")
        if dot:
            steps = self.steps[self.model.layers.index(layer)]
            before = of_layer.removeprefix("pre.")
            if before == of_layer:
                return torch.stack([getattr(step, of_layer) for step in steps])
            return torch.stack([step.pre[before] for step in steps])
        match name:
            case "logits" | "outputs":
                return self.outputs
            case "probabilities":
                return self.outputs.softmax(-1)
            case "loss":
                return self.losses
            case _:
                return getattr(self.batch, name)[:, 0]


def unroll(
    model: Replica,
    batch: Batch,
    initial: States | None = None,
    edits: Edits = (),
    factors: Sequence[Tensor] = (),
) -> Unrolled:
    """Read all sequences of a batch, (T, 1, B).

    initial: where to begin, such as the `final` of another reading; zeros if None. edits: what is to be otherwise.
    factors: what each level of layers but the highest gives to the one above is multiplied by them, (T, B, ·): dropout
    (`playground.models.dropout`); none where nothing is left out.

    Raises `Refusal` for edits of what the network has not; those of timesteps that are not read change nothing. Raises
    ValueError for going on with a network that reads backwards, too: it begins at the end; and with a transplant, whose
    source may lie before.
    """
    if initial is not None and initial.read and model.config.bidirectional:
        raise ValueError("a network that reads backwards cannot go on with a sequence")
    fits_network(FIELD, edits, model.config, model.signature)
    start = initial or States.zero(model, batch.inputs.shape[2])
    made = _planted(model, batch, start, edits, factors)
    batch = replace(batch, inputs=read_with(edits, batch.inputs, first=start.read))
    cut = _cuts(batch, edits, start.read)
    x = model.encoded(batch.inputs[:, 0]).unbind()
    steps, shown, final = read_on(model, x, start, cut if bool(cut.any()) else None, made, factors)
    outputs = linear(torch.stack(list(shown)), *model.readout)
    return Unrolled(model, batch, edits, tuple(map(tuple, steps)), cut, outputs, final)


def _planted(
    model: Replica, batch: Batch, start: States, edits: Edits, factors: Sequence[Tensor]
) -> tuple[Edit | Planted, ...]:
    """The edits with what transplants plant, which a reading without any edit tells."""
    if not any(isinstance(edit, Transplant) for edit in edits):
        return edits
    if start.read:
        raise ValueError("a transplant is of a text that is read from its beginning")
    with torch.no_grad():
        plain = unroll(model, batch, start, factors=factors)

    def value(layer: str, name: str, t: int) -> Tensor | None:
        return getattr(plain.steps[model.layers.index(layer)][t], name) if t < plain.length else None

    return planted(edits, [(layer, name) for layer in model.layers for name in model.spec.states], value)


def _cuts(batch: Batch, edits: Edits, first: int) -> Tensor:
    """Before which timesteps of which sequences the states are made zero: (T, B) bool."""
    cut = batch.mask.new_zeros(batch.mask.shape[0::2]) if batch.reset is None else batch.reset[:, 0].clone()
    for t in range(len(cut)):
        if cuts_at(edits, first + t):
            cut[t] = True
    return cut


def read_on(
    model: Replica,
    x: Sequence[Tensor],
    start: States,
    cut: Tensor | None = None,
    edits: Sequence[Edit | Planted] = (),
    factors: Sequence[Tensor] = (),
) -> tuple[list[Steps], Sequence[Tensor], States]:
    """Read T inputs (B, E) from where a reading stands.

    cut: (T, B) bool. edits: what is held; symbols and cuts are in `x` and `cut` already. factors: as `unroll` has them.

    Returns the steps of each layer, what is read out at each timestep, (B, H), and where the reading stands then.
    """
    steps: list[Steps] = []
    for number, level in enumerate(model.levels):
        taken, x = through_level(model, level, x, start, cut, edits)
        steps += taken
        if number < len(factors):
            x = [given * factor for given, factor in zip(x, factors[number], strict=True)]
    shown, total = read_out(model, x, start)
    ends = [of_layer[last].state for of_layer, last in zip(steps, model.ends, strict=True)]
    return steps, shown, States(tuple(ends), start.read + len(x), total)


def through_level(
    model: Replica,
    level: Sequence[int],
    x: Sequence[Tensor],
    start: States,
    cut: Tensor | None = None,
    edits: Sequence[Edit | Planted] = (),
) -> tuple[list[Steps], list[Tensor]]:
    """One layer, or two side by side of which the second reads backwards. Returns the steps of each, in the order of
    time, and what is read above: h, or both."""
    steps = [_through(model, level[0], x, start, cut, edits)]
    if len(level) == 1:
        return steps, [step.h for step in steps[0]]
    if cut is not None:  # what lies before a timestep lies behind the one before it
        cut = torch.cat([cut[1:], torch.zeros_like(cut[:1])]).flip(0)
    steps.append(_through(model, level[1], x[::-1], start, cut, edits, backwards=True)[::-1])
    return steps, [torch.cat([one.h, other.h], -1) for one, other in zip(*steps, strict=True)]


def _through(
    model: Replica,
    number: int,
    x: Sequence[Tensor],
    start: States,
    cut: Tensor | None,
    edits: Sequence[Edit | Planted],
    *,
    backwards: bool = False,
) -> Steps:
    """What one layer's cell returns for its inputs, (B, E), in the order in which it reads."""
    cell, state, holds = model.cells[number], start.layers[number], repeat(free)
    if edits:
        times = range(start.read, start.read + len(x))
        holds = holds_at(times[::-1] if backwards else times, model.layers[number], edits)
    cuts = repeat(None) if cut is None else cut[..., None]  # (T, B, 1)
    taken = []
    for x_t, hold, is_cut in zip(x, holds, cuts, strict=False):
        if is_cut is not None:
            state = tuple(each.masked_fill(is_cut, 0.0) for each in state)
        step = cell.step(x_t, *state, hold=hold)
        state = step.state
        taken.append(step)
    return taken


def read_out(model: Replica, h: Sequence[Tensor], start: States) -> tuple[Sequence[Tensor], Tensor | None]:
    """What the logits are read out of at each timestep, (B, H): the highest layer's h, or the mean of all h so far; and
    the sum of all of them, if it is the mean."""
    if model.signature.readout == "each":
        return h, None
    total, means = start.total, []
    for read, of_step in enumerate(h, start.read + 1):
        total = of_step if total is None else total + of_step
        means.append(total / read)
    return means, total


def losses_of(model: Replica, batch: Batch, outputs: Tensor) -> Tensor:
    """The losses (T, B) of logits (T, B, O)."""
    targets = batch.targets[:, 0]
    if model.signature.loss == "squared_error":
        losses = (outputs - targets).square().sum(-1)
    else:
        losses = -outputs.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
    return torch.where(batch.mask[:, 0], losses, 0.0)
