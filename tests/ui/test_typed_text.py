"""Text as people have it: from a Korean keyboard, from another editor, from before the training text changed."""

import pytest

from playground.passes.generation import Continuation, generate
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from tests.ui.pages import Visitor, corpus_of, trainer

JAMO = {"text": "안녕하세요", "tokens": "jamo", "seed": "91"}


@pytest.mark.parametrize("field", ["probe", "prompt"])
@pytest.mark.parametrize("typed", ["ㅎㅏ", "ㅇ", "ㄴ", "하", "\u1112\u1161"])
def test_the_letters_on_the_axes_can_be_typed(field: str, typed: str) -> None:
    visitor = Visitor("ko", **JAMO)
    visitor.click("step").set(field, typed)
    assert visitor.errors == [] and not visitor.app.exception


def test_keyboard_letters_make_the_same_training_text() -> None:
    syllables = Visitor("en", **JAMO).stage.scene
    letters = Visitor("en", **JAMO | {"text": "ㅇㅏㄴㄴㅕㅇㅎㅏㅅㅔㅇㅛ"}).stage.scene
    assert letters["inputs"] == syllables["inputs"] and letters["vocabulary"] == syllables["vocabulary"]


@pytest.mark.parametrize(
    ("settings", "prompt", "given"),
    [
        (JAMO, "ㅇ", ""),
        (JAMO, "안", "안"),
        ({"text": "the cat sat", "tokens": "word", "seed": "91"}, "the", "the"),
    ],
)
def test_what_is_generated_goes_on_from_the_prompt_as_text_does(
    settings: dict, prompt: str, given: str
) -> None:
    visitor = Visitor("en", **settings)
    for _ in range(25):
        visitor.click("step")
    visitor.set("prompt", prompt).set("temperature", 0.0)
    (written,) = visitor.app.text
    before, after = written.value.split("｜")
    made = trainer(visitor.stage.playhead, **settings | {"seed": int(settings["seed"])})
    corpus, network = corpus_of(made), made.network
    ids = corpus.encode(prompt, "prompt")
    length = 3 * len(corpus.windows[0]) + 10
    new = generate(RecurrentModel(replica_of(network)), Continuation(ids, length, 0.0))
    assert (before, before + after) == (given, corpus.decode([*ids, *new]))


@pytest.mark.parametrize(
    "text",
    ["\ufeffhello\nworld", "hello\fworld", "hello\vworld", "hello\x85world", "\ufeffhello\r\n\fworld\f"],
)
def test_a_file_from_another_editor_is_read(text: str) -> None:
    visitor = Visitor("en", seed="91").set("text", text)
    assert visitor.errors == [] and not visitor.app.exception
    assert visitor.address["text"].split() == ["hello", "world"]
    assert visitor.stage.scene["vocabulary"] == list("helowrd")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_control_character_is_named_with_its_place(language: str) -> None:
    visitor = Visitor(language, seed="91").set("text", "hello\nwo\x1brld")
    complaint = visitor.beside("text")
    assert visitor.errors == [complaint]
    places = {"en": "got U+001B on line 2, column 3.", "ko": "2번째 줄 3번째 칸에 U+001B 문자"}
    assert places[language] in complaint


def test_an_old_probe_is_no_error_and_a_new_one_is() -> None:
    visitor = Visitor("en", seed="91").click("step").set("probe", "lo").set("prompt", "h")
    visitor.set("text", "안녕하세요").click("step")
    assert visitor.errors == [] and not visitor.app.exception
    notes = [note.value for note in visitor.app.caption if "not used" in note.value]
    assert [note.split()[0] for note in notes] == ["Probe", "Prompt"]
    visitor.set("probe", "hello")
    assert len(visitor.errors) == 1 and visitor.beside("probe")
    visitor.set("text", "hello!").click("step")
    assert visitor.errors == [], "and it is one no more when the text has its symbols"


def test_a_probe_that_no_text_could_read_stays_an_error() -> None:
    visitor = Visitor("en", seed="91").click("step").set("probe", "h" * 201)
    visitor.set("text", "hhhello").click("step")
    assert visitor.errors == [visitor.beside("probe")] and "at most 200 symbols" in visitor.errors[0]


def test_a_flood_of_flags_is_told_its_limit() -> None:
    visitor = Visitor("en", seed="91").click("step").set("probe", "🇰" * 50_000)
    assert "at most 10,000 characters" in visitor.beside("probe")
