"""Text of the user in a label is text, whatever it looks like."""

from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.figures.text import plain, plain_3d, subscript, upright

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    '<a href="javascript:alert(1)">x</a>',
    "<b>bold</b><br>",
    "&lt;b&gt;",
    "$\\frac{1}{2}$",
    "%{customdata}",
]


class Tags(HTMLParser):
    """Counts the tags of a text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)


def tags(text: str) -> list[str]:
    """The tags that a browser would find."""
    parser = Tags()
    parser.feed(text)
    return parser.found


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    shown = plain(text)
    assert not tags(shown)
    assert not set(shown) & set("<>\"'$")
    assert unescape(shown) == text
    assert not set(plain_3d(text)) & set("<>")


@given(st.text(max_size=40))
def test_any_short_text_comes_back_as_it_was(text: str) -> None:
    assert not set(plain(text)) & set("<>$")
    assert unescape(plain(text)) == unescape(plain(text).replace("&#36;", "$"))
    if "\r" not in text and "\x00" not in text:
        assert unescape(plain(text)) == text


def test_long_text_is_cut_before_it_is_escaped() -> None:
    assert plain("<" * 50, longest=3) == "&lt;&lt;…"
    assert plain_3d("abcdef", longest=4) == "abc…"
    assert plain("abcd", longest=4) == "abcd"


def test_subscript() -> None:
    assert subscript(1203) == "₁₂₀₃"


def test_short_symbols_stand_upright_and_long_ones_are_turned_as_they_fit() -> None:
    assert upright(["a", "BOS", "<b>", "🇰🇷"]) == {
        "ticktext": ["a", "B<br>O<br>S", "&lt;<br>b<br>&gt;", "🇰🇷"],
        "tickangle": 0,
    }
    assert upright(["a", "quick", "extraordinary"]) == {
        "ticktext": ["a", "quick", "extraor…"],
        "tickangle": None,
    }
