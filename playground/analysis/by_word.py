"""Who answers which word right: counted over sentences that several networks have answered, beside what can be reached.

A word whose answer a later word decides cannot always be answered right by who reads forwards; how often it can is
counted exactly (`playground/tasks/ceilings.py`).
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from playground.batch import Batch
from playground.tasks.ceilings import best_by_symbol
from playground.tasks.task import Shown

PAST = "past"  # the column of what can be reached by who reads forwards


def by_word(batch: Batch, answered: Mapping[str, Sequence[Shown]]) -> pd.DataFrame:
    """A row for every word at which something is asked: word, n, past, and a column for each network.

    batch: (T, 1, B), what was read. answered: by a name of each network, all columns of the batch as it has answered.
    n is how often the word is asked for; all other numbers are how many of these are right. Words that cannot always
    be right for who reads forwards stand first, then those that are asked for most.
    """
    best = best_by_symbol(batch, PAST)
    examples = next(iter(answered.values()))
    words: dict[int, str] = {}
    right: dict[str, dict[int, int]] = {name: dict.fromkeys(best, 0) for name in answered}
    for column, example in enumerate(examples):
        for t, symbol in enumerate(batch.inputs[:, 0, column].tolist()):
            if not example.asked[t]:
                continue
            words[symbol] = example.read[t]
            for name, of_it in answered.items():
                right[name][symbol] += of_it[column].answered[t] == example.asked[t]
    rows = [
        {"word": words[symbol], "n": n, PAST: reached, **{name: right[name][symbol] for name in answered}}
        for symbol, (reached, n) in best.items()
    ]
    rows.sort(key=lambda row: (row[PAST] == row["n"], -row["n"]))
    return pd.DataFrame(rows, columns=["word", "n", PAST, *answered])


def sentences(answered: Mapping[str, Sequence[Shown]]) -> pd.DataFrame:
    """A row for every word of every sentence: example and t, from 1, word, asked, and what each network answered."""
    examples = next(iter(answered.values()))
    rows = [
        {
            "example": number + 1,
            "t": t + 1,
            "word": example.read[t],
            "asked": asked,
            **{name: of_it[number].answered[t] for name, of_it in answered.items()},
        }
        for number, example in enumerate(examples)
        for t, asked in enumerate(example.asked)
        if asked
    ]
    return pd.DataFrame(rows, columns=["example", "t", "word", "asked", *answered])
