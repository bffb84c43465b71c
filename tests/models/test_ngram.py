"""n-grams against counts by hand, against counting pair by pair, and against nltk where it is installed."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.analysis.floors import memory_floors
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.models.model import loss, perplexity
from playground.models.ngram import SMOOTHINGS, Counts, NGram, NGramConfig, Sparsity, count, sparsity
from playground.passes.generation import Continuation, generate
from playground.refusal import Refusal

H, E, L, OH = range(4)
HELLO = ((H, E, L, L, OH),)
lines = st.lists(st.lists(st.integers(0, 2), min_size=2, max_size=8), min_size=1, max_size=4)
Ids = tuple[int, ...]


def in_words(counts: Counts) -> dict[Ids, Counter[int]]:
    """Counts as a dictionary: what followed each context, of which −1 is the beginning."""
    ids = counts.context_ids().tolist()
    codes = counts.contexts
    return {
        tuple(context): Counter({x: int(n) for x, n in enumerate(row) if n})
        for context, row in zip(ids, counts.after(codes), strict=True)
    }


def one_by_one(sequences: Sequence[Sequence[int]], memory: int) -> dict[Ids, Counter[int]]:
    """The same from the definition."""
    following: defaultdict[Ids, Counter[int]] = defaultdict(Counter)
    for sequence in sequences:
        padded = (*[-1] * memory, *sequence)
        for t in range(1, len(sequence)):
            following[padded[t : t + memory]][sequence[t]] += 1
    return dict(following)


def chances(config: NGramConfig, sequences: Sequence[Sequence[int]], context: Ids, size: int) -> list[float]:
    return NGram(config, sequences, size).answer(context).probabilities.tolist()


# Counts


def test_hello_by_hand() -> None:
    """After any symbol: e, l, l, o. After l: l and o. After two symbols everything is certain."""
    none, one, two = count(HELLO, 4, 2)
    assert in_words(none) == {(): {E: 1, L: 2, OH: 1}}
    assert in_words(one) == {(H,): {E: 1}, (E,): {L: 1}, (L,): {L: 1, OH: 1}}
    assert in_words(two) == {(-1, H): {E: 1}, (H, E): {L: 1}, (E, L): {L: 1}, (L, L): {OH: 1}}
    assert none.totals.tolist() == [4] and one.totals.tolist() == [1, 1, 2]


@given(lines)
def test_counts_are_those_of_counting_one_by_one(sequences: list[list[int]]) -> None:
    for memory, counts in enumerate(count(sequences, 3, 4)):
        expected = one_by_one(sequences, memory)
        assert in_words(counts) == expected
        totals = {tuple(ids): n for ids, n in zip(counts.context_ids().tolist(), counts.totals, strict=True)}
        assert totals == {context: following.total() for context, following in expected.items()}


def test_symbols_with_the_largest_ids_do_not_collide() -> None:
    """Of 256 symbols, contexts of four and what follows them are numbers near 2^41."""
    sequences = ((*range(256), *range(255, -1, -1)), (255,) * 6)
    longest = count(sequences, 256, 4)[-1]
    assert in_words(longest) == one_by_one(sequences, 4)
    assert not longest.after(np.array([257**4 - 1 - 1, -1])).any(), "nothing follows what was never seen"


@pytest.mark.parametrize(("size", "longest"), [(0, 1), (257, 1), (4, 5), (4, -1)])
def test_sizes_out_of_range_are_refused(size: int, longest: int) -> None:
    with pytest.raises(ValueError, match="vocabulary_size must be 1 to 256 and longest 0 to 4; got"):
        count(HELLO, size, longest)


@pytest.mark.parametrize("sequences", [(), ((1,), ())])
def test_nothing_to_count_is_refused(sequences: tuple[Ids, ...]) -> None:
    with pytest.raises(ValueError, match="sequences must have one of two symbols or more; got none"):
        count(sequences, 4, 2)


def test_sparsity_by_hand() -> None:
    """Of three contexts of one symbol h and e were seen once. Of what is held out, h e e l h, the four contexts of two
    symbols are h at the beginning, he, ee and el: ee alone was never seen."""
    held_out = ((H, E, E, L, H),)
    assert sparsity(count(HELLO, 4, 2), held_out) == (
        Sparsity(0, 1, 0.0, 3, 0.0),
        Sparsity(1, 3, 2 / 3, 4, 0.0),
        Sparsity(2, 4, 1.0, 4, 1 / 4),
    )
    assert {each.unseen for each in sparsity(count(HELLO, 4, 2))} == {None}
    assert sparsity(count(HELLO, 4, 1), ((OH, OH, H),))[1].unseen == 1, "nothing follows o"


# Chances


def test_frequencies_by_hand() -> None:
    assert chances(NGramConfig(2, "none"), HELLO, (L,), 4) == [0, 0, 1 / 2, 1 / 2]
    assert chances(NGramConfig(1, "none"), HELLO, (L,), 4) == [0, 1 / 4, 1 / 2, 1 / 4]


def test_after_an_unseen_context_what_is_known_of_the_shorter_one_counts() -> None:
    assert chances(NGramConfig(3, "none"), HELLO, (OH, L), 4) == [0, 0, 1 / 2, 1 / 2]
    assert chances(NGramConfig(3, "none"), HELLO, (L, OH), 4) == [0, 1 / 4, 1 / 2, 1 / 4]


def test_adding_by_hand() -> None:
    """After l: (0 + ½) / (2 + 4 · ½) for h and e, (1 + ½) / 4 for l and o. After o all are equal."""
    half = NGramConfig(2, "add", 0.5)
    assert chances(half, HELLO, (L,), 4) == [1 / 8, 1 / 8, 3 / 8, 3 / 8]
    assert chances(half, HELLO, (OH,), 4) == [1 / 4] * 4


def test_witten_bell_by_hand() -> None:
    """Three different symbols were counted four times: (n + 3 · ¼) / (4 + 3). After l two of them, twice in all."""
    once = [(n + 3 / 4) / 7 for n in (0, 1, 2, 1)]
    assert chances(NGramConfig(1), HELLO, (), 4) == pytest.approx(once)
    after_l = [(n + 2 * p) / 4 for n, p in zip((0, 0, 1, 1), once, strict=True)]
    assert chances(NGramConfig(2), HELLO, (L,), 4) == pytest.approx(after_l)
    assert chances(NGramConfig(2), HELLO, (OH,), 4) == pytest.approx(once)
    after_ol = chances(NGramConfig(3), HELLO, (OH, L), 4)
    assert after_ol == pytest.approx(after_l), "ol was never seen"


@given(lines, st.integers(1, 5), st.sampled_from(sorted(SMOOTHINGS)), st.floats(1e-3, 10))
def test_every_smoothing_is_a_distribution(
    sequences: list[list[int]], order: int, smoothing: str, alpha: float
) -> None:
    model = NGram(NGramConfig(order, smoothing, alpha), sequences, 4)
    p = model.log_probabilities(torch.tensor([3, 0, 1, 2, 2, 0, 3])).exp()
    assert bool((p >= 0).all()) and p.sum(1).tolist() == pytest.approx([1] * 7)
    if smoothing != "none":
        assert bool((p > 0).all()), "nothing is impossible"


@pytest.mark.parametrize("text", ["hello world", "mississippi", "abcabd\nabc\nd", "aabaaabaaabaaab"])
@pytest.mark.parametrize("length", [2, 50])
def test_without_smoothing_it_is_at_the_floor_of_its_memory(text: str, length: int) -> None:
    corpus = Corpus(TextConfig(text, eos=True, sequence_length=length))
    for memory, floor in enumerate(memory_floors(corpus)):
        model = NGram(NGramConfig(memory + 1, "none"), corpus.windows, len(corpus.vocabulary))
        assert perplexity(loss(model, corpus.windows)) == pytest.approx(floor, rel=1e-12)
        smooth = NGram(NGramConfig(memory + 1), corpus.windows, len(corpus.vocabulary))
        assert perplexity(loss(smooth, corpus.windows)) > floor


def test_it_writes_the_word_it_has_counted_and_stops_at_its_end() -> None:
    corpus = Corpus(TextConfig("hello", eos=True))
    prompt = corpus.encode("h", "prompt")
    for order, written in ((3, {"ello"}), (2, {"e" + "l" * n + "o" for n in range(1, 20)})):
        model = NGram(NGramConfig(order, "none"), corpus.windows, len(corpus.vocabulary))
        texts = {
            corpus.decode(generate(model, Continuation(prompt, 30, seed=seed, end=corpus.eos_id)))
            for seed in range(20)
        }
        assert texts <= written
        assert order == 3 or len(texts) > 1, "one symbol does not tell the two l apart"


def test_counts_kept_grow_with_n_by_hand() -> None:
    """hello has 3, 4 and 4 different pairs for contexts of 0, 1 and 2 symbols; adding needs the longest only."""
    for smoothing, kept in (("none", [3, 7, 11]), ("witten_bell", [3, 7, 11]), ("add", [3, 4, 4])):
        models = [NGram(NGramConfig(order, smoothing), HELLO, 4) for order in (1, 2, 3)]
        assert [model.parameter_count for model in models] == kept
    text = Corpus(TextConfig("the quick brown fox jumps over the lazy dog"))
    sizes = [NGram(NGramConfig(n), text.windows, len(text.vocabulary)).parameter_count for n in range(1, 6)]
    assert all(shorter < longer for shorter, longer in pairwise(sizes))


def test_an_answer_says_how_much_of_the_context_was_known() -> None:
    model = NGram(NGramConfig(4), HELLO, 4)
    for context, known in (
        ((H, E, L), 3),
        ((OH, OH, H, E, L), 3),  # only the last three count
        ((OH, E, L), 2),
        ((E, H, L), 1),
        ((L, L, OH), 0),
        ((H, E), 2),  # at the beginning
        ((E, L), 2),  # never at the beginning, but later
        ((), 0),
    ):
        assert model.answer(context).known == known, context
    assert model.answer((H, E, L)).counts.tolist() == [0, 0, 1, 0]
    assert model.answer((OH, E, L)).counts.tolist() == [0, 0, 0, 0]
    assert model.answer((E, L)).counts.tolist() == [0, 0, 0, 0], "as a beginning"


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"order": 0}, "ngram_order must be a whole number from 1 to 5; got 0."),
        ({"order": 6}, "ngram_order must be a whole number from 1 to 5; got 6."),
        ({"order": "2"}, "ngram_order must be a whole number from 1 to 5; got '2'."),
        (
            {"smoothing": "katz"},
            "ngram_smoothing must be one of 'none', 'add', 'witten_bell'; got 'katz'.",
        ),
        ({"alpha": 0}, "ngram_alpha must be a number from 0.001 to 10; got 0."),
        ({"alpha": math.nan}, "ngram_alpha must be a number from 0.001 to 10; got nan."),
    ],
)
def test_what_is_not_allowed_is_said(choices: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        NGramConfig(**choices)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("smoothing", sorted(SMOOTHINGS))
def test_chances_are_those_of_nltk(order: int, smoothing: str) -> None:
    """nltk backs off to frequencies of single symbols; here these are mixed with equal chances once more."""
    lm = pytest.importorskip("nltk.lm")
    corpus = Corpus(TextConfig("abcab\nba\nccacbba", bos=True, eos=True))
    size = len(corpus.vocabulary)
    model = NGram(NGramConfig(order, smoothing, 0.3), corpus.windows, size)
    single = model.counted[0].after(np.zeros(1, np.int64))[0]

    theirs = {
        "none": lambda: lm.MLE(order),
        "add": lambda: lm.Lidstone(0.3, order),
        "witten_bell": lambda: lm.WittenBellInterpolated(order),
    }[smoothing]()
    if smoothing == "witten_bell":
        different = np.count_nonzero(single)
        mixed = (single + different / size) / (single.sum() + different)
        theirs.estimator.unigram_score = lambda word: mixed[int(word)]
    known = [str(symbol) for symbol in range(size)]
    grams = [
        [
            tuple("^" if i < 0 else str(i) for i in (*context, symbol))
            for context, following in one_by_one(corpus.windows, memory).items()
            for symbol in following.elements()
        ]
        for memory in range(order)
    ]
    # nltk counts a mark of what is unknown among its symbols: that is BOS, which never follows anything.
    theirs.vocab = lm.Vocabulary(known[1:], unk_label=known[0])
    theirs.counts.update(grams)
    for context in {gram[:-1] for gram in grams[-1]}:
        row = model.answer([int(i) for i in context if i != "^"]).probabilities.tolist()
        assert [theirs.unmasked_score(word, context) for word in known] == pytest.approx(row), context
