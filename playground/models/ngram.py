"""n-grams: how often each symbol followed the n − 1 before it, and three ways to make chances of such counts.

Contexts are those of the sequences that are counted, each from its beginning: near there a context is shorter, and
differs from every longer one (`playground.models.model.seen`).

Shapes: C different contexts, P different pairs of a context and a symbol, N contexts that are asked for, V vocabulary.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.config import Choice, Range, check_fields
from playground.corpus import MAX_VOCABULARY
from playground.models.model import RecentReader, predictions, seen

MAX_ORDER = 5  # so that a context and its symbol, each below 257, fit one 64-bit integer


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each symbol x followed each context c of k symbols: n(c, x), for those pairs that were seen.

    A context is one number: its symbols, counted from 1, are digits to the base V + 1, the newest first.

    vocabulary_size: V. memory: k. contexts: (C,), ascending. totals: (C,), n(c). begins: (C,), where the pairs of a
    context begin. distinct: (C,), how many these are. symbols: (P,), ascending for each context. counts: (P,), n(c, x).
    """

    vocabulary_size: int
    memory: int
    contexts: np.ndarray
    totals: np.ndarray
    begins: np.ndarray
    distinct: np.ndarray
    symbols: np.ndarray
    counts: np.ndarray

    def find(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The places of contexts (N,) among the known ones, and which of them are known, (N,) bool."""
        places = np.searchsorted(self.contexts, contexts).clip(max=len(self.contexts) - 1)
        return places, self.contexts[places] == contexts

    def after(self, contexts: np.ndarray) -> np.ndarray:
        """n(c, x) of every symbol after each context: (N,) → (N, V); zeros after what was never seen."""
        places, known = self.find(contexts)
        sizes = self.distinct[places] * known
        rows = np.repeat(np.arange(len(contexts)), sizes)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # within its context, from 0
        pairs = self.begins[places][rows] + nth
        table = np.zeros((len(contexts), self.vocabulary_size))
        table[rows, self.symbols[pairs]] = self.counts[pairs]
        return table

    def context_ids(self) -> np.ndarray:
        """The symbols of every known context, oldest first: (C, k), −1 before the beginning of a sequence."""
        digits = (self.vocabulary_size + 1) ** np.arange(self.memory)
        return self.contexts[:, None] // digits % (self.vocabulary_size + 1) - 1


def count(sequences: Iterable[Sequence[int]], vocabulary_size: int, longest: int) -> tuple[Counts, ...]:
    """The exact counts after contexts of k symbols, for k = 0 … `longest` (at most 4).

    Counted is every symbol but the first of its sequence. Raises ValueError if there is none.
    """
    if not 1 <= vocabulary_size <= MAX_VOCABULARY or not 0 <= longest < MAX_ORDER:
        raise ValueError(
            f"vocabulary_size must be 1 to {MAX_VOCABULARY} and longest 0 to {MAX_ORDER - 1}; "
            f"got {vocabulary_size} and {longest}"
        )
    before, targets = (each.numpy() for each in predictions(sequences, max(1, longest)))
    if not len(targets):
        raise ValueError("sequences must have one of two symbols or more; got none")
    contexts = _contexts(before, vocabulary_size)
    return tuple(_counts(contexts[k], targets, vocabulary_size, k) for k in range(longest + 1))


def _contexts(before: np.ndarray, vocabulary_size: int) -> list[np.ndarray]:
    """The contexts of 0, 1, … M symbols in what was seen, (N, M), as one number each: M + 1 times (N,)."""
    base = vocabulary_size + 1
    contexts = [np.zeros(len(before), np.int64)]
    for place in reversed(range(before.shape[1])):
        contexts.append(contexts[-1] * base + before[:, place])
    return contexts


def _counts(contexts: np.ndarray, targets: np.ndarray, vocabulary_size: int, memory: int) -> Counts:
    """The counts of symbols, from 0, after numbered contexts, (N,) each."""
    base = vocabulary_size + 1
    pairs, counts = np.unique(contexts * base + targets, return_counts=True)
    of_pairs, symbols = np.divmod(pairs, base)
    begins = np.flatnonzero(np.diff(of_pairs, prepend=-1))  # they ascend
    distinct = np.diff(begins, append=len(pairs))
    totals = np.add.reduceat(counts, begins)
    return Counts(vocabulary_size, memory, of_pairs[begins], totals, begins, distinct, symbols, counts)


class Sparsity(NamedTuple):
    """How thin the counts after contexts of k symbols are.

    memory: k. contexts: how many different ones were seen. once: the share of them that was seen once only. counts: how
    many n(c, x) are kept. unseen: the share of the predictions of other sequences whose context was never seen; None
    without any.
    """

    memory: int
    contexts: int
    once: float
    counts: int
    unseen: float | None


def sparsity(counted: Sequence[Counts], held_out: Iterable[Sequence[int]] = ()) -> tuple[Sparsity, ...]:
    """The sparsity of each of several counts, beside other sequences of the same vocabulary."""
    before = predictions(held_out, MAX_ORDER - 1)[0].numpy()
    found = []
    for counts in counted:
        contexts = _contexts(before, counts.vocabulary_size)[counts.memory]
        unseen = float(1 - counts.find(contexts)[1].mean()) if len(before) else None
        once = float((counts.totals == 1).mean())
        found.append(Sparsity(counts.memory, len(counts.contexts), once, len(counts.counts), unseen))
    return tuple(found)


def _relative(n: np.ndarray, shorter: np.ndarray, alpha: float) -> np.ndarray:
    """p(x | c) = n(c, x) / n(c); after a context that was never seen, p(x | c without its oldest symbol)."""
    totals = n.sum(1, keepdims=True)
    return np.where(totals > 0, n / totals.clip(1), shorter)


def _add(n: np.ndarray, shorter: np.ndarray, alpha: float) -> np.ndarray:
    """p(x | c) = (n(c, x) + α) / (n(c) + α V): Lidstone's rule, Laplace's for α = 1."""
    return (n + alpha) / (n.sum(1, keepdims=True) + alpha * n.shape[1])


def _witten_bell(n: np.ndarray, shorter: np.ndarray, alpha: float) -> np.ndarray:
    """p(x | c) = (n(c, x) + u(c) p(x | c′)) / (n(c) + u(c)): u(c) different symbols followed c, and c′ is c without its
    oldest symbol (Witten and Bell 1991, interpolated). p(x | c′) alone after what was never seen."""
    totals, different = n.sum(1, keepdims=True), np.count_nonzero(n, axis=1)[:, None]
    return np.where(totals > 0, (n + different * shorter) / (totals + different).clip(1), shorter)


Smoothing = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
# n(c, x) and p(x | c′), (N, V) each, and α to p(x | c), (N, V). Before the shortest context all symbols are equal.
SMOOTHINGS: Mapping[str, Smoothing] = MappingProxyType(
    {"none": _relative, "add": _add, "witten_bell": _witten_bell}
)
NGRAM_FIELDS: Mapping[str, Choice | Range] = MappingProxyType(
    {
        "ngram_order": Range(1, MAX_ORDER),
        "ngram_smoothing": Choice(tuple(SMOOTHINGS)),
        "ngram_alpha": Range(1e-3, 10, float),
    }
)


@dataclass(frozen=True, slots=True)
class NGramConfig:
    """What an n-gram model is made of; each field is checked by the entry "ngram_<field>" of `NGRAM_FIELDS`.

    `order` is n: n − 1 symbols are seen. `smoothing` "none" answers with frequencies, "add" adds `alpha` to every
    count, "witten_bell" mixes in what follows shorter contexts, the more, the more different symbols followed.

    Raises `Refusal` for the first field that is not allowed; its `field` is the name in `NGRAM_FIELDS`.
    """

    order: int = 2
    smoothing: str = "witten_bell"
    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, NGRAM_FIELDS, "ngram_")


class Answer(NamedTuple):
    """What an n-gram model says of one context.

    known: how many of its symbols, from the newest back, were seen together. counts: (V,), n(c, x) after the whole of
    it. probabilities: (V,), float64.
    """

    known: int
    counts: Tensor
    probabilities: Tensor


class NGram:
    """An n-gram model: counts, and chances made of them. Without smoothing its perplexity on the sequences that were
    counted is the lowest that any model with n − 1 symbols of memory can reach (`playground.analysis.floors`).

    Args:
        config: order and smoothing.
        sequences: what is counted, such as the windows of a corpus.
        vocabulary_size: V.

    Attributes:
        counted: the counts for contexts of 0 … n − 1 symbols.
    """

    def __init__(self, config: NGramConfig, sequences: Iterable[Sequence[int]], vocabulary_size: int) -> None:
        self.config, self.vocabulary_size = config, vocabulary_size
        self.memory = config.order - 1
        self.counted = count(sequences, vocabulary_size, self.memory)

    @property
    def _used(self) -> tuple[Counts, ...]:
        """The counts that chances are made of: adding α needs those of the longest contexts only."""
        return self.counted[-1:] if self.config.smoothing == "add" else self.counted

    @property
    def parameter_count(self) -> int:
        """How many n(c, x) above 0 are kept; the n(c) are their sums."""
        return sum(len(counts.counts) for counts in self._used)

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """ln p of every next symbol, float64: (T, …) → (T, …, V)."""
        before = seen(ids, max(1, self.memory))
        p = self._probabilities(before.reshape(-1, before.shape[-1]).numpy())
        return torch.from_numpy(p).log().view(*ids.shape, self.vocabulary_size)

    def reader(self) -> RecentReader:
        """A reader at the beginning of a sequence."""
        return RecentReader(self, self.memory)

    def answer(self, context: Sequence[int]) -> Answer:
        """What follows a context: its last n − 1 symbols, or, of fewer, as if a sequence began with them."""
        recent = list(context)[max(0, len(context) - self.memory) :]
        before = np.array([[*[0] * (max(1, self.memory) - len(recent)), *(i + 1 for i in recent)]])
        contexts = _contexts(before, self.vocabulary_size)
        known = max(counts.memory for counts in self.counted if counts.find(contexts[counts.memory])[1][0])
        return Answer(
            min(known, len(recent)),
            torch.from_numpy(self.counted[-1].after(contexts[self.memory])[0]),
            torch.from_numpy(self._probabilities(before)[0]),
        )

    def _probabilities(self, before: np.ndarray) -> np.ndarray:
        """p of every symbol after what was seen: (N, M) → (N, V)."""
        contexts = _contexts(before, self.vocabulary_size)
        smoothed = SMOOTHINGS[self.config.smoothing]
        p = np.full((len(before), self.vocabulary_size), 1 / self.vocabulary_size)
        for counts in self._used:
            p = smoothed(counts.after(contexts[counts.memory]), p, self.config.alpha)
        return p
