"""Answers as a table, against examples that were judged by hand."""

import torch
from torch.nn.functional import one_hot

from playground.studies.judged import judged
from playground.tasks import TASKS
from playground.tasks.own import OwnPairs

LINES = "ab → ba\nb → b\nba → ab"


def test_pairs_are_read_and_written_as_text() -> None:
    task = OwnPairs(lines=LINES)
    batch = task.held_out()
    ids = {symbol: number for number, symbol in enumerate(task.written_symbols)}
    answers = torch.zeros_like(batch.targets)
    for column, text in enumerate(("ba\x03", "a\x03", "abb")):
        written = [ids[symbol] for symbol in text]
        answers[task.reading : task.reading + len(written), 0, column] = torch.tensor(written)
    found = judged(task, batch, one_hot(answers, len(ids)).double())
    assert found.table.to_dict("list") == {
        "example": [1, 2, 3],
        "read": ["ab", "b", "ba"],
        "asked": ["ba", "b", "ab"],
        "answered": ["ba", "a", "abb"],
        "right": [True, False, False],
    }
    assert found.success.values == (1 / 3,)
    confusion = {
        (asked, answered): count for asked, answered, count in found.confusion.itertuples(index=False)
    }
    end = "EOS"
    assert confusion == {("b", "b"): 2, ("a", "a"): 2, ("b", "a"): 1, (end, end): 2, (end, "b"): 1}


def test_words_stay_apart() -> None:
    task = TASKS["each step"]()
    batch = task.held_out()
    right = one_hot(batch.targets, task.signature.output_size).double()
    found = judged(task, batch, right)
    assert found.table["read"].tolist()[0].split(" ") == list(found.examples[0].read)
    assert found.table["right"].tolist() == [True] * len(found.examples)
    assert found.confusion["asked"].tolist() == found.confusion["answered"].tolist()
    assert found.confusion["count"].sum().item() == found.success.n
