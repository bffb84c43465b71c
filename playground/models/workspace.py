"""One pass through a whole network, forward and back, in buffers that are made once for batches of one shape."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.config import NetworkConfig
from playground.kernels.program import Program, as_programs
from playground.models.dropout import LeftOut, draw
from playground.models.form import over_time
from playground.models.inputs import inputs_for
from playground.models.losses import criterion_for
from playground.models.readout import Readout
from playground.models.stack import Stack
from playground.trace import Trace

VIEW_BYTES = 600  # a tensor without its numbers, as Python and torch keep it (measured)
PROGRAM_BYTES = 20_000  # of each layer: the instructions of a pass, as Python keeps them (measured)

States = Sequence[
    tuple[Tensor, ...]
]  # of each layer in torch.nn's order: h (R or 1, B, H), and c where there is one


def call_bytes(cell: str, time: int, *, are_loops: bool) -> int:
    """Bytes of what a fast layer of this cell keeps beside its numbers: views of its timesteps, or instructions."""
    return PROGRAM_BYTES if are_loops else VIEW_BYTES * CELLS[cell].views * time


class Workspace:
    """All buffers for passes of one shape (T, B), made once, and the pass itself.

    Args:
        config, signature: what the network is.
        parameters, gradients: each as flat tensor (R, P) and as its views by name.
        seeds: one per replica.
        shape: T and B. resets: whether states are reset.

    Attributes:
        outputs: (T, R, B, O), logits or numbers, after a pass.
        loss: (T, R, B, 1), 0 where masked. mask: (T, R, B).
        total: (R,), the loss summed over all predictions.
        counts: (R,), how many predictions each replica's batch has.
        program: what carries out a whole pass there and back, after `prepare`; None where one call cannot, or where
            something has to be drawn for each pass.
    """

    def __init__(
        self,
        config: NetworkConfig,
        signature: Signature,
        parameters: tuple[Tensor, Mapping[str, Tensor]],
        gradients: tuple[Tensor, Mapping[str, Tensor]],
        seeds: Sequence[int],
        shape: tuple[int, int],
        *,
        resets: bool,
    ) -> None:
        (flat, named), (_, of_named) = parameters, gradients
        (time, batch), replicas = shape, len(seeds)
        o = self.over_time = over_time(config.cell, time, replicas, batch, flat.dtype)
        self._cell, self._seeds = config.cell, seeds
        self._passes = 0
        self._batch: Batch | None = None
        self._reduction = ""
        self._has_started = False  # from states that were given
        self._has_gradients = False

        self.mask = torch.zeros(time, replicas, batch, dtype=torch.bool)
        self.counts = torch.zeros(replicas, dtype=torch.int64)
        self._reset = torch.zeros(time, replicas, batch, 1, dtype=torch.bool) if resets else None
        self.inputs = inputs_for(config, signature, named, of_named, o)
        self.stack = Stack(config, parameters, gradients, self.inputs, o, self._reset)
        self.criterion = criterion_for(signature.loss, o, signature.output_size)
        self.outputs, self.loss = self.criterion.outputs, self.criterion.loss
        self._readout = Readout(
            o,
            named,
            of_named,
            self.stack.h,
            self.stack.grad_h,
            self.outputs,
            self.criterion.grad_outputs,
            mean=signature.readout == "mean",
        )
        self.total = torch.zeros(replicas, dtype=flat.dtype)

        self._dropouts = tuple(self.stack.dropouts.values())
        judge, go_back = self.criterion.calls()
        total = o.total_loss(self.loss, self.total)
        forward = [*self.inputs.forward, *self.stack.forward, *self._readout.forward, judge, total]
        backward = [*forward, go_back, *self._readout.backward, *self.stack.backward]
        collect = [*backward, *self._readout.collect, *self.stack.collect, *self.inputs.collect]
        self._calls = tuple(map(as_programs, (forward, backward, collect)))
        whole = self._calls[-1]
        is_one_call = len(whole) == 1 and isinstance(whole[0], Program)
        self.program: Program | None = whole[0] if is_one_call and not self._dropouts else None
        self._name_tensors()

    def run(
        self,
        batch: Batch,
        reduction: str,
        backward: bool,
        of_weights: bool,
        initial: States | None,
        step: LeftOut,
    ) -> None:
        """Forward, and back if asked to, as far as the weights if asked to. Arguments are those of `Network.run`."""
        self.prepare(batch, reduction, initial)
        if self._dropouts:
            draw(self._dropouts, self._seeds, step)
        for call in self._calls[backward + (backward and of_weights)]:
            call()
        self._has_gradients = backward

    def prepare(self, batch: Batch, reduction: str, initial: States | None = None) -> None:
        """Make ready for passes over a batch, which may follow at once: a trace of the one before is not current."""
        self._passes += 1
        self._has_gradients = True
        if batch is not self._batch or reduction != self._reduction:
            self._read(batch, reduction)
        if initial is not None or self._has_started:
            self._start(initial)

    def _read(self, batch: Batch, reduction: str) -> None:
        """Write the batch into the buffers, in the forms that the pass needs."""
        self._batch = None  # one that is refused halfway leaves none that could be read again
        self.inputs.read(batch.inputs)
        self.mask.copy_(batch.mask)
        if self._reset is not None and batch.reset is not None:
            self._reset[..., 0].copy_(batch.reset)
        torch.sum(self.mask, (0, 2), out=self.counts)
        divisor = self.counts.clamp(min=1)[:, None, None] if reduction == "mean" else None
        self.criterion.read(batch.targets, self.mask, divisor)
        self._batch, self._reduction = batch, reduction

    def _start(self, initial: States | None) -> None:
        """Begin with these states, or with zeros again."""
        layers = self.stack.layers.values()
        if initial is not None and len(initial) != len(layers):
            raise ValueError(f"initial states must be of {len(layers)} layers; got {len(initial)}")
        for number, layer in enumerate(layers):
            layer.begin(None if initial is None else initial[number])
        self._has_started = initial is not None

    def initial_gradients(self) -> list[tuple[Tensor, ...]]:
        """∂total/∂ the states before the first timestep, after a pass there and back, as `States` with all R."""
        return [layer.initial_gradients() for layer in self.stack.layers.values()]

    def final_states(self) -> list[tuple[Tensor, ...]]:
        """The states after the last timestep that each layer has read, as `States`: views."""
        return [layer.final_states() for layer in self.stack.layers.values()]

    def _name_tensors(self) -> None:
        """The names of a `Trace`."""
        criterion = self.criterion
        tensors, derived, gradients, derived_gradients = self.stack.named()
        forward = {"inputs": self.inputs.given, "targets": criterion.targets, "mask": self.mask, **tensors}
        forward |= {criterion.name: criterion.outputs, "loss": self.loss[..., 0]}
        derived = {**derived, **criterion.derived()}
        back = {**forward, **gradients, f"grad.{criterion.name}": criterion.grad_outputs}
        self._names = {False: (forward, derived), True: (back, {**derived, **derived_gradients})}

    def _nll(self) -> Tensor:
        return self.total / torch.where(self.counts > 0, self.counts, math.nan)

    def _total(self) -> Tensor:
        return self._nll() if self._reduction == "mean" else self.total.clone()

    def trace(self) -> Trace:
        """The tensors of the last pass by name."""
        at = self._passes
        tensors, derived = self._names[self._has_gradients]
        # A workspace that kept its own methods would be a cycle, and its buffers would wait for the collector.
        of_self = {"nll": self._nll, "total": self._total}
        return Trace(tensors, {**derived, **of_self}, current=lambda: self._passes == at)

    def buffers_by_name(self) -> dict[str, Tensor]:
        """The buffers (T, R, B, ·) that every pass there and back fills, under the names of a `Trace`, but for layers
        that read backwards; the loss has a last axis of 1, instead of probabilities there are `log_probabilities`."""
        return {**self.criterion.buffers_by_name(), **self.stack.buffers_by_name()}

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers and of what calls keep beside them, which weighs more where the network is small."""
        parts = (self.inputs, self.stack, self._readout, self.criterion)
        own = [self.mask, *(buffer for part in parts for buffer in part.buffers())]
        calls = len(self.stack.layers) * call_bytes(
            self._cell, self.over_time.time, are_loops=self.over_time.is_compiled
        )
        return self.over_time.nbytes + sum(buffer.nbytes for buffer in own) + calls
