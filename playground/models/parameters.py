"""The parameters of a network: their names, shapes and places in one flat tensor."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from playground.batch import Signature
from playground.cells import CELLS
from playground.cells.weights import LayerWeights, ReplicatedWeights
from playground.config import NetworkConfig

REVERSE = "_reverse"  # at the end of the names of what reads backwards, as in torch.nn


def parameter_shapes(config: NetworkConfig, signature: Signature) -> dict[str, tuple[int, ...]]:
    """Names and shapes of one replica's parameters, in torch.nn's order."""
    width = config.hidden_size * (2 if config.bidirectional else 1)
    return {
        **reading_shapes(config, signature),
        "readout.weight": (signature.output_size, width),
        "readout.bias": (signature.output_size,),
    }


def reading_shapes(config: NetworkConfig, signature: Signature) -> dict[str, tuple[int, ...]]:
    """The same of all that comes before the read-out."""
    hidden, blocks = config.hidden_size, CELLS[config.cell].fast.blocks
    shapes: dict[str, tuple[int, ...]] = {}
    if config.embedding:
        shapes["embedding.weight"] = (signature.input_size, config.embedding)
    directions = ("", REVERSE) if config.bidirectional else ("",)
    width = len(directions) * hidden  # of what a level of layers gives
    for number in range(config.layers):
        inputs = width if number else (config.embedding or signature.input_size)
        for direction in directions:
            layer = f"l{number}{direction}"
            shapes[f"rnn.weight_ih_{layer}"] = (blocks * hidden, inputs)
            shapes[f"rnn.weight_hh_{layer}"] = (blocks * hidden, hidden)
            shapes[f"rnn.bias_ih_{layer}"] = (blocks * hidden,)
            shapes[f"rnn.bias_hh_{layer}"] = (blocks * hidden,)
    return shapes


def views(flat: Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The parts (R, *shape) of a flat tensor (R, P), by name."""
    parts = flat.split([math.prod(shape) for shape in shapes.values()], dim=1)
    return {
        name: part.view(len(flat), *shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }


def of_layer(named: Mapping[str, Tensor], layer: str) -> Sequence[Tensor]:
    """The four tensors of one layer ("l0", "l0_reverse", "l1", …) in the order of `LayerWeights`."""
    return [named[f"rnn.{name}_{layer}"] for name in LayerWeights._fields]


def replicated(flat: Tensor, named: Mapping[str, Tensor], layer: str) -> ReplicatedWeights:
    """One layer's part of a flat tensor and its views, for the fast cells."""
    weight_ih, weight_hh, bias_ih, _ = of_layer(named, layer)
    # The two biases are neighbours in the flat tensor.
    start, size = bias_ih.storage_offset() - flat.storage_offset(), bias_ih.shape[-1]
    return ReplicatedWeights(weight_ih, weight_hh, flat[:, start : start + 2 * size].unflatten(1, (2, size)))


class Parameterized:
    """R replicas of parameters with their gradients, each kind in one flat tensor.

    Args:
        shapes: of one replica's parameters, by torch.nn's names.
        initial: seed ↦ the parameters with which a replica begins.
        seeds: one per replica; the initial weights of a replica depend on its seed alone.
        dtype: torch.float32 to train, torch.float64 to check. The initial weights are the same.

    Attributes:
        parameters: (R, P), all parameters of each replica in a row. A trainer notices a change made by
            `load_state_dict` or its own `restore`; after any other, do not update from an earlier `measure`.
        gradients: (R, P), ∂total/∂parameters of the last backward pass, in the same places.
        passes: how many times parameters, gradients or buffers have been overwritten.
    """

    def __init__(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        initial: Callable[[int], Mapping[str, Tensor]],
        seeds: Sequence[int],
        dtype: torch.dtype,
    ) -> None:
        self.seeds, self.dtype = tuple(seeds), dtype
        self.replicas = len(self.seeds)
        self.passes: int = 0
        self._shapes = shapes
        size = sum(map(math.prod, shapes.values()))
        self.parameters = torch.zeros(self.replicas, size, dtype=dtype)
        self.gradients = torch.zeros(self.replicas, size, dtype=dtype)
        self._parameters = views(self.parameters, shapes)
        self._gradients = views(self.gradients, shapes)
        for replica, seed in enumerate(self.seeds):
            self.load_state_dict(initial(seed), replica)

    def named_parameters(self) -> dict[str, Tensor]:
        """Views (R, *shape) of `parameters` by torch.nn's names, each with the prefix of its module."""
        return dict(self._parameters)

    def named_gradients(self) -> dict[str, Tensor]:
        """Views (R, *shape) of `gradients` by the same names."""
        return dict(self._gradients)

    def state_dict(self, replica: int = 0) -> dict[str, Tensor]:
        """Independent copies of one replica's parameters, in torch.nn's shapes."""
        return {name: view[replica].clone() for name, view in self._parameters.items()}

    def load_state_dict(self, state: Mapping[str, Tensor], replica: int = 0) -> None:
        """Overwrite one replica's parameters.

        Raises ValueError unless names and shapes are exactly those of `state_dict()`.
        """
        if wrong := state.keys() ^ self._parameters.keys():
            raise ValueError(f"parameters must be {', '.join(self._parameters)}; missing or unknown: {wrong}")
        for name, shape in self._shapes.items():
            if tuple(state[name].shape) != shape:
                raise ValueError(f"{name} must have shape {shape}; got {tuple(state[name].shape)}")
        with torch.no_grad():
            for name, view in self._parameters.items():
                view[replica].copy_(state[name])
        self.passes += 1
