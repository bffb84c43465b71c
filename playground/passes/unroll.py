"""One sequence read by the readable cells, every step kept: the unrolled network that BPTT walks back through.

Built from plain torch operations, so autograd can follow it too: that makes it the authority beside which the
gradients written by hand are shown.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear, one_hot

from playground.batch import Batch
from playground.cells import CELLS, LayerWeights
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.pieces import Pieces, all_of


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """T timesteps through L layers.

    cells: the readable cell of each layer. steps: of each layer, what its cell returned at each timestep; the
    tensors in it are (1, H). losses: (T,), −log p of each target in nats, 0 where nothing is predicted.
    predicted: (T,) bool. grad_logits: (T, V), the gradient of each loss with respect to its own logits,
    softmax(logits) − one_hot(target). parameters: those the network was read with, by torch.nn's names.
    """

    config: NetworkConfig
    parameters: Mapping[str, Tensor]
    cells: tuple[Any, ...]
    steps: tuple[tuple[Any, ...], ...]
    losses: Tensor
    predicted: Tensor
    grad_logits: Tensor

    @property
    def length(self) -> int:
        """T."""
        return len(self.losses)

    @property
    def predictions(self) -> int:
        """How many of the T timesteps have something to predict."""
        return int(self.predicted.sum())

    def before(self, layer: int) -> Tensor:
        """h_{k−1} for every k, (T, H): the state that W_hh meets at each timestep; zeros at the first."""
        return torch.cat([step.h_before for step in self.steps[layer]])


def parameters_of(network: Network, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """Independent copies of the parameters of a network's first replica, in its own precision or another."""
    return {name: value.to(dtype or network.dtype) for name, value in network.state_dict().items()}


def unroll(config: NetworkConfig, parameters: Mapping[str, Tensor], batch: Batch) -> Unrolled:
    """Read the first sequence of a batch.

    parameters: of one replica, by torch.nn's names (`Network.state_dict`). batch: (T, 1, B); its first sequence
    must not be padded in the middle, and what is masked has no loss.
    """
    x = _inputs(config, parameters, batch)
    cells, steps = [], []
    for layer in range(config.layers):
        cell, taken = _through_layer(config, parameters, layer, x)
        x = torch.cat([step.h for step in taken])  # (T, H): what the layer above reads
        cells.append(cell)
        steps.append(taken)
    log_probabilities, losses = _losses(parameters, batch, x)
    targets, predicted = batch.targets[:, 0, 0], batch.mask[:, 0, 0]
    vocabulary = len(parameters["readout.weight"])
    return Unrolled(
        config,
        parameters,
        tuple(cells),
        tuple(steps),
        losses=losses,
        predicted=predicted,
        grad_logits=(log_probabilities.exp() - one_hot(targets, vocabulary)) * predicted[:, None],
    )


def _inputs(config: NetworkConfig, parameters: Mapping[str, Tensor], batch: Batch) -> Tensor:
    """What the lowest layer reads: (T, E) or (T, V)."""
    symbols, readout = batch.inputs[:, 0, 0], parameters["readout.weight"]
    if config.embedding:
        return parameters["embedding.weight"][symbols]
    return one_hot(symbols, len(readout)).to(readout.dtype)


def _through_layer(
    config: NetworkConfig, parameters: Mapping[str, Tensor], layer: int, x: Tensor
) -> tuple[Any, tuple[Any, ...]]:
    """The readable cell of a layer, and what it returned at each timestep of its inputs x, (T, E)."""
    weights = LayerWeights(*(parameters[f"rnn.{name}_l{layer}"] for name in LayerWeights._fields))
    cell = CELLS[config.cell].one_step(weights, config.nonlinearity)
    state = tuple(x.new_zeros(1, config.hidden_size) for _ in CELLS[config.cell].states)
    taken = []
    for x_t in x.split(1):
        step = cell.step(x_t, *state)
        state = step.state
        taken.append(step)
    return cell, tuple(taken)


def _losses(parameters: Mapping[str, Tensor], batch: Batch, h: Tensor) -> tuple[Tensor, Tensor]:
    """log p of every symbol, (T, V), and the losses, (T,), from the highest layer's h, (T, H)."""
    logits = linear(h, parameters["readout.weight"], parameters["readout.bias"])
    log_probabilities = logits.log_softmax(-1)
    surprise = -log_probabilities.gather(-1, batch.targets[:, 0, 0, None])[:, 0]
    return log_probabilities, torch.where(batch.mask[:, 0, 0], surprise, 0.0)


def autograd_gradients(
    config: NetworkConfig, parameters: Mapping[str, Tensor], batch: Batch, *, reduction: str = "mean"
) -> dict[str, Tensor]:
    """∂L/∂ every parameter as torch's autograd finds it: an independent check of every gradient on the page.

    reduction: "mean" or "sum" over the predictions of the sequence.
    """
    return all_of(autograd_gradients_in_pieces(config, parameters, batch, reduction=reduction))


def autograd_gradients_in_pieces(
    config: NetworkConfig, parameters: Mapping[str, Tensor], batch: Batch, *, reduction: str = "mean"
) -> Pieces[dict[str, Tensor]]:
    """The same, a layer at a time: forward, and back again.

    On its way back autograd stops at what each layer has read, and goes on from there with the gradient it has found:
    the same sums in the same order as without a stop.
    """
    with _recording():
        leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
        # Autograd refuses to keep what was made in inference mode; copies are ordinary tensors.
        copied = Batch(batch.inputs.clone(), batch.targets.clone(), batch.mask.clone())
        read = [_inputs(config, leaves, copied)]  # by every layer, and by the read-out
    for layer in range(config.layers):
        with _recording():
            _, steps = _through_layer(config, leaves, layer, read[layer])
            read.append(torch.cat([step.h for step in steps]))
        yield (layer + 1) / (2 * config.layers + 1)

    with _recording():
        _, losses = _losses(leaves, copied, read[-1])
        reached = losses.sum() / (max(1, int(copied.mask[:, 0, 0].sum())) if reduction == "mean" else 1)
    owned = [[f"rnn.{name}_l{layer}" for name in LayerWeights._fields] for layer in range(config.layers)]
    owned.append(["readout.weight", "readout.bias"])
    found: dict[str, Tensor] = {}
    grad = None
    for part in reversed(range(len(owned))):
        with _recording():
            ends = [leaves[name] for name in owned[part]]
            if read[part].requires_grad:  # one-hot vectors have none
                ends.append(read[part])
            grads = torch.autograd.grad(reached, ends, grad)
        found |= zip(owned[part], grads, strict=False)
        reached, grad = read[part], grads[-1]
        yield (2 * config.layers + 1 - part) / (2 * config.layers + 1)
    if config.embedding:
        with _recording():
            (found["embedding.weight"],) = torch.autograd.grad(reached, leaves["embedding.weight"], grad)
    return {name: found[name] for name in leaves}


@contextmanager
def _recording() -> Iterator[None]:
    """What autograd is to follow, also within inference mode."""
    with torch.inference_mode(False), torch.enable_grad():
        yield
