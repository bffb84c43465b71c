"""The cells as their equations, in plain torch: what autograd follows where torch.nn has no such cell.

Tests hold both forms of every cell to these, and these to torch's own cells as far as torch has them.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import torch
from torch import Tensor, nn

Hold = Callable[
    [str, Tensor], Tensor
]  # a gate or state by name, and its value ↦ with what the equations go on
# (x, states before, weight_ih, weight_hh, bias_ih, bias_hh, hold) ↦ gates and states by name; x: (…, E), states: (…, H)
Equations = Callable[..., dict[str, Tensor]]
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _free(name: str, value: Tensor) -> Tensor:
    """Nothing is held."""
    return value


def rnn(phi: Callable[[Tensor], Tensor]) -> Equations:
    """torch.nn.RNN's, with any nonlinearity."""

    def step(x, states, w_ih, w_hh, b_ih, b_hh, hold: Hold = _free):
        return {"h": hold("h", phi(x @ w_ih.mT + b_ih + states[0] @ w_hh.mT + b_hh))}

    return step


def lstm(x, states, w_ih, w_hh, b_ih, b_hh, hold: Hold = _free):
    """torch.nn.LSTM's."""
    a_i, a_f, a_g, a_o = (x @ w_ih.mT + b_ih + states[0] @ w_hh.mT + b_hh).chunk(4, -1)
    i, f, o = hold("i", a_i.sigmoid()), hold("f", a_f.sigmoid()), hold("o", a_o.sigmoid())
    g = hold("g", a_g.tanh())
    c = hold("c", f * states[1] + i * g)
    return {"i": i, "f": f, "g": g, "o": o, "h": hold("h", o * c.tanh()), "c": c}


def gru(x, states, w_ih, w_hh, b_ih, b_hh, hold: Hold = _free):
    """torch.nn.GRU's."""
    x_r, x_z, x_n = (x @ w_ih.mT + b_ih).chunk(3, -1)
    h_r, h_z, h_n = (states[0] @ w_hh.mT + b_hh).chunk(3, -1)
    r, z = hold("r", (x_r + h_r).sigmoid()), hold("z", (x_z + h_z).sigmoid())
    n = hold("n", (x_n + r * h_n).tanh())
    return {"r": r, "z": z, "n": n, "h": hold("h", (1 - z) * n + z * states[0])}


def mgu(x, states, w_ih, w_hh, b_ih, b_hh, hold: Hold = _free):
    """Those of Zhou et al. 2016, with torch's names and two biases."""
    x_f, x_n = (x @ w_ih.mT + b_ih).chunk(2, -1)
    (w_f, w_n), (b_f, b_n) = w_hh.chunk(2, -2), b_hh.chunk(2, -1)
    f = hold("f", (x_f + states[0] @ w_f.mT + b_f).sigmoid())
    n = hold("n", (x_n + (f * states[0]) @ w_n.mT + b_n).tanh())
    return {"f": f, "n": n, "h": hold("h", (1 - f) * states[0] + f * n)}


EQUATIONS: dict[tuple[str, str], Equations] = {
    ("rnn", "tanh"): rnn(torch.tanh),
    ("rnn", "relu"): rnn(torch.relu),
    ("rnn", "sigmoid"): rnn(torch.sigmoid),
    ("rnn", "linear"): rnn(torch.clone),
    ("lstm", "tanh"): lstm,
    ("gru", "tanh"): gru,
    ("mgu", "tanh"): mgu,
}
# Those that torch has itself.
TORCH_CELLS: Mapping[tuple[str, str], Callable[..., Tensor | tuple[Tensor, ...]]] = {
    ("rnn", "tanh"): torch.rnn_tanh_cell,
    ("rnn", "relu"): torch.rnn_relu_cell,
    ("lstm", "tanh"): torch.lstm_cell,
    ("gru", "tanh"): torch.gru_cell,
}


class Loop(nn.Module):
    """Layers of a cell as a loop over its equations, with the parameters, the call and the start of torch.nn.RNN.

    blocks: K. states: the names of what is carried, h first.
    """

    def __init__(
        self,
        equations: Equations,
        blocks: int,
        states: Sequence[str],
        input_size: int,
        hidden_size: int,
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.equations, self.states, self.hidden_size, self.num_layers = (
            equations,
            states,
            hidden_size,
            num_layers,
        )
        self.directions = ("", "_reverse") if bidirectional else ("",)
        rows = blocks * hidden_size
        for layer, direction in product(range(num_layers), self.directions):
            width = len(self.directions) * hidden_size if layer else input_size
            for name, shape in zip(
                WEIGHTS, ((rows, width), (rows, hidden_size), (rows,), (rows,)), strict=True
            ):
                self.register_parameter(f"{name}_l{layer}{direction}", nn.Parameter(torch.empty(shape)))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(
        self, x: Tensor, initial: Tensor | tuple[Tensor, ...] | None = None
    ) -> tuple[Tensor, Tensor | tuple[Tensor, ...]]:
        """x: (T, B, E). Returns h of the highest layer, (T, B, D·H), and the last states, (L·D, B, H) each."""
        if initial is None:
            layers = self.num_layers * len(self.directions)
            initial = (x.new_zeros(layers, x.shape[1], self.hidden_size),) * len(self.states)
        starts = list(zip(*((initial,) if isinstance(initial, Tensor) else initial), strict=True))
        finals = []
        for layer in range(self.num_layers):
            shown = []
            for direction in self.directions:
                weights = [getattr(self, f"{name}_l{layer}{direction}") for name in WEIGHTS]
                state, taken = starts[len(finals)], []
                for x_t in reversed(x) if direction else x:
                    found = self.equations(x_t, state, *weights)
                    state = tuple(found[name] for name in self.states)
                    taken.append(state[0])
                shown.append(torch.stack(taken[::-1] if direction else taken))
                finals.append(state)
            x = torch.cat(shown, dim=-1)
        last = [torch.stack(each) for each in zip(*finals, strict=True)]
        return x, tuple(last) if len(last) > 1 else last[0]
