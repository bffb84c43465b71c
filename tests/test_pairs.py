"""Pairs of timesteps that need memory, held to enumeration and to pairs found by hand."""

from collections import Counter

import pytest
from hypothesis import given

from playground.analysis.floors import distinct_floors
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.pairs import MOST, default_loss, needing, pairs
from playground.presets import PRESETS
from tests.test_floors import corpora, predictions


def enumerated(corpus: Corpus, window: int) -> tuple[int, ...]:
    """The timesteps that need memory, from the definition: every prediction of the text is asked for each."""
    everything, found = list(predictions(corpus)), []
    symbols = corpus.windows[window]
    for t in range(len(symbols) - 1):
        context, target = symbols[: t + 1], symbols[t + 1]
        alone = {follows for seen, follows in everything if seen[-1] == context[-1]}
        whole = Counter(follows for seen, follows in everything if seen == context).most_common(2)
        is_sure = whole[0][0] == target and (len(whole) == 1 or whole[1][1] < whole[0][1])
        if len(alone) > 1 and is_sure:
            found.append(t)
    return tuple(found)


@given(corpora())
def test_pairs_are_those_of_enumeration(corpus: Corpus) -> None:
    for window, symbols in enumerate(corpus.windows):
        needed = enumerated(corpus, window)
        assert needing(corpus, window) == needed
        assert default_loss(corpus, window) == (needed[-1] if needed else len(symbols) - 2)
        every = {
            (a, b)
            for b in needed
            for a in needed
            if a < b and symbols[a] == symbols[b] and symbols[a + 1] != symbols[b + 1]
        }
        found = pairs(corpus, window)
        nearest = {(max(a for a, later in every if later == b), b) for _, b in every}
        assert set(found) <= nearest and len(found) == min(MOST, len(nearest))
        distances = [b - a for a, b in found]
        assert distances == sorted(distances), "no symbol is blank in these texts"


@given(corpora())
def test_a_text_with_a_pair_is_one_in_which_memory_helps(corpus: Corpus) -> None:
    if any(pairs(corpus, window) for window in range(len(corpus.windows))):
        assert distinct_floors(corpus)[-1].first > 1


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (TextConfig(text="hello"), [(2, 3)]),
        (TextConfig(text="hello world"), [(2, 3), (4, 7), (3, 9)]),  # l lo, o in o␣ and or, l in lo and ld
        (TextConfig(text="mississippi"), [(2, 3), (5, 6), (8, 9), (3, 5), (4, 7)]),
        (TextConfig(text="abcabd"), [(1, 4)]),
        (
            TextConfig(text="안녕하세요 안녕히 가세요"),
            [(1, 7), (5, 9)],
        ),  # 녕 before the blank, which is nearer
        (TextConfig(text="안녕하세요"), []),
        (TextConfig(text="ybigta"), []),
        (TextConfig(text="abc"), []),
        (TextConfig(text="hello", eos=True), [(2, 3)]),
        (TextConfig(text="aa", eos=True), [(0, 1)]),  # a, then the end
        (TextConfig(text="aa", bos=True), []),
        (TextConfig(text="the cat saw the dog", tokens="word"), [(0, 3)]),
        (TextConfig(text="xa\nxb"), []),  # nothing tells which line it is
        (TextConfig(text="xaxa\nxaxb\nxbxa\nxbxb"), []),  # nor which answer, whatever was before
        (TextConfig(text="xaz\nyab"), []),  # the other a is in another line
        (TextConfig(**PRESETS["gap-20"].values()), [(18, 19)]),
    ],
)
def test_pairs_by_hand(config: TextConfig, found: list[tuple[int, int]]) -> None:
    assert list(pairs(Corpus(config))) == found


@pytest.mark.parametrize(
    ("config", "at"),
    [
        (TextConfig(text="hello"), 3),
        (TextConfig(text="mississippi"), 9),
        (TextConfig(text="hellos"), 3),  # s needs none
        (TextConfig(text="hello", eos=True), 3),
        (TextConfig(text="abc"), 1),
        (TextConfig(text="xaz\nyab"), 1),
        (TextConfig(**PRESETS["gap-50"].values()), 49),
    ],
)
def test_the_loss_looked_at_is_the_last_that_needs_memory(config: TextConfig, at: int) -> None:
    assert default_loss(Corpus(config)) == at


def test_batches_change_no_pair() -> None:
    """They are of the text, whatever an update sees of it."""
    text = "mississippi\nhello\nabcabd"
    several = [pairs(Corpus(TextConfig(text=text, batch_size=size))) for size in (1, 2, 64)]
    assert several[0] and several[0] == several[1] == several[2]


def test_of_very_many_the_best_stay() -> None:
    corpus = Corpus(TextConfig(text="aabacadae" * 8, sequence_length=100))
    assert len(pairs(corpus)) == MOST and pairs(corpus)[0] == (0, 1)
