"""What the models before recurrent networks are compared by: counted by hand, or from all there is."""

from itertools import product

import numpy as np
import pytest
import torch

from playground.analysis.before import (
    alikeness,
    counts_frame,
    crossed,
    floor_of,
    hold_out,
    most_frequent,
    sparsity_frame,
    storage_frame,
    symbol_weights,
    unseen_context,
    weights_frame,
)
from playground.analysis.floors import distinct_floors, memory_floors
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.models.model import loss, perplexity
from playground.models.ngram import NGram, NGramConfig
from playground.models.window import FixedWindow, WindowConfig


def corpus(text: str, **choices: object) -> Corpus:
    return Corpus(TextConfig(text, **choices))  # type: ignore[arg-type]


def ngram(text: str, order: int, smoothing: str = "none", alpha: float = 1.0) -> tuple[NGram, Corpus]:
    read = corpus(text)
    return NGram(NGramConfig(order, smoothing, alpha), read.windows, len(read.vocabulary)), read


# Lines that are held out


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ab\nabc", [2]),
        ("ab\nabc\nabcd", [3]),
        ("ab\nabc\nabcd\nb\nba", [4]),  # b predicts nothing, and is no line here
        ("ab\nba\naba\nbab\nbb", [5]),
        ("\n".join(map("".join, list(product("abc", repeat=3))[:11])), [5, 10]),
    ],
)
def test_every_fifth_different_line_is_held_out_or_else_the_last(text: str, lines: list[int]) -> None:
    parts = hold_out(corpus(text))
    assert parts is not None and list(parts.lines) == lines
    whole = [line for line in text.split("\n") if len(line) > 1]
    read = corpus(text)
    assert [read.decode(line) for line in parts.held_out.sequences] == [whole[line - 1] for line in lines]


@pytest.mark.parametrize("text", ["hello", "hello\nhello\nhello", "hello\n\na"])
def test_without_two_different_lines_nothing_is_held_out(text: str) -> None:
    assert hold_out(corpus(text)) is None


def test_copies_of_a_line_are_held_out_together_and_both_parts_are_the_text() -> None:
    read = corpus("ab\nba\nab\nba\nabab", sequence_length=2)
    parts = hold_out(read)
    assert parts is not None and parts.different == 3 and parts.lines == (3,)
    assert sorted([*parts.kept.windows, *parts.held_out.windows]) == sorted(read.windows)
    assert not {*parts.kept.sequences} & {*parts.held_out.sequences}
    repeated = hold_out(corpus("ab\nba\nba"))
    assert repeated is not None and len(repeated.held_out.sequences) == 2


# Floors


@pytest.mark.parametrize("text", ["hello", "mississippi", "abcabd", "axxb\ncxxd"])
@pytest.mark.parametrize("memory", range(5))
def test_a_floor_is_found_by_its_memory(text: str, memory: int) -> None:
    read = corpus(text)
    assert floor_of(distinct_floors(read), memory) == pytest.approx(memory_floors(read)[memory])
    # and the n-gram without smoothing stands on it
    model, _ = ngram(text, memory + 1)
    assert perplexity(loss(model, read.windows)) == pytest.approx(memory_floors(read)[memory])


def test_whoever_is_below_a_floor_has_seen_more() -> None:
    floors = distinct_floors(corpus("hello"))  # 2.828, 1.414, 1.000
    assert crossed(floors, 3.0) is None
    assert crossed(floors, 2.0) == 0
    assert crossed(floors, 1.2) == 1
    assert crossed(floors, 1.0) == 1
    assert crossed(floors, floors[1].perplexity) == 0, "on a floor is not below it"
    assert crossed(floors, float("nan")) is None
    assert floor_of(floors, None) == floors[-1].perplexity
    assert crossed(distinct_floors(corpus("abcabd")), 1.2) == 2, "1.320 is the floor of one symbol and of two"


# n-grams


def test_counts_of_hello_by_hand() -> None:
    model, read = ngram("hello", 2)
    frame = counts_frame(model, read.labels, contexts=10)
    rows = zip(*(frame[name] for name in ("context", "symbol", "count", "probability")), strict=True)
    assert {(context, symbol): (n, p) for context, symbol, n, p in rows if n} == {
        ("l", "l"): (1, 0.5),
        ("l", "o"): (1, 0.5),
        ("h", "e"): (1, 1.0),
        ("e", "l"): (1, 1.0),
    }
    assert frame["context"].iloc[0] == "l" and frame["seen"].iloc[0] == 2, "the most frequent first"
    assert len(frame) == 3 * 4


@pytest.mark.parametrize(("smoothing", "expected"), [("none", 0.5), ("add", 2 / 6), ("witten_bell", None)])
def test_what_smoothing_makes_of_a_count(smoothing: str, expected: float | None) -> None:
    """After l came l and o, once each, of V = 4; with 1 added, (1 + 1) / (2 + 4). Witten and Bell mix in half of what
    follows nothing, which is half of l's two quarters and half of a guess among four, over 3 kinds of 4."""
    model, read = ngram("hello", 2, smoothing)
    frame = counts_frame(model, read.labels, contexts=10)
    found = frame.query("context == 'l' and symbol == 'l'")["probability"].item()
    if expected is None:
        nothing = (2 + 3 * 0.25) / (4 + 3)
        expected = (1 + 2 * nothing) / (2 + 2)
    assert found == pytest.approx(expected)
    for context in "hel":
        assert sum(frame.loc[frame["context"] == context, "probability"]) == pytest.approx(1)


def test_a_context_at_the_beginning_says_so() -> None:
    model, read = ngram("hello", 3)
    frame = counts_frame(model, read.labels, contexts=10)
    assert list(dict.fromkeys(frame["context"])) == ["⊢h", "he", "el", "ll"]
    nothing, read = ngram("hello", 1)
    assert list(dict.fromkeys(counts_frame(nothing, read.labels, contexts=10)["context"])) == [""]


@pytest.mark.parametrize("text", ["hello", "mississippi", "ab", "aab", "abab"])
@pytest.mark.parametrize("order", range(1, 5))
def test_an_unseen_context_was_never_seen_though_its_rest_was(text: str, order: int) -> None:
    model, read = ngram(text, order)
    found = unseen_context(model.counted)
    ids = read.windows[0]
    k = order - 1
    followed = {ids[i : i + k] for i in range(len(ids) - k)}
    rests = {ids[i : i + k - 1] for i in range(len(ids) - k + 1)} if k else set()
    thinkable = [each for each in product(range(len(read.vocabulary)), repeat=k) if each[1:] in rests]
    assert (found is not None) == any(each not in followed for each in thinkable if k)
    if found is not None:
        assert found not in followed and found[1:] in rests
        assert model.answer(found).known == k - 1


def test_sparsity_of_hello_by_hand() -> None:
    frame = sparsity_frame(corpus("hello"))
    assert frame["n"].tolist() == [1, 2, 3, 4, 5]
    assert frame["contexts"].tolist() == [1, 3, 4, 4, 4]
    assert frame["once"].tolist() == [0, 2 / 3, 1, 1, 1]
    # h, e, l of 4; he, el, ll of 16, beside h at the beginning
    assert frame["never"].tolist() == pytest.approx([0, 1 / 4, 13 / 16, 62 / 64, 255 / 256])
    assert np.isnan(frame["unseen"]).all()


def test_contexts_of_held_out_lines_that_the_others_have_not() -> None:
    read = corpus("abab\nabba")  # abba is held out: after a comes b, after b comes b, after b comes a
    frame = sparsity_frame(read)
    assert frame["unseen"].tolist() == pytest.approx(
        [0, 0, 1 / 3, 1 / 3, 1 / 3]
    )  # ⊢a and ab were seen, bb was not


def test_what_is_stored_by_hand() -> None:
    frame = storage_frame(corpus("hello"), WindowConfig(3, 5), 77)
    numbers = {model: rows["numbers"].tolist() for model, rows in frame.groupby("model")}
    assert numbers["counts"] == [3, 4, 4, 4, 4]
    assert numbers["table"] == [4, 16, 64, 256, 1024]
    assert numbers["window"] == [k * 4 * 5 + 5 + 5 * 4 + 4 for k in range(1, 9)]
    assert set(numbers["recurrent"]) == {77} and len(numbers["recurrent"]) == 9


# Fixed windows


@pytest.mark.parametrize("embedding", [0, 3])
def test_what_a_symbol_adds_at_a_position_is_what_the_pass_adds(embedding: int) -> None:
    model = FixedWindow(WindowConfig(3, 5, embedding), 4, dtype=torch.float64)
    weights = symbol_weights(model)
    assert weights.shape == (3, 4, 5)
    ids = [2, 0, 3]
    h = model.forward(torch.tensor([ids]) + 1).h[0]
    summed = model.parameters["hidden.bias"] + sum(weights[place, i] for place, i in enumerate(ids))
    assert torch.allclose(h, torch.tanh(torch.as_tensor(summed)))
    frame = weights_frame(model, "abcd", symbols=[0, 3], units=2)
    assert len(frame) == 3 * 2 * 2
    found = frame.query("back == 0 and symbol == 'd' and unit == 2")["value"].item()
    assert found == pytest.approx(weights[2, 3, 1].item())


def test_positions_with_one_matrix_are_alike_and_fresh_ones_are_not() -> None:
    model = FixedWindow(WindowConfig(3, 64), 8)
    fresh = alikeness(model)
    assert fresh is not None and abs(fresh) < 0.1
    weight = model.parameters["hidden.weight"]
    weight.copy_(weight[:, :8].repeat(1, 3))
    assert alikeness(model) == pytest.approx(1)
    assert alikeness(FixedWindow(WindowConfig(1), 8)) is None


def test_the_most_frequent_symbols_stand_in_their_order() -> None:
    read = corpus("mississippi")  # predicted: i 4, s 4, p 2
    assert [read.labels[i] for i in most_frequent(read, 2)] == ["i", "s"]
    assert most_frequent(read, 10) == [0, 1, 2, 3]
