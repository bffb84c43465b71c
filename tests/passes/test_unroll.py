"""One sequence read step by step against the network's fast pass and against torch.nn with autograd, in float64."""

import itertools

import pytest
import torch
from torch.nn.functional import cross_entropy

from benchmarks.reference import TorchModel, loss_of, masked_targets
from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.unroll import autograd_gradients, parameters_of, unroll

V = 5
LANGUAGE = Signature.language(V)
EXACT = {"rtol": 0, "atol": 1e-9}
IN_TORCH = [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")]
KINDS = [*IN_TORCH, ("rnn", "sigmoid"), ("rnn", "linear")]
DEPTHS = list(itertools.product((1, 2, 3), (0, 3)))  # layers, embedding


def network_of(config: NetworkConfig) -> Network:
    return Network(config, LANGUAGE, seeds=[3], dtype=torch.float64)


def probe(*ids: int) -> Batch:
    """A sequence whose last symbol has nothing to predict."""
    return Corpus(TextConfig(text="abcde")).probe_batch(ids or (3, 1, 4, 1, 0, 2))


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_every_step_is_the_networks(cell: str, nonlinearity: str) -> None:
    for layers, embedding in DEPTHS:
        network, batch = network_of(NetworkConfig(cell, 4, layers, embedding, nonlinearity)), probe()
        trace = network.trace(batch, reduction="sum")
        unrolled = unroll(network.config, parameters_of(network), batch)
        torch.testing.assert_close(unrolled.losses, trace["loss"][:, 0, 0], **EXACT)
        torch.testing.assert_close(unrolled.grad_logits, trace["grad.logits"][:, 0, 0], **EXACT)
        assert unrolled.predicted.tolist() == [True] * 5 + [False]
        assert (unrolled.length, unrolled.predictions) == (6, 5)
        for layer, steps in enumerate(unrolled.steps):
            for name in (*CELLS[cell].states, *CELLS[cell].gates):
                taken = torch.cat([getattr(step, name) for step in steps])
                torch.testing.assert_close(taken, trace[f"l{layer}.{name}"][:, 0, 0], **EXACT)
            before = unrolled.before(layer)
            assert not before[0].any()
            torch.testing.assert_close(before[1:], trace[f"l{layer}.h"][:-1, 0, 0], **EXACT)


@pytest.mark.parametrize(("cell", "nonlinearity"), IN_TORCH)
def test_losses_and_gradients_are_torchs(cell: str, nonlinearity: str) -> None:
    for layers, embedding in DEPTHS:
        network, batch = network_of(NetworkConfig(cell, 4, layers, embedding, nonlinearity)), probe()
        parameters = parameters_of(network)
        model = TorchModel(network.config, LANGUAGE, torch.float64)
        model.load_state_dict(parameters, strict=True)
        logits, targets = model(model.encode(batch.inputs[:, 0])), masked_targets(batch)

        unrolled = unroll(network.config, parameters, batch)
        each = cross_entropy(logits[:, 0], targets[:, 0], reduction="none")
        torch.testing.assert_close(unrolled.losses, each, **EXACT)
        grad_logits = torch.autograd.grad(each.sum(), logits, retain_graph=True)[0]
        torch.testing.assert_close(unrolled.grad_logits, grad_logits[:, 0], **EXACT)

        for reduction in ("mean", "sum"):
            names, leaves = zip(*model.named_parameters(), strict=True)
            loss = loss_of(logits, targets, reduction)
            expected = torch.autograd.grad(loss, leaves, retain_graph=True)
            found = autograd_gradients(network.config, parameters, batch, reduction=reduction)
            assert tuple(found) == names
            for name, gradient in zip(names, expected, strict=True):
                torch.testing.assert_close(found[name], gradient, msg=name, **EXACT)


def test_what_is_masked_has_no_loss_even_in_the_middle() -> None:
    network, full = network_of(NetworkConfig("gru", 4)), probe()
    parameters = parameters_of(network)
    mask = torch.tensor([True, False, True, True, False, False]).view(-1, 1, 1)
    batch = Batch(full.inputs, full.targets, mask)
    unrolled = unroll(network.config, parameters, batch)
    expected = unroll(network.config, parameters, full)
    torch.testing.assert_close(unrolled.losses, expected.losses * mask[:, 0, 0], **EXACT)
    assert (unrolled.grad_logits[~mask[:, 0, 0]] == 0).all()
    network.trace(batch)
    for name, gradient in autograd_gradients(network.config, parameters, batch).items():
        torch.testing.assert_close(gradient, network.named_gradients()[name][0], msg=name, **EXACT)


def test_nothing_to_predict_has_no_gradient() -> None:
    network = network_of(NetworkConfig("lstm", 4, embedding=2))
    gradients = autograd_gradients(network.config, parameters_of(network), probe(2))
    assert not any(gradient.any() for gradient in gradients.values())


def test_a_certain_network_keeps_its_loss() -> None:
    """Where another symbol's log-probability is −∞ in float32, the target's is still 0."""
    network = Network(NetworkConfig("rnn", 4), LANGUAGE, seeds=[0])
    parameters = parameters_of(network)
    parameters["readout.bias"] = torch.tensor([3e38, -3e38, 0, 0, 0])
    unrolled = unroll(network.config, parameters, probe(1, 0, 0))
    assert unrolled.losses.tolist() == [0, 0, 0]


def test_parameters_are_copies_in_the_precision_asked_for() -> None:
    network = Network(NetworkConfig("gru", 4), LANGUAGE, seeds=[0, 1])
    for dtype in (None, torch.float64):
        copies = parameters_of(network, dtype)
        for name, value in network.named_parameters().items():
            assert copies[name].dtype == (dtype or torch.float32)
            torch.testing.assert_close(copies[name], value[0].to(copies[name].dtype), rtol=0, atol=0)
            copies[name].zero_()
    assert network.parameters.any()


def test_autograd_reads_what_was_made_in_inference_mode() -> None:
    network = network_of(NetworkConfig("rnn", 4, embedding=3))
    expected = autograd_gradients(network.config, parameters_of(network), probe())
    with torch.inference_mode():
        found = autograd_gradients(network.config, parameters_of(network), probe())
    assert all(torch.equal(found[name], gradient) for name, gradient in expected.items())
