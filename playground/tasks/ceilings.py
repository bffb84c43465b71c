"""How far one comes who sees only a part of what was read: exact, by counting all sequences of a batch.

Whoever answers sees a key at every timestep; the best answer to a key is the most frequent one. Bayes' rule, by counts.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from types import MappingProxyType

from playground.batch import Batch

Key = Callable[[tuple[int, ...], int], Hashable]  # of all symbols of a sequence and a timestep

SEEN = MappingProxyType[
    str, Key
](
    {
        "nothing": lambda symbols, t: None,
        "last": lambda symbols, t: symbols[t],  # a network without memory
        "bag": lambda symbols, t: tuple(sorted(symbols[: t + 1])),  # which symbols, in whatever order
        "past": lambda symbols, t: symbols[: t + 1],  # a network that reads forwards
        "all": lambda symbols, t: (symbols, t),  # one that reads in both directions
    }
)


def ceiling(batch: Batch, seen: str) -> float:
    """The highest accuracy on a batch of symbols and classes for who sees `seen`, a key of `SEEN`.

    Raises ValueError if nothing is asked in the batch.
    """
    best = best_by_symbol(batch, seen).values()
    return sum(right for right, _ in best) / sum(asked for _, asked in best)


def best_by_symbol(batch: Batch, seen: str) -> dict[int, tuple[int, int]]:
    """The same for each symbol at which something is asked: how often the best answers are right, and of how many.

    Raises ValueError if nothing is asked in the batch.
    """
    key = SEEN[seen]
    answers: defaultdict[Hashable, Counter[tuple[int, int]]] = defaultdict(Counter)
    for column in range(batch.mask.shape[2]):
        symbols = tuple(batch.inputs[:, 0, column].tolist())
        targets, mask = batch.targets[:, 0, column].tolist(), batch.mask[:, 0, column].tolist()
        for t, (target, is_asked) in enumerate(zip(targets, mask, strict=True)):
            if is_asked:
                answers[key(symbols, t)][symbols[t], target] += 1
    if not answers:
        raise ValueError("there is nothing to judge: the mask is False everywhere")
    best: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for counts in answers.values():
        of_target: Counter[int] = Counter()
        for (_, target), count in counts.items():
            of_target[target] += count
        ((chosen, _),) = of_target.most_common(1)
        for (symbol, target), count in counts.items():
            best[symbol][0] += count * (target == chosen)
            best[symbol][1] += count
    return {symbol: (right, asked) for symbol, (right, asked) in best.items()}
