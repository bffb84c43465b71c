import math
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from playground.analysis.floors import memory_floors, uniform_perplexity
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.refusal import Refusal


def counted(corpus: Corpus) -> tuple[float, ...]:
    """The same floors from the definition, symbol by symbol: −Σ ln p(x | c) with p from counts."""
    floors = []
    for k in range(5):
        following: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for line in corpus.sequences:
            for t in range(1, len(line)):
                following[line[max(0, t - k) : t]][line[t]] += 1
        nats = -sum(n * math.log(n / c.total()) for c in following.values() for n in c.values())
        floors.append(math.exp(nats / sum(c.total() for c in following.values())))
    return tuple(floors)


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


def test_whole_lines_are_counted_whatever_the_windows():
    text = "hello world, hello"
    cut = Corpus(TextConfig(text=text, sequence_length=2, batch_size=1))
    assert memory_floors(cut) == memory_floors(Corpus(TextConfig(text=text)))


def test_symbols_with_the_largest_ids_do_not_collide():
    symbols = "".join(map(chr, range(0x4E00, 0x4E00 + 256)))
    corpus = Corpus(TextConfig(text=symbols + symbols[::-1]))
    assert memory_floors(corpus) == pytest.approx(counted(corpus), rel=1e-12)


@given(st.text(st.sampled_from("abc\n"), max_size=60), st.booleans(), st.booleans())
def test_floors_are_those_of_the_definition_and_fall_with_memory(text: str, bos: bool, eos: bool):
    try:
        corpus = Corpus(TextConfig(text=text, bos=bos, eos=eos, sequence_length=7))
    except Refusal:
        assume(False)
        raise
    floors = memory_floors(corpus)
    assert floors == pytest.approx(counted(corpus), rel=1e-12)
    assert all(1 <= longer <= shorter + 1e-12 for shorter, longer in pairwise(floors))
    assert floors[0] <= uniform_perplexity(corpus) + 1e-12


def test_knowing_nothing_is_the_size_of_the_vocabulary():
    assert uniform_perplexity(Corpus(TextConfig(text="hello"))) == 4
    assert uniform_perplexity(Corpus(TextConfig(text="hello", bos=True, eos=True))) == 6
