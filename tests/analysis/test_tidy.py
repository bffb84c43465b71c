"""Tidy tables against the tensors they were read from, on a trace made by hand and on real ones."""

# pandas ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false, reportGeneralTypeIssues=false

import numpy as np
import pandas as pd
import pytest
import torch

from playground.analysis import tidy
from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.network import Network
from playground.runs.curve import Curve
from playground.trace import Trace
from playground.training import Trainer

LABELS = ("h", "e", "l", "o")


@pytest.fixture
def made() -> Trace:
    """T = 3, R = 2, B = 2, H = 2, V = 4; the second sequence is one timestep shorter."""

    def count(*shape: int) -> torch.Tensor:
        return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)

    inputs = torch.tensor([[[0, 1]], [[1, 2]], [[2, 0]]])
    mask = torch.tensor([[[True, True]], [[True, True]], [[True, False]]])
    return Trace(
        {
            "inputs": inputs,
            "targets": torch.tensor([[[1, 2]], [[2, 2]], [[2, 0]]]),
            "mask": mask,
            "l0.h": count(3, 2, 2, 2),
            "l0.slope": count(3, 2, 2, 2) / 100,
            "grad.l0.h": count(3, 2, 2, 2) * 1e-30,
            "loss": count(3, 2, 2) * mask,
            "probabilities": count(3, 2, 2, 4),
        },
        {},
    )


def test_states_of_one_replica_and_sequence(made: Trace) -> None:
    table = tidy.states_frame(made, LABELS, step=7, replica=1, sequence=0)
    expected = pd.DataFrame(
        {
            "step": [7] * 6,
            "t": pd.array([1, 1, 2, 2, 3, 3], dtype="Int64"),
            "token": ["h", "h", "e", "e", "l", "l"],
            "layer": pd.array([1] * 6, dtype="Int64"),
            "quantity": ["h"] * 6,
            "unit": pd.array([1, 2] * 3, dtype="Int64"),
            "value": [4.0, 5.0, 12.0, 13.0, 20.0, 21.0],
        }
    )
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)


def test_padding_of_a_shorter_sequence_is_left_out(made: Trace) -> None:
    table = tidy.states_frame(made, LABELS, step=0, sequence=1)
    assert table["t"].max() == 2
    assert list(table["token"].unique()) == ["e", "l"]


def test_slope_stands_in_for_the_gates_of_a_vanilla_rnn(made: Trace) -> None:
    table = tidy.gates_frame(made, LABELS, step=0)
    assert set(table["quantity"]) == {"phi"}
    np.testing.assert_array_equal(table["value"], made["l0.slope"][:, 0, 0].double().reshape(-1))


def test_norms_of_vanishing_gradients_do_not_underflow(made: Trace) -> None:
    table = tidy.gradients_frame(made, LABELS, step=0, replica=0, sequence=0)
    assert table["unit"].isna().all()
    np.testing.assert_allclose(
        table["value"], [1e-30, np.hypot(8, 9) * 1e-30, np.hypot(16, 17) * 1e-30], rtol=1e-6
    )
    squares = made["grad.l0.h"][1, 0, 0].square().sum()
    assert squares == 0  # the norm taken in float32 would have been zero


def test_losses_leave_out_what_is_masked(made: Trace) -> None:
    table = tidy.losses_frame(made, LABELS, step=0, replica=0, sequence=1)
    losses = table[table["quantity"] == "loss"]
    assert list(losses["value"]) == [1.0, 5.0]
    assert list(losses["target"]) == ["l", "l"]
    odds = table[table["quantity"] == "probability"]
    np.testing.assert_allclose(odds["value"], np.exp([-1.0, -5.0]))


def test_probabilities_name_their_symbol(made: Trace) -> None:
    table = tidy.probabilities_frame(made, LABELS, step=0, replica=1, sequence=1)
    assert list(table["symbol"]) == list(LABELS) * 2
    np.testing.assert_array_equal(table["value"], made["probabilities"][:2, 1, 1].reshape(-1))
    assert table["layer"].isna().all()


@pytest.mark.parametrize(
    ("cell", "states", "gates"),
    [("rnn", ["h"], ["phi"]), ("lstm", ["h", "c"], list("ifgo")), ("gru", ["h"], list("rzn"))],
)
@pytest.mark.parametrize("layers", [1, 2])
def test_real_traces(cell: str, states: list[str], gates: list[str], layers: int) -> None:
    corpus = Corpus(TextConfig(text="hello"))
    network = Network(
        NetworkConfig(cell=cell, hidden_size=5, layers=layers), len(corpus.vocabulary), seeds=[0]
    )
    trace = network.trace(corpus.window_batch(0)).copy()
    read = tidy.states_frame(trace, corpus.labels, step=3)
    assert list(read.columns) == list(tidy.COLUMNS)
    assert len(read) == layers * len(states) * 4 * 5
    for table, names in ((read, states), (tidy.gates_frame(trace, corpus.labels, step=3), gates)):
        assert list(table["quantity"].unique()) == names
        for layer in range(layers):
            for name in names:
                part = table[(table["layer"] == layer + 1) & (table["quantity"] == name)]
                tensor = trace[f"l{layer}.{'slope' if name == 'phi' else name}"]
                np.testing.assert_array_equal(part["value"], tensor[:, 0, 0].double().reshape(-1))
                assert list(part["token"].iloc[::5]) == ["h", "e", "l", "l"]

    quantities = [*states, *(gate for gate in gates if gate != "phi")]
    gradients = tidy.gradients_frame(trace, corpus.labels, step=3, quantities=quantities)
    for name in quantities:
        part = gradients[(gradients["layer"] == layers) & (gradients["quantity"] == f"grad.{name}")]
        norms = trace[f"grad.l{layers - 1}.{name}"][:, 0, 0].double().norm(dim=-1)
        np.testing.assert_allclose(part["value"], norms, rtol=1e-12)

    losses = tidy.losses_frame(trace, corpus.labels, step=3)
    assert list(losses["target"].iloc[:4]) == ["e", "l", "l", "o"]
    mean = losses.loc[losses["quantity"] == "loss", "value"].mean()
    assert mean == pytest.approx(float(trace["nll"][0]), rel=1e-6)
    odds = tidy.probabilities_frame(trace, corpus.labels, step=3)
    np.testing.assert_allclose(odds.groupby("t")["value"].sum(), 1.0, rtol=1e-6)


@pytest.mark.parametrize("k", [2, 3])
def test_trajectory_keeps_distances_that_its_axes_explain(k: int) -> None:
    corpus = Corpus(TextConfig(text="hello"))
    network = Network(NetworkConfig(cell="gru", hidden_size=6), len(corpus.vocabulary), seeds=[0])
    trace = network.trace(corpus.window_batch(0)).copy()
    table = tidy.trajectory_frame(trace, corpus.labels, step=0, k=k)
    positions = table[table["quantity"] == "position"].pivot(index="t", columns="unit", values="value")
    shares = table[table["quantity"] == "share"]
    assert shares["t"].isna().all()
    assert shares["token"].isna().all()
    assert positions.shape == (4, k)
    h = trace["l0.h"][:, 0, 0].double()
    total = (h - h.mean(0)).pow(2).sum()
    np.testing.assert_allclose(
        (positions.to_numpy(dtype=float) ** 2).sum(0) / float(total), shares["value"], rtol=1e-9
    )
    if k == 3:  # four points lie in three dimensions, so nothing is lost
        np.testing.assert_allclose(
            torch.pdist(torch.tensor(positions.to_numpy(dtype=float))), torch.pdist(h), rtol=1e-9
        )


def test_a_probe_keeps_its_last_symbol() -> None:
    corpus = Corpus(TextConfig(text="hello"))
    network = Network(NetworkConfig(hidden_size=4), len(corpus.vocabulary), seeds=[0])
    trace = network.trace(corpus.probe_batch(corpus.encode("ell", "probe")), backward=False).copy()
    table = tidy.states_frame(trace, corpus.labels, step=0)
    assert list(table["token"].iloc[:12:4]) == ["e", "l", "l"]
    assert list(tidy.losses_frame(trace, corpus.labels, step=0)["t"].unique()) == [1, 2]


def test_updates_are_the_curves_points() -> None:
    config = ExperimentConfig()
    trainer, curve = Trainer(config, Corpus(config.text)), Curve()
    updates = [trainer.update() for _ in range(5)]
    for update in updates:
        curve.add(update)
    table = tidy.updates_frame(curve.points(4))
    assert list(table["step"]) == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(table["loss"], [update.nll[0] for update in updates], rtol=1e-12)
    np.testing.assert_array_equal(table["gradient_norm"], [update.gradient_norm[0] for update in updates])
    np.testing.assert_array_equal(table["clipped"], [update.clipped[0] for update in updates])
