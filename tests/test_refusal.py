import copy
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.refusal import SHOWN, Refusal, shorten


def test_says_the_english_sentence():
    refusal = Refusal("layers", "{field} must be at most {high}; got {value}.", high=3, value=9)
    assert str(refusal) == "layers must be at most 3; got 9."
    assert isinstance(refusal, ValueError)


def test_can_be_said_in_another_language():
    refusal = Refusal("layers", "{field} must be at most {high}; got {value}.", high=3, value=9)
    korean = "{field}: {high} 이하여야 합니다. 받은 값: {value}."
    assert korean.format(**refusal.values | {"field": "층"}) == "층: 3 이하여야 합니다. 받은 값: 9."


def test_repeats_a_long_value_shortened():
    refusal = Refusal("cell", "got {value}", value="x" * 10**6)
    assert str(refusal) == "got '" + "x" * (SHOWN - 2) + "…"


def test_survives_copying():
    refusal = Refusal("layers", "{field} must not be {value}.", value="ten")
    for twin in (copy.deepcopy(refusal), pickle.loads(pickle.dumps(refusal))):
        assert (str(twin), twin.field, twin.values) == (str(refusal), refusal.field, refusal.values)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("lstn", "'lstn'"),
        (4096, "4096"),
        (float("nan"), "nan"),
        (True, "True"),
        (None, "None"),
        (["a", "b"], "['a', 'b']"),
        ("\ud800", r"'\ud800'"),
        ("a\u202eb", r"'a\u202eb'"),
        ("\x1b[0m", r"'\x1b[0m'"),
        ("👨‍👩‍👧", "'👨‍👩‍👧'"),
        ("한글", "'한글'"),
        pytest.param(10**5000, hex(10**5000)[:39] + "…", id="5000 digits"),
    ],
)
def test_shows_any_value_safely(value: object, shown: str):
    assert shorten(value) == shown


def test_never_cuts_a_character_in_two():
    family = "👨‍👩‍👧‍👦"  # seven code points
    assert shorten(family * 9) == "'" + family * 5 + "…"


@given(st.text(alphabet=st.characters(exclude_categories=[])) | st.integers() | st.floats() | st.binary())
def test_is_short_and_printable_whatever_it_shows(value: object):
    shown = shorten(value)
    assert len(shown) <= SHOWN
    assert all(c.isprintable() or unicodedata.category(c) == "Cf" for c in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\ufeff")
