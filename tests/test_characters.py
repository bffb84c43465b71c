"""Characters and normal form C, against regex's own `\\X` and Python's own `normalize`."""

import unicodedata
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from playground import characters as module
from playground.characters import characters, composed, whole

FLAG_PARTS = "🇰🇷🇫"
# What UAX #29 has rules about: flags, joiners, marks, jamo, prepended signs, Indic conjuncts, line ends.
TRICKY = (
    FLAG_PARTS + "\u200d👨👧🏽\ufe0f\u0301\u0327\u0903\u1100\u1161\u11a8가각\u0600\u0915\u094d\u0924a \r\n"
)
MARKS = "\u0301\u0316\u0327\u0334\u0345\u0344\u0f73\u0903\u034f"  # of many classes, of none, and decomposing

FLOODS = {
    "flags": "🇰" * 20_001,
    "accents": "e" + "\u0301\u0316" * 10_000,
    "joiners": "👨\u200d" * 10_000,
    "jamo": "\u1100" * 10_000 + "\u1161" * 10_000 + "\u11a8" * 10_000,
    "viramas": "\u0915" + "\u094d\u0301" * 10_000 + "\u0915",
}


@given(st.text(st.sampled_from(TRICKY), max_size=12) | st.text(max_size=12))
def test_characters_are_those_of_regex(text: str):
    assert list(characters(text)) == regex.findall(r"\X", text)


@given(st.text(st.sampled_from(FLAG_PARTS + "a\u0301\u0600"), max_size=12))
def test_flags_are_paired_as_regex_pairs_them(text: str):
    assert list(characters(text)) == regex.findall(r"\X", text)


@pytest.mark.parametrize("name", FLOODS)
def test_nothing_is_lost_in_a_flood(name: str):
    assert "".join(characters(FLOODS[name])) == FLOODS[name]


def test_flags_are_not_counted_back_to_the_first_of_their_run():
    """`\\X` looks back over a whole run of flags, so it may be asked about its end only."""
    for run in (FLOODS["flags"], FLOODS["flags"][1:], "\u0600" + FLOODS["flags"]):
        asked = [found[0] for found in module._CHARACTER.finditer(run) if not found["flag"]]
        assert len(asked) <= 3, "the sign before the run, the last pair, the flag that has no partner"


@given(st.lists(st.sampled_from("aeé\u0915") | st.text(st.sampled_from(MARKS), min_size=30, max_size=40)))
def test_normal_form_is_that_of_unicodedata(parts: list[str]):
    text = "".join(parts)
    assert composed(text) == unicodedata.normalize("NFC", text)


def test_marks_come_to_unicodedata_in_order(monkeypatch: pytest.MonkeyPatch):
    """It sorts by insertion: one exchange for every two marks in the wrong order, of which there must be none."""
    given_texts = []

    def normalize(form: str, text: str) -> str:
        given_texts.append(text)
        return text

    flood = FLOODS["accents"] + "x" + FLOODS["viramas"]
    monkeypatch.setattr(module.unicodedata, "normalize", normalize)
    composed(flood)
    (*single_marks, sorted_flood) = given_texts
    assert {len(mark) for mark in single_marks} == {1} and len(sorted_flood) == len(flood)
    classes = [unicodedata.combining(c) for c in sorted_flood]
    assert not any(left > right > 0 for left, right in pairwise(classes))


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("hello", 3, "hel"),
        ("hello", 9, "hello"),
        ("👨‍👩‍👧a", 4, ""),
        ("👨‍👩‍👧a", 5, "👨‍👩‍👧"),
        ("e\u0301e\u0301", 3, "e\u0301"),
        ("", 3, ""),
    ],
)
def test_a_character_is_kept_whole_or_left_out(text: str, limit: int, expected: str):
    assert whole(text, limit) == expected
