"""What all models of the next symbol promise, asked of each of them; and the loss, held to its definition."""

import math
from collections.abc import Callable
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from playground.batch import Signature
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.models import model as measured
from playground.models.bag import Bag, BagConfig
from playground.models.hmm import BaumWelch, HMMConfig
from playground.models.model import (
    LanguageModel,
    loss,
    loss_in_pieces,
    perplexity,
    predictions,
    seen,
    side_by_side,
)
from playground.models.network import Network
from playground.models.ngram import NGram, NGramConfig
from playground.models.window import FixedWindow, WindowConfig
from playground.passes.generation import Continuation, generate
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from playground.passes.so_far import SoFarModel
from playground.pieces import all_of

CORPUS = Corpus(TextConfig("abcab\nba\nccacbba", bos=True, eos=True, sequence_length=4))
LINES = ((0, 2, 3, 4, 4, 2, 1), (0, 4, 1), (3, 3, 3, 3, 0, 1, 2), (0, 2))


def ngram(order: int, smoothing: str) -> NGram:
    return NGram(NGramConfig(order, smoothing), CORPUS.windows, len(CORPUS.vocabulary))


def hmm(states: int) -> LanguageModel:
    learning = BaumWelch(HMMConfig(states, restarts=2, alpha=0.1), CORPUS.windows, len(CORPUS.vocabulary))
    all_of(learning.iterations_in_pieces(3))
    return learning.model()


def window(size: int, embedding: int) -> FixedWindow:
    return FixedWindow(WindowConfig(size, 4, embedding), len(CORPUS.vocabulary), dtype=torch.float64)


def recurrent(cell: str, layers: int, embedding: int) -> RecurrentModel:
    config, signature = NetworkConfig(cell, 4, layers, embedding), Signature.language(len(CORPUS.vocabulary))
    return RecurrentModel(replica_of(Network(config, signature, seeds=(0,), dtype=torch.float64)))


def so_far(cell: str, layers: int, embedding: int) -> SoFarModel:
    config = NetworkConfig(cell, 4, layers, embedding, bidirectional=True)
    signature = Signature.language(len(CORPUS.vocabulary))
    return SoFarModel(replica_of(Network(config, signature, seeds=(0,), dtype=torch.float64)))


MODELS: dict[str, Callable[[], LanguageModel]] = {
    **{
        f"{order}-gram, {smoothing}": lambda order=order, smoothing=smoothing: ngram(order, smoothing)
        for order, smoothing in product((1, 2, 5), ("none", "add", "witten_bell"))
    },
    "window of 1": lambda: window(1, 0),
    "window of 3, embedded": lambda: window(3, 2),
    "bag": lambda: Bag(BagConfig(4), len(CORPUS.vocabulary), dtype=torch.float64),
    "1 state": lambda: hmm(1),
    "4 states": lambda: hmm(4),
    "RNN": lambda: recurrent("rnn", 1, 0),
    "LSTM, 2 layers, embedded": lambda: recurrent("lstm", 2, 3),
    "GRU, both directions": lambda: so_far("gru", 1, 0),
    "RNN, both directions, 2 layers, embedded": lambda: so_far("rnn", 2, 3),
}


class Uneven:
    """A model that gives symbol x the chance 2^−(x + 1), after whatever, and the last one the rest."""

    vocabulary_size, parameter_count = 3, 0

    def log_probabilities(self, ids: Tensor) -> Tensor:
        return torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64).log().expand(*ids.shape, 3)

    def reader(self) -> measured.RecentReader:
        return measured.RecentReader(self, 0)


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return MODELS[request.param]()


def test_answers_are_probabilities(model: LanguageModel) -> None:
    for line in LINES:
        p = model.log_probabilities(torch.tensor(line)).exp()
        assert p.shape == (len(line), model.vocabulary_size)
        assert p.sum(-1).tolist() == pytest.approx([1] * len(line))


def test_what_comes_later_is_not_seen(model: LanguageModel) -> None:
    for line in LINES:
        whole = model.log_probabilities(torch.tensor(line))
        for t in range(1, len(line)):
            torch.testing.assert_close(model.log_probabilities(torch.tensor(line[:t])), whole[:t])


def test_sequences_side_by_side_are_read_as_alone(model: LanguageModel) -> None:
    ids, there = side_by_side(LINES)
    together = model.log_probabilities(ids)
    assert together.shape == (*ids.shape, model.vocabulary_size)
    torch.testing.assert_close(model.log_probabilities(ids[:, :, None])[:, :, 0], together)
    for column, line in enumerate(LINES):
        assert there[:, column].sum() == len(line)
        alone = model.log_probabilities(torch.tensor(line))
        torch.testing.assert_close(together[: len(line), column], alone)


def test_a_reader_says_what_the_model_says_of_the_whole(model: LanguageModel) -> None:
    for line in LINES:
        reader = model.reader()
        scores = torch.stack([reader.read(symbol) for symbol in line])
        torch.testing.assert_close(scores.log_softmax(-1), model.log_probabilities(torch.tensor(line)))


def test_it_writes_what_it_holds_most_probable_and_nothing_impossible(model: LanguageModel) -> None:
    boldest = generate(model, Continuation((0,), 8, temperature=0))
    wild = generate(model, Continuation((0,), 30, temperature=3))
    assert len(boldest) == 8 and len(wild) == 30
    chances = model.log_probabilities(torch.tensor((0, *boldest[:-1])))
    largest = chances.max(-1).values
    torch.testing.assert_close(chances[torch.arange(8), torch.tensor(boldest)], largest)
    assert math.isfinite(loss(model, [(0, *wild)]))


def test_the_loss_is_that_of_the_predictions_of_the_corpus(model: LanguageModel) -> None:
    nats = [
        -model.log_probabilities(torch.tensor(window[:t]))[-1, window[t]].item()
        for window in CORPUS.windows
        for t in range(1, len(window))
    ]
    assert len(nats) == CORPUS.predictions
    assert loss(model, CORPUS.windows) == pytest.approx(math.fsum(nats) / len(nats))


def test_cut_into_parts_the_loss_is_the_same(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = loss(model, CORPUS.windows)
    monkeypatch.setattr(measured, "PART", 1)
    assert len(list(loss_in_pieces(model, CORPUS.windows))) == len(CORPUS.windows)
    assert loss(model, CORPUS.windows) == pytest.approx(at_once)


def test_a_loss_by_hand() -> None:
    """Six predictions, of which 0 costs one bit, 1 and 2 cost two; the first of each sequence costs nothing."""
    nats = loss(Uneven(), [(2, 0, 0, 1), (1,), (0, 2, 0), (), (0, 1)])
    assert nats == pytest.approx(9 / 6 * math.log(2))
    assert perplexity(nats) == pytest.approx(2**1.5)


def test_what_no_window_can_be_is_refused() -> None:
    with pytest.raises(
        ValueError, match="sequences must have at most 1,000 symbols; got 1,001: cut it into windows"
    ):
        loss(Uneven(), [(0, 1), (0,) * 1001])


def test_a_loss_without_a_number_is_infinite() -> None:
    never = ngram(2, "none")  # BOS never follows anything
    assert loss(never, [(2, 0)]) == math.inf == perplexity(math.inf)
    assert perplexity(1000.0) == math.inf


@pytest.mark.parametrize("sequences", [(), ((),), ((1,), (2,))])
def test_nothing_to_predict_is_refused(sequences: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match="sequences must have one of two symbols or more; got none"):
        loss(Uneven(), sequences)


def test_what_is_seen_by_hand() -> None:
    ids = torch.tensor([[4, 0], [5, 1], [6, 2]])
    assert seen(ids, 1).tolist() == [[[5], [1]], [[6], [2]], [[7], [3]]]
    assert seen(ids, 3)[:, 0].tolist() == [[0, 0, 5], [0, 5, 6], [5, 6, 7]]
    before, targets = predictions([(4, 5, 6), (3,), (), (0, 1)], 2)
    assert before.tolist() == [[0, 5], [5, 6], [0, 1]] and targets.tolist() == [5, 6, 1]
    before, targets = predictions([], 2)
    assert before.shape == (0, 2) and targets.shape == (0,)


@given(st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1, max_size=5), st.integers(1, 8))
def test_predictions_are_what_is_seen_before_every_symbol_but_the_first(
    sequences: list[list[int]], memory: int
) -> None:
    before, targets = predictions(sequences, memory)
    expected = [
        (row, following)
        for line in sequences
        for row, following in zip(
            seen(torch.tensor(line, dtype=torch.int64), memory).tolist(), line[1:], strict=False
        )
    ]
    assert list(zip(before.tolist(), targets.tolist(), strict=True)) == expected
