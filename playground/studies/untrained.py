"""Many untrained networks side by side: how much of a gradient put in at the last step arrives at each step.

The networks are the replicas of one fast cell, so all of them take one pass, or a few where its buffers would
grow beyond `PART_BYTES`. Everything is float64, because these ratios go down to 1e-20 and far below.

Shapes: T timesteps, R networks, H units, V symbols, K blocks of H rows.
"""

import math
from typing import NamedTuple, Self

import torch
from torch import Tensor

from playground.analysis.backpropagation import norms
from playground.cells import CELLS
from playground.cells.fast import ManyReplicas
from playground.cells.weights import ReplicatedWeights
from playground.pieces import Pieces, all_of

PART_BYTES = 16_000_000
NUMBERS_A_ROW = 9  # of float64 that a pass holds at most, for each timestep and row of W


def pass_bytes(count: int, length: int, rows: int, part_bytes: int = PART_BYTES) -> int:
    """Bytes of the buffers of a pass of `count` networks, whose W have so many rows, over `length` timesteps."""
    return min(part_bytes, 8 * NUMBERS_A_ROW * count * length * rows)


class Untrained(NamedTuple):
    """R networks, what each of them reads, and the gradient each is given at its last step."""

    weights: ReplicatedWeights
    symbols: Tensor  # (T, R, 1)
    gradient: Tensor  # (R, 1, H): ∂L/∂h_T

    def scaled(self, factor: float) -> Self:
        """The same with every W_hh multiplied by `factor`."""
        return self._replace(weights=self.weights._replace(weight_hh=self.weights.weight_hh * factor))


class Backward:
    """Passes of one kind of cell over untrained networks; the buffers are kept from one call to the next."""

    def __init__(self, cell: str, nonlinearity: str) -> None:
        self.cell, self.nonlinearity = cell, nonlinearity
        self._passes: dict[int, _Pass] = {}

    def ratios(self, networks: Untrained, part_bytes: int = PART_BYTES) -> dict[str, Tensor]:
        """‖∂L/∂h_k‖ / ‖∂L/∂h_T‖ at every timestep k, (T, R), as "h"; so of every other state.

        All networks of all calls must have the same T, K, H and V. What is not finite stays as it is.
        Cutting the networks into parts of at most `part_bytes` changes rounding at most, and that only for
        some H; a chaotic network (large W_hh, long T) enlarges the last bit like any other difference.
        """
        return all_of(self.ratios_in_pieces(networks, part_bytes))

    def ratios_in_pieces(
        self, networks: Untrained, part_bytes: int = PART_BYTES
    ) -> Pieces[dict[str, Tensor]]:
        """The same, a part of the networks at a time."""
        length, count = networks.symbols.shape[:2]
        rows = networks.weights.weight_ih.shape[1]
        parts = math.ceil(count * length * rows * NUMBERS_A_ROW * 8 / part_bytes)
        size = math.ceil(count / parts)  # equal parts, so that they share their buffers
        results = []
        for start in range(0, count, size):
            results.append(self._part(networks, slice(start, start + size)))
            yield min(1.0, (start + size) / count)
        return {name: torch.cat([result[name] for result in results], dim=1) for name in results[0]}

    def _part(self, networks: Untrained, chosen: slice) -> dict[str, Tensor]:
        weights = ReplicatedWeights(*(weight[chosen] for weight in networks.weights))
        part = Untrained(weights, networks.symbols[:, chosen], networks.gradient[chosen])
        count = len(part.gradient)
        if count not in self._passes:
            self._passes[count] = _Pass(self.cell, self.nonlinearity, part)
        norms = self._passes[count].norms(part)
        return {name: norm / norm[-1] for name, norm in norms.items()}


class _Pass:
    """One fast layer with its buffers, for networks of the same shapes as `like`."""

    def __init__(self, cell: str, nonlinearity: str, like: Untrained) -> None:
        (length, count, _), vocabulary = like.symbols.shape, like.weights.weight_ih.shape[-1]
        self.weights = ReplicatedWeights(*map(torch.empty_like, like.weights))
        self.symbols = torch.empty_like(like.symbols)
        shape = ManyReplicas(length, count, 1, torch.float64)
        self.x = shape.zeros(vocabulary)
        gradients = ReplicatedWeights(*map(torch.empty_like, like.weights))
        self.layer = CELLS[cell].fast(
            self.weights, gradients, self.x, None, shape, nonlinearity, self.symbols
        )
        self._forward, self._backward = self.layer.calls()
        self.states = CELLS[cell].states

    def norms(self, networks: Untrained) -> dict[str, Tensor]:
        """‖∂L/∂h_k‖, and so of every other state, by their names, (T, R) each."""
        for own, given in zip(self.weights, networks.weights, strict=True):
            own.copy_(given)
        self.symbols.copy_(networks.symbols)
        self.x.zero_().scatter_(-1, self.symbols.unsqueeze(-1), 1)
        for call in self._forward:
            call()
        self.layer.grad_h.zero_()[-1] = networks.gradient
        for call in self._backward:
            call()
        gradients = self.layer.gradients()
        return {name: norms(gradients[name].squeeze(2)) for name in self.states}
