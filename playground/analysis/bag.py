"""What a text allows to who sees which symbols have come, and not in what order."""

import math
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

from playground.corpus import Corpus
from playground.pieces import Pieces, all_of


def bag_floor(corpus: Corpus) -> float:
    """The lowest perplexity on a text that any model can reach which sees how often each symbol came so far.

    The best such model answers each bag with the frequencies of what follows it, as of `memory_floors`. The counts of
    a bag add up to how much has been read, so within one line no two places have the same one.
    """
    return all_of(bag_floor_in_pieces(corpus))


def bag_floor_in_pieces(corpus: Corpus) -> Pieces[float]:
    """The same, a window at a time."""
    followed: defaultdict[bytes, Counter[int]] = defaultdict(Counter)
    for number, window in enumerate(corpus.windows, 1):
        bag = np.zeros(len(corpus.vocabulary), np.int16)
        for symbol, following in pairwise(window):
            bag[symbol] += 1
            followed[bag.tobytes()][following] += 1
        yield number / len(corpus.windows)
    nats = math.fsum(
        n * math.log(counts.total() / n) for counts in followed.values() for n in counts.values()
    )
    return math.exp(nats / corpus.predictions)
