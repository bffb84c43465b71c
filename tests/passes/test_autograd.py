"""Autograd through the unrolled network against autograd through torch.nn, and against the fast pass, in float64."""

import itertools

import pytest
import torch

from benchmarks.reference import TorchModel, loss_of, masked_targets
from playground.batch import Batch, Signature
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.passes.autograd import autograd_gradients
from playground.passes.replica import copy_of
from tests.kinds import KINDS

V = 5
LANGUAGE = Signature.language(V)
EXACT = {"rtol": 0, "atol": 1e-9}
IN_TORCH = [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")]
DEPTHS = list(itertools.product((1, 2, 3), (0, 3)))  # layers, embedding
TWO = Batch(  # the second sequence is shorter, and has a target left out
    torch.tensor([[3, 1, 4, 1, 0, 2], [2, 2, 0, 4, 0, 0]]).T[:, None],
    torch.tensor([[1, 4, 1, 0, 2, 4], [2, 0, 4, 3, 0, 0]]).T[:, None],
    torch.tensor([[1, 1, 1, 1, 1, 1], [1, 0, 1, 1, 0, 0]]).T[:, None].bool(),
)


def network_of(config: NetworkConfig) -> Network:
    return Network(config, LANGUAGE, seeds=[3], dtype=torch.float64)


def probe(*ids: int) -> Batch:
    """A sequence whose last symbol has nothing to predict."""
    return Corpus(TextConfig(text="abcde")).probe_batch(ids or (3, 1, 4, 1, 0, 2))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("cell", "nonlinearity"), IN_TORCH)
def test_gradients_are_torchs(cell: str, nonlinearity: str, reduction: str) -> None:
    for (layers, embedding), batch in itertools.product(DEPTHS, (probe(), TWO)):
        model = copy_of(network_of(NetworkConfig(cell, 4, layers, embedding, nonlinearity)))
        theirs = TorchModel(model.config, LANGUAGE, torch.float64)
        theirs.load_state_dict(model.parameters, strict=True)
        logits, targets = theirs(theirs.encode(batch.inputs[:, 0])), masked_targets(batch)
        names, leaves = zip(*theirs.named_parameters(), strict=True)
        expected = torch.autograd.grad(loss_of(logits, targets, reduction), leaves)
        found = autograd_gradients(model, batch, reduction=reduction)
        assert tuple(found) == names
        for name, gradient in zip(names, expected, strict=True):
            torch.testing.assert_close(found[name], gradient, msg=name, **EXACT)


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_gradients_are_the_fast_passes(cell: str, nonlinearity: str) -> None:
    """Also of what torch.nn has not, and of losses in the middle that are left out."""
    network = network_of(NetworkConfig(cell, 4, 2, 3, nonlinearity))
    full = probe()
    holes = Batch(full.inputs, full.targets, torch.tensor([1, 0, 1, 1, 0, 0]).view(-1, 1, 1).bool())
    for batch in (TWO, holes):
        network.trace(batch)
        for name, gradient in autograd_gradients(copy_of(network), batch).items():
            torch.testing.assert_close(gradient, network.named_gradients()[name][0], msg=name, **EXACT)


def test_nothing_to_predict_has_no_gradient() -> None:
    gradients = autograd_gradients(copy_of(network_of(NetworkConfig("lstm", 4, embedding=2))), probe(2))
    assert not any(gradient.any() for gradient in gradients.values())


def test_it_reads_what_was_made_in_inference_mode() -> None:
    network = network_of(NetworkConfig("rnn", 4, embedding=3))
    expected = autograd_gradients(copy_of(network), probe())
    with torch.inference_mode():
        found = autograd_gradients(copy_of(network), probe())
    assert all(torch.equal(found[name], gradient) for name, gradient in expected.items())
