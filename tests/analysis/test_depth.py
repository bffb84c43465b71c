"""Layers read as a network is used and as it is trained: held to the pass that trains, and to torch.nn by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from playground.analysis.depth import losses_of_draws, one_sequence, read_both_ways
from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.models.dropout import Draw
from playground.models.network import Network
from playground.passes.replica import replica_of
from playground.studies.lesson_run import LessonRun
from playground.tasks import TASKS

TASK = TASKS["many-to-one"]()
ONE = one_sequence(TASK.held_out(), 11)
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def network(cell: str = "rnn", layers: int = 3, dropout: float = 0.4) -> Network:
    config = NetworkConfig(cell, 6, layers, dropout=dropout)
    return Network(config, TASK.signature, seeds=(5,), dtype=torch.float64)


def test_a_sequence_without_what_fills_it_up() -> None:
    held_out = TASK.held_out()
    lengths = {len(one_sequence(held_out, column).mask) for column in range(8)}
    assert len(lengths) > 1
    assert all(
        one_sequence(held_out, column).mask[-1].all() and one_sequence(held_out, column).reset is None
        for column in range(8)
    ), "it ends with the answer"


@pytest.mark.parametrize("cell", KINDS)
def test_both_readings_are_those_of_the_pass_that_trains(cell: str) -> None:
    made, draw = network(cell), Draw(5, 17)
    reading = read_both_ways(replica_of(made), ONE, draw)
    for leaves_out, unrolled in ((None, reading.evaluated), ((draw,), reading.trained)):
        trace = made.trace(ONE, backward=False, step=leaves_out)
        for layer in ("l0", "l1", "l2"):
            torch.testing.assert_close(unrolled[f"{layer}.h"], trace[f"{layer}.h"][:, 0])
        torch.testing.assert_close(unrolled.losses, trace["loss"][:, 0])
    evaluated, trained = reading.losses()
    assert evaluated != trained and evaluated == pytest.approx(float(reading.evaluated.losses.sum()))


def test_what_is_left_out_is_read_as_zero_by_the_layer_above() -> None:
    """torch.nn, one layer after the other, with the factors put in by hand."""
    made = network("gru")
    reading = read_both_ways(replica_of(made), ONE, Draw(5, 3))
    state = made.state_dict()
    x = nn.functional.one_hot(ONE.inputs[:, 0, 0], TASK.signature.input_size).double()
    with torch.no_grad():
        for number in range(3):
            layer = nn.GRU(x.shape[-1], 6, dtype=torch.float64)
            layer.load_state_dict(
                {
                    name.replace(f"l{number}", "l0")[4:]: value
                    for name, value in state.items()
                    if f"l{number}" in name
                }
            )
            h = layer(x)[0]
            torch.testing.assert_close(reading.trained[f"l{number}.h"][:, 0], h)
            if number < 2:
                factors = reading.factors[number]
                assert set(factors.flatten().tolist()) == {0.0, 1 / 0.6}
                x = h * factors


def test_the_table_marks_what_is_left_out() -> None:
    reading = read_both_ways(replica_of(network()), ONE, Draw(5, 3))
    tokens = TASK.show(ONE, 0).read
    table = reading.states(tokens)
    assert len(table) == 3 * len(tokens) * 6 and table["token"].to_list()[6] == tokens[1]
    for number in (1, 2):
        rows = table.query("layer == @number")
        expected = (reading.factors[number - 1] == 0).numpy().ravel()
        np.testing.assert_array_equal(rows["left_out"], expected)
    assert not table.query("layer == 3")["left_out"].to_numpy().any(), (
        "nothing reads the highest layer but the read-out"
    )
    first = table.query("layer == 1")
    assert (first["difference"].to_numpy() == 0).all(), "below it nothing is left out"
    np.testing.assert_array_equal(table["trained"] - table["evaluated"], table["difference"])
    assert table.query("layer == 2")["difference"].abs().to_numpy().max() > 0.01


@pytest.mark.parametrize(("layers", "dropout"), [(1, 0.5), (3, 0.0)])
def test_where_nothing_is_left_out_both_are_the_same(layers: int, dropout: float) -> None:
    reading = read_both_ways(replica_of(network(layers=layers, dropout=dropout)), ONE, Draw(5, 3))
    assert reading.factors == ()
    assert not reading.states(TASK.show(ONE, 0).read)["difference"].to_numpy().any()


def test_draws_side_by_side_are_draws_one_after_the_other() -> None:
    made = network(dropout=0.5)
    losses = losses_of_draws(replica_of(made), ONE, seed=5, step=9, draws=40)
    many = replace(
        ONE, **{part: getattr(ONE, part).expand(-1, -1, 40) for part in ("inputs", "targets", "mask")}
    )
    trace = made.trace(many, backward=False, step=9)
    np.testing.assert_allclose(losses, trace["loss"][:, 0].sum(0).numpy(), rtol=1e-9)
    assert len(set(losses.round(12))) == 40, "each leaves out what no other does"
    other = losses_of_draws(replica_of(made), ONE, seed=5, step=10, draws=40)
    assert (other != losses).all(), "and each update something else"


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("both", [False, True])
def test_layers_have_as_many_weights_as_in_torch(cell: str, both: bool) -> None:
    config = TaskConfig(NetworkConfig(cell, 6, 3, bidirectional=both), TrainingConfig())
    parameters = LessonRun(config, TASK, updates=1).parameters
    layers = KINDS[cell](TASK.signature.input_size, 6, 3, bidirectional=both)
    expected: dict[str, int] = {}
    for name, value in layers.named_parameters():
        part = "l" + name.partition("_l")[2]
        expected[part] = expected.get(part, 0) + value.numel()
    assert {name: count for name, count in parameters.items() if name != "readout"} == expected
