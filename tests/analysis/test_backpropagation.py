"""Every single loss sent back, against autograd through a loop over plain equations that was written for it."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from playground.analysis import backpropagation
from playground.analysis.backpropagation import Backpropagation, LayerShares
from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.autograd import autograd_gradients
from playground.passes.edit_list import EDITS
from playground.passes.replica import Replica, copy_of, parameters_of
from playground.passes.unroll import unroll
from playground.training import Trainer
from tests.kinds import EQUATIONS, KINDS

V, H = 5, 4
LANGUAGE = Signature.language(V)
EXACT = {"rtol": 0, "atol": 1e-9, "equal_nan": True}
BATCH = Batch(  # the targets at the third and at the last timestep are left out
    torch.tensor([3, 1, 4, 1, 0, 2]).view(-1, 1, 1),
    torch.tensor([1, 4, 0, 0, 2, 0]).view(-1, 1, 1),
    torch.tensor([True, True, False, True, True, False]).view(-1, 1, 1),
)

CUT = replace(
    BATCH, reset=torch.tensor([0, 0, 0, 1, 0, 0]).view(-1, 1, 1).bool()
)  # two texts in one sequence


class Authority(NamedTuple):
    """Of one layer: gradients of every loss (first axis) with respect to each node of the graph (second axis)."""

    h: Tensor  # (T, T, H)
    c: Tensor  # (T, T, H), zeros unless LSTM
    uses: Tensor  # (T, T, K·H, H): every use of W_hh has a copy of its own


def authority(config: NetworkConfig, parameters: Mapping[str, Tensor], batch: Batch) -> list[Authority]:
    table = parameters.get("embedding.weight", torch.eye(V, dtype=torch.float64))
    x: list[Tensor] = list(table[batch.inputs[:, 0]])
    spec, equations = CELLS[config.cell], EQUATIONS[config.cell, config.nonlinearity]
    layers = []
    for layer in range(config.layers):
        w_ih, w_hh, b_ih, b_hh = (
            parameters[f"rnn.{name}_l{layer}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        copies = [w_hh.clone().requires_grad_() for _ in x]
        hs, cs = [], []
        zeros = torch.zeros(1, H, dtype=torch.float64, requires_grad=True)
        states = dict.fromkeys(spec.states, zeros)
        for t, (x_t, copy) in enumerate(zip(x, copies, strict=True)):
            if batch.reset is not None and bool(batch.reset[t]):
                states = dict.fromkeys(spec.states, zeros)
            before = tuple(states[name] for name in spec.states)
            states = equations(x_t, before, w_ih, copy, b_ih, b_hh)
            hs.append(states["h"])
            cs.append(states.get("c", zeros))
        layers.append((hs, cs, copies))
        x = hs
    logits = torch.cat(x) @ parameters["readout.weight"].T + parameters["readout.bias"]
    losses = cross_entropy(logits, batch.targets[:, 0, 0], reduction="none") * batch.mask[:, 0, 0]

    def gradients(nodes: list[Tensor]) -> Tensor:
        return torch.stack(
            [
                torch.stack(torch.autograd.grad(loss, nodes, retain_graph=True, materialize_grads=True))
                for loss in losses
            ]
        )

    return [
        Authority(gradients(hs)[:, :, 0], gradients(cs)[:, :, 0], gradients(copies))
        for hs, cs, copies in layers
    ]


def sent_back(config: NetworkConfig, parameters: Mapping[str, Tensor], batch: Batch) -> Backpropagation:
    signature = Signature.language(len(parameters["readout.weight"]))
    done = Backpropagation(unroll(Replica(config, signature, parameters), batch))
    assert done.advance()
    return done


def parameters_for(config: NetworkConfig) -> dict[str, Tensor]:
    return parameters_of(Network(config, LANGUAGE, seeds=[1], dtype=torch.float64))


def assert_equal_shares(found: LayerShares, expected: LayerShares) -> None:
    for each in fields(LayerShares):
        torch.testing.assert_close(
            getattr(found, each.name), getattr(expected, each.name), msg=each.name, rtol=1e-9, atol=1e-12,
            equal_nan=True,
        )  # fmt: skip


def total(matrices: Tensor) -> Tensor:
    """Norms over the last two axes."""
    return torch.linalg.matrix_norm(matrices)


@pytest.mark.parametrize(
    ("layers", "embedding", "batch"), [(1, 0, BATCH), (2, 3, BATCH), (3, 0, BATCH), (2, 0, CUT)]
)
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_every_loss_state_and_use_is_autograds(
    cell: str, nonlinearity: str, layers: int, embedding: int, batch: Batch
) -> None:
    config = NetworkConfig(cell, H, layers, embedding, nonlinearity)
    parameters = parameters_for(config)
    done = sent_back(config, parameters, batch)
    of_sum = autograd_gradients(Replica(config, LANGUAGE, parameters), batch, reduction="sum")

    predicted = batch.mask[:, 0, 0]
    pairs = torch.ones(6, 6).tril().bool() & predicted[:, None]
    for layer, (shares, truth) in enumerate(
        zip(done.layers, authority(config, parameters, batch), strict=True)
    ):

        def where(there: Tensor, value: Tensor) -> Tensor:
            return value.where(there, math.nan)

        assert tuple(shares.influence) == CELLS[cell].states
        for name, norms in shares.influence.items():
            expected = getattr(truth, name).norm(dim=-1)
            torch.testing.assert_close(norms, where(pairs, expected), **EXACT)
        uses = truth.uses
        torch.testing.assert_close(shares.cells, where(pairs, total(uses)), **EXACT)
        torch.testing.assert_close(shares.rows, where(predicted, total(uses.sum(1))), **EXACT)
        torch.testing.assert_close(shares.columns, total(uses.sum(0)), **EXACT)
        of_last_uses = uses.sum(0).flip(0).cumsum(0).flip(0)
        torch.testing.assert_close(shares.gathered, total(of_last_uses), **EXACT)
        of_first_losses = uses.sum(1).cumsum(0)
        torch.testing.assert_close(shares.lengths, where(predicted, total(of_first_losses)), **EXACT)
        torch.testing.assert_close(shares.gradient, uses.sum((0, 1)), **EXACT)
        torch.testing.assert_close(shares.gradient, of_sum[f"rnn.weight_hh_l{layer}"], **EXACT)
        assert shares.gathered[0] == pytest.approx(float(total(shares.gradient)), rel=1e-12)
        assert (shares.cells[predicted].nan_to_num() > 0).any()  # not everything is zero


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_whole_is_what_the_optimiser_gets(cell: str, reduction: str) -> None:
    config = ExperimentConfig(
        TextConfig("mississippi"), NetworkConfig(cell, 6, 2), TrainingConfig(reduction=reduction)
    )
    trainer = Trainer(config, Corpus(config.text), dtype=torch.float64)
    trainer.advance(5)
    trainer.measure()
    batch = Corpus(config.text).window_batch(0)
    done = sent_back(config.network, parameters_of(trainer.network), batch)
    divisor = done.unrolled.predictions if reduction == "mean" else 1
    for layer, shares in enumerate(done.layers):
        gradient = trainer.network.named_gradients()[f"rnn.weight_hh_l{layer}"][0]
        torch.testing.assert_close(shares.gradient / divisor, gradient, **EXACT)


@pytest.mark.parametrize("losses_a_block", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_blocks_and_budgets_change_nothing(
    cell: str, losses_a_block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = NetworkConfig(cell, H, layers=2)
    unrolled = unroll(Replica(config, LANGUAGE, parameters_for(config)), BATCH)
    expected = Backpropagation(unrolled)
    assert expected.progress == 0
    assert expected.advance()
    assert expected.progress == 1

    rows = unrolled.cells[0].weights.weight_hh.shape[0]
    bytes_per_loss = 8 * (6 * (rows + 2 * H) + 2 * rows * H)
    monkeypatch.setattr(backpropagation, "BLOCK_BYTES", losses_a_block * bytes_per_loss)
    for budget in (0.0, math.inf):
        done, progress = Backpropagation(unrolled), []
        while not done.advance(budget):
            progress.append(done.progress)
        assert progress == sorted(progress) and bool(progress) == (budget == 0)
        assert done.progress == 1
        assert done.advance()  # once more changes nothing
        for found, whole in zip(done.layers, expected.layers, strict=True):
            assert_equal_shares(found, whole)


@pytest.mark.parametrize("shrink", [1e-23, 1e-50])
def test_a_vanished_gradient_is_zero_in_float32_and_a_number_in_float64(shrink: float) -> None:
    config = NetworkConfig("rnn", H)
    parameters = parameters_for(config)
    parameters["rnn.weight_hh_l0"] *= shrink
    exact = sent_back(config, parameters, BATCH).layers[0]
    coarse = sent_back(config, {name: value.float() for name, value in parameters.items()}, BATCH).layers[0]
    for found, truth in ((coarse.influence["h"], exact.influence["h"]), (coarse.cells, exact.cells)):
        assert found.dtype == truth.dtype == torch.float64
        distance = (torch.arange(6)[:, None] - torch.arange(6)).double()
        # The first use meets a state of zeros; every step back costs a factor of about `shrink`.
        there = torch.arange(6) > (0 if truth is exact.cells else -1)
        vanished = ~truth.isnan() & there & (shrink**distance < 1e-47)  # float32 ends at 1.4e-45
        assert vanished.any()
        assert (truth[vanished] > 0).all()  # 1e-200 among them, whose square is not even a float64
        assert (found[vanished] == 0).all()
        kept = ~truth.isnan() & (shrink**distance > 1e-30)  # 1e-23 among them, whose square is not a float32
        torch.testing.assert_close(found[kept], truth[kept], rtol=1e-5, atol=0)


@pytest.mark.parametrize("size", [5e-324, 1e-200, 1e-160, 1.0, 1e160, 1e300])
def test_norms_of_what_cannot_be_squared(size: float) -> None:
    values = torch.tensor([[3.0, 4.0], [0.0, 0.0], [math.inf, 0.0], [math.nan, 1.0]], dtype=torch.float64)
    values[0] *= size
    found = backpropagation.norms(values)
    expected = torch.tensor([5 * size, 0, math.inf, math.nan], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=1e-15, atol=0, equal_nan=True)
    assert backpropagation.norms(values[0]) == found[0]


def test_an_explosion_leaves_the_losses_before_it_alone() -> None:
    """0 · ∞ is not a number, so a state that a loss cannot see must not be multiplied with its zeros."""
    config = NetworkConfig("rnn", H, nonlinearity="linear")
    parameters = parameters_for(config)
    parameters["rnn.weight_hh_l0"] *= 1e100
    batch = Batch(BATCH.inputs, BATCH.targets, torch.ones_like(BATCH.mask))
    done = sent_back(config, parameters, batch)
    shares, before = done.layers[0], done.unrolled.before(0)[:, 0]
    first = int(before.isfinite().all(1).sum())  # this use meets an infinite state
    assert first == 5
    early = Batch(batch.inputs[:first], batch.targets[:first], batch.mask[:first])
    expected = sent_back(config, parameters, early).layers[0]
    for name in ("rows", "lengths"):
        found = getattr(shares, name)
        torch.testing.assert_close(found[:first], getattr(expected, name), rtol=1e-12, atol=0, equal_nan=True)
        assert found[: first - 1].isfinite().all()
        assert not found[first].isfinite()
    assert torch.equal(shares.cells[:first, :first].isnan(), expected.cells.isnan())


@pytest.mark.parametrize("cell", CELLS)
def test_one_timestep(cell: str) -> None:
    config = NetworkConfig(cell, H)
    parameters = parameters_for(config)
    one = Batch(torch.tensor([[[3]]]), torch.tensor([[[1]]]), torch.tensor([[[True]]]))
    done = sent_back(config, parameters, one)
    (shares,), (truth,) = done.layers, authority(config, parameters, one)
    for name, norms in shares.influence.items():
        torch.testing.assert_close(norms, getattr(truth, name).norm(dim=-1), **EXACT)
        assert norms > 0
    for zero in (shares.cells, shares.rows, shares.columns, shares.gathered, shares.lengths, shares.gradient):
        assert not zero.any()  # W_hh has met nothing but the zeros before the first step


def test_nothing_to_predict() -> None:
    """Single losses there are none; their sum is 0."""
    config = NetworkConfig("lstm", H, layers=2)
    nothing = Batch(BATCH.inputs, BATCH.targets, torch.zeros_like(BATCH.mask))
    done = Backpropagation(unroll(Replica(config, LANGUAGE, parameters_for(config)), nothing))
    assert done.advance()
    assert done.progress == 1
    for shares in done.layers:
        for absent in (*shares.influence.values(), shares.cells, shares.rows, shares.lengths):
            assert absent.isnan().all()
        for zero in (shares.columns, shares.gathered, shares.gradient):
            assert (zero == 0).all()


def test_no_loss_reaches_behind_a_cut() -> None:
    config = NetworkConfig("lstm", H, 2)
    for shares in sent_back(config, parameters_for(config), CUT).layers:
        for influence in shares.influence.values():
            assert (influence[3:, :3].nan_to_num() == 0).all() and (influence[4, 3:5] > 0).all()


def test_what_the_equations_do_not_say_is_not_sent_back() -> None:
    config = NetworkConfig("gru", H)
    parameters = parameters_for(config)
    model, two = Replica(config, LANGUAGE, parameters), BATCH.inputs.expand(-1, -1, 2)
    mean = Replica(config, replace(LANGUAGE, readout="mean"), parameters)
    for unrolled in (
        unroll(model, BATCH, edits=EDITS.parse("edits", "l0.z@2=1")),
        unroll(model, Batch(two, two, two > 0)),
        unroll(mean, BATCH),
        unroll(copy_of(Network(replace(config, bidirectional=True), LANGUAGE, seeds=[0])), BATCH),
    ):
        with pytest.raises(ValueError, match="one sequence only, read forwards, nothing held"):
            Backpropagation(unrolled)
    cut = Backpropagation(unroll(model, BATCH, edits=EDITS.parse("edits", "cut@3")))
    assert cut.advance()
    assert_equal_shares(cut.layers[0], sent_back(config, parameters, CUT).layers[0])
