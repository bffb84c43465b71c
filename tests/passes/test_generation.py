"""Generated text against the same loop in torch.nn, which reads the whole prefix again for every symbol."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from benchmarks.reference import TorchModel
from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.model import RecentReader
from playground.models.network import Network
from playground.passes.generation import Continuation, generate, tempered
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from playground.training import Trainer


def torch_generate(
    network: Network,
    corpus: Corpus,
    prompt: list[int],
    length: int,
    temperature: float,
    seed: int,
    replica: int,
) -> tuple[int, ...]:
    model = TorchModel(network.config, network.signature, network.dtype)
    model.load_state_dict(network.state_dict(replica), strict=True)
    generator = torch.Generator().manual_seed(seed)
    ids = list(prompt)
    with torch.no_grad():
        while len(ids) < len(prompt) + length:
            logits = model(model.encode(torch.tensor(ids)[:, None]))[-1, 0]
            if temperature:
                symbol = torch.multinomial((logits / temperature).softmax(0), 1, generator=generator).item()
            else:
                symbol = logits.argmax().item()
            if symbol == corpus.eos_id:
                break
            ids.append(int(symbol))
    return tuple(ids[len(prompt) :])


@pytest.mark.parametrize("temperature", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_generation_is_torchs(cell: str, temperature: float) -> None:
    for layers, embedding, eos in ((1, 0, False), (2, 3, True)):
        corpus = Corpus(TextConfig("hello world", eos=eos))
        network = Network(
            NetworkConfig(cell, 8, layers, embedding),
            corpus.signature,
            seeds=(0, 1),
            dtype=torch.float64,
        )
        for replica in (0, 1):
            expected = torch_generate(network, corpus, [2, 1], 12, temperature, 5, replica)
            model = RecurrentModel(replica_of(network, replica))
            assert expected == generate(model, Continuation((2, 1), 12, temperature, 5, corpus.eos_id))


def trained(**text) -> tuple[Network, Corpus]:
    config = ExperimentConfig(TextConfig("hello", **text))
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus)
    trainer.advance(150)
    assert isinstance(trainer.network, Network)
    return trainer.network, corpus


def write(network: Network, corpus: Corpus, prompt: str, length: int = 12, temperature: float = 0.0) -> str:
    wanted = Continuation(corpus.encode(prompt, "prompt"), length, temperature, end=corpus.eos_id)
    return corpus.decode(generate(RecurrentModel(replica_of(network)), wanted))


def test_a_trained_model_writes_its_word_and_stops_at_eos() -> None:
    network, corpus = trained(eos=True)
    assert write(network, corpus, "h") == "ello"
    assert write(network, corpus, "h", length=2) == "el"
    assert write(network, corpus, "h", length=0) == ""


def test_without_eos_it_goes_on_to_the_length() -> None:
    network, corpus = trained()
    text = write(network, corpus, "h")
    assert text.startswith("ello") and len(text) == 12


def test_the_same_generator_seed_gives_the_same_text() -> None:
    network, corpus = trained()
    assert write(network, corpus, "h", 40, 3.0) == write(network, corpus, "h", 40, 3.0)
    assert write(network, corpus, "h", 40, 3.0) != write(network, corpus, "h", 40, 0.0)


@pytest.mark.parametrize("temperature", [5e-324, 1e-320, 1e-40, 1e-9])
def test_near_temperature_0_it_writes_what_it_writes_at_0(temperature: float) -> None:
    network, corpus = trained()
    assert write(network, corpus, "h", 20, temperature) == write(network, corpus, "h", 20, 0.0)


finite = {bits: st.floats(width=bits, allow_nan=False, allow_infinity=False) for bits in (32, 64)}


@given(
    st.lists(finite[32], min_size=1, max_size=6).map(torch.tensor)
    | st.lists(finite[64], min_size=1, max_size=6).map(lambda x: torch.tensor(x, dtype=torch.float64)),
    st.floats(0, 2, exclude_min=True),
)
def test_every_temperature_gives_probabilities(logits: torch.Tensor, temperature: float) -> None:
    probabilities = tempered(logits, logits.max(), temperature)
    assert probabilities.dtype == torch.float64 and bool((probabilities >= 0).all())
    assert float(probabilities.sum()) == pytest.approx(1)
    assert float(probabilities[logits.argmax()]) == float(probabilities.max())


def test_towards_temperature_0_equals_share_everything() -> None:
    logits = torch.tensor([3.0, 1.0, 3.0, math.nextafter(3.0, 0.0)], dtype=torch.float64)
    assert tempered(logits, logits.max(), 5e-324).tolist() == [0.5, 0, 0.5, 0]


def test_temperatures_are_softmax_by_hand() -> None:
    """Odds of 1 : 4 at temperature 1 are 1 : 2 at 2 and 1 : 16 at 1/2."""
    logits = torch.tensor([0.0, math.log(4)])
    for temperature, odds in ((1.0, 4), (2.0, 2), (0.5, 16)):
        assert tempered(logits, logits.max(), temperature).tolist() == pytest.approx(
            [1 / (1 + odds), odds / (1 + odds)]
        )


class Counting:
    """A model of three symbols: after each comes the next, after the last nothing that it could name."""

    vocabulary_size = parameter_count = 3

    def __init__(self, last: float) -> None:
        self.last = last

    def log_probabilities(self, ids: Tensor) -> Tensor:
        table = torch.tensor([[-math.inf, 0.0, -math.inf], [-math.inf, -math.inf, 0.0], [self.last] * 3])
        return table[ids]

    def reader(self) -> RecentReader:
        return RecentReader(self, 1)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("last", [math.nan, math.inf, -math.inf])
def test_any_model_writes_and_ends_where_its_scores_are_no_numbers(last: float, temperature: float) -> None:
    """What is impossible, −∞, is not written, and ends nothing."""
    assert generate(Counting(last), Continuation((0,), 9, temperature)) == (1, 2)
    assert generate(Counting(last), Continuation((0,), 9, temperature, end=2)) == (1,)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="prompt must have at least one symbol"):
        Continuation((), 1)
    for length, temperature in ((-1, 0.0), (1, -1.0), (1, math.nan), (1, math.inf)):
        with pytest.raises(ValueError, match="length and temperature must be finite and not negative; got"):
            Continuation((0,), length, temperature)
