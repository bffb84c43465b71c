"""A visitor's own lines: what they become, and what is wrong with others, said in one sentence with the line."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.batch import NOTHING
from playground.refusal import Refusal, Unreadable
from playground.tasks.own import MAX_LABELS, MAX_LENGTH, MAX_LINES, OWN, OwnClasses, OwnPairs, OwnTags

CLASSES = "so good → good\n\nso bad → bad\nnot so good\tbad"


def test_a_text_and_its_label() -> None:
    task = OwnClasses(lines=CLASSES, tokens="word")
    assert task.vocabulary == ("so", "good", "bad", "not") and task.labels == ("good", "bad")
    assert [line.number for line in task.parsed] == [1, 3, 4]
    batch = task.held_out()
    assert task.show(batch, 0).read == ("so", "good", "") and task.show(batch, 0).asked == ("", "good", "")
    assert task.show(batch, 2).read == ("not", "so", "good") and task.show(batch, 2).asked == ("", "", "bad")
    assert batch.reset[:, 0].T.tolist() == [[False, False, True], [False, False, True], [False] * 3]
    assert task.chance == 2 / 3


def test_a_tag_for_every_word() -> None:
    task = OwnTags(lines="the/det light/noun is/verb\nthe/det light/adj bulb/noun\nand/or/conj x/noun y/noun")
    batch = task.held_out()
    assert batch.mask.all() and batch.reset is None
    assert task.show(batch, 1).read == ("the", "light", "bulb")
    assert task.show(batch, 1).asked == ("det", "adj", "noun")
    assert task.show(batch, 2).read[0] == "and/or", "the last slash counts"


def test_an_input_and_its_output() -> None:
    task = OwnPairs(lines="ab ⇥ b\nabc → cb")
    batch = task.held_out()
    assert task.show(batch, 0).read == ("", "a", "b", "", "b", "")
    assert task.show(batch, 0).asked == ("", "", "", "b", "EOS", "")
    assert task.show(batch, 1).read == ("a", "b", "c", "", "c", "b")
    assert task.show(batch, 1).asked == ("", "", "", "c", "b", "EOS")
    assert batch.reset[:, 0, 0].tolist() == [False, True, False, False, False, False]
    encoder, decoder = task.halves(batch)
    assert encoder.inputs[:, 0].T.tolist() == [[NOTHING, 0, 1], [0, 1, 2]]
    assert decoder.inputs[:, 0].T.tolist() == [[NOTHING, 0, NOTHING], [NOTHING, 2, 0]]
    assert decoder.targets[:, 0].T.tolist() == [[0, 1, 0], [2, 0, 1]]


def test_few_lines_are_all_learned_and_all_judged() -> None:
    task = OwnClasses(lines=CLASSES)
    assert not task.disjoint
    assert torch.equal(task.batch(0, 0).inputs, task.held_out().inputs)


def test_the_same_text_twice_is_on_one_side() -> None:
    lines = "\n".join(f"{'x' * (n // 2 + 1)} → {'ab'[n % 2]}" for n in range(24))
    task = OwnClasses(lines=lines)
    assert task.disjoint
    lengths = task.held_out().inputs.ne(NOTHING).sum(0)[0].tolist()
    assert len(lengths) == 4 and lengths[0] == lengths[1] and lengths[2] == lengths[3]


def test_what_is_typed_afterwards_is_read_by_the_same_alphabet() -> None:
    task = OwnClasses(lines=CLASSES, tokens="word")
    assert task.numbers("not bad", "probe") == (3, 2)
    with pytest.raises(Unreadable) as refused:
        task.numbers("so awful", "probe")
    assert str(refused.value) == (
        "probe must use symbols of the training text ('so', 'good', 'bad', 'not'); got 'awful'."
    )
    for text, count in (("", 0), ("so " * 101, 101)):
        with pytest.raises(Refusal) as refused:
            task.numbers(text, "probe")
        assert str(refused.value) == f"probe must have 1 to 100 symbols; got {count}."


@pytest.mark.parametrize(
    ("shape", "lines", "sentence"),
    [
        ("many-to-one", "", "lines must have at least one line; got none."),
        ("many-to-one", " \n\t\n", "lines must have at least one line; got none."),
        (
            "many-to-one",
            "good → 1\n\nbad",
            "lines must have one → or tab in every line, with something on both sides; line 3 is 'bad'.",
        ),
        (
            "many-to-one",
            "good →",
            "lines must have one → or tab in every line, with something on both sides; line 1 is 'good →'.",
        ),
        (
            "delayed",
            "a → b → c",
            "lines must have one → or tab in every line, with something on both sides; line 1 is 'a → b → c'.",
        ),
        ("many-to-one", "a → x\nb → x", "lines must have at least two different labels; all are 'x'."),
        ("each step", "a/x b/x", "lines must have at least two different labels; all are 'x'."),
        (
            "many-to-one",
            "\n".join(f"a → {n}" for n in range(MAX_LABELS + 1)),
            "lines must have at most 20 different labels; got 21.",
        ),
        (
            "each step",
            "the/det light/noun\nthe light/noun",
            "lines must have a tag after every word, such as light/noun; line 2 has 'the'.",
        ),
        (
            "each step",
            "the/det /noun",
            "lines must have a tag after every word, such as light/noun; line 1 has '/noun'.",
        ),
        (
            "each step",
            "the/det light/",
            "lines must have a tag after every word, such as light/noun; line 1 has 'light/'.",
        ),
        (
            "many-to-one",
            f"a → x\n{'b' * (MAX_LENGTH + 1)} → y",
            "lines must have at most 100 symbols in a text; line 2 has 101.",
        ),
        (
            "delayed",
            f"a → {'b' * MAX_LENGTH}",  # and EOS
            "lines must have at most 100 symbols in a text; line 1 has 101.",
        ),
        ("delayed", "a → b\n" * (MAX_LINES + 1), "lines must have at most 1,000 lines; got 1,001."),
        (
            "many-to-one",
            "\n".join(f"{chr(0xAC00 + n)} → {n % 2}" for n in range(257)),
            "lines must have at most 256 different symbols; got 257: shorten them, or split them into smaller symbols.",
        ),
        (
            "delayed",
            "\n".join(f"a → {chr(0xAC00 + n)}" for n in range(256)),
            "lines must have at most 256 different symbols; got 257: shorten them, or split them into smaller symbols.",
        ),
        ("many-to-one", "a" * 50_001, "lines must have at most 50,000 characters; got 50,001."),
        (
            "many-to-one",
            "a\x07 → b",
            "lines must not contain control characters except tab and line break; got U+0007 on line 1, column 2.",
        ),
        ("many-to-one", None, "lines must be text; got None."),
    ],
)
def test_what_is_wrong_is_said_with_the_line(shape: str, lines: str, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        OWN[shape](lines=lines)
    assert str(refused.value) == sentence
    assert refused.value.field == "lines"


@pytest.mark.parametrize("text", ["שלום", "👨‍👩‍👧‍👦👍🏽", "قلب", "각간", "e\u0301"])
def test_any_writing_will_do(text: str) -> None:
    task = OwnClasses(lines=f"{text} → 1\n{text}x → 2")
    shown = task.show(task.held_out(), 0)
    assert all(shown.read[:-1]) and shown.read[-1] == ""


@given(
    shape=st.sampled_from(list(OWN)),
    lines=st.text(st.sampled_from("ab가 →\t/\n\x00é👍"), max_size=40),
    tokens=st.sampled_from(["character", "jamo", "word"]),
)
def test_any_text_becomes_a_task_or_a_sentence(shape: str, lines: str, tokens: str) -> None:
    try:
        task = OWN[shape](lines=lines, tokens=tokens)
    except Refusal as refusal:
        assert refusal.field == "lines"
        return
    batch = task.batch(0, 0)
    assert batch.mask.any(0).all()
    for column in range(batch.mask.shape[2]):
        assert any(task.show(batch, column).asked)
