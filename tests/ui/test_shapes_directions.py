"""The panel of two directions as a visitor meets it: the ceiling is reached and crossed, the leak is measured."""

import io
import json
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from playground.config import NetworkConfig, TextConfig
from playground.figures.axes import number
from playground.studies.lessons import LESSONS
from playground.studies.peeking import BOTH, FORWARD, SO_FAR, Peeking
from playground.ui.shapes import directions
from playground.ui.shapes.directions import LEAK, LEAK_TRAINING, LEAK_UPDATES
from tests.ui.pages import Visitor
from tests.ui.reading import english, korean, words_of

pytestmark = pytest.mark.slow


def visit(speaks: str = "en", *, text: str = "hello world", **choices: str) -> Visitor:
    chosen = {"panel": "directions", **choices}
    return Visitor(
        speaks, page="shapes", text=text, **{f"shapes.{name}": value for name, value in chosen.items()}
    )


def titles(visitor: Visitor) -> list[str]:
    return [each.value.removeprefix("##### ") for each in visitor.app.markdown if each.value[:6] == "##### "]


def table(visitor: Visitor, name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(visitor.files[f"shapes-{name}.csv"]), encoding="utf-8-sig")


def picture(visitor: Visitor, key: str) -> dict[str, Any]:
    return json.loads(visitor.widget(key).proto.json)


@pytest.mark.parametrize(("language", "ceiling", "n"), [("en", "90", 700), ("ko", "87.5", 144)])
def test_forwards_stops_at_the_ceiling_and_both_directions_are_always_right(
    language: str, ceiling: str, n: int
) -> None:
    visitor = visit(language=language)
    assert visitor.errors == [] and not visitor.app.exception
    assert titles(visitor)[0] == (
        f"Forwards only: {ceiling} % of {n} tags right; nobody who reads forwards gets beyond {ceiling} %. "
        "In both directions: 100 %."
    )
    words = table(visitor, "words")
    assert sum(words["n"].to_list()) == n and words["both"].to_list() == words["n"].to_list()
    assert sum(words["forward"].to_list()) == sum(words["past"].to_list()), (
        "it has learned all that there is to learn"
    )
    open_words = words.loc[words["past"] < words["n"]]
    assert len(open_words) == (6 if language == "en" else 4)
    assert words["word"].to_list()[: len(open_words)] == open_words["word"].to_list(), "they stand first"
    answers = table(visitor, "answers")
    differ = answers.loc[answers["forward"] != answers["both"]]
    assert len(answers) == n and set(differ["word"]) <= set(open_words["word"])
    curve = table(visitor, "directions")
    assert curve.groupby("variant")["success"].last().to_dict() == {
        "forward": pytest.approx(float(ceiling) / 100),
        "both": 1,
    }
    one, two = (picture(visitor, f"shape_{name}") for name in (FORWARD, BOTH))
    assert (one["directions"], two["directions"]) == (1, 2)


def test_the_leak_is_measured_on_the_text_of_the_visitor() -> None:
    visitor = visit(updates="5")
    peeking = Peeking(
        config=directions.TaskConfig(LEAK, LEAK_TRAINING, 0),
        text=TextConfig("hello world"),
        updates=LEAK_UPDATES,
    )
    peeking.advance()
    metrics = {each.label: each.value for each in visitor.app.metric}
    expected = [peeking.last(name) for name in (FORWARD, BOTH, SO_FAR)]
    assert [metrics[label] for label in metrics if label.startswith("perplexity")] == [
        number(value, 5) for value in expected if value is not None
    ]
    assert expected[1] is not None and expected[1] <= 1.01
    written = [each.value for each in visitor.app.code]
    assert written == [f"{one.given}│{one.made}" for one in peeking.written.values()]
    assert written[0] == "h│ello world"
    writes_it_too = any("it can still write" in each.value for each in visitor.app.caption)
    assert writes_it_too is (written[1] == written[0])
    assert "Reading the answer: perplexity 1.0" in titles(visitor)[-1]
    assert re.search(r"falls from > 99.9 % to \d+\.?\d* %", titles(visitor)[-1]), "no share is 1 that is not"
    places = table(visitor, "leak-timesteps")
    lost = (places["both"] - places["so_far"])[:-1]
    t = int(lost.argmax())
    assert picture(visitor, "shape_leak")["lit"] == [
        f"x.{t + 1}",
        f"h.0.1.{t + 1}",
        f"h.0.1.{t}",
        f"join.0.{t}",
        f"y.{t}",
    ]
    assert len(table(visitor, "leak")) == len(peeking.frame())


WRITES = re.compile(r"writes \((\d+) of 28 symbols")


def test_a_verse_is_read_well_and_written_badly() -> None:
    visitor = visit(updates="5", leak_text="verse")
    assert visitor.errors == [] and not visitor.app.exception
    forward, _both = (each.value for each in visitor.app.code)
    assert forward.startswith("T│yger Tyger") and visitor.choices["leak_text"] == "verse"
    right = [int(found[1]) for each in visitor.app.markdown if (found := WRITES.search(each.value))]
    assert right[0] > 2 * right[1], "what both write of the text"


@pytest.mark.parametrize("text", ["ab", "a🙂", "אב", "aa\nab", "한글", "x" * 30 + "y", "a b"])
def test_any_text_gets_an_answer(text: str) -> None:
    visitor = visit(updates="1", text=text)
    assert visitor.errors == [] and not visitor.app.exception
    assert len(visitor.app.code) == 2 and "nan" not in titles(visitor)[-1]


def test_own_tags_are_compared_too_and_what_is_wrong_is_said() -> None:
    lines = "the/D light/N is/V\nthe/D light/A bulb/N\na/D light/N is/V\na/D light/A bulb/N"
    visitor = visit(task="own", tags=lines, updates="80")
    assert visitor.errors == [] and not visitor.app.exception
    assert titles(visitor)[0].endswith("gets beyond 83.3 %. In both directions: 100 %.")
    bad = visit(task="own", tags="the/D light\na/D b/N", updates="5")
    assert len(bad.errors) == 1 and "line 1" in bad.errors[0] and len(bad.app.code) == 2, (
        "the leak is still there"
    )


@pytest.mark.parametrize(("name", "value"), [("leak_text", "song"), ("seed", "-1"), ("hidden_size", "0")])
def test_a_link_with_what_is_not_allowed_gets_one_sentence(name: str, value: str) -> None:
    visitor = visit(**({"updates": "3"} | {name: value}))
    assert not visitor.app.exception and len(visitor.errors) == 1


def test_every_word_is_in_the_readers_language() -> None:
    for text in ("text", "verse"):
        found = words_of(visit("ko", updates="3", leak_text=text))
        assert [word for word in found if _is_said(word) and english(word)] == []
    found = words_of(visit("en", updates="3"))
    assert [word for word in found if _is_said(word) and korean(word)] == []


def _is_said(word: str) -> bool:
    """Whether it is no message to a live component, and nothing that a network has written, in whatever language."""
    return not word.startswith("{") and "│" not in word and word != "plaintext"


def test_the_lessons_are_those_of_the_ready_one() -> None:
    assert LESSONS["tags"].network == NetworkConfig("rnn", 16)


@dataclass
class Measured:
    """What a title is made of."""

    perplexities: dict[str, float]

    def last(self, variant: str) -> float:
        return self.perplexities[variant]


@pytest.mark.parametrize(("so_far", "falls"), [(0.9999, False), (0.997, True), (1.0, False)])
def test_no_probability_falls_from_a_number_to_the_same(so_far: float, falls: bool) -> None:
    places = pd.DataFrame({"t": [1], "token": ["a"], "target": ["b"], BOTH: [0.99995], SO_FAR: [so_far]})
    work: Any = Measured({BOTH: 1.0001, SO_FAR: 1.0002})
    title = directions._leak_title(work, places, 0)
    assert ("falls from > 99.9 % to 99.7 %" in title) == falls
    assert ("falls" in title) == falls and "1.0002" in title


def test_where_nothing_is_held_out_nothing_is_said_to_be() -> None:
    visitor = visit(task="own", tags="a/x b/y\na/y c/x b/x a/y\nc/x", updates="10")
    figures = [json.loads(each.proto.spec) for each in visitor.app.get("plotly_chart")]
    titles = [figure["layout"]["yaxis"]["title"].get("text") for figure in figures]
    assert "share right on all examples" in titles and "share right on held-out examples" not in titles


def test_of_a_text_with_nothing_to_write_it_is_not_said_that_it_is_written() -> None:
    for text, tokens, is_said in (("hello", "word", False), ("ab", "character", True)):
        chosen = {"shapes.panel": "directions", "shapes.updates": "1"}
        visitor = Visitor(page="shapes", text=text, tokens=tokens, bos="1", **chosen)
        assert visitor.errors == [] and len(visitor.app.code) == 2
        assert any("it can still write" in each.value for each in visitor.app.caption) == is_said
