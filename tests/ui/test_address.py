"""The address bar: what it holds comes back by a link, by reload and by the browser's Back."""

from typing import Any
from urllib.parse import urlencode

import pytest

from playground.ui import address
from playground.ui.long_texts import LongTexts
from playground.ui.server import LONG_TEXTS
from tests.ui.pages import Visitor
from tests.ui.reading import HANGUL

LONG = "".join(f"{number} times {number} is {number**2}\n" for number in range(700))
FORGOTTEN = "A" * 22  # nobody's digest


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a reader who takes a moment between two clicks."""
    monkeypatch.setattr("playground.ui.address.URL_SETTLES", 0.0)


def reloaded(visitor: Visitor) -> Visitor:
    """The same address in a new session."""
    return Visitor(visitor.language, **{name: v for name, v in visitor.address.items() if name != "lang"})


# Long texts


def long_reader(seed: int, text: str = LONG) -> Visitor:
    visitor = Visitor("en", seed=seed).set("text", text)
    assert not visitor.app.exception and visitor.errors == []
    return visitor


@pytest.mark.parametrize("text", [LONG, "안녕하세요 " * 200, "ab" * 5000])
def test_a_text_too_long_for_an_address_leaves_a_mark_and_is_said(text: str) -> None:
    visitor = long_reader(401, text)
    assert "text" not in visitor.address and len(visitor.address[address.MARK]) == 22
    assert any("too long for the address bar" in caption.value for caption in visitor.app.caption)
    assert len(urlencode(visitor.address)) < 200


@pytest.mark.parametrize("text", ["ab" * 3000, "안녕하세요 " * 100, "hello"])
def test_a_text_that_fits_stands_in_the_address(text: str) -> None:
    visitor = long_reader(402, text)
    assert visitor.address["text"] == text and address.MARK not in visitor.address
    assert not any("address bar" in caption.value for caption in visitor.app.caption)
    assert reloaded(visitor).widget("text").value == text


def test_no_address_is_longer_than_servers_take() -> None:
    """Whatever the settings, and whatever the length of the text."""
    settings: dict[str, Any] = {
        "hidden_size": 24,
        "clip": "value",
        "clip_threshold": 0.0123456789,
        "layers": 2,
    }
    settings["rates"] = ",".join(f"{n}:{0.0123456789 + n % 2}" for n in range(1, 60))
    for length in range(4000, 8000, 500):
        visitor = Visitor("en", text="ab" * (length // 2), **settings)
        assert len(urlencode(visitor.address)) <= address.LONGEST_QUERY


def test_reload_brings_a_long_text_back() -> None:
    visitor = long_reader(403).set("hidden_size", 24)
    again = reloaded(visitor)
    assert again.widget("text").value == LONG and again.errors == []
    assert again.stage.scene["hidden_size"] == 24 and again.address == visitor.address


def test_back_brings_a_long_text_back() -> None:
    visitor = long_reader(404)
    with_long_text = visitor.address
    visitor.set("hidden_size", 24).go(with_long_text)
    assert (
        visitor.widget("text").value == LONG
        and visitor.errors == []
        and visitor.widget("hidden_size").value == 16
    )
    assert visitor.address == with_long_text
    visitor.set("text", "abcabd").go(with_long_text)
    assert visitor.widget("text").value == LONG and visitor.errors == []


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("mark", [FORGOTTEN, "", "x" * 5000, "<script>", "\0"])
def test_a_text_that_is_not_known_is_said_and_the_rest_of_the_link_counts(language: str, mark: str) -> None:
    visitor = Visitor(language, hidden_size=24, seed=405, **{address.MARK: mark})
    assert not visitor.app.exception
    (sentence,) = visitor.errors
    assert visitor.beside("text") == sentence and bool(HANGUL.search(sentence)) is (language == "ko")
    assert visitor.widget("text").value == "hello" and visitor.stage.scene["hidden_size"] == 24
    assert visitor.address["seed"] == "405" and address.MARK not in visitor.address
    assert visitor.run().errors == [sentence], "a rerun is no answer to the reader"
    assert visitor.set("text", "abcabd").errors == []


def test_a_text_in_the_address_counts_more_than_a_mark() -> None:
    visitor = Visitor("en", text="abcabd", **{address.MARK: LONG_TEXTS.keep(LONG)})
    assert visitor.widget("text").value == "abcabd" and visitor.errors == []
    assert address.MARK not in visitor.address


def test_a_known_text_that_cannot_be_trained_on_here_is_refused_as_any_other() -> None:
    mark = LONG_TEXTS.keep("".join(map(chr, range(0x4E00, 0x4E00 + 3000))))
    visitor = Visitor("en", **{address.MARK: mark})
    assert not visitor.app.exception and visitor.errors == [visitor.beside("text")]
    assert visitor.widget("text").value == "hello"


# The shelf of long texts


def test_the_shelf_finds_what_it_was_given() -> None:
    shelf = LongTexts()
    digests = {shelf.keep(text): text for text in ("a", "가", "", "a\nb", LONG)}
    assert len(digests) == 5 and all(shelf.find(digest) == text for digest, text in digests.items())
    assert shelf.keep("a") in digests and shelf.find(FORGOTTEN) is None


def test_the_shelf_keeps_so_many_the_longest_unasked_go_first() -> None:
    shelf = LongTexts(count=3)
    one, two, three = (shelf.keep(text) for text in "abc")
    assert shelf.find(one) == "a"
    shelf.keep("d")
    assert [shelf.find(digest) for digest in (one, two, three)] == ["a", None, "c"]


def test_the_shelf_keeps_so_many_bytes() -> None:
    shelf = LongTexts(size=100)
    digests = [shelf.keep(letter * 40) for letter in "abc"]
    assert [shelf.find(digest) is None for digest in digests] == [True, False, False]
    korean = shelf.keep("가" * 33)
    assert shelf.find(digests[2]) is None and shelf.find(korean) == "가" * 33
    assert shelf.find(shelf.keep("x" * 101)) is None and shelf.find(korean) is None


def test_the_shelf_forgets_in_time() -> None:
    now = [0.0]
    shelf = LongTexts(seconds=60, clock=lambda: now[0])
    early = shelf.keep("early")
    now[0] = 50
    late = shelf.keep("late")
    now[0] = 61
    assert shelf.find(early) is None and shelf.find(late) == "late"
    now[0] = 120
    assert shelf.find(late) == "late", "it was asked for in the meantime"
    now[0] = 181
    assert shelf.find(late) is None


# Changes of the learning rate


def changed() -> Visitor:
    """Somebody who has changed the rate at step 2 and at step 4."""
    visitor = Visitor("en", cell="rnn", text="hello world", seed=406)
    visitor.click("step").click("step").set("learning_rate", 0.1)
    visitor.click("step").click("step").set("learning_rate", 0.01)
    return visitor.click("step").click("step")


def test_the_address_names_the_run_with_its_changes() -> None:
    visitor = changed()
    assert visitor.address["rates"] == "2:0.1,4:0.01" and visitor.stage.playhead == 6
    again = reloaded(visitor)
    assert (
        again.errors == []
        and again.address == visitor.address
        and again.widget("learning_rate").value == 0.01
    )
    for _ in range(6):
        again.click("step")
    assert again.stage.frames[-1] == visitor.stage.frames[-1]
    assert again.stage.curve["loss"].tolist() == visitor.stage.curve["loss"].tolist()
    assert again.address == visitor.address


def test_back_brings_the_changes_back() -> None:
    visitor = changed()
    before = visitor.address
    visitor.set("hidden_size", 8)
    assert "rates" not in visitor.address, "another experiment begins with the present rate"
    visitor.go(before)
    assert visitor.address == before and visitor.errors == []
    for _ in range(6):
        visitor.click("step")
    assert visitor.address == before


def captions(visitor: Visitor) -> str:
    return "\n".join(caption.value for caption in visitor.app.caption)


def test_the_changes_are_told_under_the_widget() -> None:
    assert "0.01 until step 2, 0.1 until step 4, then 0.01" in captions(changed())
    assert "until step" not in captions(Visitor("en"))
    many = ",".join(f"{step}:0.{step % 2 + 1}" for step in range(10, 20))
    visitor = Visitor("en", rates=many)
    assert "0.01 until step 10, …, 0.2 until step 18, 0.1 until step 19, then 0.2" in captions(visitor)
    assert visitor.widget("learning_rate").value == 0.2
    assert "10스텝" in captions(Visitor("ko", rates=many))


def test_too_many_changes_are_refused_and_the_run_goes_on() -> None:
    many = ",".join(f"{step}:0.{step % 2 + 1}" for step in range(1, 101))
    visitor = Visitor("en", rates=many, at=0, hidden_size=2, seed=407, speed="max").set("stop_step", 150)
    visitor.click("play")
    for _ in range(60):
        if not visitor.run().stage.header["playing"]:
            break
    before = visitor.picture
    assert visitor.stage.playhead == 150
    visitor.set("learning_rate", 0.5)
    assert visitor.errors == [visitor.beside("learning_rate")] and "at most 100" in visitor.errors[0]
    assert visitor.picture == before and visitor.widget("learning_rate").value == 0.1
    visitor.click("step")
    assert visitor.stage.playhead == 151
