"""What a visitor types for a trained network: the numbers of its symbols, or one sentence."""

import pytest

from playground.refusal import Refusal, Unreadable
from playground.tasks.typed import LONGEST, numbers


def test_a_text_is_read_in_the_symbols_of_the_task() -> None:
    assert numbers("cab", "line", "abc", "character") == (2, 0, 1)
    assert numbers(" was  food", "line", ("food", "was"), "word") == (1, 0)


@pytest.mark.parametrize(
    ("text", "tokens", "kind", "said"),
    [
        ("", "character", Refusal, "line must have 1 to 100 symbols; got 0."),
        ("  ", "word", Refusal, "line must have 1 to 100 symbols; got 0."),
        ("a" * (LONGEST + 1), "character", Refusal, "line must have 1 to 100 symbols; got 101."),
        (
            "a b🙂b🙂",
            "character",
            Unreadable,
            "line must use symbols of the training text ('a', 'b'); got '␣', '🙂'.",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    text: str, tokens: str, kind: type[Refusal], said: str
) -> None:
    with pytest.raises(kind) as refused:
        numbers(text, "line", ("a", "b"), tokens)
    assert str(refused.value) == said
