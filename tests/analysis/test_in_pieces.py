"""How much is done in one piece, counted; and that pieces give bit for bit what comes out at once.

The counts are bounds on what anybody else has to wait for: they must not grow with the size of the work.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor

from playground.analysis import differences, jacobians
from playground.analysis.backpropagation import Backpropagation
from playground.batch import Batch
from playground.cells.lstm import LSTM
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.models.workspace import Workspace
from playground.passes import autograd as by_autograd
from playground.passes.generation import Continuation, generate, generate_in_pieces
from playground.passes.recurrent import RecurrentModel, RecurrentReader
from playground.passes.replica import Replica, copy_of, parameters_of, replica_of
from playground.passes.unroll import Unrolled, unroll
from playground.pieces import InPieces, Pieces
from playground.studies import knobs, untrained
from playground.studies.clipping import ClippingComparison, ClippingGrid
from playground.studies.knobs import Knobs
from playground.training import Trainer

LONG = TextConfig("the quick brown fox jumps over the lazy dog " * 2, sequence_length=60)


def lstm(length: int) -> tuple[Network, Batch]:
    """Two layers, and a sequence of so many predictions."""
    corpus = Corpus(LONG)
    config = NetworkConfig("lstm", 5, layers=2, embedding=3)
    network = Network(config, corpus.signature, seeds=(3,))
    return network, corpus.probe_batch(corpus.windows[0][: length + 1])


def read(length: int) -> Unrolled:
    network, batch = lstm(length)
    with torch.inference_mode():
        return unroll(copy_of(network), batch)


def sent_back(length: int) -> Pieces[Any]:
    job = Backpropagation(read(length))
    yield from job.pieces()
    return job.layers


def sizes(length: int) -> Pieces[Any]:
    return jacobians.jacobian_sizes_in_pieces(read(length), 1)


def carry(length: int) -> Pieces[Any]:
    return jacobians.carry_shares_in_pieces(read(length), 1, length - 1)


def autograd(length: int) -> Pieces[Any]:
    network, batch = lstm(length)
    return by_autograd.autograd_gradients_in_pieces(copy_of(network), batch)


def three_ways(length: int) -> Pieces[Any]:
    network, batch = lstm(length)
    check = yield from differences.weight_check_in_pieces(network, batch)
    yield 0.5
    table = yield from check.step_sizes_in_pieces("readout.weight", (0, 1))
    return check.by_hand, check.autograd, table


def text(length: int) -> Pieces[Any]:
    network, _ = lstm(1)
    corpus = Corpus(LONG)
    wanted = Continuation(corpus.windows[0][:length], length)
    return generate_in_pieces(RecurrentModel(replica_of(network)), wanted)


def drawn(length: int) -> Pieces[Any]:
    return knobs.draw_in_pieces(Knobs("lstm", length=length), draws=length)


def swept(length: int) -> Pieces[Any]:
    return knobs.sweep_in_pieces(Knobs(length=length), draws=length)


def experiment() -> ExperimentConfig:
    return ExperimentConfig(LONG, NetworkConfig("rnn", 4), TrainingConfig("sgd", 0.1))


def compared(length: int) -> Pieces[Any]:
    job = ClippingComparison(experiment(), updates=length)
    yield from job.pieces()
    return job.frame()


def grid(length: int) -> Pieces[Any]:
    job = ClippingGrid(experiment(), learning_rates=(0.1, 1.0), thresholds=(0.1, 1.0), updates=length)
    yield from job.pieces()
    return job.frame()


# What does the work, and how often it is called in one piece at most.
COUNTED: dict[str, tuple[Callable[[int], Pieces[Any]], list[tuple[Any, str]], int]] = {
    "every loss": (sent_back, [(LSTM, "step_backward")], 1),
    "Jacobians": (sizes, [(LSTM, "step_backward")], jacobians.TOGETHER),
    "carry": (carry, [(LSTM, "step_backward")], 1),
    "autograd": (autograd, [(by_autograd, "through_level"), (torch.autograd, "grad")], 2),
    "three ways": (
        three_ways,
        [(by_autograd, "through_level"), (torch.autograd, "grad"), (Workspace, "run")],
        2,
    ),
    "generated": (text, [(RecurrentReader, "read")], 2),
    "draws": (drawn, [(untrained._Pass, "norms")], 1),
    "radii": (swept, [(untrained._Pass, "norms")], 1),
    "comparison": (compared, [(Trainer, "update")], 1),
    "grid": (grid, [(Workspace, "run")], 1),
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_piece_is_no_more_work_when_there_is_more_of_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, counted, most = COUNTED[name]
    monkeypatch.setattr(untrained, "NUMBERS_A_ROW", 10**6)  # each network is a part
    calls = 0
    for owner, method in counted:
        original = getattr(owner, method)

        def counting(*args: Any, original: Any = original, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            return original(*args, **options)

        monkeypatch.setattr(owner, method, counting)
    pieces = []
    for length in (6, 48):
        job, in_pieces, done = InPieces(make(length)), [], False
        while not done:
            calls = 0
            done = job.advance(0.0)
            in_pieces.append(calls)
        assert max(in_pieces) <= most
        pieces.append(len(in_pieces))
    if name not in ("autograd", "three ways"):  # a layer is a piece of these, whatever the length
        assert pieces[1] > 2 * pieces[0]


@pytest.mark.parametrize("name", COUNTED)
def test_pieces_give_what_comes_out_at_once(name: str) -> None:
    make = COUNTED[name][0]
    whole, cut = InPieces(make(12)), InPieces(make(12))
    whole.advance()
    while not cut.advance(0.0):
        torch.randn(3)  # whoever computes in between leaves no trace
    assert same(cut.result, whole.result)


def same(one: Any, other: Any) -> bool:
    """Whether two results are equal bit for bit, nan included."""
    if isinstance(one, Tensor):
        return (
            one.dtype == other.dtype
            and torch.equal(one.isnan(), other.isnan())
            and (torch.equal(one.nan_to_num(), other.nan_to_num()))
        )
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if is_dataclass(one):
        return all(same(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


@pytest.mark.parametrize("embedding", [0, 3])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_autograd_that_stops_between_layers_finds_what_it_finds_in_one_go(cell: str, embedding: int) -> None:
    corpus = Corpus(LONG)
    config = NetworkConfig(cell, 7, layers=3, embedding=embedding)
    network = Network(config, corpus.signature, seeds=(1,))
    batch = corpus.window_batch(0)
    leaves = {name: value.requires_grad_() for name, value in parameters_of(network).items()}
    losses = unroll(Replica(config, corpus.signature, leaves), batch).losses
    expected = torch.autograd.grad(losses.sum() / len(losses), list(leaves.values()))
    found = by_autograd.autograd_gradients(copy_of(network), batch)
    assert list(found) == list(leaves)
    assert all(torch.equal(found[name], grad) for name, grad in zip(leaves, expected, strict=True))


def test_a_text_that_is_stopped_half_way_goes_on_where_it_was() -> None:
    network, _ = lstm(1)
    model, wanted = RecurrentModel(replica_of(network)), Continuation((1, 2), 30, seed=4)
    expected = generate(model, wanted)
    job = InPieces(generate_in_pieces(model, wanted))
    for _ in range(10):
        assert not job.advance(0.0)
    assert 0.3 < job.progress < 0.4
    generate(model, Continuation((3,), 30))  # somebody else's, in between
    assert job.advance() and job.result == expected
