"""Generated text against the same loop in torch.nn, which reads the whole prefix again for every symbol."""

import pytest
import torch

from benchmarks.reference import TorchModel
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.generation import Reader, generate
from playground.network import Network
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
    model = TorchModel(network.config, network.vocabulary_size, network.dtype)
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
@pytest.mark.parametrize("cell", list(CELLS))
def test_generation_is_torchs(cell: str, temperature: float) -> None:
    for layers, embedding, eos in ((1, 0, False), (2, 3, True)):
        corpus = Corpus(TextConfig("hello world", eos=eos))
        network = Network(
            NetworkConfig(cell, 8, layers, embedding),
            len(corpus.vocabulary),
            seeds=(0, 1),
            dtype=torch.float64,
        )
        for replica in (0, 1):
            expected = torch_generate(network, corpus, [2, 1], 12, temperature, 5, replica)
            generator = torch.Generator().manual_seed(5)
            assert expected == generate(
                network,
                corpus,
                [2, 1],
                length=12,
                temperature=temperature,
                generator=generator,
                replica=replica,
            )


@pytest.mark.parametrize("nonlinearity", ["relu", "sigmoid", "linear"])
def test_reader_sees_what_a_pass_sees(nonlinearity: str) -> None:
    corpus = Corpus(TextConfig("hello"))
    network = Network(
        NetworkConfig("rnn", 8, 2, nonlinearity=nonlinearity), len(corpus.vocabulary), seeds=(0,)
    )
    trace = network.trace(corpus.window_batch(0), backward=False)
    reader = Reader(network)
    for t, symbol in enumerate(corpus.windows[0][:-1]):
        torch.testing.assert_close(reader.read(symbol), trace["logits"][t, 0, 0])


def trained(**text) -> tuple[Network, Corpus]:
    config = ExperimentConfig(TextConfig("hello", **text))
    corpus = Corpus(config.text)
    trainer = Trainer(config, corpus)
    trainer.advance(150)
    return trainer.network, corpus


def write(network: Network, corpus: Corpus, prompt: str, length: int = 12, temperature: float = 0.0) -> str:
    generator = torch.Generator().manual_seed(0)
    ids = corpus.encode(prompt, "prompt")
    return corpus.decode(
        generate(network, corpus, ids, length=length, temperature=temperature, generator=generator)
    )


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


def test_bad_arguments_are_refused() -> None:
    network, corpus = trained()
    with pytest.raises(ValueError, match="prompt_ids must have at least one symbol"):
        generate(network, corpus, (), length=1, temperature=0, generator=torch.Generator())
    for length, temperature in ((-1, 0.0), (1, -1.0), (1, float("nan"))):
        with pytest.raises(ValueError, match="length and temperature must not be negative; got"):
            generate(
                network, corpus, (0,), length=length, temperature=temperature, generator=torch.Generator()
            )
