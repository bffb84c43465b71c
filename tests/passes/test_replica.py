"""One network by itself: whose tensors it has, and what stands for what is read."""

import pytest
import torch

from playground.batch import NOTHING, Signature
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.passes.replica import Replica, copy_of, parameters_of, replica_of

LANGUAGE = Signature.language(4)


def test_copies_are_independent_and_in_the_precision_asked_for() -> None:
    network = Network(NetworkConfig("gru", 4), LANGUAGE, seeds=[0, 1])
    for dtype in (None, torch.float64):
        copies = parameters_of(network, dtype)
        for name, value in network.named_parameters().items():
            assert copies[name].dtype == (dtype or torch.float32)
            torch.testing.assert_close(copies[name], value[0].to(copies[name].dtype), rtol=0, atol=0)
            copies[name].zero_()
        assert copy_of(network, dtype).dtype == (dtype or torch.float32)
    assert network.parameters.any()


def test_a_replica_sees_what_becomes_of_its_network() -> None:
    network = Network(NetworkConfig("gru", 4, embedding=2), LANGUAGE, seeds=[0, 1])
    first, second = replica_of(network), replica_of(network, 1)
    assert torch.equal(second.parameters["readout.bias"], network.named_parameters()["readout.bias"][1])
    assert not torch.equal(first.table, second.table)
    network.parameters.fill_(2.0)
    for replica in (first, second):
        assert (replica.table == 2).all() and (replica.cells[0].weights.weight_hh == 2).all()


def test_symbols_are_one_hot_or_rows_and_nothing_is_zeros() -> None:
    symbols = torch.tensor([[2, NOTHING], [0, 3]])  # (T, B)
    one_hot = copy_of(Network(NetworkConfig("rnn", 4), LANGUAGE, seeds=[0])).encoded(symbols)
    assert one_hot.tolist() == [[[0, 0, 1, 0], [0, 0, 0, 0]], [[1, 0, 0, 0], [0, 0, 0, 1]]]
    model = copy_of(Network(NetworkConfig("rnn", 4, embedding=2), LANGUAGE, seeds=[0]))
    rows = model.parameters["embedding.weight"]
    expected = [[rows[2].tolist(), [0, 0]], [rows[0].tolist(), rows[3].tolist()]]
    assert model.encoded(symbols).tolist() == expected


def test_vectors_are_read_as_they_are_and_have_no_table() -> None:
    config, signature = NetworkConfig("rnn", 4), Signature("vectors", 2, 3)
    model = Replica(config, signature, copy_of(Network(config, signature, seeds=[0])).parameters)
    vectors = torch.tensor([[[1.0, -2.0]]], dtype=torch.float64)
    assert model.encoded(vectors).tolist() == [[[1, -2]]] and model.encoded(vectors).dtype == torch.float32
    with pytest.raises(ValueError, match="reads vectors, not symbols"):
        _ = model.table
