"""What a text allows: the lowest perplexity that any model with a given memory can reach on it."""

import math
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from playground.corpus import Corpus

LONGEST = 4  # symbols
SAME = 1e-12  # of a perplexity: floors that differ by less are one, summed in another order


class Floor(NamedTuple):
    """The lowest perplexity with the last first … last symbols visible. last: None for any number of them."""

    first: int
    last: int | None
    perplexity: float


def memory_floors(corpus: Corpus) -> tuple[float, ...]:
    """Lowest training perplexity with only the last k symbols visible, for k = 0 … 4.

    The best such model answers each context c (the last k symbols) with the frequencies of what follows it in
    the text, so with counts n its perplexity is exp(Σ n(c, x) ln(n(c) / n(c, x)) / Σ n(c, x)): the n-gram
    model's, exactly. BOS and EOS count as symbols where they are on.

    Contexts are those of the windows that a network reads, each from a state of zeros. Near the start of a window
    a context is shorter, and then differs from every longer one: a network can tell that it has just begun. Where
    a line is cut into windows, its floors are therefore not those of the whole line: mostly higher, for what
    stands before the cut is not seen, but lower where the cut itself tells what comes.

    k = 1 is what a network without memory can reach, as it sees the current symbol.
    """
    floors = list(islice(_floors(corpus), LONGEST + 1))
    return tuple(floors + floors[-1:] * (LONGEST + 1 - len(floors)))


def distinct_floors(corpus: Corpus) -> tuple[Floor, ...]:
    """The different floors of a text, falling, for every k there is: each with the range of k that has it.

    The last one is the lowest perplexity that a model of any memory can reach, and its `first` the memory which that
    takes: more symbols do not help.
    """
    floors = list(_floors(corpus))
    firsts = [k for k in range(len(floors)) if k == 0 or floors[k] < floors[k - 1] * (1 - SAME)]
    lasts = [first - 1 for first in firsts[1:]]
    return tuple(
        Floor(first, last, floors[first]) for first, last in zip(firsts, [*lasts, None], strict=True)
    )


def uniform_perplexity(corpus: Corpus) -> float:
    """Perplexity of a model that knows nothing and gives all symbols of the vocabulary equal chances."""
    return float(len(corpus.vocabulary))


def _floors(corpus: Corpus) -> Iterator[float]:
    """The floors for k = 0, 1, …, until contexts can become no longer, or everything is certain.

    The groups of predictions with equal contexts are split by one symbol more each time. A group with one outcome
    costs nothing and never will, one that has seen its whole window costs what it does: neither is looked at again.
    """
    symbols = np.fromiter(chain.from_iterable((-1, *window) for window in corpus.windows), np.int64) + 1
    targets = np.flatnonzero((symbols > 0) & (np.roll(symbols, 1) > 0))  # but the first of each window
    base, count = len(corpus.vocabulary) + 1, len(targets)
    reading, contexts = targets - 1, np.zeros(count, np.int64)
    settled = 0.0  # nats of the groups that have seen all there is
    while len(targets):
        nats, size, outcomes = _costs(contexts, symbols[targets], base)
        yield math.exp((settled + nats.sum()) / count)
        is_whole = symbols[reading] == 0
        ends = np.bincount(contexts, is_whole) == size
        settled += float(nats[ends].sum())
        goes_on = (~ends & (outcomes > 1))[contexts]
        targets, reading, contexts = targets[goes_on], reading[goes_on], contexts[goes_on]
        seen = symbols[reading]
        contexts = np.unique(contexts * base + seen, return_inverse=True)[1]
        reading = np.where(seen > 0, reading - 1, reading)  # nothing stands before a window


def _costs(contexts: np.ndarray, targets: np.ndarray, base: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Σ n(c, x) ln(n(c) / n(c, x)) of every context, how often it stands there, and before how many symbols."""
    pairs, n = np.unique(contexts * base + targets, return_counts=True)
    of = pairs // base
    size = np.bincount(of, n)
    return np.bincount(of, n * np.log(size[of] / n)), size, np.bincount(of)
