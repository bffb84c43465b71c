"""Gradients of hidden states the usual way: a loop of torch.nn cells, whose states autograd is then asked about."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from playground.cells import LayerWeights

CELLS = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}


class CellLoop:
    """One layer, in the precision of its weights. nonlinearity: of the vanilla RNN, "tanh" or "relu"."""

    def __init__(self, cell: str, weights: LayerWeights, *, nonlinearity: str = "tanh") -> None:
        self.states = ("h", "c") if cell == "lstm" else ("h",)
        inputs, size = weights.weight_ih.shape[1], weights.weight_hh.shape[1]
        extra = {"nonlinearity": nonlinearity} if cell == "rnn" else {}
        self.cell = CELLS[cell](inputs, size, **extra, dtype=weights.weight_ih.dtype)
        self.cell.load_state_dict(weights._asdict(), strict=True)

    def read(self, x: Tensor) -> list[tuple[Tensor, ...]]:
        """x: (T, 1, E). Returns the states after every timestep, (1, H) each, nodes of the graph."""
        state, states = None, []
        for x_t in x:
            state = self.cell(x_t, state)
            states.append(state if isinstance(state, tuple) else (state,))
        return states

    def influence(self, x: Tensor, readout: nn.Linear, targets: Tensor) -> dict[str, Tensor]:
        """‖∂L_t/∂h_k‖ and ‖∂L_t/∂c_k‖ by state, (T, T), NaN where k > t: one call of autograd for every loss."""
        states = self.read(x)
        losses = self._losses(states, readout, targets)
        found = torch.full((len(self.states), len(x), len(x)), math.nan, dtype=torch.float64)
        for t, loss in enumerate(losses):
            nodes = [node for state in states[: t + 1] for node in state]
            gradients = torch.autograd.grad(loss, nodes, retain_graph=True)
            found[:, t, : t + 1] = _norms(gradients).view(t + 1, len(self.states)).T
        return dict(zip(self.states, found, strict=True))

    def influence_at_once(self, x: Tensor, readout: nn.Linear, targets: Tensor) -> dict[str, Tensor]:
        """The same with one call for all losses, which `is_grads_batched` sends back side by side."""
        states = self.read(x)
        losses = self._losses(states, readout, targets)
        nodes = [node for state in states for node in state]
        gradients = torch.autograd.grad(losses, nodes, torch.eye(len(x)), is_grads_batched=True)
        found = _norms(gradients).view(len(x), len(self.states), len(x)).permute(1, 2, 0)
        later = torch.ones(len(x), len(x)).triu(1).bool()
        return dict(zip(self.states, found.masked_fill(later, math.nan), strict=True))

    def from_the_end(self, x: Tensor, gradient: Tensor) -> dict[str, Tensor]:
        """Norms of what arrives at every timestep, (T,) by state, of ∂L/∂h_T = gradient (1, H)."""
        states = self.read(x)
        nodes = [node for state in states for node in state]
        found = _norms(torch.autograd.grad(states[-1][0], nodes, gradient)).view(len(x), len(self.states))
        return dict(zip(self.states, found.T, strict=True))

    def _losses(self, states: list[tuple[Tensor, ...]], readout: nn.Linear, targets: Tensor) -> Tensor:
        return cross_entropy(readout(torch.cat([state[0] for state in states])), targets, reduction="none")


def _norms(gradients: tuple[Tensor, ...]) -> Tensor:
    return torch.linalg.vector_norm(torch.stack(gradients), dim=-1, dtype=torch.float64)
