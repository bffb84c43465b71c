"""The Shapes page as a visitor meets it: every ready lesson, their own lines, what is wrong with them, the address."""

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from playground.config import NetworkConfig
from playground.studies.lessons import LESSONS, SHAPES, Lesson, lesson_of, variants
from playground.ui.server import JOBS, LONG_TEXTS
from playground.ui.shapes import chosen, kinds
from playground.ui.shapes.back import gradient_table
from playground.ui.shapes.results import success_in_words
from tests.ui.pages import Visitor
from tests.ui.reading import HANGUL, english, korean, words_of

pytestmark = pytest.mark.slow

LANGUAGES = ("en", "ko")
FEW = {"updates": "12", "seed": "5"}


def visit(language: str = "en", **choices: str) -> Visitor:
    return Visitor(language, page="shapes", **{f"shapes.{name}": value for name, value in choices.items()})


def whole(visitor: Visitor) -> Visitor:
    """Nothing is broken, and nobody has been told off."""
    assert not visitor.app.exception, visitor.app.exception[0].stack_trace[-3:]
    assert visitor.errors == []
    return visitor


def table(visitor: Visitor, name: str) -> pd.DataFrame:
    data = visitor.files[f"shapes-{name}.csv"]
    return pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", keep_default_na=False)


def told(visitor: Visitor, key: str = "lesson_picture") -> dict[str, Any]:
    return json.loads(visitor.widget(key).proto.json)


def lesson(name: str, language: str = "en", network: NetworkConfig | None = None, **choices: Any) -> Lesson:
    ready = LESSONS[name]
    usual = {"learning_rate": ready.learning_rate, "has_decoder": ready.has_decoder, "feed": "target"}
    return lesson_of(
        ready,
        network or ready.network,
        **(usual | {"updates": 12, "seed": 5, "language": language} | choices),
    )


@pytest.mark.parametrize(
    ("name", "language"), [*((name, "en") for name in LESSONS), ("naming", "ko"), ("tags", "ko")]
)
def test_every_lesson_is_learned_and_judged_as_without_a_page(name: str, language: str) -> None:
    visitor = whole(visit(language, shape=LESSONS[name].shape, task=name, **FEW))
    run = lesson(name, language).run()
    run.advance()
    found = run.results()
    assert found is not None
    numbers = [metric.value for metric in visitor.app.metric]
    assert numbers[0] == success_in_words(found.success)
    assert f"{found.success.n:,}" in visitor.app.metric[0].label
    assert numbers[2] == f"{sum(run.parameters.values()):,}"
    examples = table(visitor, "examples")
    assert examples["right"].tolist() == found.table["right"].tolist()
    assert table(visitor, "confusion")["count"].tolist() == found.confusion["count"].tolist()
    assert table(visitor, "learning")["success"].tolist() == pytest.approx(run.curve()["success"].tolist())
    frames = told(visitor)["frames"]
    assert [frame["step"] for frame in frames] == [frame.step for frame in run.frames]
    assert frames[-1]["loss"] == run.frames[-1].loss


def folded(visitor: Visitor) -> bool:
    """Whether network and training are folded."""
    return any(node.type == "popover" for node in visitor.app.main)


def test_network_and_training_are_folded_unless_something_is_wrong_with_them() -> None:
    assert folded(whole(visit(**FEW)))
    wrong = visit(hidden_size="1000", updates="12")
    assert len(wrong.errors) == 1 and "1000" in wrong.errors[0]
    assert not folded(wrong)


def test_dates_are_learned_for_fewer_updates_beside_their_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    dates = LESSONS["dates"]
    assert dates.beside is not None and dates.beside < dates.updates
    few = {"words": replace(LESSONS["words"], updates=9, beside=4)}
    monkeypatch.setattr(chosen, "offered", lambda shape: few)
    for panel, updates in (("five", 9), ("gradient", 4)):
        visitor = whole(visit(panel=panel, shape="delayed", task="words"))
        assert visitor.widget("updates").value == updates
        assert table(visitor, "learning")["step"].tolist()[-1] == updates


def spoken(visitor: Visitor) -> list[str]:
    """Every word of the page, the picture's among them."""
    read = [word for word in words_of(whole(visitor)) if not word.startswith("{")]
    return [*read, *told(visitor)["words"].values()]


@pytest.mark.parametrize("shape", SHAPES)
def test_everything_is_in_the_readers_language(shape: str) -> None:
    assert [word for word in spoken(visit("ko", shape=shape, **FEW)) if english(word)] == []
    lessons = {"task": "own"} if shape == "delayed" else {}  # the others write Korean words
    assert [word for word in spoken(visit("en", shape=shape, **lessons, **FEW)) if korean(word)] == []


# The visitor's own lines

FAMILY = "👨‍👩‍👧‍👦"
GOOD = {
    "many-to-one": ("classes", f"{FAMILY} is here → yes\nשלום עולם → no\n<b>**x**</b> → yes\n=1+1 → no"),
    "delayed": ("pairs", f"ab\tba\n{FAMILY}b → b{FAMILY}\nשלום → םולש"),
    "each step": ("tags", f"the/d {FAMILY}/n\nשלום/n a/b/d\nthe/d"),
}
BAD = {
    "no label": ("many-to-one", "classes", "one → a\ntwo", "line 2"),
    "one class only": ("many-to-one", "classes", "one → a\ntwo → a", "'a'"),
    "a word without a tag": ("each step", "tags", "the/d cat\nthe/d", "line 1"),
    "a tag without a word": ("each step", "tags", "the/d\n/n cat/n", "line 2"),
    "a line too long": ("delayed", "pairs", "ab → ba\n" + "a" * 101 + " → b", "101"),
    "no output": ("delayed", "pairs", "ab → ba\nb →", "line 2"),
    "a control character": ("many-to-one", "classes", "one → a\ntwo\x1b → b", "U+001B"),
    "nothing": ("many-to-one", "classes", "", "got none"),
    "too many lines": ("many-to-one", "classes", "a → b\n" * 600 + "c → d\n" * 600, "1,200"),
}
KOREAN = {"line 2": "2", "line 1": "1", "got none": "없"}


@pytest.mark.parametrize("shape", GOOD)
def test_own_lines_are_learned(shape: str) -> None:
    name, lines = GOOD[shape]
    visitor = whole(visit(shape=shape, task="own", **FEW)).set(name, lines)
    whole(visitor)
    assert visitor.widget(name).value == lines
    assert len(table(visitor, "examples")) == len(lines.split("\n"))
    assert any("nothing is held out" in metric.label for metric in visitor.app.metric)
    assert whole(visit(**visitor.choices)).files == visitor.files


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shape", GOOD)
def test_what_is_wrong_with_lines_is_said_in_one_sentence_and_nothing_is_lost(
    shape: str, language: str
) -> None:
    visitor = whole(visit(language, shape=shape, task="own", **FEW))
    for of_shape, name, lines, why in BAD.values():
        if of_shape != shape:
            continue
        visitor.set(name, lines)
        assert not visitor.app.exception
        (sentence,) = visitor.errors
        assert bool(HANGUL.search(sentence)) is (language == "ko") and "{" not in sentence
        assert (why if language == "en" else KOREAN.get(why, why)) in sentence
        assert visitor.widget(name).value == lines
        assert not visitor.has("lesson_picture") and len(visitor.app.metric) == 0
    whole(visitor.set(*GOOD[shape]))
    assert visitor.has("lesson_picture")


def test_a_link_has_the_lines_and_a_mark_of_long_ones() -> None:
    lines = "\n".join(f"a {'b ' * (n % 9)}{n % 7} → {'odd' if n % 2 else 'even'}" for n in range(200))
    visitor = whole(visit(shape="many-to-one", task="own", **FEW).set("classes", lines))
    assert visitor.choices["classes"].startswith(kinds.MARK)
    assert any("too long for the address bar" in caption.value for caption in visitor.app.caption)
    assert whole(visit(**visitor.choices)).widget("classes").value == lines
    unknown = visit(shape="many-to-one", task="own", classes=kinds.MARK + "A" * 22, **FEW)
    (sentence,) = unknown.errors
    assert "does not remember" in sentence and LONG_TEXTS.find("A" * 22) is None
    assert unknown.has("lesson_picture"), "the lines that stand there first are learned"


def test_lines_of_one_shape_stay_while_another_is_looked_at() -> None:
    visitor = whole(visit(shape="many-to-one", task="own", **FEW).set("classes", "a → b\nc → d"))
    visitor.set("shape", "each step").set("shape", "many-to-one").set("task", "own")
    assert whole(visitor).widget("classes").value == "a → b\nc → d"


# Links


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("panel", "nine"),
        ("shape", "none"),
        ("task", "adding"),
        ("hidden_size", "65"),
        ("layers", "0"),
        ("updates", "3001"),
        ("updates", "-1"),
        ("learning_rate", "nan"),
        ("dropout", "1"),
        ("example", "0"),
        ("seed", "1e3"),
        ("feed", "<b>"),
        ("classes", "x" * 50_001),
    ],
)
def test_a_forged_link_is_told_what_is_wrong_and_shows_the_page(name: str, value: str) -> None:
    usual = {"shape": "many-to-one", "updates": "12", "task": "own" if name == "classes" else "sentiment"}
    if name == "layers":
        usual["shape"] = "each step"
        del usual["task"]
    if name == "feed":
        usual |= {"shape": "delayed", "task": "words"}
    if name == "dropout":
        usual["layers"] = "2"
    visitor = visit("ko", **(usual | {name: value}))
    assert not visitor.app.exception
    (sentence,) = visitor.errors
    assert HANGUL.search(sentence) and "{" not in sentence
    assert visitor.has("lesson_picture")


def test_an_example_beyond_the_last_is_the_last() -> None:
    visitor = visit(shape="one-to-many", example="999", **FEW)
    assert len(visitor.errors) == 1 and visitor.widget("example").value == 8
    assert told(visitor)["frames"][-1]["read"][0] == "🐢"


def test_a_task_of_another_shape_gives_way_to_the_first_of_this_one() -> None:
    visitor = visit(shape="delayed", task="names", **FEW)
    assert visitor.widget("task").value == "words" and visitor.has("lesson_picture")


# Where the gradient starts


def test_variants_learn_side_by_side_from_one_seed() -> None:
    visitor = whole(visit(panel="gradient", shape="many-to-one", readout="mean", moment="end", **FEW))
    runs = {name: each.run() for name, each in variants(lesson("sentiment")).items()}
    assert list(runs) == ["each", "mean"]
    expected = []
    for name, run in runs.items():
        run.advance()
        expected.append(gradient_table(name, run.frames[-1]))
    shown, wanted = table(visitor, "gradient"), pd.concat(expected, ignore_index=True)
    assert shown["gradient"].tolist() == pytest.approx(wanted["gradient"].tolist())
    assert shown["variant"].tolist() == wanted["variant"].tolist()
    picture = told(visitor, "variants_picture")
    assert picture["back"] and picture["readout"] == "mean"
    learned = table(visitor, "learning")
    assert learned["variant"].drop_duplicates().tolist() == ["each", "mean"]


def test_gradients_start_where_losses_stand() -> None:
    run = lesson("words").run()
    run.advance(0.0)
    frame = run.frames[0]
    rows = gradient_table("x", frame)
    assert rows["t"].tolist() == [1, 2, 3, 4, 5] and frame.mask.tolist() == [False] * 3 + [True] * 2
    assert min(rows["gradient"].tolist()) > 0


def test_the_chart_of_gradients_is_of_the_highest_layer_and_says_so() -> None:
    """Read out at the last word: in the highest layer nothing comes to earlier words from what reads backwards."""
    network = NetworkConfig("gru", 4, 2, bidirectional=True)
    run = lesson("sentiment", network=network).run()
    run.advance(0.0)
    frame = run.frames[0]
    shown = gradient_table("x", frame)["gradient"].to_numpy()
    forwards, backwards = (frame.gradients[1, direction][: len(shown)] for direction in (0, 1))
    assert not backwards[:-1].any() and backwards[-1] > 0
    np.testing.assert_allclose(shown, np.sqrt(forwards**2 + backwards**2), rtol=1e-6)
    assert not np.allclose(shown, np.linalg.norm(frame.gradients[0][:, : len(shown)], axis=0), rtol=0.1)

    choices = {"panel": "gradient", "shape": "many-to-one", "layers": "2", "directions": "both", **FEW}
    said = [each.value for each in whole(visit(**choices)).app.caption]
    assert any("of the highest layer, of both directions together" in text for text in said)


def test_directions_are_offered_where_reading_backwards_tells_nothing_of_the_answer() -> None:
    """Zeros that are read backwards would tell how much of a name is still to come."""
    for shape, directions in (("one-to-many", 1), ("delayed", 1), ("many-to-one", 2), ("each step", 2)):
        visitor = whole(visit(shape=shape, directions="both", **FEW))
        assert told(visitor)["directions"] == directions
        said = [each.value for each in visitor.app.caption]
        assert any("has read the last symbol only" in text for text in said) == (shape == "many-to-one")


def test_a_decoder_is_compared_in_all_that_it_may_read() -> None:
    visitor = whole(visit(panel="gradient", shape="delayed", feed="itself", **FEW))
    learned = table(visitor, "learning")
    assert learned["variant"].drop_duplicates().tolist() == ["target", "itself", "nothing"]
    assert told(visitor, "variants_picture")["feeds_itself"]
    (numbers,) = [each.value for each in visitor.app.dataframe if "own" in each.value.columns]
    assert len(numbers) == 3


# A lesson is a job


def test_a_lesson_goes_on_where_it_was_after_another_page(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as crowded:
        crowded.setattr("playground.ui.progress.come_back", st.stop)
        for shortest in ("ui.progress.TURN", "runs.turns.LONGEST_TURN", "runs.turns.SHORTEST_TURN"):
            crowded.setattr(f"playground.{shortest}", 0.0)
        visitor = visit(shape="each step", updates="60", seed="77")
        for _ in range(6):
            visitor.run()
        assert visitor.has("pause_lesson") and visitor.has("lesson_picture"), (
            "it is drawn while it is learned"
        )
        before = job().progress
        visitor.visit("train").run()
        assert job().progress == before
        visitor.visit("shapes")
        assert job().progress > before
    visitor.run()
    assert job().progress == 1 and "shapes-examples.csv" in visitor.files


def job() -> Any:
    found = [
        entry.job.work
        for (kind, about), entry in JOBS._entries.items()
        if kind == "lesson" and isinstance(about, Lesson) and about.config.seed == 77
    ]
    assert len(found) == 1
    return found[0]


def test_where_nothing_is_held_out_no_picture_says_that_it_is() -> None:
    titles: dict[str, list[str]] = {}
    for name in ("naming", "pressure"):
        visitor = whole(visit(shape=LESSONS[name].shape, task=name, **FEW))
        charts = [element.proto for element in visitor.elements() if element.type == "plotly_chart"]
        titles[name] = [json.loads(each.spec)["layout"]["yaxis"]["title"].get("text", "") for each in charts]
    assert "share right on all examples" in titles["naming"]
    assert "share right on held-out examples" in titles["pressure"]
    assert "share right on held-out examples" not in titles["naming"]
    heads = {}
    for task, lines in (("words", {}), ("own", {"pairs": "ab → ba\ncd → dc"})):
        visitor = whole(visit(panel="gradient", shape="delayed", task=task, **lines, **FEW))
        (drawn,) = [each for each in visitor.app.dataframe if "start" in each.value.columns]
        heads[task] = json.loads(drawn.proto.columns)["success"]["label"]
    assert heads == {"words": "held-out success", "own": "success on all examples"}
