import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator
from itertools import pairwise, product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from playground.analysis.floors import LONGEST, distinct_floors, memory_floors, uniform_perplexity
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.presets import PRESETS
from playground.refusal import Refusal

Context = tuple[int, ...]  # what a window shows before a prediction, all of it


def predictions(corpus: Corpus) -> Iterator[tuple[Context, int]]:
    """Every prediction of the text with the whole of its window before it."""
    return ((window[:t], window[t]) for window in corpus.windows for t in range(1, len(window)))


def empirical(corpus: Corpus, seen: Callable[[Context], Hashable]) -> float:
    """Perplexity of the model that answers with frequencies and tells contexts apart only by what `seen` gives."""
    following: defaultdict[Hashable, Counter[int]] = defaultdict(Counter)
    for context, target in predictions(corpus):
        following[seen(context)][target] += 1
    nats = -sum(n * math.log(n / c.total()) for c in following.values() for n in c.values())
    return math.exp(nats / corpus.predictions)


def last(k: int) -> Callable[[Context], Context]:
    return lambda context: context[max(0, len(context) - k) :]


def counted(corpus: Corpus) -> tuple[float, ...]:
    """The same floors from the definition, symbol by symbol: −Σ ln p(x | c) with p from counts."""
    return tuple(empirical(corpus, last(k)) for k in range(5))


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """Texts of few symbols, mostly cut into windows."""
    config = TextConfig(
        text=draw(st.text(st.sampled_from("abc\n"), min_size=2, max_size=40)),
        bos=draw(st.booleans()),
        eos=draw(st.booleans()),
        sequence_length=draw(st.integers(1, 6)),
    )
    try:
        return Corpus(config)
    except Refusal:
        assume(False)
        raise


@pytest.mark.parametrize(
    ("text", "floors"),
    [
        ("hello", (2.828, 1.414, 1, 1, 1)),
        ("ybigta", (5.000, 1, 1, 1, 1)),
        ("hello world", (6.261, 1.597, 1, 1, 1)),
        ("abcabd", (3.789, 1.320, 1.320, 1, 1)),
        ("mississippi", (2.872, 1.835, 1.149, 1.149, 1.149)),
    ],
)
def test_known_floors(text: str, floors: tuple[float, ...]):
    assert memory_floors(Corpus(TextConfig(text=text))) == pytest.approx(floors, abs=5e-4)


def test_hello_by_hand():
    """Of e, l, l, o half cost 2 bits, half 1 bit; one symbol seen, the two after an l cost 1 bit each."""
    floors = memory_floors(Corpus(TextConfig(text="hello")))
    assert floors[:2] == pytest.approx((2**1.5, 2**0.5), rel=1e-12)
    assert floors[2:] == (1.0, 1.0, 1.0)


def test_bos_and_eos_change_the_floor():
    """One more certain prediction each: 2^(2/4) becomes 2^(2/5), then 2^(2/6)."""
    with_eos = memory_floors(Corpus(TextConfig(text="hello", eos=True)))
    with_both = memory_floors(Corpus(TextConfig(text="hello", bos=True, eos=True)))
    assert with_eos[1] == pytest.approx(2 ** (2 / 5), rel=1e-12)
    assert with_both[1] == pytest.approx(2 ** (2 / 6), rel=1e-12)
    assert (round(with_eos[1], 3), round(with_both[1], 3)) == (1.320, 1.260)


def test_the_start_of_a_line_is_seen():
    """Seeing two symbols, "a at the start" and "a after b" differ: ab, then bac, are certain from there."""
    floors = memory_floors(Corpus(TextConfig(text="ab\nbac")))
    assert floors[1] > 1
    assert floors[2] == 1


def test_contexts_do_not_reach_into_the_line_before():
    """Both lines begin alike and end differently, and nothing within a line tells which one it is."""
    for k, floor in enumerate(memory_floors(Corpus(TextConfig(text="xa\nxb")))):
        assert floor == pytest.approx(2, rel=1e-12), k


def test_contexts_do_not_reach_into_the_window_before():
    """Cut into windows of one prediction, hello shows one symbol at a time: no memory helps."""
    floors = memory_floors(Corpus(TextConfig(text="hello", sequence_length=1)))
    assert floors == pytest.approx((2**1.5, *[2**0.5] * 4), rel=1e-12)


def test_the_start_of_a_window_is_seen():
    """In the line, aa precedes four b and three a; in its windows, aab and baa, everything is certain."""
    text = "aabaaabaaabaaab"
    nats = 4 * math.log(7 / 4) + 3 * math.log(7 / 3)
    assert memory_floors(Corpus(TextConfig(text=text)))[2] == pytest.approx(math.exp(nats / 14), rel=1e-12)
    cut = Corpus(TextConfig(text=text, sequence_length=2))
    assert {cut.decode(window) for window in cut.windows} == {"aab", "baa"}
    assert memory_floors(cut)[2] == 1


def test_the_smallest_text_whose_windows_are_below_the_floor_of_its_lines():
    """aaaab is cut into aaa and aab: a first a is always before an a, and that the third a is one can be seen."""

    def floors(text: str, length: int) -> tuple[float, ...] | None:
        try:
            return memory_floors(Corpus(TextConfig(text=text, sequence_length=length)))
        except Refusal:
            return None

    def is_below(text: str) -> bool:
        cut, whole = floors(text, 2), floors(text, 50)
        return bool(cut and whole and any(a < b - 1e-9 for a, b in zip(cut, whole, strict=True)))

    smallest = next(
        text for size in range(2, 9) for text in map("".join, product("ab", repeat=size)) if is_below(text)
    )
    assert smallest == "aaaab"
    whole, cut = (memory_floors(Corpus(TextConfig(text="aaaab", sequence_length=n)))[2] for n in (50, 2))
    assert whole == pytest.approx((3 * (3 / 2) ** 2) ** (1 / 4), rel=1e-12)  # aa: a, a, b
    assert cut == pytest.approx(2 ** (2 / 4), rel=1e-12)  # aa: a, b


def test_symbols_with_the_largest_ids_do_not_collide():
    symbols = "".join(map(chr, range(0x4E00, 0x4E00 + 256)))
    corpus = Corpus(TextConfig(text=symbols + symbols[::-1]))
    assert memory_floors(corpus) == pytest.approx(counted(corpus), rel=1e-12)


@given(corpora())
def test_floors_are_those_of_the_definition_and_fall_with_memory(corpus: Corpus):
    floors = memory_floors(corpus)
    assert floors == pytest.approx(counted(corpus), rel=1e-12)
    assert all(1 <= longer <= shorter + 1e-12 for shorter, longer in pairwise(floors))
    assert floors[0] <= uniform_perplexity(corpus) + 1e-12


@given(corpora(), st.integers(0, 4), st.data())
def test_no_model_that_sees_k_symbols_is_below_the_floor(corpus: Corpus, k: int, data: st.DataObject):
    """Whatever it makes of them: contexts put together at random, or any odds at all for each."""
    floor = memory_floors(corpus)[k]
    shown = sorted({last(k)(context) for context, _ in predictions(corpus)})
    groups = {context: data.draw(st.integers(0, 3), label=str(context)) for context in shown}
    assert empirical(corpus, lambda context: groups[last(k)(context)]) >= floor - 1e-9

    size = len(corpus.vocabulary)
    weights = st.lists(st.floats(1e-3, 1), min_size=size, max_size=size)
    odds = {context: data.draw(weights, label=str(context)) for context in shown}
    nats = -sum(
        math.log(odds[last(k)(context)][target] / sum(odds[last(k)(context)]))
        for context, target in predictions(corpus)
    )
    assert math.exp(nats / corpus.predictions) >= floor - 1e-9


def test_knowing_nothing_is_the_size_of_the_vocabulary():
    assert uniform_perplexity(Corpus(TextConfig(text="hello"))) == 4
    assert uniform_perplexity(Corpus(TextConfig(text="hello", bos=True, eos=True))) == 6


@pytest.mark.parametrize(
    ("preset", "needed"),
    [("hello", 2), ("ybigta", 1), ("abcabd", 3), ("mississippi", 5), ("gap-20", 20), ("gap-50", 50)],
)
def test_how_many_symbols_a_text_needs(preset: str, needed: int):
    """By hand: isp in mississippi follows what issis does not; of a gap, only the first symbol tells the last."""
    lowest = distinct_floors(Corpus(TextConfig(**PRESETS[preset].values())))[-1]
    assert (lowest.first, lowest.last, lowest.perplexity) == (needed, None, 1.0)


def test_a_gap_one_symbol_short_by_hand():
    """Of the 40 predictions of gap-20, after 19 points one A and one B cost a bit each."""
    *_, before, lowest = distinct_floors(Corpus(TextConfig(**PRESETS["gap-20"].values())))
    assert (before.first, before.last) == (19, 19)
    assert before.perplexity == pytest.approx(2 ** (2 / 40), rel=1e-12)
    assert lowest.perplexity == 1


def test_equal_floors_are_one_with_the_range_of_k():
    assert [(floor.first, floor.last) for floor in distinct_floors(Corpus(TextConfig(text="abcabd")))] == [
        (0, 0),
        (1, 2),
        (3, None),
    ]


@given(corpora())
def test_distinct_floors_are_those_of_every_k_up_to_all_that_a_window_shows(corpus: Corpus):
    found = distinct_floors(corpus)
    ends = [floor.last for floor in found]
    assert [floor.first for floor in found] == [0, *(last + 1 for last in ends[:-1] if last is not None)]
    assert ends[-1] is None and found[0].first == 0
    assert all(lower.perplexity < floor.perplexity for floor, lower in pairwise(found))
    for k in range(max(map(len, corpus.windows)) + 1):
        (floor,) = [floor for floor in found if floor.first <= k and (floor.last is None or k <= floor.last)]
        assert floor.perplexity == pytest.approx(empirical(corpus, last(k)), rel=1e-9), k
        if k <= LONGEST:
            assert floor.perplexity == pytest.approx(memory_floors(corpus)[k], rel=1e-12)
    assert found[-1].perplexity == pytest.approx(empirical(corpus, lambda context: context), rel=1e-9)
