"""What the cells say of themselves, against what is written of them and against each other's forms."""

import pytest
import torch

from benchmarks.equations import TORCH_CELLS
from playground.cells import CELLS, LayerWeights

every_cell = pytest.mark.parametrize("cell", list(CELLS))


def test_cells_gates_and_states_are_in_torchs_order() -> None:
    in_torch = {name for name, _ in TORCH_CELLS}
    assert {name: ("".join(CELLS[name].gates), "".join(CELLS[name].states)) for name in in_torch} == {
        "rnn": ("", "h"),
        "lstm": ("ifgo", "hc"),
        "gru": ("rzn", "h"),
    }
    assert list(CELLS)[:3] == ["rnn", "lstm", "gru"]


def test_what_the_gates_of_the_lstm_do_by_hand() -> None:
    # c = f c + i g, h = o tanh(c)
    lstm = CELLS["lstm"]
    assert {name: gate.role for name, gate in lstm.gates.items()} == {
        "i": "write",
        "f": "keep",
        "g": "candidate",
        "o": "show",
    }
    assert lstm.carry is not None and (lstm.carry.state, lstm.carry.gate) == ("c", "f")


@every_cell
def test_a_cell_speaks_of_its_own_gates_and_states(cell: str) -> None:
    spec = CELLS[cell]
    assert spec.name == cell
    assert spec.states[0] == "h"
    assert not set(spec.gates) & set(spec.states), "an activation has one name"
    assert spec.blocks == max(1, len(spec.gates))
    assert set(spec.biases.values()) <= set(spec.gates)
    assert {gate.through for gate in spec.gates.values()} <= {*spec.gates, None}
    if spec.carry is not None:
        assert spec.carry.state in spec.states
        assert spec.gates[spec.carry.gate].role in ("keep", "write")


@every_cell
def test_a_cell_without_gates_has_a_nonlinearity_to_choose(cell: str) -> None:
    assert CELLS[cell].has_nonlinearity == (not CELLS[cell].gates)


@every_cell
def test_the_wires_of_a_cell_carry_what_its_step_computes(cell: str) -> None:
    torch.manual_seed(0)
    spec, size = CELLS[cell], 5
    weights = LayerWeights(
        *(torch.randn(spec.blocks * size, *columns).double() for columns in ((3,), (size,), (), ()))
    )
    before = {state: torch.randn(2, size).double() for state in spec.states}
    step = spec.one_step(weights, "tanh").step(torch.randn(2, 3).double(), *before.values())
    assert {wires.state for wires in spec.wires} == set(spec.states)
    for wires in spec.wires:
        assert bool(wires.terms) == bool(spec.gates), "without gates there is nothing to multiply"
        if wires.terms:
            torch.testing.assert_close(wires.of(step, before), getattr(step, wires.state))
