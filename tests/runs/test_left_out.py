"""Frames of a training with dropout: they show the pass that trained, with the same left out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.runs import album as album_module
from playground.runs.run import Run
from playground.runs.size import trainer_bytes
from playground.trace import Trace
from playground.training import Trainer
from tests.runs.reader import read_frame
from tests.runs.straight import alone, straight

ONE_WINDOW = TextConfig("hello world")
WHOLE_BATCH = TextConfig("hello\nworlds and more\nabc")
MINI_BATCHES = TextConfig("one\nthree\nseven\neleven", batch_size=2)


def experiment(
    text: TextConfig = ONE_WINDOW, cell: str = "lstm", *, layers: int = 3, dropout: float = 0.4
) -> ExperimentConfig:
    network = NetworkConfig(cell, 9, layers, dropout=dropout)
    return ExperimentConfig(text, network, TrainingConfig(learning_rate=0.02), seed=5)


def read(run: Run, step: int) -> dict[str, Any]:
    return read_frame(run.frame(step).payload, run.layout.fields)


def trained(config: ExperimentConfig, step: int) -> Trace:
    """The very pass of a training that is about to make update `step`."""
    trainer = Trainer(config, Corpus(config.text))
    trainer.advance(step)
    return trainer.measure()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mgu"])
def test_of_one_window_the_frames_losses_are_the_curves(cell: str) -> None:
    run = Run(experiment(cell=cell))
    run.advance(12)
    for step in (0, 5, 12):
        frame = read(run, step)
        assert np.mean(frame["losses"]) == pytest.approx(frame["loss"], rel=1e-5)
        assert frame["loss"] == straight(run.config).update(step).nll[0]
        evaluated = run.trace_at(step)["loss"][:, 0, 0].numpy()
        assert np.abs(evaluated - frame["losses"]).max() > 1e-3, "else this test shows nothing"


@pytest.mark.parametrize("text", [ONE_WINDOW, WHOLE_BATCH], ids=["one window", "whole batch"])
def test_a_frame_is_the_watched_column_of_the_pass_that_trained(text: TextConfig) -> None:
    config = experiment(text)
    run = Run(config)
    run.advance(6)
    for step in (0, 6):
        frame, trace = read(run, step), trained(config, step)
        length, count = run.layout.length, trace["mask"].sum()
        np.testing.assert_allclose(frame["losses"], trace["loss"][:length, 0, 0], rtol=1e-4)
        for layer in range(3):
            h, scale = trace[f"l{layer}.h"][:length, 0, 0].T.numpy(), frame[f"l{layer}.scale.h"]
            plane = np.array(frame[f"l{layer}.h"]) / 127 * scale
            np.testing.assert_allclose(plane, h, atol=scale * (0.5 / 127 + 1e-4))
            # The frame's total is of the watched sequence alone, the batch's of all.
            gradient = trace[f"grad.l{layer}.h"][:length, 0, 0].norm(dim=-1) * count / length
            np.testing.assert_allclose(frame[f"l{layer}.sum.h"], gradient, rtol=2e-3)


def test_gradients_are_autograds_of_the_pass_that_trained() -> None:
    """Through torch's own cells, with what the pass that trained multiplied the h of the lower layer by."""
    config = experiment(cell="gru", layers=2)
    run = Run(config)
    run.advance(4)
    frame, factors = read(run, 4), trained(config, 4)["l1.dropout"][:, 0]
    assert (factors == 0).any() and (factors > 1).any()
    state, symbols = run.network_at(4).state_dict(), len(run.corpus.vocabulary)
    cells = torch.nn.GRUCell(symbols, 9), torch.nn.GRUCell(9, 9)
    for number, cell in enumerate(cells):
        cell.load_state_dict({name: state[f"rnn.{name}_l{number}"] for name, _ in cell.named_parameters()})
    states: list[list[torch.Tensor]] = [[torch.zeros(1, 9)], [torch.zeros(1, 9)]]
    losses = []
    for t in range(run.layout.length):
        x = torch.nn.functional.one_hot(run.watched.inputs[t, 0], symbols).float()
        states[0].append(cells[0](x, states[0][-1]))
        states[1].append(cells[1](states[0][-1] * factors[t], states[1][-1]))
        logits = states[1][-1] @ state["readout.weight"].T + state["readout.bias"]
        losses.append(torch.nn.functional.cross_entropy(logits, run.watched.targets[t, 0]))
    of_all = torch.stack(losses)
    np.testing.assert_allclose(frame["losses"], of_all.detach(), rtol=1e-4)
    for which, loss in (("sum", of_all.mean()), ("one", of_all[run.layout.loss_at])):
        for layer in range(2):
            gradients = torch.autograd.grad(loss, states[layer][1:], retain_graph=True)
            norms = [gradient.norm().item() for gradient in gradients]
            shown = frame[f"l{layer}.{which}.h"]
            assert shown == pytest.approx(norms, rel=2e-3, abs=1e-5 * max(norms)), (which, layer)


def test_every_mini_batch_leaves_out_what_it_left_out_of_the_watched_window() -> None:
    """Where the batch was of other windows, what it left out of its first column."""
    config = experiment(MINI_BATCHES)
    run, corpus = Run(config), Corpus(MINI_BATCHES)
    run.advance(16)
    trainer, length = Trainer(config, corpus), run.layout.length
    found = set[int | None]()
    for step in range(16):
        column, trace = corpus.column(0, config.seed, step), trainer.measure()
        found.add(column)
        shown = read(run, step)["losses"]
        if column is not None:
            inputs = corpus.batch(config.seed, step).inputs[:length, 0, column]
            assert torch.equal(inputs, run.watched.inputs[:, 0, 0])
            np.testing.assert_allclose(shown, trace["loss"][:length, 0, column], rtol=1e-4)
        factors = [trace[f"l{layer}.dropout"][:length, 0, column or 0] for layer in (1, 2)]
        np.testing.assert_allclose(shown, losses_by_torch(run, step, factors), rtol=1e-4)
        trainer.update()
    assert found == {None, 0, 1}, "else this test shows nothing of one of them"


def losses_by_torch(run: Run, step: int, factors: list[torch.Tensor]) -> torch.Tensor:
    """Those of the watched sequence, (T,), by torch's LSTM, with these factors (T, H) between its layers."""
    state = run.network_at(step).state_dict()
    x = torch.nn.functional.one_hot(run.watched.inputs[:, 0, 0], len(run.corpus.vocabulary)).float()
    for number in range(len(factors) + 1):
        layer = torch.nn.LSTM(x.shape[-1], 9)
        names = [name for name, _ in layer.named_parameters()]
        layer.load_state_dict({name: state[f"rnn.{name.replace('l0', f'l{number}')}"] for name in names})
        x = layer(x if number == 0 else x * factors[number - 1])[0].detach()
    logits = x @ state["readout.weight"].T + state["readout.bias"]
    return torch.nn.functional.cross_entropy(logits, run.watched.targets[:, 0, 0], reduction="none")


def test_replicas_leave_out_each_its_own() -> None:
    run = Run(experiment(), seeds=(5, 8))
    run.advance(5)
    losses = dict[int, list[float]]()
    for replica, seed in enumerate(run.seeds):
        single = Run(replace(experiment(), seed=seed))
        single.advance(5)
        for step in (0, 3, 5):
            frame = run.frame(step, replica=replica)
            losses[seed] = read_frame(frame.payload, run.layout.fields)["losses"]
            np.testing.assert_allclose(losses[seed], read(single, step)["losses"], rtol=1e-4)
    assert losses[5] != losses[8]


@pytest.mark.parametrize("text", [ONE_WINDOW, MINI_BATCHES], ids=["one window", "mini-batches"])
def test_the_bytes_are_the_same_however_a_frame_is_taken(
    text: TextConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(album_module, "FIRST", (8,))
    monkeypatch.setattr(album_module, "RECENT", 4)
    config = experiment(text, "gru", layers=2)
    alone.cache_clear()
    run = Run(config)
    run.advance(13)
    run.advance(17)
    for step in (30, 17, 0, 9, 29):
        assert run.frame(step).payload == alone(config).payload(step)
    changed = replace(config, training=config.training.changed(20, 0.05))
    forked = run.fork(changed, 20)
    forked.advance(25 - forked.step)
    for step in (19, 20, 25):
        assert forked.frame(step).payload == alone(changed).payload(step)
    alone.cache_clear()


def test_one_layer_has_nothing_to_leave_out() -> None:
    with_dropout, without = (Run(experiment(layers=1, dropout=p)) for p in (0.4, 0.0))
    for run in (with_dropout, without):
        run.advance(5)
    assert with_dropout.frame(5).payload == without.frame(5).payload


def test_a_trace_of_a_step_is_an_evaluation() -> None:
    """It is that of a network of the same weights without dropout."""
    run = Run(experiment())
    run.advance(9)
    network = run.network_at(9)
    plain = Network(experiment(dropout=0.0).network, run.corpus.signature, seeds=(5,))
    plain.parameters.copy_(network.parameters)
    assert torch.equal(run.trace_at(9)["logits"], plain.trace(run.watched)["logits"])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_what_dropout_takes_in_training_is_reckoned(layers: int) -> None:
    text = TextConfig("\n".join(["the quick brown fox jumps over"] * 16))
    config = ExperimentConfig(text, NetworkConfig("rnn", 128, layers, dropout=0.4))
    trainer = Trainer(config, Corpus(text))
    trainer.advance(1)
    assert trainer_bytes(config, Corpus(text)) == pytest.approx(trainer.nbytes, rel=0.01)
