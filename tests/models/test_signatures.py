"""What a network reads and answers, whatever it is, against torch.nn and autograd in float64."""

import itertools
import math

import pytest
import torch

from playground.batch import NOTHING, Batch, Signature
from playground.cells.fast import OverTime
from playground.config import NetworkConfig
from playground.models.network import Network
from tests.models.reference import EXACT, assert_is_torchs, random_batch

pytestmark = pytest.mark.usefixtures("each_engine")

TORCH = ("rnn", "lstm", "gru")
SHAPES = [(5, 1, 3), (5, 3, 3), (1, 1, 1), (1, 2, 2), (4, 1, 1)]  # T, R, B
SIGNATURES = [
    Signature("symbols", 5, 3),  # classes
    Signature("symbols", 3, 1),  # one class: nothing to learn, and no gradient
    Signature("symbols", 4, 2, "squared_error", "mean"),
    Signature("vectors", 2, 1, "squared_error"),
    Signature("vectors", 3, 4, readout="mean"),
]


@pytest.mark.parametrize("signature", SIGNATURES, ids=str)
@pytest.mark.parametrize("cell", TORCH)
def test_every_signature_is_torchs(cell: str, signature: Signature, monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = signature.reads == "symbols"
    embeddings = (0, 3) if symbols else (0,)
    for (time, replicas, batch), embedding, select_from in itertools.product(
        SHAPES, embeddings, (0, math.inf)
    ):
        monkeypatch.setattr(OverTime, "selects_from", select_from)
        config = NetworkConfig(cell, 4, 2, embedding)
        network = Network(config, signature, seeds=range(replicas), dtype=torch.float64)
        for own, reduction in ((1, "mean"), (replicas, "sum")):
            given = random_batch(signature, time, own, batch, nothing=symbols, seed=time)
            assert_is_torchs(network, given, reduction)


@pytest.mark.parametrize("cell", TORCH)
def test_one_unit_is_torchs(cell: str) -> None:
    for signature in SIGNATURES:
        network = Network(NetworkConfig(cell, 1), signature, seeds=(0,), dtype=torch.float64)
        assert_is_torchs(network, random_batch(signature, 3, 1, 2))


@pytest.mark.parametrize("embedding", [0, 3])
@pytest.mark.parametrize("replicas", [1, 2])
def test_nothing_is_a_vector_of_zeros(embedding: int, replicas: int) -> None:
    network = Network(NetworkConfig("gru", 4, 1, embedding), Signature.language(5), seeds=range(replicas))
    inputs = torch.tensor([2, NOTHING, 4]).view(3, 1, 1)
    x = network.trace(Batch(inputs, torch.zeros_like(inputs), inputs > 0))["l0.x"]
    assert not x[1].any() and x[0].any(-1).all() and x[2].any(-1).all()


def test_a_batch_without_nothing_follows_one_with_it() -> None:
    signature = Signature.language(5)
    network = Network(NetworkConfig("lstm", 4), signature, seeds=(0,), dtype=torch.float64)
    for nothing in (True, False, True):
        assert_is_torchs(network, random_batch(signature, 4, 1, 2, nothing=nothing, seed=3))


def test_a_trace_names_numbers_outputs_and_classes_logits() -> None:
    numbers = Network(NetworkConfig(), Signature("vectors", 2, 3, "squared_error"), seeds=(0, 1))
    batch = random_batch(numbers.signature, 4, 1, 2)
    trace = numbers.trace(batch)
    assert trace["outputs"].shape == trace["grad.outputs"].shape == trace["targets"].shape == (4, 2, 2, 3)
    assert not {"logits", "probabilities", "grad.logits"} & trace.keys()
    torch.testing.assert_close(
        trace["inputs"].double(), batch.inputs.expand(-1, 2, -1, -1), rtol=1e-6, atol=1e-6
    )
    error = (trace["outputs"] - trace["targets"]).square().sum(-1)
    torch.testing.assert_close(trace["loss"], error * batch.mask, rtol=1e-6, atol=1e-6)

    classes = Network(NetworkConfig(), Signature("vectors", 2, 3), seeds=(0,))
    trace = classes.trace(random_batch(classes.signature, 4, 1, 2))
    torch.testing.assert_close(trace["probabilities"], trace["logits"].softmax(-1))
    assert "outputs" not in trace


def test_the_running_mean_is_that_of_all_h_so_far() -> None:
    signature = Signature("vectors", 2, 2, readout="mean")
    network = Network(NetworkConfig("rnn", 3), signature, seeds=(0,), dtype=torch.float64)
    trace = network.trace(random_batch(signature, 4, 1, 2, resets=True))
    weights = network.state_dict()
    mean = torch.stack([trace["l0.h"][: t + 1].mean(0) for t in range(4)])
    expected = mean @ weights["readout.weight"].T + weights["readout.bias"]
    torch.testing.assert_close(trace["logits"], expected, **EXACT)


def test_a_signature_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="reads must be one of 'symbols', 'vectors'; got 'words'"):
        Signature("words", 2, 2)
    with pytest.raises(ValueError, match="loss must be one of 'cross_entropy', 'squared_error'; got 'hinge'"):
        Signature("symbols", 2, 2, "hinge")
    with pytest.raises(ValueError, match="readout must be one of 'each', 'mean'; got 'last'"):
        Signature("symbols", 2, 2, readout="last")
    with pytest.raises(ValueError, match="output_size must be at least 1; got 0"):
        Signature("symbols", 2, 0)
    assert Signature.language(7) == Signature("symbols", 7, 7, "cross_entropy", "each")


def test_vectors_have_no_embedding() -> None:
    with pytest.raises(ValueError, match="embedding must be 0 where vectors are read; got 3"):
        Network(NetworkConfig(embedding=3), Signature("vectors", 2, 2), seeds=(0,))
