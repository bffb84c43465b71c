"""A network as a language model: what it says, symbol by symbol or at once, is what its fast pass says."""

from itertools import product

import pytest
import torch

from playground.cells import CELLS
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.model import LanguageModel, loss
from playground.models.network import Network
from playground.passes.edit_list import EDITS
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from tests.kinds import KINDS

EXACT = {"rtol": 0, "atol": 1e-9}
CORPUS = Corpus(TextConfig("hello world\nhe", sequence_length=4))


def network_of(cell: str, nonlinearity: str = "tanh", layers: int = 2, embedding: int = 3) -> Network:
    config = NetworkConfig(cell, 5, layers, embedding, nonlinearity)
    return Network(config, CORPUS.signature, seeds=(1, 2), dtype=torch.float64)


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_it_says_what_a_pass_says_at_once_and_symbol_by_symbol(cell: str, nonlinearity: str) -> None:
    for layers, embedding, replica in product((1, 2), (0, 3), (0, 1)):
        network = network_of(cell, nonlinearity, layers, embedding)
        model: LanguageModel = RecurrentModel(replica_of(network, replica))
        batch = CORPUS.batch(0, 0)  # (T, 1, B)
        expected = network.trace(batch, backward=False)["logits"][:, replica].log_softmax(-1)  # (T, B, V)
        ids = batch.inputs[:, 0]
        torch.testing.assert_close(model.log_probabilities(ids), expected, **EXACT)
        torch.testing.assert_close(model.log_probabilities(ids[:, 0]), expected[:, 0], **EXACT)
        reader = model.reader()
        for t, symbol in enumerate(ids[:, 1].tolist()):
            torch.testing.assert_close(reader.read(symbol).log_softmax(0), expected[t, 1], **EXACT)


@pytest.mark.parametrize("cell", CELLS)
def test_its_loss_is_the_networks(cell: str) -> None:
    network = network_of(cell)
    batch = CORPUS.batch(0, 0)
    assert batch.inputs.shape[2] == len(CORPUS.windows)
    expected = network.trace(batch, backward=False)["nll"][0].item()
    model = RecurrentModel(replica_of(network))
    assert loss(model, CORPUS.windows) == pytest.approx(expected, rel=1e-12)
    assert model.vocabulary_size == len(CORPUS.vocabulary)
    assert model.parameter_count == network.parameters.shape[1]


@pytest.mark.parametrize(
    "edits", ["l0.h@1-=0", "cut@2,l1.h.3@0-3=0.5", "x@1=4,cut@3-", "l1.h@2=0.1:0:0:-1:0"]
)
def test_with_edits_a_reader_says_what_is_said_at_once(edits: str) -> None:
    network = network_of("gru")
    model = RecurrentModel(replica_of(network), EDITS.parse("edits", edits))
    ids = torch.tensor([0, 1, 2, 2, 3])
    at_once, plain = model.log_probabilities(ids), RecurrentModel(replica_of(network)).log_probabilities(ids)
    assert not torch.allclose(at_once, plain)
    reader = model.reader()
    for t, symbol in enumerate(ids.tolist()):
        torch.testing.assert_close(reader.read(symbol).log_softmax(0), at_once[t], **EXACT)


def test_a_reader_reads_with_the_weights_of_the_moment() -> None:
    network = network_of("rnn")
    reader = RecurrentModel(replica_of(network)).reader()
    reader.read(1)
    network.parameters.zero_()
    assert not reader.read(1).any()
