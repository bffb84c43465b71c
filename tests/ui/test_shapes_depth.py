"""The panel of layers as a visitor meets it: its numbers are those of the readings, its words his, its links hold."""

import io

import pandas as pd
import pytest
import torch

from playground.analysis.depth import losses_of_draws, one_sequence, read_both_ways
from playground.config import NetworkConfig
from playground.figures.axes import number
from playground.models.dropout import Draw
from playground.passes.replica import copy_of
from playground.studies.lessons import LESSONS, lesson_of
from playground.training import Trainer
from tests.ui.pages import Visitor
from tests.ui.reading import english, korean, words_of

pytestmark = pytest.mark.slow

FEW = {"updates": "12", "seed": "5"}


def visit(language: str = "en", **choices: str) -> Visitor:
    chosen = {"panel": "depth", **FEW, **choices}
    return Visitor(language, page="shapes", **{f"shapes.{name}": value for name, value in chosen.items()})


def title(visitor: Visitor) -> str:
    (found,) = [each.value for each in visitor.app.markdown if each.value.startswith("##### ")]
    return found.removeprefix("##### ")


def captions(visitor: Visitor) -> list[str]:
    return [each.value for each in visitor.app.caption]


def test_both_readings_are_those_of_the_weights_of_the_chosen_step() -> None:
    visitor = visit(layers="1", depth="3", depth_dropout="0.4", frame="5", draw="3", example="2")
    assert visitor.errors == [] and not visitor.app.exception
    ready = LESSONS["sentiment"]
    lesson = lesson_of(
        ready,
        NetworkConfig("gru", ready.network.hidden_size, 3, dropout=0.4),
        learning_rate=ready.learning_rate,
        updates=12,
        seed=5,
        has_decoder=False,
        feed="target",
        language="en",
    )
    trainer = Trainer(lesson.config, lesson.task)
    trainer.advance(5)
    model, batch = copy_of(trainer.network), one_sequence(lesson.task.held_out(), 1)
    reading = read_both_ways(model, batch, Draw(5, 5 + 2))
    expected = reading.states(lesson.task.show(batch, 0).read)
    found = pd.read_csv(io.BytesIO(visitor.files["shapes-depth.csv"]), encoding="utf-8-sig")
    assert found["left_out"].to_list() == expected["left_out"].to_list()
    for column in ("evaluated", "trained", "difference"):
        assert found[column].to_list() == pytest.approx(expected[column].to_list(), rel=1e-3, abs=1e-6)
    evaluated, trained = reading.losses()
    left_out = int(expected["left_out"].sum())
    assert f"{left_out} of {2 * 16 * len(batch.mask)} numbers" in title(visitor)
    for loss in (evaluated, trained):
        assert number(loss, 2)[:4] in title(visitor).replace(",", "")
    losses = losses_of_draws(model, batch, seed=5, step=5)
    assert number(float(torch.tensor(losses).quantile(0.1)), 2) in title(visitor)


def test_each_part_has_its_count() -> None:
    metrics = {each.label: each.value for each in visit(depth="2").app.metric}
    # GRU, 16 units: 3 · (n · 16 + 16 · 16 + 2 · 16), and two classes.
    reads = LESSONS["sentiment"].task(language="en").signature.input_size
    assert metrics["numbers learned, layer 1"] == f"{3 * (reads * 16 + 16 * 16 + 32):,}"
    assert metrics["numbers learned, layer 2"] == f"{3 * (16 * 16 + 16 * 16 + 32):,}"
    assert metrics["numbers learned, read-out"] == str(2 * 16 + 2)


def test_without_dropout_there_is_one_reading_and_it_is_said_why() -> None:
    one = visit(depth="1")
    assert "With one layer there is nothing between layers, so dropout has nothing to leave out." in captions(
        one
    )
    none = visit(depth="2", depth_dropout="0")
    assert "Dropout is 0: trained or used, the network computes the same." in captions(none)
    for visitor in (one, none):
        assert visitor.errors == [] and not visitor.has("draw") and not visitor.app.exception
        assert title(visitor).startswith(
            "The answer is read out of the highest layer; the loss of this one is "
        )


def test_a_step_that_is_not_recorded_moves_to_the_next_and_the_address_holds_the_rest() -> None:
    visitor = visit(updates="200", frame="33", draw="4", depth="3", depth_dropout="0.5")
    assert visitor.errors == [] and not visitor.app.exception
    kept = visitor.widget("frame").value
    assert isinstance(kept, int) and kept != 33 and abs(kept - 33) <= 4
    assert {name: visitor.choices[name] for name in ("draw", "depth", "depth_dropout", "panel")} == {
        "draw": "4",
        "depth": "3",
        "depth_dropout": "0.5",
        "panel": "depth",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frame", "9999"),
        ("frame", "x"),
        ("draw", "0"),
        ("draw", "21"),
        ("depth", "4"),
        ("depth_dropout", "1"),
    ],
)
def test_a_link_with_what_is_not_allowed_gets_one_sentence(name: str, value: str) -> None:
    visitor = visit(**{name: value})
    assert not visitor.app.exception and len(visitor.errors) == 1


def test_every_word_is_in_the_readers_language() -> None:
    for layers in ("1", "2"):
        assert [
            word for word in words_of(visit("ko", depth=layers)) if _is_said(word) and english(word)
        ] == []
        assert [word for word in words_of(visit("en", depth=layers)) if _is_said(word) and korean(word)] == []


def _is_said(word: str) -> bool:
    return not word.startswith("{")
