"""How parameters grow with the length of a text: held to networks that are built for each."""

import pytest
import torch

from playground.analysis.lengths import parameter_counts
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models.window import WINDOW_FIELDS, FixedWindow, WindowConfig

CORPUS = Corpus(TextConfig("hello world"))
LARGEST = int(WINDOW_FIELDS["window_size"].high)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("embedding", [0, 5])
def test_the_counts_are_those_of_the_windows_and_of_the_modules_of_torch(embedding: int) -> None:
    config = NetworkConfig(cell="lstm", hidden_size=6, layers=2, embedding=embedding)
    table = parameter_counts(config, CORPUS.signature, LARGEST + 4)
    vocabulary = CORPUS.signature.input_size
    for size in range(1, LARGEST + 1):
        window = FixedWindow(WindowConfig(size=size, hidden_size=6, embedding=embedding), vocabulary)
        assert table["window"].tolist()[size - 1] == window.parameter_count
    rnn = torch.nn.LSTM(embedding or vocabulary, 6, num_layers=2)
    modules = [rnn, torch.nn.Linear(6, vocabulary)]
    if embedding:
        modules.append(torch.nn.Embedding(vocabulary, embedding))
    expected = sum(weight.numel() for module in modules for weight in module.parameters())
    assert set(table["recurrent"]) == {expected} and list(table["length"]) == list(range(1, LARGEST + 5))
    grows = table["window"].diff().dropna()
    assert set(grows) == {6 * (embedding or vocabulary)}
