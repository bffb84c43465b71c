"""Layers of cells on top of one another, each reading the h of the one below, in one direction or in both."""

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor

from playground.cells import CELLS
from playground.cells.fast import FastLayer, OverTime, Product
from playground.config import NetworkConfig
from playground.models.compiled_layers import COMPILED
from playground.models.directions import BothDirections
from playground.models.dropout import Dropout
from playground.models.inputs import Vectors
from playground.models.parameters import REVERSE, replicated

Tensors = Mapping[str, Tensor]
Computed = Mapping[str, Callable[[], Tensor]]


class Stack:
    """The layers of a network over a whole sequence.

    Args:
        config: what they are made of.
        parameters, gradients: each as flat tensor and as its views by name.
        inputs: what the lowest layer reads.
        over_time: the shape.
        reset: (T, R, B, 1) bool, where states are cut, if anywhere.
        reads_on: whether somebody reads on from the last states, whose gradient of these `FastLayer.end` then takes.

    Attributes:
        layers: by name, "l0", "l0_reverse", "l1", … in torch.nn's order.
        h, grad_h: (T, R, B, W), what the highest layers give, and where ∂L/∂ it goes.
        forward, backward: the calls of a pass, in order. collect: those that then fill the gradients of weights.
        dropouts: by the name of the layer that reads what they leave.
    """

    def __init__(
        self,
        config: NetworkConfig,
        parameters: tuple[Tensor, Mapping[str, Tensor]],
        gradients: tuple[Tensor, Mapping[str, Tensor]],
        inputs: Vectors,
        over_time: OverTime,
        reset: Tensor | None,
        *,
        reads_on: bool = False,
    ) -> None:
        self.layers: dict[str, FastLayer] = {}
        self.dropouts: dict[str, Dropout] = {}
        self.forward: list[Product] = []
        self.backward: list[Product] = []
        self._pairs: list[BothDirections] = []
        kind = CELLS[config.cell].fast
        if over_time.is_compiled:
            kind = COMPILED[kind]
        x, grad_x, rows = inputs.x, inputs.grad_x, inputs.rows

        def make(
            number: int,
            direction: str,
            x: Tensor,
            grad_x: Tensor | None,
            rows: Tensor | None,
            reset: Tensor | None,
        ) -> FastLayer:
            name = f"l{number}{direction}"
            weights, of_weights = (replicated(*each, name) for each in (parameters, gradients))
            layer = kind(weights, of_weights, x, grad_x, over_time, config.nonlinearity, rows, reset)
            self.layers[name] = layer
            return layer

        for number in range(config.layers):
            if number and config.dropout and grad_x is not None:
                dropout = self.dropouts[f"l{number}"] = Dropout(over_time, config.dropout, x, grad_x)
                self._append(dropout)
                x, grad_x = dropout.x, dropout.grad_x
            if config.bidirectional:
                level = BothDirections(over_time, partial(make, number), x, grad_x, rows, reset)
                self._pairs.append(level)
            else:
                level = make(number, "", x, grad_x, rows, reset)
            self._append(level)
            if reads_on and isinstance(level, FastLayer):
                self.backward.insert(0, level.add_end)
            x, grad_x, rows = level.h, level.grad_h, None

        assert grad_x is not None
        self.h, self.grad_h = x, grad_x
        self.collect = [product for layer in self.layers.values() for product in layer.collect]

    def _append(self, part: FastLayer | BothDirections | Dropout) -> None:
        """Let a part of the pass come after those that are there; on the way back it comes before them."""
        forward, backward = part.calls()
        self.forward += forward
        self.backward = [*backward, *self.backward]

    def named(self) -> tuple[Tensors, Computed, Tensors, Computed]:
        """What a `Trace` shows of the layers: tensors of the forward pass, what follows from them, and both of the way
        back."""
        forward: dict[str, Tensor] = {}
        derived: dict[str, Callable[[], Tensor]] = {}
        back: dict[str, Tensor] = {}
        derived_back: dict[str, Callable[[], Tensor]] = {}
        for name, layer in self.layers.items():
            of_layer = (layer.tensors(), layer.derived(), layer.gradients(), layer.derived_gradients())
            if name.endswith(REVERSE):
                of_layer = _in_order(*of_layer)
            else:
                forward[f"{name}.x"] = layer.x
            if name in self.dropouts:
                forward[f"{name}.dropout"] = self.dropouts[name].factors
            tensors, computed, gradients, computed_gradients = of_layer
            forward |= {f"{name}.{each}": tensor for each, tensor in tensors.items()}
            derived |= {f"{name}.{each}": compute for each, compute in computed.items()}
            back |= {f"grad.{name}.{each}": tensor for each, tensor in gradients.items()}
            derived_back |= {f"grad.{name}.{each}": compute for each, compute in computed_gradients.items()}
        return forward, derived, back, derived_back

    def buffers_by_name(self) -> dict[str, Tensor]:
        """The buffers (T, R, B, ·) that a pass there and back fills, by these names, of layers that read forwards."""
        named: dict[str, Tensor] = {}
        for name, layer in self.layers.items():
            if not name.endswith(REVERSE):
                named |= {f"{name}.{each}": tensor for each, tensor in layer.tensors().items()}
                named |= {f"grad.{name}.{each}": tensor for each, tensor in layer.gradients().items()}
        return named

    def buffers(self) -> list[Tensor]:
        """All buffers, for counting bytes."""
        parts = [*self.layers.values(), *self._pairs, *self.dropouts.values()]
        return [buffer for part in parts for buffer in part.buffers()]


def _in_order(
    tensors: Tensors, derived: Computed, gradients: Tensors, derived_gradients: Computed
) -> tuple[Tensors, Computed, Tensors, Computed]:
    """What a layer that reads backwards gives to a trace, in the order of time: copies, made when somebody looks."""

    def later(given: Tensors, computed: Computed) -> Computed:
        copies: Computed = {name: partial(tensor.flip, 0) for name, tensor in given.items()}
        return {**copies, **{name: partial(_reversed, compute) for name, compute in computed.items()}}

    return {}, later(tensors, derived), {}, later(gradients, derived_gradients)


def _reversed(compute: Callable[[], Tensor]) -> Tensor:
    return compute().flip(0)
