"""What a text allows: the lowest perplexity that any model with a given memory can reach on it."""

import math
from itertools import chain

import numpy as np

from playground.corpus import Corpus

LONGEST = 4  # symbols


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
    base = len(corpus.vocabulary) + 1  # at most 257, so five symbols fit one 64-bit integer
    before = [0] * LONGEST  # 0 stands for "before the window", so ids count from 1 here
    padded = ([*before, *(i + 1 for i in window)] for window in corpus.windows)
    text = np.fromiter(chain.from_iterable(padded), np.int64)
    predicted = (
        np.flatnonzero((text[1:] > 0) & (text[:-1] > 0)) + 1
    )  # every symbol but the first of its window
    contexts = np.zeros_like(predicted)
    floors = [_perplexity(contexts, text[predicted], base)]
    for k in range(1, LONGEST + 1):
        contexts = contexts * base + text[predicted - k]
        floors.append(_perplexity(contexts, text[predicted], base))
    return tuple(floors)


def uniform_perplexity(corpus: Corpus) -> float:
    """Perplexity of a model that knows nothing and gives all symbols of the vocabulary equal chances."""
    return float(len(corpus.vocabulary))


def _perplexity(contexts: np.ndarray, targets: np.ndarray, base: int) -> float:
    """Perplexity of the frequencies of `targets` (from 1 to base − 1) after each of the numbered contexts."""
    context, n_context = np.unique(contexts, return_counts=True)
    pair, n_pair = np.unique(contexts * base + targets, return_counts=True)
    n = n_context[np.searchsorted(context, pair // base)]  # n(c) for each pair (c, x)
    return math.exp(n_pair @ np.log(n / n_pair) / len(targets))
