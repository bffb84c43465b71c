"""The panel of sentence embedding as a visitor meets it: the map, its neighbours, one more line, bad input."""

import io
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from playground.studies.lessons import LESSONS, Lesson, lesson_of
from playground.studies.maps import SentenceMaps
from tests.ui.pages import Visitor
from tests.ui.reading import english, korean, words_of

pytestmark = pytest.mark.slow

FEW = {"updates": "40", "seed": "5"}


def visit(speaks: str = "en", **choices: str) -> Visitor:
    chosen = {"panel": "embedding", "task": "names", **FEW, **choices}
    return Visitor(speaks, page="shapes", **{f"shapes.{name}": value for name, value in chosen.items()})


def names() -> Lesson:
    ready = LESSONS["names"]
    return lesson_of(
        ready, ready.network, learning_rate=0.005, updates=40, seed=5, has_decoder=False, feed="target"
    )


def mapped() -> SentenceMaps:
    maps = SentenceMaps(names())
    maps.advance()
    return maps


def download(visitor: Visitor) -> pd.DataFrame:
    data = visitor.files["shapes-embedding.csv"]
    return pd.read_csv(io.BytesIO(data), encoding="utf-8-sig")


def neighbours(visitor: Visitor) -> pd.DataFrame:
    (found,) = [each.value for each in visitor.app.dataframe if "cosine" in each.value.columns]
    return found


def said(visitor: Visitor) -> list[Any]:
    return [each.value for each in visitor.app.markdown]


def test_the_map_and_the_neighbours_are_those_of_the_analysis() -> None:
    visitor, maps = visit(near="3"), mapped()
    assert visitor.errors == [] and not visitor.app.exception
    embedding, table = maps.embedding(), download(visitor)
    np.testing.assert_allclose(table[["x", "y"]], embedding.points[-1], atol=1e-5)
    assert table["text"].to_list() == [line.text for line in maps.lines]
    assert table["right"].to_list() == maps.right(-1).tolist()
    assert table["held_out"].to_list() == [line.is_held_out for line in maps.lines]
    near = embedding.nearest(-1, embedding.states[-1][2], count=8, but=2)
    assert neighbours(visitor)["text"].to_list() == [maps.lines[n].text for n in near["number"]]
    right, held_out = maps.right(-1), table["held_out"].to_numpy()
    learned, others = (f"{100 * right[which].mean():.3g} %" for which in (~held_out, held_out))
    assert learned != others, "what is trained on is no measure of what is not"
    shares = (
        f"{learned} of the 144 lines that are trained on are answered right and {others} of the 36 held-out"
    )
    assert any(text.startswith(f"##### At step 40, {shares} ones") for text in said(visitor))


def test_an_earlier_step_is_looked_at_and_one_more_line_falls_beside_its_like() -> None:
    visitor, maps = visit(typed="smith", frame="3"), mapped()
    assert visitor.errors == [] and visitor.choices["typed"] == "smith" and visitor.choices["frame"] == "3"
    embedding = maps.embedding()
    at = embedding.steps.index(3)
    np.testing.assert_allclose(download(visitor)[["x", "y"]], embedding.points[at], atol=1e-5)
    assert neighbours(visitor)["text"].to_list()[0] == "smith"
    assert neighbours(visitor)["cosine"].to_list()[0] == pytest.approx(1)
    typed = maps.read("smith", "typed")
    answer = typed.classes[int(typed.odds[at].argmax())]
    assert any(text.startswith(f"The network takes it for **{answer}**") for text in said(visitor))
    visitor.set("typed", "kim")
    assert neighbours(visitor)["text"].to_list()[0] == "kim"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("o'neil", "One more line must use symbols of the training text"),
        ("김", "One more line must use symbols of the training text"),
        ("a" * 150, "One more line must have 1 to 100 symbols; got 150."),
        ("👨‍👩‍👧 <b>", "One more line must use symbols of the training text"),
    ],
)
def test_what_the_network_does_not_know_gets_one_sentence_and_the_map_stays(
    typed: str, sentence: str
) -> None:
    visitor = visit(typed=typed)
    assert not visitor.app.exception
    (error,) = visitor.errors
    assert error.replace("\\", "").startswith(sentence)
    assert len(download(visitor)) == 180 and len(neighbours(visitor)) == 8, "of a chosen line"


def test_own_lines_are_mapped_and_typed_in_their_own_symbols() -> None:
    lines = "\n".join(
        f"good {word} → up\nbad {word} → down" for word in ("day", "food", "view", "room", "sea")
    )
    visitor = visit(task="own", classes=lines, typed="bad day")
    assert visitor.errors == [] and not visitor.app.exception
    assert len(download(visitor)) == 10 and neighbours(visitor)["text"].to_list()[0] == "bad day"
    visitor.set("typed", "good night")
    assert len(visitor.errors) == 1
    visitor.set("classes", "one → a")
    assert (
        len(visitor.errors) == 1 and not visitor.app.exception and "shapes-embedding.csv" not in visitor.files
    )


@pytest.mark.parametrize(
    ("name", "value"), [("near", "0"), ("frame", "-2"), ("typed", "x" * 201), ("near", "181")]
)
def test_a_link_with_what_is_not_allowed_gets_one_sentence(name: str, value: str) -> None:
    visitor = visit(**{name: value})
    assert not visitor.app.exception and len(visitor.errors) == 1
    assert len(download(visitor)) == 180


def test_every_word_is_in_the_readers_language() -> None:
    found = words_of(visit("ko", task="sentiment"))
    assert [word for word in found if english(word)] == []
    found = words_of(visit("en", task="sentiment"))
    assert [word for word in found if korean(word)] == []


def test_of_more_lines_than_are_mapped_that_is_said() -> None:
    lines = [
        f"{one}{other}{third} → {'ab'[number % 2]}"
        for number, (one, other, third) in enumerate(product("abcdefghi", repeat=3))
    ]
    few = visit(task="own", tokens="character", classes="\n".join(lines[:20]))
    assert not [each for each in few.app.caption if "taken evenly" in each.value]
    many = visit(task="own", tokens="character", classes="\n".join(lines[:640]))
    assert many.errors == [] and len(download(many)) == 600
    (caption,) = [each.value for each in many.app.caption if "taken evenly" in each.value]
    assert caption.startswith("The map has 600 of the 640 lines")
