from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from playground.batch import Batch
from playground.characters import characters
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.refusal import Refusal, Unreadable
from playground.tokens import BOS, EOS, Tokenizer

LONG = "the quick brown fox\njumps over\nthe lazy dog\n" * 40


def corpus(text: str = "hello", **choices: object) -> Corpus:
    return Corpus(replace(TextConfig(), text=text, **choices))


def pairs(batch: Batch) -> Counter[tuple[int, int]]:
    """The predictions of a batch: input and target wherever something is predicted."""
    return Counter(zip(batch.inputs[batch.mask].tolist(), batch.targets[batch.mask].tolist(), strict=True))


def columns(batch: Batch) -> list[tuple[int, ...]]:
    """The windows that stand in the columns of a batch; columns of padding left out."""
    found = []
    for b in range(batch.inputs.shape[2]):
        n = int(batch.mask[:, 0, b].sum())
        if n:
            inputs, targets = batch.inputs[:n, 0, b].tolist(), batch.targets[:n, 0, b].tolist()
            assert inputs[1:] == targets[:-1]
            found.append((*inputs, targets[-1]))
    return found


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    config = TextConfig(
        text=draw(st.text(st.sampled_from("ab 한é\n") | st.characters(categories=["L", "Zs"]), max_size=80)),
        tokens=draw(st.sampled_from(["character", "jamo", "word"])),
        bos=draw(st.booleans()),
        eos=draw(st.booleans()),
        sequence_length=draw(st.integers(1, 8)),
        batch_size=draw(st.integers(1, 4)),
    )
    try:
        return Corpus(config)
    except Refusal as refusal:
        assert refusal.field == "text"
        assume(False)
        raise


# What is read


def test_hello():
    hello = corpus("hello")
    assert hello.vocabulary == hello.labels == ("h", "e", "l", "o")
    assert hello.sequences == hello.windows == ((0, 1, 2, 2, 3),)
    assert (hello.bos_id, hello.eos_id) == (None, None)
    batch = hello.batch(0, 0)
    assert batch.inputs.flatten().tolist() == [0, 1, 2, 2]
    assert batch.targets.flatten().tolist() == [1, 2, 2, 3]
    assert batch.mask.all()


def test_hello_with_bos_and_eos():
    hello = corpus("hello", bos=True, eos=True)
    assert hello.vocabulary == (BOS, EOS, "h", "e", "l", "o")
    assert hello.labels == ("BOS", "EOS", "h", "e", "l", "o")
    assert (hello.bos_id, hello.eos_id) == (0, 1)
    assert hello.sequences == ((0, 2, 3, 4, 4, 5, 1),)


def test_every_line_is_a_sequence_and_blank_lines_are_none():
    assert corpus("ab\r\n\r\n  \ncd\n\n\n").sequences == ((0, 1), (2, 3))


def test_unequal_lines_are_padded_and_masked():
    batch = corpus("abc\nba").batch(0, 0)
    assert batch.inputs[:, 0].tolist() == [[0, 1], [1, 0]]
    assert batch.targets[:, 0].tolist() == [[1, 0], [2, 0]]
    assert batch.mask[:, 0].tolist() == [[True, True], [True, False]]


def test_long_lines_are_cut_into_overlapping_windows():
    assert corpus("abcdefg", sequence_length=3).windows == ((0, 1, 2, 3), (3, 4, 5, 6))
    assert corpus("abcdefgh", sequence_length=3).windows == ((0, 1, 2, 3), (3, 4, 5, 6), (6, 7))


def test_a_line_of_one_symbol_predicts_nothing_but_can_be_read():
    one = corpus("abc\nx")
    assert one.windows == ((0, 1, 2),)
    assert one.encode("x", "probe") == (3,)


def test_white_space_inside_a_line_counts_for_characters_only():
    assert corpus("a\t b ").labels == ("a", "⇥", "␣", "b")
    assert corpus("a\t b ", tokens="word").sequences == ((0, 1),)


def test_one_word_a_line_is_learned_with_eos():
    words = corpus("to\nbe\n", tokens="word", eos=True)
    assert words.sequences == ((1, 0), (2, 0))


def test_one_repeated_symbol_is_learned_with_eos():
    assert corpus("aaaa", eos=True).labels == ("EOS", "a")


@pytest.mark.parametrize("character", ["👨‍👩‍👧‍👦", "🇰🇷", "e\u0301", "ש", "مُ", "한"])
def test_user_perceived_characters_are_symbols(character: str):
    assert len(corpus(character * 3 + "x").sequences[0]) == 4


def test_markup_is_text():
    text = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    markup = corpus(text, sequence_length=200)
    assert markup.decode(markup.sequences[0]) == text


def test_symbols_that_look_alike_have_different_labels():
    assert corpus("a ␣").labels == ("a", "␣", "␣₍2₎")
    assert corpus("BOS EOS a", tokens="word", bos=True).labels == ("BOS", "BOS₍2₎", "EOS", "a")
    long = "x" * 50
    assert len(set(corpus(f"{long}a {long}b {long}c", tokens="word").labels)) == 3


@given(corpora())
def test_labels_are_all_different(any_corpus: Corpus):
    assert len(set(any_corpus.labels)) == len(any_corpus.labels) == len(set(any_corpus.vocabulary))


@given(corpora())
def test_every_prediction_stands_in_exactly_one_window(any_corpus: Corpus):
    expected = [pair for sequence in any_corpus.sequences for pair in pairwise(sequence)]
    assert [pair for window in any_corpus.windows for pair in pairwise(window)] == expected
    assert any_corpus.predictions == len(expected)
    assert all(2 <= len(window) <= any_corpus.config.sequence_length + 1 for window in any_corpus.windows)


@given(corpora())
def test_a_text_is_read_and_written_back(any_corpus: Corpus):
    tokenizer = any_corpus._tokenizer
    lines = [line for line in any_corpus.config.text.split("\n") if line.strip()]
    written = [any_corpus.decode(sequence) for sequence in any_corpus.sequences]
    assert written == [tokenizer.decode(tokenizer.encode(line)) for line in lines]


# Batches


@given(corpora(), st.integers(0, 2**31 - 1), st.integers(0, 5))
def test_an_epoch_visits_every_window_exactly_once(any_corpus: Corpus, seed: int, epoch: int):
    steps = any_corpus.steps_per_epoch
    batches = [any_corpus.batch(seed, epoch * steps + place) for place in range(steps)]
    assert Counter(window for batch in batches for window in columns(batch)) == Counter(any_corpus.windows)
    assert sum(int(batch.mask.sum()) for batch in batches) == any_corpus.predictions
    assert len({batch.inputs.shape for batch in batches}) == 1


@given(corpora(), st.integers(0, 2**31 - 1), st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_a_batch_depends_on_seed_and_step_only(any_corpus: Corpus, seed: int, steps: list[int]):
    fresh = Corpus(any_corpus.config)
    for step in steps:  # in any order, after any other
        once, again = any_corpus.batch(seed, step), fresh.batch(seed, step)
        assert torch.equal(once.inputs, again.inputs)
        assert torch.equal(once.targets, again.targets)
        assert torch.equal(once.mask, again.mask)


@given(corpora())
def test_padding_is_zero_and_types_are_as_promised(any_corpus: Corpus):
    batch = any_corpus.batch(0, 0)
    longest = max(map(len, any_corpus.windows)) - 1
    width = min(len(any_corpus.windows), any_corpus.config.batch_size)
    for tensor, dtype in (
        (batch.inputs, torch.int64),
        (batch.targets, torch.int64),
        (batch.mask, torch.bool),
    ):
        assert tensor.shape == (longest, 1, width)
        assert tensor.dtype == dtype
        assert tensor.is_contiguous()
    assert not batch.inputs[~batch.mask].any() and not batch.targets[~batch.mask].any()


def test_windows_that_fit_are_one_batch_always_the_same_object():
    hello = corpus("hello\nworld", batch_size=2)
    assert hello.batch(0, 0) is hello.batch(5, 17)
    assert hello.steps_per_epoch == 1


def test_epochs_and_seeds_have_orders_of_their_own():
    many = corpus(LONG, batch_size=8)
    first = many.batch(0, 0).inputs
    assert not torch.equal(first, many.batch(1, 0).inputs)
    assert not torch.equal(first, many.batch(2**30, 0).inputs)
    assert not torch.equal(first, many.batch(0, many.steps_per_epoch).inputs)


def test_going_back_to_an_earlier_epoch_gives_its_batches_again():
    many = corpus(LONG, batch_size=8)
    steps = (0, many.steps_per_epoch, 2 * many.steps_per_epoch)
    there = [many.batch(0, step).inputs for step in steps]
    back = [many.batch(0, step).inputs for step in reversed(steps)]
    assert all(map(torch.equal, there, reversed(back)))
    assert not any(torch.equal(one, other) for one, other in pairwise(there))


def test_the_generator_reads_32_bits_of_a_seed():
    """Why seed and epoch are hashed: written one after the other into 64 bits, one of them would be lost."""
    low, high = (torch.Generator().manual_seed(seed) for seed in (7, 7 + 2**32))
    assert torch.equal(torch.randperm(50, generator=low), torch.randperm(50, generator=high))


def test_batches_leave_the_global_generator_alone():
    before = torch.random.get_rng_state()
    corpus(LONG).batch(0, 0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_one_window_alone_is_not_padded():
    two = corpus("abc\nba")
    batch = two.window_batch(1)
    assert batch.inputs.shape == batch.targets.shape == batch.mask.shape == (1, 1, 1)
    assert (batch.inputs.item(), batch.targets.item(), batch.mask.item()) == (1, 0, True)


def test_a_probe_reads_all_and_predicts_all_but_the_last():
    hello = corpus("hello")
    batch = hello.probe_batch(hello.encode("hell", "probe"))
    assert batch.inputs.flatten().tolist() == [0, 1, 2, 2]
    assert batch.targets.flatten().tolist() == [1, 2, 2, 0]
    assert batch.mask.flatten().tolist() == [True, True, True, False]
    assert hello.probe_batch((3,)).mask.tolist() == [[[False]]]


# Probes and prompts


def test_a_probe_begins_with_bos_if_the_lines_do():
    assert corpus("hello").encode("lo", "probe") == (2, 3)
    assert corpus("hello", bos=True, eos=True).encode("lo", "probe") == (0, 4, 5)


def test_a_probe_is_read_like_the_text():
    assert corpus("é한").encode("e\u0301", "probe") == (0,)
    assert corpus("to be", tokens="word").encode("  be\tto ", "probe") == (1, 0)
    jamo = corpus("한글", tokens="jamo")
    assert jamo.decode(jamo.encode("글한", "probe")) == "글한"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "probe is empty; use symbols of the training text ('h', 'e', 'l', 'o')."),
        ("hexlxy", "probe must use symbols of the training text ('h', 'e', 'l', 'o'); got 'x', 'y'."),
        ("👨‍👩‍👧", "probe must use symbols of the training text ('h', 'e', 'l', 'o'); got '👨‍👩‍👧'."),
        ("h" * 201, "probe must have at most 200 symbols; got 201."),
        ("h" * 10_001, "probe must have at most 10,000 characters; got 10,001."),
        ("h l", "probe must use symbols of the training text ('h', 'e', 'l', 'o'); got '␣'."),
        ("h\nh", "probe must be one line; got 2 lines."),
        ("\ud83d", "probe must be valid Unicode; got half a character (U+D83D) on line 1, column 1."),
        (
            "h\x00",
            "probe must not contain control characters except tab and line break; "
            "got U+0000 on line 1, column 2.",
        ),
        (
            "".join(map(chr, range(0x4E00, 0x4E00 + 150))),
            "probe must use symbols of the training text ('h', 'e', 'l', 'o'); "
            "got '一', '丁', '丂', '七', '丄', '丅', '丆', '万', ….",
        ),
    ],
)
def test_a_probe_is_refused_in_one_sentence(typed: str, sentence: str):
    with pytest.raises(Refusal) as refused:
        corpus("hello").encode(typed, "probe")
    assert str(refused.value) == sentence
    assert refused.value.field == "probe"


@pytest.mark.parametrize("field", ["probe", "prompt"])
def test_what_is_too_long_is_not_split_into_symbols(field: str, monkeypatch: pytest.MonkeyPatch):
    hello = corpus("hello")

    def read(self: Tokenizer, line: str, vocabulary: object) -> list[str]:
        raise AssertionError(f"{len(line)} code points came to the tokenizer")

    monkeypatch.setattr(Tokenizer, "read", read)
    with pytest.raises(Refusal, match=f"^{field} must have at most 10,000 characters; got 10,001"):
        hello.encode("🇰" * 10_001, field)


@pytest.mark.parametrize("typed", ["hexlo", "안녕", "h\u200b"])
def test_only_symbols_that_are_not_known_make_a_probe_unreadable(typed: str):
    """What another alphabet may have been able to read is told from what no alphabet reads."""
    with pytest.raises(Unreadable):
        corpus("hello").encode(typed, "probe")


@pytest.mark.parametrize("typed", ["", "h" * 201, "h\nh", "\ud83d", "h\0"])
def test_what_no_alphabet_reads_is_just_refused(typed: str):
    with pytest.raises(Refusal) as refused:
        corpus("hello").encode(typed, "probe")
    assert not isinstance(refused.value, Unreadable)


@pytest.mark.parametrize("text", ["안녕하세요", "ㅇㅏㄴㄴㅕㅇㅎㅏㅅㅔㅇㅛ", "\u110b\u1161\u11ab녕하세요"])
def test_jamo_can_be_typed_as_they_are_drawn(text: str):
    """Whichever way the text was typed: the axes draw ㅇ, ㅏ, -ㄴ, and a Korean keyboard has these letters."""
    hello = corpus(text, tokens="jamo")
    assert hello.vocabulary == corpus("안녕하세요", tokens="jamo").vocabulary
    assert hello.encode("ㅎㅏ", "probe") == hello.encode("하", "probe")
    assert hello.encode("ㅇ", "prompt") == (hello.labels.index("ㅇ"),)
    for label in hello.labels:
        (read,) = hello.encode(label.removeprefix("-"), "probe")
        assert hello.labels[read] in (label, label.removeprefix("-"))
    han = corpus("한글", tokens="jamo")
    assert [han.labels[i] for i in han.encode("ㄴㄹㄱ", "probe")] == ["-ㄴ", "-ㄹ", "ㄱ"], (
        "the form that is there"
    )
    refused = r"\('ㅇ', 'ㅏ', '-ㄴ', 'ㄴ', 'ㅕ', '-ㅇ', 'ㅎ', 'ㅅ', …\); got 'ㅁ'\.$"
    with pytest.raises(Unreadable, match=refused):
        hello.encode("ㅁ", "probe")


@pytest.mark.parametrize(
    ("given_ids", "made_ids", "text"),
    [
        ((0,), (1, 2, 3, 4, 5), ("", "안녕")),  # ㅇ was given, 안 was made
        ((0, 1), (3, 4, 5), ("아", "녕")),
        ((0, 1), (2, 3, 4, 5), ("", "안녕")),
        ((0, 1, 2), (3, 4, 5), ("안", "녕")),
        ((0, 1, 2, 3), (), ("안ㄴ", "")),
        ((0,), (0, 1), ("ㅇ", "아")),
        ((), (0, 1), ("", "아")),
    ],
)
def test_no_syllable_is_torn_between_given_and_made(given_ids, made_ids, text: tuple[str, str]):
    assert corpus("안녕하세요", tokens="jamo").continuation(given_ids, made_ids) == text


def test_words_are_written_with_the_space_between_them():
    cat = corpus("the cat sat", tokens="word", bos=True, eos=True)
    the, *rest = cat.encode("the cat sat", "prompt")[1:]
    assert cat.continuation((cat.bos_id, the), (*rest, cat.eos_id)) == ("the", " cat sat")
    assert cat.continuation((cat.bos_id,), (the, *rest)) == ("", "the cat sat")
    assert cat.continuation((the,), ()) == ("the", "")


@given(corpora(), st.data())
def test_prompt_and_continuation_are_the_text_of_both(any_corpus: Corpus, data: st.DataObject):
    ids = st.lists(st.integers(0, len(any_corpus.vocabulary) - 1), max_size=8)
    prompt, made = data.draw(ids), data.draw(ids)
    before, after = any_corpus.continuation(prompt, made)
    whole = any_corpus.decode([*prompt, *made])
    assert before + after == whole
    assert any_corpus.decode(prompt).startswith(before), "nothing stands before the border that was not given"
    border = len(list(characters(before)))
    assert list(characters(whole))[:border] == list(characters(before)), "the border tears no character"
    if any_corpus.config.tokens == "word" and any_corpus.decode(prompt):
        assert before == any_corpus.decode(prompt)


def test_bos_is_one_of_the_symbols_of_a_probe():
    hello = corpus("hello", bos=True)
    assert len(hello.encode("h" * 199, "prompt")) == 200
    with pytest.raises(Refusal, match=r"^prompt must have at most 199 symbols; got 200\.$"):
        hello.encode("h" * 200, "prompt")


# Texts that cannot be learned


@pytest.mark.parametrize(
    ("text", "choices", "sentence"),
    [
        ("", {}, "text is empty; type at least two characters, such as hello."),
        (" \n\t\n", {"bos": True}, "text is empty; type at least two characters, such as hello."),
        (
            "x",
            {},
            "text has nothing to predict: it needs a line of two characters or more, or BOS or EOS; "
            "got lines of one character such as 'x'.",
        ),
        (
            "a\nb\nc",
            {},
            "text has nothing to predict: it needs a line of two characters or more, or BOS or EOS; "
            "got lines of one character such as 'a'.",
        ),
        (
            "hello\nworld",
            {"tokens": "word"},
            "text has nothing to predict: it needs a line of two words or more, or BOS or EOS; "
            "got lines of one word such as 'hello'.",
        ),
        ("aaaa", {}, "text must have at least two different symbols, BOS and EOS included; got only 'a'."),
        (
            "".join(map(chr, range(0x4E00, 0x4E00 + 2000))),
            {},
            "text must have at most 256 different symbols; got 2,000: "
            "shorten it, or split it into smaller symbols.",
        ),
    ],
)
def test_a_text_is_refused_in_one_sentence(text: str, choices: dict[str, object], sentence: str):
    with pytest.raises(Refusal) as refused:
        corpus(text, **choices)
    assert str(refused.value) == sentence
    assert refused.value.field == "text"


def test_a_vocabulary_may_have_256_symbols_with_bos_and_eos():
    symbols = "".join(map(chr, range(0x4E00, 0x4E00 + 254)))
    assert len(corpus(symbols, bos=True, eos=True).vocabulary) == 256
    with pytest.raises(Refusal):
        corpus(symbols + "xy", eos=True)


# Size


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        (LONG[:40] * 2500, {}),
        ("한글 " * 33_333, {"tokens": "jamo", "sequence_length": 1}),
        ("to be or not " * 7_600, {"tokens": "word", "sequence_length": 200}),
        ("x\n" * 49_900 + "ab" * 100, {"eos": True, "sequence_length": 200}),  # the most padding there can be
        ("🇰🇷" * 49_999 + "ab", {}),
        ("e" + "\u0301\u0316" * 49_000 + "ab", {}),
    ],
    ids=["characters", "jamo", "words", "ragged", "flags", "accents"],
)
def test_the_longest_texts_are_built_and_stay_small(text: str, choices: dict[str, object]):
    built = corpus(text, **choices)
    built.batch(0, 0)
    assert built.nbytes < 32 * 2**20


def test_an_epoch_is_shuffled_once(monkeypatch: pytest.MonkeyPatch):
    many = corpus(LONG, batch_size=16)
    shuffle, shuffled = torch.randperm, []
    monkeypatch.setattr(torch, "randperm", lambda n, **how: shuffled.append(n) or shuffle(n, **how))
    for step in range(3 * many.steps_per_epoch):
        many.batch(0, step)
    assert many.steps_per_epoch > 1 and shuffled == [len(many.windows)] * 3


def test_a_part_of_a_text_has_its_symbols_and_some_of_its_lines() -> None:
    whole = corpus("ab\nxy\nba", bos=True)
    part = whole.only({0, 2})
    assert part.vocabulary == whole.vocabulary and part.signature == whole.signature
    assert [part.decode(line) for line in part.sequences] == ["ab", "ba"]
    assert part.windows == (whole.windows[0], whole.windows[2]) and part.predictions == 4
    assert columns(part.batch(0, 0)) == list(part.windows)
    assert len(whole.sequences) == 3 and columns(whole.batch(0, 0)) == list(whole.windows)
