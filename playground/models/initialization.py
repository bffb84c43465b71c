"""The initial weights of a network: torch.nn's, and three variations on its recurrent part."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import init

from playground.cells import CELLS
from playground.config import NetworkConfig


def initial_parameters(
    config: NetworkConfig, shapes: Mapping[str, tuple[int, ...]], seed: int
) -> dict[str, Tensor]:
    """One replica's parameters, float32, drawn from `seed` alone.

    The default is bit for bit what torch.manual_seed(seed) followed by torch.nn.Embedding (if any),
    torch.nn.RNN/LSTM/GRU and torch.nn.Linear gives in float32: N(0, 1) for the embedding, uniform ±1/√H for
    the rest.
    "orthogonal" and "spectral" then replace the H×H blocks of each W_hh, one per gate, and nothing else;
    `forget_bias` is added to the b_ih of the gate that the cell names for it, if it does.
    """
    cell = CELLS[config.cell]
    generator = torch.Generator().manual_seed(seed)
    bound = 1 / math.sqrt(config.hidden_size)
    parameters = {}
    for name, shape in shapes.items():
        tensor = parameters[name] = torch.empty(shape)
        if name.endswith("embedding.weight"):
            init.normal_(tensor, generator=generator)
        elif name.endswith("readout.weight"):
            init.kaiming_uniform_(
                tensor, a=math.sqrt(5), generator=generator
            )  # torch.nn.Linear's way to say ±1/√H
        else:
            init.uniform_(tensor, -bound, bound, generator=generator)

    for name, tensor in parameters.items():
        for block in tensor.split(config.hidden_size) if "rnn.weight_hh" in name else ():
            if config.initialization == "orthogonal":
                init.orthogonal_(block, generator=generator)
            elif config.initialization == "spectral":
                block.mul_(config.spectral_radius / spectral_radius(block))
        if "rnn.bias_ih" in name and "forget_bias" in cell.biases:
            of_blocks = tensor.split(config.hidden_size)
            of_blocks[cell.place(cell.biases["forget_bias"])].add_(config.forget_bias)
    return parameters


def spectral_radius(matrix: Tensor) -> float:
    """The largest absolute value of an eigenvalue of a square matrix (H, H)."""
    return spectral_radii(matrix.double()).item()


def spectral_radii(matrices: Tensor) -> Tensor:
    """The same of each of many matrices: (…, H, H) → (…)."""
    return torch.linalg.eigvals(matrices).abs().amax(-1)
