"""One sequence read by the readable cells, every step kept: the unrolled network that BPTT walks back through.

Built from plain torch operations, so autograd can follow it too: that makes it the authority beside which the
gradients written by hand are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear, one_hot

from playground.cells import CELLS, LayerWeights
from playground.config import NetworkConfig
from playground.corpus import Batch
from playground.network import Network


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
    symbols, targets, predicted = (part[:, 0, 0] for part in (batch.inputs, batch.targets, batch.mask))
    readout = parameters["readout.weight"]
    if config.embedding:
        x = parameters["embedding.weight"][symbols]  # (T, E)
    else:
        x = one_hot(symbols, len(readout)).to(readout.dtype)  # (T, V)

    cells, steps = [], []
    for layer in range(config.layers):
        weights = LayerWeights(*(parameters[f"rnn.{name}_l{layer}"] for name in LayerWeights._fields))
        cell = CELLS[config.cell].one_step(weights, config.nonlinearity)
        state = tuple(x.new_zeros(1, config.hidden_size) for _ in CELLS[config.cell].states)
        taken = []
        for x_t in x.split(1):
            step = cell.step(x_t, *state)
            state = step.state
            taken.append(step)
        x = torch.cat([step.h for step in taken])  # (T, H): what the layer above reads
        cells.append(cell)
        steps.append(tuple(taken))

    log_probabilities = linear(x, readout, parameters["readout.bias"]).log_softmax(-1)  # (T, V)
    surprise = -log_probabilities.gather(-1, targets[:, None])[:, 0]
    return Unrolled(
        config,
        parameters,
        tuple(cells),
        tuple(steps),
        losses=torch.where(predicted, surprise, 0.0),
        predicted=predicted,
        grad_logits=(log_probabilities.exp() - one_hot(targets, len(readout))) * predicted[:, None],
    )


def autograd_gradients(
    config: NetworkConfig, parameters: Mapping[str, Tensor], batch: Batch, *, reduction: str = "mean"
) -> dict[str, Tensor]:
    """∂L/∂ every parameter as torch's autograd finds it: an independent check of every gradient on the page.

    reduction: "mean" or "sum" over the predictions of the sequence.
    """
    with torch.inference_mode(False), torch.enable_grad():
        leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
        # Autograd refuses to keep what was made in inference mode; copies are ordinary tensors.
        copied = Batch(batch.inputs.clone(), batch.targets.clone(), batch.mask.clone())
        unrolled = unroll(config, leaves, copied)
        loss = unrolled.losses.sum() / (max(1, unrolled.predictions) if reduction == "mean" else 1)
        gradients = torch.autograd.grad(loss, list(leaves.values()))
    return dict(zip(leaves, gradients, strict=True))
