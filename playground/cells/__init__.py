"""The recurrent cells, each as a readable twin (one step, the equations) and a fast twin (a whole sequence).

The alphabet of shapes, used everywhere:

    T time · R replicas (models trained side by side) · B batch
    E input size · H hidden size · V vocabulary · L layers · K blocks of H rows in a weight
"""

from collections.abc import Mapping
from types import MappingProxyType

from playground.cells.fast import FastLayer
from playground.cells.gru import GRU
from playground.cells.gru_fast import FastGRU
from playground.cells.lstm import LSTM
from playground.cells.lstm_fast import FastLSTM
from playground.cells.mgu import MGU
from playground.cells.mgu_fast import FastMGU
from playground.cells.rnn import RNN
from playground.cells.rnn_fast import FastRNN
from playground.cells.spec import Carry, CellSpec, Gate
from playground.cells.weights import LayerWeights
from playground.cells.wires import Factor, Wires

_H_BEFORE = Factor("h", is_before=True)

_KINDS = (
    CellSpec(
        "rnn",
        states=("h",),
        gates={},
        wires=(Wires("h"),),
        readable=RNN,
        fast=FastRNN,
        planes=4,
        shared_planes=(1, 0),
        views=8,
        has_nonlinearity=True,
    ),
    CellSpec(
        "lstm",
        states=("h", "c"),
        gates={"i": Gate("write"), "f": Gate("keep"), "g": Gate("candidate"), "o": Gate("show")},
        wires=(
            Wires("c", ((Factor("f"), Factor("c", is_before=True)), (Factor("i"), Factor("g")))),
            Wires("h", ((Factor("o"), Factor("c", is_squashed=True)),)),
        ),
        readable=LSTM,
        fast=FastLSTM,
        planes=18,
        shared_planes=(6, 0),
        views=26,
        carry=Carry("c", gate="f"),
        biases={"forget_bias": "f"},
    ),
    CellSpec(
        "gru",
        states=("h",),
        gates={"r": Gate("read"), "z": Gate("keep"), "n": Gate("candidate", after="r")},
        wires=(Wires("h", ((Factor("z", is_complement=True), Factor("n")), (Factor("z"), _H_BEFORE))),),
        readable=GRU,
        fast=FastGRU,
        planes=16,
        shared_planes=(8, 3),
        views=20,
        carry=Carry("h", gate="z"),
        biases={"update_bias": "z"},
    ),
    CellSpec(
        "mgu",
        states=("h",),
        gates={"f": Gate("write"), "n": Gate("candidate", through="f")},
        wires=(Wires("h", ((Factor("f", is_complement=True), _H_BEFORE), (Factor("f"), Factor("n")))),),
        readable=MGU,
        fast=FastMGU,
        planes=11,
        shared_planes=(5, 0),
        views=23,
        carry=Carry("h", gate="f"),
        biases={"forget_bias": "f"},
    ),
)
CELLS: Mapping[str, CellSpec] = MappingProxyType({cell.name: cell for cell in _KINDS})

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "MGU",
    "RNN",
    "Carry",
    "CellSpec",
    "FastGRU",
    "FastLSTM",
    "FastLayer",
    "FastMGU",
    "FastRNN",
    "Gate",
    "LayerWeights",
]
