"""Whatever predicts the next symbol: what it must be able to do, and how all of them are measured alike.

Shapes: T timesteps, … any number of sequences side by side, V vocabulary, N predictions, M symbols of memory.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from playground.pieces import Pieces, all_of

PART = 200_000  # numbers of the answers that are held at once
PLACES = 2_000  # of symbols that are read at once
LONGEST = 1_000  # symbols of a sequence that is read beside others


class Reader(Protocol):
    """A model reading one sequence, a symbol at a time."""

    def read(self, symbol: int) -> Tensor:
        """Read one symbol; returns a score (V,) of each next one: what is its log-probability after log-softmax."""
        ...


class LanguageModel(Protocol):
    """A model of what comes next in a sequence of symbols."""

    @property
    def vocabulary_size(self) -> int:
        """V, how many symbols there are."""
        ...

    @property
    def parameter_count(self) -> int:
        """How many numbers it has learned; of counts, how many are kept."""
        ...

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """ln p of every symbol at every place, given the symbols up to there and no others: (T, …) → (T, …, V).

        ids: int64, sequences along the first axis, each from its beginning. Row t says what follows ids[t]. So the
        last row is about a symbol that is not there, and padding after a sequence changes nothing before it. What
        the model holds impossible has −∞.
        """
        ...

    def reader(self) -> Reader:
        """A reader at the beginning of a sequence."""
        ...


class RecentReader:
    """A reader for a model that sees the last `memory` symbols only: nothing else is kept."""

    def __init__(self, model: LanguageModel, memory: int) -> None:
        self._model = model
        self._recent: deque[int] = deque(maxlen=max(1, memory))

    def read(self, symbol: int) -> Tensor:
        """Read one symbol; returns the log-probabilities (V,) of the next."""
        self._recent.append(symbol)
        return self._model.log_probabilities(torch.tensor(list(self._recent)))[-1]


def loss(model: LanguageModel, sequences: Iterable[Sequence[int]]) -> float:
    """Mean −ln p of every symbol but the first of its sequence, in nats: the mean of exactly the predictions a
    `Corpus` counts if these are its `windows`.

    It is ∞ where something comes that the model holds impossible. Raises ValueError if nothing is predicted, and for
    sequences that are far longer than windows can be.
    """
    return all_of(loss_in_pieces(model, sequences))


def loss_in_pieces(model: LanguageModel, sequences: Iterable[Sequence[int]]) -> Pieces[float]:
    """The same, some sequences at a time."""
    # Sequences of about one length share a table without much padding.
    lines = sorted((line for line in sequences if len(line) > 1), key=len, reverse=True)
    if not lines:
        raise ValueError("sequences must have one of two symbols or more; got none")
    total, start = 0.0, 0
    while start < len(lines):
        size = max(1, min(PART // model.vocabulary_size, PLACES) // (len(lines[start]) - 1))
        ids, there = side_by_side(lines[start : start + size])
        following = model.log_probabilities(ids[:-1]).gather(-1, ids[1:, :, None])[..., 0]  # (T, B)
        total -= following[there[1:]].double().sum().item()
        start += size
        yield min(1.0, start / len(lines))
    return total / sum(len(line) - 1 for line in lines)


def perplexity(loss: float) -> float:
    """exp of a loss in nats: between how many symbols a model is as good as guessing; ∞ beyond 64 bits."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def side_by_side(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Sequences as columns, (T, B) int64, padded with zeros at the end; and where a symbol is, (T, B) bool.

    Raises ValueError for one of more than `LONGEST` symbols: all that a model keeps of them would be held at once.
    """
    if (longest := max(map(len, sequences))) > LONGEST:
        raise ValueError(
            f"sequences must have at most {LONGEST:,} symbols; got {longest:,}: cut it into windows"
        )
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    there = torch.arange(longest) < lengths[:, None]  # (B, T)
    ids = torch.zeros(there.shape, dtype=torch.int64)
    ids[there] = torch.from_numpy(np.fromiter(chain.from_iterable(sequences), np.int64))
    return ids.T.contiguous(), there.T.contiguous()


def seen(ids: Tensor, memory: int) -> Tensor:
    """The last `memory` ≥ 1 symbols at every place, oldest first: (T, …) → (T, …, M).

    Symbols count from 1 here; 0 stands for "before the sequence", so what is seen near its beginning differs from
    everything that is seen later: a model can tell that it has just begun.
    """
    before = ids.new_zeros(memory, *ids.shape[1:])
    return torch.cat([before, ids + 1]).unfold(0, memory, 1)[1:]


def predictions(sequences: Iterable[Sequence[int]], memory: int) -> tuple[Tensor, Tensor]:
    """What is `seen` before every prediction, (N, M), and the symbol that comes, (N,), counted from 0."""
    before = [0] * memory
    padded = ([*(symbol + 1 for symbol in sequence), *before] for sequence in sequences)
    text = torch.from_numpy(np.fromiter(chain(before, chain.from_iterable(padded)), np.int64))
    # Every symbol but the first of its sequence.
    predicted = ((text[1:] > 0) & (text[:-1] > 0)).nonzero()[:, 0] + 1
    return text.unfold(0, memory, 1)[predicted - memory], text[predicted] - 1
