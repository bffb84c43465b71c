"""Tidy tables against the tensors they were read from, on a trace made by hand and on real ones."""

# pandas ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false, reportGeneralTypeIssues=false

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from playground.analysis import tidy
from playground.analysis.backpropagation import Backpropagation, trace_of_loss
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.replica import copy_of
from playground.passes.unroll import unroll
from playground.presets import PRESETS
from playground.runs.curve import Curve, CurvePoints
from playground.trace import Trace
from playground.training import Trainer, Update
from tests.kinds import KINDS

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
    table = tidy.gradients_frame(made, LABELS, step=0, alone=made, reduction="mean")
    assert table["unit"].isna().all()
    norms = table.loc[table["quantity"] == "mean.h", "value"]
    np.testing.assert_allclose(norms, [1e-30, np.hypot(8, 9) * 1e-30, np.hypot(16, 17) * 1e-30], rtol=1e-6)
    squares = made["grad.l0.h"][1, 0, 0].square().sum()
    assert squares == 0  # the norm taken in float32 would have been zero


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_gradients_of_all_losses_and_of_one(cell: str, nonlinearity: str, reduction: str) -> None:
    """Of all: autograd's. Of one: the row of the influence matrix, which the Gradients page draws."""
    corpus = Corpus(TextConfig(text="abcabdab"))
    config = NetworkConfig(cell=cell, hidden_size=5, layers=2, nonlinearity=nonlinearity)
    network = Network(config, corpus.signature, seeds=[4], dtype=torch.float64)
    batch, t = corpus.window_batch(0), 6
    trace = network.trace(batch, reduction=reduction).copy()
    alone = trace_of_loss(network, batch, t)
    table = tidy.gradients_frame(trace, corpus.labels, step=2, alone=alone, reduction=reduction)

    unrolled = unroll(copy_of(network), batch)
    influence = Backpropagation(unrolled)
    influence.advance()
    states = ("h", "c") if cell == "lstm" else ("h",)
    kinds = [f"{kind}.{state}" for kind in (reduction, "loss") for state in states]
    assert sorted(table["quantity"].unique()) == sorted(kinds)
    for layer in range(2):
        for state in states:
            rows = table[(table["layer"] == layer + 1) & (table["quantity"] == f"loss.{state}")]
            row = influence.layers[layer].influence[state][t - 1, :t]
            np.testing.assert_allclose(rows["value"], row, rtol=1e-9)
            assert rows["t"].tolist() == list(range(1, t + 1)), "what is read later has no part in that loss"
            assert rows["loss_t"].unique().tolist() == [t]
            rows = table[(table["layer"] == layer + 1) & (table["quantity"] == f"{reduction}.{state}")]
            assert rows["loss_t"].isna().all()
            np.testing.assert_allclose(rows["value"], trace[f"grad.l{layer}.{state}"][:, 0, 0].norm(dim=-1))


def test_the_last_loss_hardly_reaches_the_beginning_though_all_together_do() -> None:
    """Gap 20, untrained RNN: near losses dominate the mean, and nothing of the last one is left."""
    config = ExperimentConfig(TextConfig(**PRESETS["gap-20"].values()), NetworkConfig("rnn", 16))
    corpus = Corpus(config.text)
    network, batch = Trainer(config, corpus).network, corpus.window_batch(0)
    last = int(batch.mask.sum())
    table = tidy.gradients_frame(
        network.trace(batch).copy(),
        corpus.labels,
        step=0,
        alone=trace_of_loss(network, batch, last),
        reduction="mean",
    )
    at_start = table[table["t"] == 1].set_index("quantity")["value"]
    assert at_start["loss.h"] < 1e-4 * at_start["mean.h"]


def test_losses_leave_out_what_is_masked(made: Trace) -> None:
    table = tidy.losses_frame(made, LABELS, step=0, replica=0, sequence=1)
    assert list(table["loss"]) == [1.0, 5.0]
    assert list(table["target"]) == ["l", "l"]
    np.testing.assert_allclose(table["probability"], np.exp([-1.0, -5.0]))


@pytest.mark.parametrize(
    ("cell", "states", "gates"),
    [("rnn", ["h"], ["phi"]), ("lstm", ["h", "c"], list("ifgo")), ("gru", ["h"], list("rzn"))],
)
@pytest.mark.parametrize("layers", [1, 2])
def test_real_traces(cell: str, states: list[str], gates: list[str], layers: int) -> None:
    corpus = Corpus(TextConfig(text="hello"))
    network = Network(NetworkConfig(cell=cell, hidden_size=5, layers=layers), corpus.signature, seeds=[0])
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

    losses = tidy.losses_frame(trace, corpus.labels, step=3)
    assert list(losses["target"]) == ["e", "l", "l", "o"] and list(losses["t"]) == [1, 2, 3, 4]
    assert losses["loss"].mean() == pytest.approx(float(trace["nll"][0]), rel=1e-6)


@pytest.mark.parametrize("k", [2, 3])
def test_trajectory_keeps_distances_that_its_axes_explain(k: int) -> None:
    corpus = Corpus(TextConfig(text="hello"))
    network = Network(NetworkConfig(cell="gru", hidden_size=6), corpus.signature, seeds=[0])
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


@pytest.mark.parametrize("steps", [0, 7, 60])
def test_axes_are_the_principal_axes_of_their_step(steps: int) -> None:
    """Shares against singular values: without a plane, nothing is turned towards an earlier frame."""
    config = ExperimentConfig(TextConfig(text="hello world"), NetworkConfig("rnn", 8), seed=3)
    trainer = Trainer(config, Corpus(config.text))
    trainer.advance(steps)
    trace = trainer.network.trace(trainer.source.window_batch(0)).copy()
    table = tidy.trajectory_frame(trace, trainer.source.labels, step=steps, k=3)
    h = trace["l0.h"][:, 0, 0].double().numpy()
    variances = np.linalg.svd(h - h.mean(0), compute_uv=False) ** 2
    shares = table.loc[table["quantity"] == "share", "value"]
    np.testing.assert_allclose(shares, variances[:3] / variances.sum(), rtol=1e-9)


def test_a_path_is_seen_from_the_plane_that_is_given() -> None:
    corpus = Corpus(TextConfig(text="hello world"))
    network = Network(NetworkConfig(cell="gru", hidden_size=6, layers=2), corpus.signature, seeds=[0])
    trace = network.trace(corpus.window_batch(0)).copy()
    h = trace["l1.h"][:, 0, 0].double().numpy()
    centred = h - h.mean(0)
    plane, _r = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 2)))
    for k in (2, 3):
        table = tidy.trajectory_frame(trace, corpus.labels, step=0, layer=2, k=k, plane=plane)
        wide = (
            table[table["quantity"] == "position"]
            .pivot(index="t", columns="unit", values="value")
            .to_numpy(float)
        )
        np.testing.assert_allclose(wide[:, :2], centred @ plane, atol=1e-12)
        shares = table.loc[table["quantity"] == "share", "value"].to_numpy()
        np.testing.assert_allclose(shares, (wide**2).sum(0) / (centred**2).sum(), rtol=1e-9)
    rest = centred - centred @ plane @ plane.T
    largest = np.linalg.svd(rest, compute_uv=False)[0] ** 2
    assert shares[2] == pytest.approx(largest / (centred**2).sum(), rel=1e-9)


def test_a_probe_keeps_its_last_symbol() -> None:
    corpus = Corpus(TextConfig(text="hello"))
    network = Network(NetworkConfig(hidden_size=4), corpus.signature, seeds=[0])
    trace = network.trace(corpus.probe_batch(corpus.encode("ell", "probe")), backward=False).copy()
    table = tidy.states_frame(trace, corpus.labels, step=0)
    assert list(table["token"].iloc[:12:4]) == ["e", "l", "l"]
    assert list(tidy.losses_frame(trace, corpus.labels, step=0)["t"].unique()) == [1, 2]


def test_a_probe_of_one_symbol_predicts_nothing_and_its_table_has_all_its_columns() -> None:
    corpus = Corpus(TextConfig(text="hello"))
    network = Network(NetworkConfig(hidden_size=4), corpus.signature, seeds=[0])
    trace = network.trace(corpus.probe_batch(corpus.encode("e", "probe")), backward=False).copy()
    table = tidy.losses_frame(trace, corpus.labels, step=0)
    assert table.empty and list(table.columns) == ["step", "t", "token", "target", "probability", "loss"]


CLIPPED_NOW_AND_THEN = ExperimentConfig(
    TextConfig("the cat\nsat on\nthe mat", batch_size=1),
    NetworkConfig("rnn", 8),
    TrainingConfig(clip_threshold=0.7),
    seed=1,
)


def curve_of(config: ExperimentConfig, steps: int) -> tuple[list[Update], CurvePoints]:
    trainer, curve = Trainer(config, Corpus(config.text)), Curve()
    updates: list[Update] = []
    while len(updates) < steps:
        stretch = trainer.stretch(steps - len(updates))
        curve.add(stretch)
        updates += map(stretch.update, range(len(stretch)))
    return updates, curve.points(steps)


def test_updates_are_the_curves_points() -> None:
    updates, points = curve_of(CLIPPED_NOW_AND_THEN, 60)
    table = tidy.updates_frame(points)
    assert list(table["step"]) == list(range(60))
    assert list(table["loss"]) == [update.nll[0] for update in updates], (
        "what was measured, to the last digit"
    )
    np.testing.assert_allclose(table["perplexity"], np.exp(table["loss"]))
    assert list(table["gradient_norm"]) == [update.gradient_norm[0] for update in updates]
    assert list(table["clipped"]) == [update.clipped[0] for update in updates]
    assert list(table["clipped_share"]) == list(table["clipped"] * 1.0)


def test_clipped_is_the_rows_own_and_the_share_covers_what_was_left_out() -> None:
    updates, points = curve_of(CLIPPED_NOW_AND_THEN, 60)
    clipped = np.array([update.clipped[0] for update in updates])
    assert 5 < clipped.sum() < 55, "some are clipped and some are not"
    table = tidy.updates_frame(points.thinned(9))
    steps = table["step"].to_list()
    assert steps[0] == 0 and steps[-1] == 59 and len(steps) < 12
    assert list(table["clipped"]) == list(clipped[steps])
    assert (table["clipped"] == (table["clipped_norm"] < table["gradient_norm"])).all()
    edges = [0, *(step + 1 for step in steps)]
    shares = [clipped[a:b].mean() for a, b in itertools.pairwise(edges)]
    np.testing.assert_allclose(table["clipped_share"], shares)


def test_a_loss_is_what_was_measured_however_large_or_small() -> None:
    """It is never computed back from a perplexity, which is ∞ for 7,699,782 nats and 1.0 for 10⁻¹⁷."""
    losses = np.array([144.869, 7_699_782.4, 1.04e-6, 1e-17])
    ones, none = np.ones(4), np.zeros(4, dtype=bool)
    curve = CurvePoints(np.arange(4), losses, ones, ones, none, np.zeros(4, dtype=np.int64), ones)
    table = tidy.updates_frame(curve)
    assert list(table["loss"]) == list(losses)
    assert list(np.isinf(table["perplexity"])) == [False, True, False, False]


def test_every_row_has_the_learning_rate_of_its_own_update() -> None:
    training = TrainingConfig(learning_rate=0.01, rates=((2, 0.1), (4, 0.001)))
    table = tidy.updates_frame(curve_of(ExperimentConfig(training=training), 6)[1])
    assert list(table["learning_rate"]) == [0.01, 0.01, 0.1, 0.1, 0.001, 0.001]
