"""Which steps are kept: the rule against its own words, by counting."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from playground.runs.kept import Kept, is_kept, last_kept, stride


def spacing(step: int, first: int) -> int:
    """Up to `first` every step, up to 2·`first` every second one, and so on: by doubling, without a logarithm."""
    spaced = 1
    while first * spaced < step:
        spaced *= 2
    return spaced


@given(st.integers(1, 40), st.integers(0, 3000))
def test_the_rule_is_that_of_its_words(first: int, step: int) -> None:
    assert stride(step, first) == spacing(step, first)
    assert is_kept(step, first) == (step % spacing(step, first) == 0)
    even = 2 * first
    assert last_kept(step, even) == max(s for s in range(step + 1) if s % spacing(s, even) == 0)


@given(st.integers(2, 40), st.integers(1, 3000))
def test_a_record_is_long_enough_to_draw_and_short_enough_to_keep(first: int, newest: int) -> None:
    kept = [step for step in range(newest + 1) if is_kept(step, first)]
    assert len(kept) >= min(newest + 1, first // 2)
    assert len(kept) <= first + 1 + (first // 2 + 1) * newest.bit_length()
    gaps = [after - before for before, after in itertools.pairwise(kept)]
    assert gaps == sorted(gaps), "nothing is sparser than what is older than it"


@given(st.integers(1, 20), st.integers(0, 500))
def test_what_was_kept_stays_whatever_comes_after(first: int, newest: int) -> None:
    record: Kept[int] = Kept(first)
    seen: list[list[int]] = []
    for step in range(newest + 1):
        record.add(step, step)
        seen.append(list(record))
    assert all(set(early) <= set(seen[-1]) for early in seen)
    assert seen[-1] == [step for step in range(newest + 1) if is_kept(step, first)]


def test_an_unwanted_step_is_ignored_and_a_wanted_one_is_not_replaced() -> None:
    record: Kept[str] = Kept(2)
    for step, item in enumerate("abcdefghi"):
        record.add(step, item)
    assert list(record) == [0, 1, 2, 4, 8]
    assert not record.wants(7) and not record.wants(8) and record.wants(16)
    record.add(4, "again")
    assert record.get(4) == "e" and record.get(3) is None and len(record) == 5
    assert record.between(1, 4) == ["b", "c", "e"]


def test_until_is_a_record_of_its_own_and_thinned_is_what_a_shorter_one_keeps() -> None:
    record: Kept[int] = Kept(8)
    for step in range(60):
        record.add(step, step)
    early = record.until(5)
    early.add(6, -6)
    assert list(early) == [0, 1, 2, 3, 4, 5, 6] and record.get(6) == 6
    assert list(record.thinned(4)) == [step for step in range(60) if is_kept(step, 4)]
