"""What choices and their values are called."""

import pytest

from playground.config import FIELDS, RateChange
from playground.ui.choices import PAGES
from playground.ui.fields import FIELD_LABELS, HELP, exact_number, value_label


def test_every_field_has_a_name() -> None:
    assert FIELD_LABELS.keys() >= {*FIELDS, *(name for page in PAGES.values() for name in page)}
    assert HELP.keys() <= FIELDS.keys()


@pytest.mark.parametrize("value", [0.01, 0.0099999999, 1e-5, 10.0, 0.30000000000000004, 1000.0, 0.1 + 0.7])
def test_no_two_numbers_look_alike(value: float) -> None:
    assert float(exact_number(value)) == value


def test_round_numbers_stay_short() -> None:
    assert [exact_number(value) for value in (0.01, 1.0, 0.3, 1000.0)] == ["0.01", "1", "0.3", "1000"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("hidden_size", 32, "Hidden size 32"),
        ("cell", "gru", "GRU"),
        ("bos", True, "BOS +"),
        ("learning_rate", 0.0099999999, "Learning rate 0.0099999999"),
        ("text", "hello", "hello"),
        ("text", "\n \nhello", "hello"),
        ("text", "hello\nhallo", "hello…"),
        ("text", "the quick brown fox", "the quick brown…"),
        ("text", "family of 👨‍👩‍👧‍👦 four", "family of …"),
        ("rates", (), "learning rate never changed"),
        ("rates", (RateChange(81, 0.1),), "learning rate 0.1 from step 81"),
        (
            "rates",
            (RateChange(81, 0.1), RateChange(1550, 0.01), RateChange(2000, 0.1)),
            "learning rate 0.1 from step 81, learning rate 0.01 from step 1,550 …",
        ),
    ],
)
def test_a_value_in_a_few_words(field: str, value: object, words: str) -> None:
    assert value_label(field, value) == words
