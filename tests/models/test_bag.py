"""The bag against the same network in torch.nn with autograd; it does not notice an order."""

import math
from collections import Counter
from itertools import permutations

import pytest
import torch
from torch import Tensor, nn

from playground.analysis.bag import bag_floor
from playground.analysis.floors import memory_floors
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.models.bag import BAG_FIELDS, Bag, BagConfig, BagTrainer, bags, bags_before_predictions
from playground.models.model import loss, perplexity
from playground.pieces import all_of
from playground.refusal import Refusal
from tests.models import learners

CORPUS = Corpus(TextConfig("hello\nyellow world", bos=True))
SIZE = len(CORPUS.vocabulary)
DOUBLE = torch.float64


class TorchBag(nn.Module):
    """The same network from torch's parts."""

    def __init__(self, config: BagConfig, size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(size, config.hidden_size)
        self.readout = nn.Linear(config.hidden_size, size)

    def forward(self, counts: Tensor) -> Tensor:
        return self.readout(torch.tanh(self.hidden((1 + counts.to(self.readout.weight)).log())))


def test_bags_by_hand() -> None:
    """hello, with h, e, l, o as 0 … 3, beside leo."""
    ids = torch.tensor([[0, 2], [1, 1], [2, 3], [2, 0], [3, 0]])
    hello, leo = bags(ids, 4).unbind(1)
    assert hello.tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 2, 0], [1, 1, 2, 1]]
    assert leo[:3].tolist() == [[0, 0, 1, 0], [0, 1, 1, 0], [0, 1, 1, 1]]
    before, targets = bags_before_predictions([(0, 1, 2, 2, 3), (1,), (), (2, 1)], 4)
    assert before.tolist() == [*hello[:4].tolist(), [0, 0, 1, 0]] and targets.tolist() == [1, 2, 2, 3, 1]


def torchs(model: Bag) -> TorchBag:
    made = TorchBag(model.config, model.vocabulary_size).double()
    made.load_state_dict(model.parameters, strict=True)
    return made


def test_gradients_are_those_of_autograd() -> None:
    model = Bag(BagConfig(5, seed=3), SIZE, dtype=DOUBLE)
    learners.have_gradients_of_autograd(model, torchs(model), *bags_before_predictions(CORPUS.windows, SIZE))


def test_initial_weights_are_torchs() -> None:
    learners.begin_as_torch(Bag(BagConfig(seed=7), SIZE), TorchBag, BagConfig(), SIZE, seed=7)


def test_training_is_torchs() -> None:
    trainer = BagTrainer(BagConfig(5, "adam", 0.05), CORPUS.windows, SIZE, dtype=DOUBLE)
    reference = torchs(trainer.model)
    optimizer = torch.optim.Adam(reference.parameters(), lr=0.05)
    learners.learn_as_torch(trainer, reference, optimizer, *bags_before_predictions(CORPUS.windows, SIZE))


def test_the_order_makes_no_difference_not_even_in_the_last_bit() -> None:
    trainer = BagTrainer(BagConfig(), CORPUS.windows, SIZE)
    all_of(trainer.updates_in_pieces(50))
    said = {
        tuple(trainer.model.log_probabilities(torch.tensor(order))[-1].tolist())
        for order in permutations((1, 2, 3, 3, 4))
    }
    assert len(said) == 1


def test_the_floor_of_bags_by_hand() -> None:
    """ab and ba lead to the same bag, after which c and d come: one bit there, and one at the beginning of each line,
    which is a or b with the same chances; with BOS."""
    corpus = Corpus(TextConfig("abc\nbad", bos=True))
    nats = [1, 0, 1, 1, 0, 1]  # bits
    assert bag_floor(corpus) == pytest.approx(2 ** (sum(nats) / 6))
    assert memory_floors(corpus)[2] < bag_floor(corpus), "who sees the order knows more"


def test_one_line_has_another_bag_at_every_place() -> None:
    assert bag_floor(Corpus(TextConfig("hello world"))) == 1


@pytest.mark.parametrize("text", ["hello world", "abc\nbad\ncab"])
def test_it_gets_to_the_floor_of_bags_and_not_below(text: str) -> None:
    corpus = Corpus(TextConfig(text))
    trainer = BagTrainer(BagConfig(learning_rate=0.05), corpus.windows, len(corpus.vocabulary))
    all_of(trainer.updates_in_pieces(600))
    reached = perplexity(loss(trainer.model, corpus.windows))
    assert bag_floor(corpus) - 1e-6 <= reached <= 1.05 * bag_floor(corpus)
    assert trainer.losses[0] > 2 * trainer.losses[-1]


def test_the_floor_counts_what_a_bag_is_followed_by() -> None:
    """By the definition: the frequencies of what follows each bag."""
    followed: dict[tuple[int, ...], Counter[int]] = {}
    for window in CORPUS.windows:
        for t in range(1, len(window)):
            followed.setdefault(tuple(sorted(window[:t])), Counter())[window[t]] += 1
    nats = [n * math.log(counts.total() / n) for counts in followed.values() for n in counts.values()]
    assert bag_floor(CORPUS) == pytest.approx(math.exp(math.fsum(nats) / CORPUS.predictions))


def test_parameters_by_hand() -> None:
    """V = 9 counts to H = 5 units, and 5 units to 9 odds, each with biases; nothing grows with the text."""
    assert Bag(BagConfig(5), 9).parameter_count == 9 * 5 + 5 + 5 * 9 + 9


def test_nothing_to_predict_is_refused() -> None:
    with pytest.raises(ValueError, match="sequences must have one of two symbols or more; got none"):
        BagTrainer(BagConfig(), [(1,)], SIZE)


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"hidden_size": 0}, "bag_hidden_size must be a whole number from 1 to 128; got 0."),
        ({"learning_rate": 0.0}, "bag_learning_rate must be a number from 1e-05 to 10; got 0.0."),
        ({"seed": -1}, "bag_seed must be a whole number from 0 to 2147483647; got -1."),
    ],
)
def test_what_is_not_allowed_is_said(choices: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        BagConfig(**choices)
    assert str(refused.value) == sentence
    assert str(refused.value).partition(" ")[0] in BAG_FIELDS
