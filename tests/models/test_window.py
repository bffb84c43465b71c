"""The fixed window against the same network in torch.nn with autograd, and against the floors of its memory."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from playground.analysis.floors import memory_floors
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.models import mlp
from playground.models.model import loss, perplexity, predictions
from playground.models.window import FixedWindow, WindowConfig, WindowTrainer
from playground.pieces import all_of
from playground.refusal import Refusal
from tests.models import learners

CORPUS = Corpus(TextConfig("hello\nyellow world", bos=True))
SIZE = len(CORPUS.vocabulary)
DOUBLE = torch.float64


class TorchWindow(nn.Module):
    """The same network from torch's parts; symbol 0 is "before the beginning"."""

    def __init__(self, config: WindowConfig, size: int) -> None:
        super().__init__()
        if config.embedding:
            self.embedding = nn.Embedding(size, config.embedding)
        self.hidden = nn.Linear(config.size * (config.embedding or size), config.hidden_size)
        self.readout = nn.Linear(config.hidden_size, size)

    def forward(self, before: Tensor) -> Tensor:
        symbols = (before - 1).clamp(min=0)
        if hasattr(self, "embedding"):
            x = self.embedding(symbols)
        else:
            x = nn.functional.one_hot(symbols, self.readout.out_features).to(self.readout.weight)
        x = x * (before > 0)[..., None]
        return self.readout(torch.tanh(self.hidden(x.flatten(1))))


def torchs(model: FixedWindow) -> TorchWindow:
    made = TorchWindow(model.config, model.vocabulary_size).double()
    made.load_state_dict(model.parameters, strict=True)
    return made


KINDS = [WindowConfig(k, 5, embedding, seed=k) for k in (1, 2, 4) for embedding in (0, 3)]


@pytest.mark.parametrize("config", KINDS, ids=str)
def test_gradients_are_those_of_autograd(config: WindowConfig) -> None:
    before, targets = predictions(CORPUS.windows, config.size)
    assert config.size == 1 or 0 in before, "some are near the beginning"
    model = FixedWindow(config, SIZE, dtype=DOUBLE)
    learners.have_gradients_of_autograd(model, torchs(model), before, targets)


@pytest.mark.parametrize("embedding", [0, 3])
def test_initial_weights_are_torchs(embedding: int) -> None:
    config = WindowConfig(3, 5, embedding, seed=7)
    learners.begin_as_torch(FixedWindow(config, SIZE), TorchWindow, config, SIZE, seed=7)


@pytest.mark.parametrize(
    ("name", "kind", "rate"),
    [("sgd", torch.optim.SGD, 0.5), ("adam", torch.optim.Adam, 0.05)],
)
def test_training_is_torchs(name: str, kind: type[torch.optim.Optimizer], rate: float) -> None:
    config = WindowConfig(2, 5, 3, name, rate)
    trainer = WindowTrainer(config, CORPUS.windows, SIZE, dtype=DOUBLE)
    reference = torchs(trainer.model)
    optimizer = kind(reference.parameters(), lr=rate)
    learners.learn_as_torch(trainer, reference, optimizer, *predictions(CORPUS.windows, 2))


@pytest.mark.parametrize("text", ["hello world", "mississippi", "abcabd"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_it_gets_to_the_floor_of_its_window_and_not_below(text: str, size: int) -> None:
    corpus = Corpus(TextConfig(text))
    floor = memory_floors(corpus)[size]
    for seed in range(3):
        config = WindowConfig(size, learning_rate=0.05, embedding=4 * (seed % 2), seed=seed)
        trainer = WindowTrainer(config, corpus.windows, len(corpus.vocabulary))
        all_of(trainer.updates_in_pieces(300))
        assert floor - 1e-6 <= perplexity(loss(trainer.model, corpus.windows)) <= 1.05 * floor
        assert trainer.losses[0] > 2 * trainer.losses[-1]


def test_parameters_grow_with_the_window_by_hand() -> None:
    """k · E columns of H = 5 weights, 5 biases, V = 9 read-outs of 5 weights and a bias, V rows of an embedding."""
    for embedding, columns, rows in ((0, 9, 0), (3, 3, 27)):
        counts = [FixedWindow(WindowConfig(k, 5, embedding), 9).parameter_count for k in range(1, 9)]
        assert counts == [rows + k * columns * 5 + 5 + 9 * 5 + 9 for k in range(1, 9)]


def test_every_position_has_columns_of_its_own() -> None:
    """The logits of a sequence are those of its rows of W, each multiplied by what stands at its position."""
    model = FixedWindow(WindowConfig(3, 5), SIZE, dtype=DOUBLE)
    weights = model.position_weights()
    assert weights.shape == (3, 5, SIZE)
    a = weights[1, :, 4] + weights[2, :, 6] + model.parameters["hidden.bias"]  # nothing, then 4, then 6
    torch.testing.assert_close(model.forward(torch.tensor([[0, 5, 7]])).h[0], a.tanh())
    assert not torch.equal(weights[1], weights[2])


def test_of_many_predictions_each_epoch_shows_every_one_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp, "BATCH", 5)
    before, targets = predictions(CORPUS.windows, 2)
    assert len(targets) == 17
    shown: list[list[tuple[object, ...]]] = []
    forward = FixedWindow.forward

    def seen_by(model: FixedWindow, before: Tensor) -> mlp.Pass:
        shown.append([tuple(row) for row in before.tolist()])
        return forward(model, before)

    monkeypatch.setattr(FixedWindow, "forward", seen_by)
    trainer = WindowTrainer(WindowConfig(2), CORPUS.windows, SIZE)
    all_of(trainer.updates_in_pieces(6))
    first, second = [[row for part in shown[start : start + 3] for row in part] for start in (0, 3)]
    everything = sorted(map(tuple, before.tolist()))
    for epoch in (first, second):
        left = list(everything)
        for row in epoch:
            left.remove(row)
        assert len(left) == 2
    assert first != second, "in another order"


def test_the_same_seed_learns_the_same_and_another_one_something_else() -> None:
    def losses(seed: int) -> list[float]:
        trainer = WindowTrainer(WindowConfig(seed=seed), CORPUS.windows, SIZE)
        all_of(trainer.updates_in_pieces(5))
        return trainer.losses

    assert losses(3) == losses(3) != losses(4)


def test_updates_come_one_by_one_and_go_on_later() -> None:
    whole, halves = (WindowTrainer(WindowConfig(), CORPUS.windows, SIZE) for _ in range(2))
    done = list(whole.updates_in_pieces(6))
    assert len(done) == 6 and all(a < b for a, b in pairwise(done)) and done[-1] == 1
    all_of(halves.updates_in_pieces(2))
    all_of(halves.updates_in_pieces(4))
    assert halves.losses == whole.losses


def test_a_loss_that_is_no_number_ends_it() -> None:
    trainer = WindowTrainer(WindowConfig(), CORPUS.windows, SIZE)
    all_of(trainer.updates_in_pieces(2))
    assert not trainer.exploded
    trainer.model.parameters["readout.bias"][0] = math.inf
    weights = trainer.model.parameters["hidden.weight"].clone()
    all_of(trainer.updates_in_pieces(10))
    assert trainer.exploded and len(trainer.losses) == 3
    assert torch.equal(trainer.model.parameters["hidden.weight"], weights)


def test_nothing_to_predict_is_refused() -> None:
    with pytest.raises(ValueError, match="sequences must have one of two symbols or more; got none"):
        WindowTrainer(WindowConfig(), [(1,)], SIZE)


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"size": 0}, "window_size must be a whole number from 1 to 8; got 0."),
        ({"size": 9}, "window_size must be a whole number from 1 to 8; got 9."),
        ({"hidden_size": 129}, "window_hidden_size must be a whole number from 1 to 128; got 129."),
        ({"embedding": -1}, "window_embedding must be a whole number from 0 to 128; got -1."),
        ({"learning_rate": 0.0}, "window_learning_rate must be a number from 1e-05 to 10; got 0.0."),
        ({"seed": 2**31}, "window_seed must be a whole number from 0 to 2147483647; got 2147483648."),
    ],
)
def test_what_is_not_allowed_is_said(choices: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        WindowConfig(**choices)
    assert str(refused.value) == sentence
