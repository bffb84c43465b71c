"""One update on the Cell page as a visitor meets it: that of the run, the choice of a weight, and forged links."""

import json
from typing import Any

import pytest

from playground.analysis.slow_motion import Weight, slow_motion
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.figures.axes import number
from tests.ui.pages import Visitor, corpus_of, trainer
from tests.ui.reading import HANGUL

pytestmark = pytest.mark.slow

EXPERIMENT: dict[str, Any] = {
    "text": "abcabd",
    "hidden_size": 3,
    "layers": 2,
    "seed": 81,
    "optimizer": "momentum",
}


def visit(language: str = "en", **values: object) -> Visitor:
    asked = {"panel": "update", "at": 4, **EXPERIMENT, **values}
    return Visitor(language, page="cell", **{name: str(value) for name, value in asked.items()})


def message(visitor: Visitor) -> dict[str, Any]:
    return json.loads(visitor.widget("motion").proto.json)


def rule(told: dict[str, Any]) -> list[str]:
    """The lines of the optimiser's stage."""
    return [line for beat in told["beats"] if beat["stage"] == 6 for line in beat["lines"]]


def test_it_is_the_update_that_plain_training_makes_of_the_weight_that_is_chosen() -> None:
    plain = trainer(4, **EXPERIMENT)
    shown = slow_motion(plain, Weight("rnn.weight_ih_l1", 7, 2), column=0)
    visitor = visit(parameter="rnn.weight_ih_l1", row=8, column=3)
    assert not visitor.errors
    told = message(visitor)
    (row,) = [row for row in told["rows"] if row["name"] == "share"]
    assert row["texts"] == [number(back.share + 0.0, 3) for back in shown.back]
    (row,) = [row for row in told["rows"] if row["name"] == "read"]
    assert row["texts"] == [f"\u2068{corpus_of(plain).labels[symbol]}\u2069" for symbol in shown.inputs]
    assert rule(told)[-1].endswith(f"= {number(shown.made.weight_after, 6)}")


def test_a_step_of_the_past_has_its_own_optimiser_state() -> None:
    visitor = visit(at=9)
    visitor.set("cell.at", 4)
    plain = slow_motion(trainer(4, **EXPERIMENT), Weight("rnn.weight_hh_l0", 0, 0))
    assert f"was {number(plain.made.before['velocity'], 6)}" in "".join(rule(message(visitor)))


def test_the_chosen_weight_stands_in_the_address() -> None:
    visitor = visit()
    visitor.set("cell.parameter", "readout.bias")
    visitor.set("cell.row", 3)
    assert visitor.choices == {"panel": "update", "at": "4", "parameter": "readout.bias", "row": "3"}
    assert "w = readout.bias[3]" in json.dumps(message(visitor), ensure_ascii=False)


def test_any_sequence_of_the_batch_is_shown_and_the_watched_one_at_first() -> None:
    lines = EXPERIMENT | {"text": "abba\nbcad\ncabda", "batch_size": 2, "seed": 2, "at": 2}
    corpus = Corpus(TextConfig(text="abba\nbcad\ncabda", batch_size=2))
    batch = corpus.batch(2, 2)
    texts = ["".join(corpus.labels[symbol] for symbol in column) for column in batch.inputs[:, 0].T.tolist()]
    watched = corpus.column(0, 2, 2)
    assert watched == 1
    visitor = visit(**lines)

    def read() -> str:
        (row,) = [row for row in message(visitor)["rows"] if row["name"] == "read"]
        return "".join(text.strip("\u2068\u2069") for text in row["texts"])

    assert texts[watched].startswith(read()) and "sequence" not in visitor.choices
    others = {number for number in range(batch.mask.shape[2]) if batch.mask[:, 0, number].any()} - {watched}
    for other in sorted(others):
        visitor.set("cell.sequence", other + 1)
        assert texts[other].startswith(read()) and visitor.choices["sequence"] == str(other + 1)
    assert others


def test_all_of_it_is_korean() -> None:
    told = message(visit("ko", text="abba\nbca", batch_size=2))
    for said in (*(beat["text"] for beat in told["beats"]), *told["words"].values(), told["note"]):
        assert HANGUL.search(said), said
    assert all(HANGUL.search(stage["title"]) for stage in told["stages"])
    assert all(HANGUL.search(row["label"]) for row in told["rows"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("parameter", "rnn.weight_hh_l9"),
        ("parameter", "rnn.weight_hh_l2"),  # of a third layer, which this network has not
        ("parameter", "embedding.weight"),
        ("row", "0"),
        ("row", "13"),
        ("column", "4"),
        ("sequence", "0"),
        ("sequence", "2"),  # of a text with a single one
        ("column", "1e308"),
        ("at", "-1"),
        ("at", "NaN"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_forged_link_is_refused_in_one_sentence_and_something_is_shown(
    language: str, name: str, value: str
) -> None:
    visitor = visit(language, **{name: value})
    assert len(visitor.errors) == 1
    if name not in ("at", "sequence"):  # without a widget where there is a single one
        assert visitor.beside(name) == visitor.errors[0]
    assert message(visitor)["beats"]
    assert not visitor.app.exception


def test_where_training_has_exploded_there_is_no_update_and_it_says_so() -> None:
    values = {"cell": "rnn", "nonlinearity": "linear", "optimizer": "sgd", "learning_rate": 10, "clip": "off"}
    made = trainer(0, **EXPERIMENT | values | {"text": "abcabd" * 10}).advance(60)
    exploded = made[-1]
    assert not exploded.finite
    visitor = visit(**values, text="abcabd" * 10, at=exploded.step)
    (warning,) = visitor.app.warning
    assert "there is no update" in warning.value
    assert "motion" not in {element.key for element in visitor.elements()}
    visitor.set("cell.at", exploded.step - 1)
    assert message(visitor)["beats"]
