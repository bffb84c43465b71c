"""Ceilings by symbol, worked out by hand."""

import pytest

from playground.tasks.ceilings import best_by_symbol, ceiling
from playground.tasks.packing import packed

# a is answered 0, then b by what follows it: 1 before x, 2 before y; b x comes twice.
A, B, X, Y = range(4)
BATCH = packed([([A, B, Y], [0, 2, 3]), ([A, B, X], [0, 1, 3]), ([A, B, X], [0, 1, 3]), ([X], [None])])


def test_who_reads_forwards_is_wrong_where_a_later_symbol_decides() -> None:
    assert best_by_symbol(BATCH, "past") == {A: (3, 3), B: (2, 3), X: (2, 2), Y: (1, 1)}
    assert best_by_symbol(BATCH, "all") == {A: (3, 3), B: (3, 3), X: (2, 2), Y: (1, 1)}
    assert ceiling(BATCH, "past") == pytest.approx(8 / 9) and ceiling(BATCH, "all") == 1


def test_who_sees_nothing_gives_one_answer() -> None:
    # 0 and 3 are asked for three times each: one of them is always answered.
    assert ceiling(BATCH, "nothing") == pytest.approx(3 / 9)
    assert sum(right for right, _ in best_by_symbol(BATCH, "nothing").values()) == 3


def test_where_nothing_is_asked_there_is_no_ceiling() -> None:
    with pytest.raises(ValueError, match="nothing to judge"):
        best_by_symbol(packed([([A], [None])]), "past")
