"""Every cell with every nonlinearity it has, and the equations that each is held to."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from playground.cells import CELLS
from playground.cells.nonlinearity import NONLINEARITIES

KINDS = [
    (name, nonlinearity)
    for name, cell in CELLS.items()
    for nonlinearity in (NONLINEARITIES if cell.has_nonlinearity else ("tanh",))
]

# (x, states before, weight_ih, weight_hh, bias_ih, bias_hh) ↦ gates and states by name; x: (…, E), states: (…, H)
Equations = Callable[[Tensor, tuple[Tensor, ...], Tensor, Tensor, Tensor, Tensor], dict[str, Tensor]]


def rnn(phi: Callable[[Tensor], Tensor]) -> Equations:
    """torch.nn.RNN's, with any nonlinearity."""

    def step(x, states, w_ih, w_hh, b_ih, b_hh):
        return {"h": phi(x @ w_ih.mT + b_ih + states[0] @ w_hh.mT + b_hh)}

    return step


def lstm(x, states, w_ih, w_hh, b_ih, b_hh):
    """torch.nn.LSTM's."""
    i, f, g, o = (x @ w_ih.mT + b_ih + states[0] @ w_hh.mT + b_hh).chunk(4, -1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = f * states[1] + i * g
    return {"i": i, "f": f, "g": g, "o": o, "h": o * c.tanh(), "c": c}


def gru(x, states, w_ih, w_hh, b_ih, b_hh):
    """torch.nn.GRU's."""
    x_r, x_z, x_n = (x @ w_ih.mT + b_ih).chunk(3, -1)
    h_r, h_z, h_n = (states[0] @ w_hh.mT + b_hh).chunk(3, -1)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    n = (x_n + r * h_n).tanh()
    return {"r": r, "z": z, "n": n, "h": (1 - z) * n + z * states[0]}


EQUATIONS: Mapping[tuple[str, str], Equations] = {
    ("rnn", "tanh"): rnn(torch.tanh),
    ("rnn", "relu"): rnn(torch.relu),
    ("rnn", "sigmoid"): rnn(torch.sigmoid),
    ("rnn", "linear"): rnn(torch.clone),
    ("lstm", "tanh"): lstm,
    ("gru", "tanh"): gru,
}
# Those that torch has itself.
TORCH_CELLS: Mapping[tuple[str, str], Callable[..., Tensor | tuple[Tensor, ...]]] = {
    ("rnn", "tanh"): torch.rnn_tanh_cell,
    ("rnn", "relu"): torch.rnn_relu_cell,
    ("lstm", "tanh"): torch.lstm_cell,
    ("gru", "tanh"): torch.gru_cell,
}
