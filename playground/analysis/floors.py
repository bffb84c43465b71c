"""What a text allows: the lowest perplexity that any model with a given memory can reach on it."""

import math

import numpy as np

from playground.corpus import Corpus
from playground.models.ngram import Counts, count

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
    return tuple(map(_perplexity, count(corpus.windows, len(corpus.vocabulary), LONGEST)))


def uniform_perplexity(corpus: Corpus) -> float:
    """Perplexity of a model that knows nothing and gives all symbols of the vocabulary equal chances."""
    return float(len(corpus.vocabulary))


def _perplexity(counts: Counts) -> float:
    """Perplexity of the frequencies on what was counted."""
    n = np.repeat(counts.totals, counts.distinct)  # n(c) for each pair (c, x)
    return math.exp(counts.counts @ np.log(n / counts.counts) / counts.counts.sum())
