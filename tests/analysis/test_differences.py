"""The gradient by hand against autograd and against nudged weights, in float64."""

import itertools
import math

import pandas as pd
import pytest
import torch

from playground.analysis.differences import EPSILON, EPSILONS, relative_error, weight_check
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.network import Network

CORPUS = Corpus(TextConfig(text="hello world"))
BATCH = CORPUS.window_batch(0)


def network_of(
    cell: str, *, dtype: torch.dtype = torch.float64, layers: int = 1, embedding: int = 0
) -> Network:
    config = NetworkConfig(cell, 5, layers, embedding)
    network = Network(config, CORPUS.signature, seeds=[4, 5], dtype=dtype)
    network.parameters.mul_(1.5)  # no longer the initial weights of its seeds
    return network


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_three_ways_to_every_parameter(cell: str, reduction: str) -> None:
    """At ε = 1e-5 the bend of the loss costs about ε² = 1e-10, and rounding about 2e-16 · loss / ε = 5e-10 (a sum
    of 24 nats). 1e-8 leaves either room to be several times that, and shows every wrong term of 1e-4 of a gradient.
    """
    network = network_of(cell, layers=2, embedding=3)
    check = weight_check(network, BATCH, reduction=reduction)
    assert list(check.by_hand) == list(check.autograd) == list(network.named_parameters())
    for name, autograd in check.autograd.items():
        torch.testing.assert_close(check.by_hand[name], autograd, msg=name, rtol=0, atol=1e-9)
        largest = divmod(int(autograd.abs().argmax()), autograd.shape[-1])
        index = largest if autograd.dim() == 2 else largest[1:]
        found = check.at(name, index)
        assert found.weight == network.state_dict()[name][index]
        assert found.by_hand == check.by_hand[name][index]
        assert found.autograd == autograd[index]
        assert found.error_by_hand < 1e-9
        assert abs(found.autograd) > 1e-4
        assert found.difference == pytest.approx(found.autograd, rel=0, abs=1e-8)
        assert found.error_difference == relative_error(found.difference, found.autograd)


def test_every_weight_of_one_matrix_one_by_one() -> None:
    check = weight_check(network_of("gru"), BATCH)
    for index in itertools.product(range(15), range(5)):
        found = check.at("rnn.weight_hh_l0", index)
        assert found.difference == pytest.approx(found.autograd, rel=0, abs=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_network_stays_as_it_is(dtype: torch.dtype) -> None:
    network = network_of("lstm", dtype=dtype)
    trace = network.trace(BATCH)
    parameters, gradients, passes = network.parameters.clone(), network.gradients.clone(), network.passes
    check = weight_check(network, BATCH)
    before = check.at("readout.weight", (0, 1))
    check.step_sizes("rnn.weight_hh_l0", (3, 2))
    assert check.at("readout.weight", (0, 1)) == before  # every nudge is taken back
    assert torch.equal(network.parameters, parameters)
    assert torch.equal(network.gradients, gradients)
    assert network.passes == passes
    assert trace["total"].isfinite().all()  # the network's own trace still holds
    exact = {"rtol": 0, "atol": 1e-9 if dtype == torch.float64 else 1e-6}
    for name, gradient in network.named_gradients().items():
        assert check.by_hand[name].dtype == torch.float64
        torch.testing.assert_close(check.by_hand[name], gradient[0].double(), **exact)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_error_falls_and_rises_again_with_the_step(cell: str) -> None:
    check, name = weight_check(network_of(cell), BATCH), "rnn.weight_hh_l0"
    index = divmod(int(check.autograd[name].abs().argmax()), 5)
    table = check.step_sizes(name, index)
    assert list(table.columns) == ["epsilon", "difference", "error"]
    assert tuple(table["epsilon"]) == EPSILONS
    assert set(table.dtypes) == {pd.Series([0.0]).dtype}
    truth = check.autograd[name][index].item()
    assert list(table["error"]) == [relative_error(value, truth) for value in table["difference"]]
    error = dict(zip(range(1, 13), table["error"], strict=True))  # by −log₁₀ ε
    assert error[5] < error[1] / 100
    assert error[5] < error[12] / 100
    assert error[2] / error[3] == pytest.approx(100, rel=0.2)  # ten times the step: a hundred times the bend
    assert table["difference"].iloc[4] == check.at(name, index).difference  # EPSILON is 1e-5
    assert EPSILONS[4] == EPSILON


def test_a_symbol_that_is_not_read_has_gradient_zero_three_times() -> None:
    network, last = network_of("rnn"), CORPUS.encode("d", "text")[0]
    found = weight_check(network, BATCH).at("rnn.weight_ih_l0", (0, last))  # "d" is predicted only
    assert (found.by_hand, found.autograd, found.difference) == (0, 0, 0)
    assert (found.error_by_hand, found.error_difference) == (0, 0)


def test_what_does_not_exist_is_refused() -> None:
    check = weight_check(network_of("rnn"), BATCH)
    with pytest.raises(KeyError):
        check.at("rnn.weight_hh_l1", (0, 0))
    with pytest.raises(IndexError):
        check.at("rnn.weight_hh_l0", (5, 0))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (0.0, 0.0, 0.0),
        (0.0, -0.0, 0.0),
        (2.0, 2.0, 0.0),
        (1.0, 2.0, 0.5),
        (1.0, -1.0, 2.0),
        (0.0, 1e-300, 1.0),
        (5e-324, 0.0, 1.0),
        (math.inf, math.inf, 0.0),
        (math.inf, -math.inf, math.nan),
        (math.inf, 1.0, math.nan),
        (math.nan, math.nan, math.nan),
        (math.nan, 0.0, math.nan),
        (1.0, math.nan, math.nan),
    ],
)
def test_relative_error(one: float, other: float, expected: float) -> None:
    assert relative_error(one, other) == pytest.approx(expected, nan_ok=True)
    assert relative_error(other, one) == pytest.approx(expected, nan_ok=True)
