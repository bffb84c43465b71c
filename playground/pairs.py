"""Which predictions need memory: the same symbol is read at two timesteps, and another one must follow."""

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from playground.corpus import Corpus

MOST = 16  # pairs of a window: every frame carries a number for each


class Pair(NamedTuple):
    """Two timesteps of a window, from 0, a before b, at which equal symbols are read and different ones must follow."""

    a: int
    b: int


def needing(corpus: Corpus, window: int = 0) -> tuple[int, ...]:
    """The timesteps of a window, from 0, at which memory is needed and of use.

    It is needed where the symbol read is followed by more than one symbol somewhere in the text: the symbol alone does
    not tell (the contexts of k = 1, see `playground/analysis/floors.py`). It is of use where, of all windows that begin
    like this one, the target follows in more than follow any other symbol: a network reads a window from a state of
    zeros, so whoever remembers all of it answers rightly.
    """
    symbols = corpus.windows[window]
    answers: dict[int, set[int]] = {symbol: set() for symbol in symbols}
    for each in corpus.windows:
        for read, target in pairwise(each):
            if read in answers:
                answers[read].add(target)
    alike, found = corpus.windows, []
    for t, (read, target) in enumerate(pairwise(symbols)):
        alike = tuple(each for each in alike if len(each) > t + 1 and each[t] == read)
        if len(answers[read]) > 1 and _is_most_common(target, Counter(each[t + 1] for each in alike)):
            found.append(t)
    return tuple(found)


def _is_most_common(symbol: int, counts: Counter[int]) -> bool:
    """Whether it stands there more often than every other."""
    return all(count < counts[symbol] for other, count in counts.items() if other != symbol)


def pairs(corpus: Corpus, window: int = 0) -> tuple[Pair, ...]:
    """The pairs of a window, the best example first; () if it has none.

    Both timesteps of a pair need memory. Each is the later one of at most one pair, with the nearest earlier timestep
    that reads the same and answers otherwise. Better are those of a symbol that is not blank, whose timesteps are
    nearer to one another, and that come earlier.
    """
    symbols, needed = corpus.windows[window], needing(corpus, window)
    found = []
    for b in needed:
        earlier = [
            a for a in needed if a < b and symbols[a] == symbols[b] and symbols[a + 1] != symbols[b + 1]
        ]
        if earlier:
            found.append(Pair(earlier[-1], b))

    def badness(pair: Pair) -> tuple[bool, int, int]:
        return corpus.vocabulary[symbols[pair.b]].isspace(), pair.b - pair.a, pair.b

    return tuple(sorted(found, key=badness)[:MOST])


def default_loss(corpus: Corpus, window: int = 0) -> int:
    """The timestep, from 0, of the loss that is looked at first: the last that needs memory, or the last of all."""
    return max(needing(corpus, window), default=len(corpus.windows[window]) - 2)
