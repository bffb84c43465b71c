"""The recurrent cells, each as a readable twin (one step, the equations) and a fast twin (a whole sequence).

The alphabet of shapes, used everywhere:

    T time · R replicas (models trained side by side) · B batch
    E input size · H hidden size · V vocabulary · L layers
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from playground.cells.fast import FastLayer
from playground.cells.gru import GRU
from playground.cells.gru_fast import FastGRU
from playground.cells.lstm import LSTM
from playground.cells.lstm_fast import FastLSTM
from playground.cells.rnn import RNN
from playground.cells.rnn_fast import FastRNN
from playground.cells.weights import LayerWeights


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of recurrent cell: what it is called, what it computes and who computes it."""

    name: str
    gates: tuple[str, ...]  # in the order in which torch.nn stacks their weights; none for the vanilla RNN
    states: tuple[str, ...]  # what is carried from one timestep to the next
    ranges: Mapping[str, tuple[float, float]]  # the values a gate can take
    readable: type[RNN] | type[LSTM] | type[GRU]
    fast: type[FastLayer]

    def one_step(self, weights: LayerWeights, nonlinearity: str) -> Any:
        """The readable cell with these weights. Only the vanilla RNN has a nonlinearity to choose.

        Its `step(x, *states)` returns a tuple of all it computed, whose `state` are the next step's states.
        """
        return RNN(weights, nonlinearity) if self.readable is RNN else self.readable(weights)


_OPEN_OR_CLOSED = (0.0, 1.0)
_SIGNED = (-1.0, 1.0)

CELLS: Mapping[str, Cell] = MappingProxyType(
    {
        "rnn": Cell("rnn", (), ("h",), {}, RNN, FastRNN),
        "lstm": Cell(
            "lstm",
            ("i", "f", "g", "o"),
            ("h", "c"),
            {"i": _OPEN_OR_CLOSED, "f": _OPEN_OR_CLOSED, "g": _SIGNED, "o": _OPEN_OR_CLOSED},
            LSTM,
            FastLSTM,
        ),
        "gru": Cell(
            "gru",
            ("r", "z", "n"),
            ("h",),
            {"r": _OPEN_OR_CLOSED, "z": _OPEN_OR_CLOSED, "n": _SIGNED},
            GRU,
            FastGRU,
        ),
    }
)

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "RNN",
    "Cell",
    "FastGRU",
    "FastLSTM",
    "FastLayer",
    "FastRNN",
    "LayerWeights",
]
