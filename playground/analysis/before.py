"""What the models that came before recurrent networks are compared by: held-out lines, counts, storage, weights.

Shapes: K positions of a window, V vocabulary, H hidden units, C contexts.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from playground.analysis.floors import Floor
from playground.corpus import Corpus
from playground.models.ngram import MAX_ORDER, Counts, NGram, count, sparsity
from playground.models.window import FixedWindow, WindowConfig
from playground.pieces import Pieces, all_of

EVERY = 5  # of so many different lines, the last one is held out
BELOW = 1e-6  # by this share a perplexity of 32 bits must be below a floor to be called so
BEGINNING = "⊢"  # in a context: nothing stands before it
MAX_WINDOW = 8  # symbols, as many as `WINDOW_FIELDS` allow


# Lines that are held out


class HeldOut(NamedTuple):
    """A text taken apart; both parts have the ids and the vocabulary of the whole.

    kept, held_out: some lines each. different: how many different lines there are. lines: which of those are held out,
    from 1.
    """

    kept: Corpus
    held_out: Corpus
    different: int
    lines: tuple[int, ...]


def hold_out(corpus: Corpus) -> HeldOut | None:
    """Every fifth of the different lines of a text, in order of appearance; of two to four, the last one.

    A line that comes more than once is held out each time, or not at all: what was seen elsewhere would not be held
    out. Lines of one symbol, in which nothing is predicted, do not count. None for a text without two different lines.
    """
    places: dict[tuple[int, ...], list[int]] = {}
    for place, line in enumerate(corpus.sequences):
        if len(line) > 1:
            places.setdefault(line, []).append(place)
    different = list(places.values())
    if len(different) < 2:
        return None
    lines = tuple(range(EVERY, len(different) + 1, EVERY)) or (len(different),)
    held_out = {place for line in lines for place in different[line - 1]}
    kept = set(range(len(corpus.sequences))) - held_out
    return HeldOut(corpus.only(kept), corpus.only(held_out), len(different), lines)


# Floors


def floor_of(floors: Sequence[Floor], memory: int | None) -> float:
    """The floor of those who see the last `memory` symbols, or all of them. floors: those of `distinct_floors`."""
    return next(floor.perplexity for floor in reversed(floors) if memory is None or floor.first <= memory)


def crossed(floors: Sequence[Floor], perplexity: float) -> int | None:
    """The largest k whose floor a perplexity is below: who has it sees more than the last k symbols. None if it is
    below none. floors: those of `distinct_floors`."""
    below = [floor for floor in floors if perplexity < floor.perplexity * (1 - BELOW)]
    return below[-1].last if below else None


# n-grams


def context_label(ids: Iterable[int], labels: Sequence[str]) -> str:
    """What is drawn for a context: its symbols, oldest first; those before the beginning (−1) as one `BEGINNING`.

    They stand apart if one of them is longer than a letter.
    """
    ids = list(ids)
    drawn = [labels[i] for i in ids if i >= 0]
    between = " " if any(len(label) > 1 for label in drawn) else ""
    return between.join([BEGINNING, *drawn] if ids and ids[0] < 0 else drawn)


def counts_frame(model: NGram, labels: Sequence[str], *, contexts: int) -> pd.DataFrame:
    """The most frequent contexts of an n-gram model, with all symbols: rank, context, seen, symbol, count, probability.

    rank: from 1. seen: n(c), how often the context was seen. probability: what the model makes of the counts. contexts:
    how many of them, the one with the lower number of equals first.
    """
    counts = model.counted[-1]
    order = np.argsort(-counts.totals, kind="stable")[:contexts]
    ids = counts.context_ids()
    rows = []
    for rank, place in enumerate(order, 1):
        answer = model.answer([int(i) for i in ids[place] if i >= 0])
        name = context_label(ids[place], labels)
        rows += [
            (rank, name, int(counts.totals[place]), label, int(n), float(p))
            for label, n, p in zip(labels, answer.counts.tolist(), answer.probabilities.tolist(), strict=True)
        ]
    return pd.DataFrame(rows, columns=["rank", "context", "seen", "symbol", "count", "probability"])


def unseen_context(counted: Sequence[Counts], *, without: Collection[int] = ()) -> tuple[int, ...] | None:
    """Symbols that never stood before another one in the text, though all but the oldest of them did; None if there are
    none, as when nothing is looked back at.

    counted: for contexts of 0 … k symbols. without: symbols that it must not have. All but its oldest symbol are the
    most frequent context that there is.
    """
    counts, k = counted[-1], len(counted) - 1
    if not k:
        return None
    shorter = counted[-2]
    ids = shorter.context_ids()
    for place in np.argsort(-shorter.totals, kind="stable"):
        rest = tuple(int(i) for i in ids[place])
        if any(i < 0 or i in without for i in rest):
            continue
        for oldest in range(counts.vocabulary_size):
            if oldest in without:
                continue
            found = np.array([[oldest, *rest]])
            if not counts.find(_numbered(found, counts.vocabulary_size))[1][0]:
                return (oldest, *rest)
    return None


def _numbered(ids: np.ndarray, vocabulary_size: int) -> np.ndarray:
    """Contexts (N, k) as the numbers by which `Counts` knows them."""
    return (ids[:, ::-1] + 1) @ (vocabulary_size + 1) ** np.arange(ids.shape[1])


def sparsity_frame(corpus: Corpus) -> pd.DataFrame:
    """How thin the counts are for n = 1 … 5: n, contexts, once, never, unseen, as shares 0 … 1.

    contexts: how many different ones were seen. once: the share of these that was seen once only. never: the share of
    all V^(n−1) thinkable contexts that was not seen. unseen: of the predictions in held-out lines, the share whose
    context does not stand in the other lines; NaN without such lines.
    """
    return all_of(sparsity_in_pieces(corpus))


def sparsity_in_pieces(corpus: Corpus) -> Pieces[pd.DataFrame]:
    """The same, one counting after the other."""
    size, parts = len(corpus.vocabulary), hold_out(corpus)
    yield 0.2
    counted = count(corpus.windows, size, MAX_ORDER - 1)
    yield 0.5
    of_kept = None
    if parts is not None:
        of_kept = sparsity(count(parts.kept.windows, size, MAX_ORDER - 1), parts.held_out.windows)
        yield 0.9
    rows = []
    for k, (counts, found) in enumerate(zip(counted, sparsity(counted), strict=True)):
        whole = int((counts.context_ids() >= 0).all(1).sum())
        unseen = None if of_kept is None else of_kept[k].unseen
        rows.append((k + 1, found.contexts, found.once, 1 - whole / size**k, unseen))
    frame = pd.DataFrame(rows, columns=["n", "contexts", "once", "never", "unseen"])
    return frame.astype({"unseen": float})


def storage_frame(corpus: Corpus, window: WindowConfig, recurrent: int) -> pd.DataFrame:
    """How many numbers each model keeps to see the last k symbols: model, memory, numbers.

    model: "counts" of n-grams that were seen, "table" of all V^(k+1) that are thinkable, "window", a fixed window that
    is as `window` but for its size, "recurrent", whose number does not depend on k. recurrent: that number.
    """
    size = len(corpus.vocabulary)
    rows = []
    for counts in count(corpus.windows, size, MAX_ORDER - 1):
        rows += [
            ("counts", counts.memory, len(counts.counts)),
            ("table", counts.memory, size ** (counts.memory + 1)),
        ]
    rows += [
        ("window", k, FixedWindow(replace(window, size=k), size).parameter_count)
        for k in range(1, MAX_WINDOW + 1)
    ]
    rows += [("recurrent", k, recurrent) for k in range(MAX_WINDOW + 1)]
    return pd.DataFrame(rows, columns=["model", "memory", "numbers"])


# Fixed windows


def symbol_weights(model: FixedWindow) -> Tensor:
    """What each symbol adds to every hidden unit at each position, oldest position first: (K, V, H).

    With one-hot vectors these are columns of W; with an embedding E they are W E^⊤ of each position.
    """
    weights = model.position_weights()  # (K, H, E)
    if "embedding.weight" in model.parameters:
        return model.parameters["embedding.weight"] @ weights.mT
    return weights.mT


def weights_frame(
    model: FixedWindow, labels: Sequence[str], *, symbols: Sequence[int], units: int
) -> pd.DataFrame:
    """`symbol_weights` of some symbols and the first units: back, symbol, unit, value.

    back: how many symbols the position lies before the newest one. unit: from 1.
    """
    weights = symbol_weights(model)[:, list(symbols), :units]
    positions, _, shown = weights.shape
    back, symbol, unit = np.indices(weights.shape).reshape(3, -1)
    names = np.array([labels[i] for i in symbols], dtype=object)
    return pd.DataFrame(
        {
            "back": positions - 1 - back,
            "symbol": names[symbol],
            "unit": unit + 1,
            "value": weights.double().flatten().tolist() if shown else [],
        }
    )


def alikeness(model: FixedWindow) -> float | None:
    """The mean cosine between what a symbol adds at two different positions, over all symbols and pairs of positions.

    It is 1 where one matrix is used for all positions. None for a window of one symbol.
    """
    weights = torch.nn.functional.normalize(symbol_weights(model).double(), dim=-1)
    pairs = list(combinations(range(len(weights)), 2))
    if not pairs:
        return None
    return float(torch.stack([(weights[a] * weights[b]).sum(-1).mean() for a, b in pairs]).mean())


def most_frequent(corpus: Corpus, most: int) -> list[int]:
    """The symbols that are predicted most often, in the order of their ids."""
    counts = np.bincount(
        [i for window in corpus.windows for i in window[1:]], minlength=len(corpus.vocabulary)
    )
    return sorted(np.argsort(-counts, kind="stable")[:most].tolist())
