"""The initial weights of a network: torch.nn's, and four variations on its recurrent part."""

import math
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Generator, Tensor
from torch.nn import init

from playground.cells import CELLS
from playground.cells.spec import CellSpec
from playground.cells.weights import LayerWeights
from playground.config import NetworkConfig


def initial_parameters(
    config: NetworkConfig, shapes: Mapping[str, tuple[int, ...]], seed: int
) -> dict[str, Tensor]:
    """One replica's parameters, float32, drawn from `seed` alone.

    The default is bit for bit what torch.manual_seed(seed) followed by torch.nn.Embedding (if any),
    torch.nn.RNN/LSTM/GRU and torch.nn.Linear gives in float32: N(0, 1) for the embedding, uniform ±1/√H for
    the layers, uniform ±1/√(what it reads) for the read-out.
    `forget_bias` is added to the b_ih of the gate that the cell names for it, if it does. Any other `initialization`
    then changes each recurrent layer, as its function in `CHANGES` says, and nothing else. Those in `SETS_BIASES` put
    their own value in the place of that sum.
    """
    cell = CELLS[config.cell]
    generator = Generator().manual_seed(seed)
    parameters: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        tensor = parameters[name] = torch.empty(shape)
        if name.endswith("embedding.weight"):
            init.normal_(tensor, generator=generator)
        elif name.endswith("readout.weight"):
            init.kaiming_uniform_(
                tensor, a=math.sqrt(5), generator=generator
            )  # torch.nn.Linear's way to say ±1/√(what it reads)
        else:
            of_readout = name.endswith("readout.bias")
            reads = shapes[name.replace("bias", "weight")][1] if of_readout else config.hidden_size
            init.uniform_(tensor, -1 / math.sqrt(reads), 1 / math.sqrt(reads), generator=generator)

    for layer in _layers(parameters):
        if "forget_bias" in cell.biases:
            _block(layer.bias_ih, config, cell.biases["forget_bias"]).add_(config.forget_bias)
        CHANGES[config.initialization](config, layer, generator)
    return parameters


def memory_gates(cell: CellSpec) -> dict[str, int]:
    """The gates that decide how long a unit remembers, by name: 1 where an open one keeps, −1 where it overwrites.

    Empty for a cell without gates: to such a cell "chrono" does nothing.
    """
    signs = {"keep": 1, "write": -1}
    return {name: signs[gate.role] for name, gate in cell.gates.items() if gate.role in signs}


def _default(config: NetworkConfig, layer: LayerWeights, generator: Generator) -> None:
    """torch.nn's weights stay."""


def _orthogonal(config: NetworkConfig, layer: LayerWeights, generator: Generator) -> None:
    """Each H×H block of W_hh, one per gate, becomes a random orthogonal matrix."""
    for block in layer.weight_hh.split(config.hidden_size):
        init.orthogonal_(block, generator=generator)


def _spectral(config: NetworkConfig, layer: LayerWeights, generator: Generator) -> None:
    """Each block of W_hh is rescaled to the spectral radius `config.spectral_radius`."""
    for block in layer.weight_hh.split(config.hidden_size):
        block.mul_(config.spectral_radius / spectral_radius(block))


def _identity(config: NetworkConfig, layer: LayerWeights, generator: Generator) -> None:
    """Each block of W_hh becomes the identity, and both biases 0: a ReLU then hands on what it has, unchanged.

    The paper also draws the input weights from N(0, 0.001²). They stay torch.nn's here: so every one of the starts
    compared has the same input weights, and recall over 20 distractors was learned sooner and by more seeds.

    Source: Le, Jaitly & Hinton 2015, "A simple way to initialize recurrent networks of rectified linear units".
    """
    for block in layer.weight_hh.split(config.hidden_size):
        init.eye_(block)
    layer.bias_ih.zero_()
    layer.bias_hh.zero_()


def _chrono(config: NetworkConfig, layer: LayerWeights, generator: Generator) -> None:
    """Each unit gets a length of memory: u is drawn from U(1, T_max − 1), and its gates keep σ(log u) = u / (1 + u).

    What is kept so fades within 1 / (1 − u / (1 + u)) = 1 + u timesteps: from 2 to T_max, which is
    `config.longest_memory`. A gate that keeps has the bias log u, one that overwrites −log u, as b_ih; their b_hh is 0.
    A cell without such gates keeps torch.nn's weights.

    Source: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?".
    """
    gates = memory_gates(CELLS[config.cell])
    if not gates:
        return
    u = torch.empty(config.hidden_size).uniform_(1, config.longest_memory - 1, generator=generator)
    for gate, sign in gates.items():
        _block(layer.bias_ih, config, gate).copy_(sign * u.log())
        _block(layer.bias_hh, config, gate).zero_()


Change = Callable[[NetworkConfig, LayerWeights, Generator], None]
CHANGES: Mapping[str, Change] = {
    "default": _default,
    "orthogonal": _orthogonal,
    "spectral": _spectral,
    "identity": _identity,
    "chrono": _chrono,
}
SETS_BIASES = frozenset({"identity", "chrono"})  # of every gate that a bias setting speaks of


def _layers(parameters: Mapping[str, Tensor]) -> Iterator[LayerWeights]:
    """Every recurrent layer among the parameters, in their order."""
    first, *others = (f"rnn.{field}" for field in LayerWeights._fields)
    for name, weight_ih in parameters.items():
        if first in name:
            yield LayerWeights(weight_ih, *(parameters[name.replace(first, other)] for other in others))


def _block(bias: Tensor, config: NetworkConfig, gate: str) -> Tensor:
    """The part (H,) of a bias (K·H,) that is one gate's."""
    return bias.split(config.hidden_size)[CELLS[config.cell].place(gate)]


def spectral_radius(matrix: Tensor) -> float:
    """The largest absolute value of an eigenvalue of a square matrix (H, H)."""
    return spectral_radii(matrix.double()).item()


def spectral_radii(matrices: Tensor) -> Tensor:
    """The same of each of many matrices: (…, H, H) → (…)."""
    return torch.linalg.eigvals(matrices).abs().amax(-1)
