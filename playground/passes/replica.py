"""One network by itself, ready to be read step by step: its weights, and a readable cell for every layer."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from playground.batch import NOTHING, Signature
from playground.cells import CELLS, LayerWeights
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.models.parameters import of_layer

BACKWARDS = "_reverse"  # what torch.nn adds to the name of a layer that reads backwards


class Replica:
    """What a network is, what it reads and answers, and the weights of one of its replicas.

    parameters: by torch.nn's names (`Network.state_dict`). Nothing is copied: whatever is read after an update of these
    tensors in place is read with the new weights.

    Attributes:
        layers: their names, "l0", "l1", …, or "l0", "l0_reverse", "l1", … where both directions are read.
        levels: numbers of the layers that stand side by side, from the lowest up: one, or the two directions.
        cells: the readable cell of each layer. ends: the timestep each has read last, −1, or 0 for backwards.
    """

    def __init__(self, config: NetworkConfig, signature: Signature, parameters: Mapping[str, Tensor]) -> None:
        self.config, self.signature, self.parameters = config, signature, parameters
        self.spec = CELLS[config.cell]
        self.layers = layer_names(config)
        side_by_side = len(self.layers) // config.layers
        self.levels = tuple(
            tuple(range(first, first + side_by_side)) for first in range(0, len(self.layers), side_by_side)
        )
        self.ends = tuple(0 if layer.endswith(BACKWARDS) else -1 for layer in self.layers)
        self.cells: tuple[Any, ...] = tuple(
            self.spec.one_step(LayerWeights(*of_layer(parameters, layer)), config.nonlinearity)
            for layer in self.layers
        )
        self.readout = parameters["readout.weight"], parameters["readout.bias"]
        self._table = parameters.get("embedding.weight")
        if self._table is None and signature.reads == "symbols":
            self._table = torch.eye(signature.input_size, dtype=self.dtype)

    @property
    def dtype(self) -> torch.dtype:
        """That of the weights."""
        return self.parameters["readout.weight"].dtype

    @property
    def table(self) -> Tensor:
        """What stands for each symbol: (V, E), one-hot or its embedding.

        Raises ValueError if the network reads vectors.
        """
        if self._table is None:
            raise ValueError("this network reads vectors, not symbols")
        return self._table

    def encoded(self, inputs: Tensor) -> Tensor:
        """What the lowest layer reads for symbols (T, B) or vectors (T, B, E): (T, B, E); zeros for NOTHING."""
        if self.signature.reads == "vectors":
            return inputs.to(self.dtype)
        x, is_nothing = self.table[inputs], inputs == NOTHING
        return x.masked_fill(is_nothing[..., None], 0.0) if bool(is_nothing.any()) else x


def layer_names(config: NetworkConfig) -> tuple[str, ...]:
    """What the layers are called in a trace, in torch.nn's order."""
    directions = ("", BACKWARDS) if config.bidirectional else ("",)
    return tuple(f"l{number}{direction}" for number in range(config.layers) for direction in directions)


def replica_of(network: Network, replica: int = 0) -> Replica:
    """One replica of a network as it is now and will be: its parameters are the network's own."""
    parameters = {name: value[replica] for name, value in network.named_parameters().items()}
    return Replica(network.config, network.signature, parameters)


def parameters_of(network: Network, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """Independent copies of the parameters of a network's first replica, in its own precision or another."""
    return {name: value.to(dtype or network.dtype) for name, value in network.state_dict().items()}


def copy_of(network: Network, dtype: torch.dtype | None = None) -> Replica:
    """A network's first replica as it is now, whatever becomes of it, in its own precision or another."""
    return Replica(network.config, network.signature, parameters_of(network, dtype))
