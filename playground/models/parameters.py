"""The parameters of a network: their names, shapes and places in one flat tensor."""

import math
from collections.abc import Mapping, Sequence

from torch import Tensor

from playground.batch import Signature
from playground.cells import CELLS
from playground.cells.weights import LayerWeights, ReplicatedWeights
from playground.config import NetworkConfig


def parameter_shapes(config: NetworkConfig, signature: Signature) -> dict[str, tuple[int, ...]]:
    """Names and shapes of one replica's parameters, in torch.nn's order."""
    hidden, blocks = config.hidden_size, CELLS[config.cell].fast.blocks
    shapes: dict[str, tuple[int, ...]] = {}
    if config.embedding:
        shapes["embedding.weight"] = (signature.input_size, config.embedding)
    directions = ("", "_reverse") if config.bidirectional else ("",)
    width = len(directions) * hidden  # of what a level of layers gives
    for number in range(config.layers):
        inputs = width if number else (config.embedding or signature.input_size)
        for direction in directions:
            layer = f"l{number}{direction}"
            shapes[f"rnn.weight_ih_{layer}"] = (blocks * hidden, inputs)
            shapes[f"rnn.weight_hh_{layer}"] = (blocks * hidden, hidden)
            shapes[f"rnn.bias_ih_{layer}"] = (blocks * hidden,)
            shapes[f"rnn.bias_hh_{layer}"] = (blocks * hidden,)
    shapes["readout.weight"] = (signature.output_size, width)
    shapes["readout.bias"] = (signature.output_size,)
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
