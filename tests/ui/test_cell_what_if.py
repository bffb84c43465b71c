"""What if, on the Cell page: edits made, taken back, kept in the address, and shared with the Train page."""

import io
import json
from typing import Any

import pandas as pd
import pytest
import torch

from playground.analysis.what_if import what_if
from playground.passes.edit_list import EDITS
from playground.passes.replica import copy_of
from tests.ui.pages import Visitor, corpus_of, trainer
from tests.ui.reading import english, korean, words_of

TEXT = {"text": "abcabd", "hidden_size": "3", "seed": "51"}


def visit(language: str = "en", **choices: str) -> Visitor:
    return Visitor(language, page="cell", **TEXT, **({"panel": "whatif"} | choices))


def table(visitor: Visitor, name: str) -> pd.DataFrame:
    """A download, by the beginning of its name."""
    (data,) = [data for file, data in visitor.files.items() if file.startswith(f"what-if-{name}-")]
    return pd.read_csv(io.BytesIO(data), encoding="utf-8-sig")


def titles(visitor: Visitor) -> list[str]:
    return [
        each.value.removeprefix("##### ") for each in visitor.app.markdown if each.value.startswith("##### ")
    ]


def test_edits_are_made_taken_back_and_kept_in_the_address() -> None:
    visitor = visit()
    assert visitor.errors == [] and not visitor.has("edit_undo")
    assert titles(visitor)[:2] == [
        "h stays as it is, to the last digit.",
        "Every loss stays as it is, to the last digit.",
    ]
    visitor.set("t", 3).set("quantity", "f").set("edit_value", 1.0).set("edit_span", "from")
    visitor.click("edit_add")
    assert visitor.choices["edits"] == "l0.f@2-=1.0".removesuffix(".0") and visitor.errors == []
    visitor.set("edit_kind", "symbol").set("edit_symbol", 3).click("edit_add")
    visitor.set("edit_kind", "cut").click("edit_add")
    visitor.set("edit_kind", "transplant").set("edit_source", 0).click("edit_add")
    assert visitor.choices["edits"] == "l0.f@2-=1,x@2=3,cut@2,h@0>2"
    labels = [visitor.widget(f"edit_{number}").label for number in range(4)]
    assert labels == ["f = 1 · t ≥ 3 ×", "c → d · t = 3 ×", "memory cut · t = 3 ×", "h at a₁ → c₃ ×"]
    visitor.click("edit_1")
    assert visitor.choices["edits"] == "l0.f@2-=1,cut@2,h@0>2"
    visitor.click("edit_undo")
    assert visitor.choices["edits"] == "l0.f@2-=1,cut@2"
    visitor.click("edit_reset")
    assert "edits" not in visitor.choices and titles(visitor)[0] == "f stays as it is, to the last digit."


def test_the_tables_are_those_of_the_reading() -> None:
    visitor = visit(edits="l0.f@2-=1,cut@1", quantity="c", t="4", at="0")
    made = trainer(0, text="abcabd", hidden_size=3, seed=51)
    corpus, network = corpus_of(made), made.network
    found = what_if(
        copy_of(network, torch.float64),
        corpus.window_batch(0),
        EDITS.parse("edits", "l0.f@2-=1,cut@1"),
        labels=corpus.labels,
        step=0,
    )
    for name, wanted in (
        ("values", found.values(1, "c")),
        ("losses", found.losses()),
        ("odds", found.odds(4)),
    ):
        pd.testing.assert_frame_equal(table(visitor, name), wanted, check_dtype=False, rtol=0, atol=1e-12)
    assert titles(visitor)[0].startswith("c changes most at t = ")


def test_the_same_edits_are_on_the_train_page() -> None:
    visitor = Visitor(**TEXT, edits="h@1>3")
    visitor.visit("cell")
    assert visitor.choices["edits"] == "h@1>3"
    visitor.visit("train")
    assert visitor.header()["question"]["key"] == "h@1>3|None"


@pytest.mark.parametrize(
    ("choice", "value", "sentence"),
    [
        ("edits", "nonsense", "Edits must be edits such as l0.f@2-5=1,x@1=4,h@2>3,cut@3; got 'nonsense'."),
        ("edits", "l0.z@1=1", "Edits: what l0.z@1 holds must be one of h, c, i, f, g, o."),
        ("edits", "x@1=9", "Edits: the symbol of x@1 must be from 0 to 3; got 9."),
        ("edits", "cut@9", "Edits: the timesteps of cut@9 must be from 0 to 4."),
        ("edits", "l0.h@1=1e308", "Edits must be a number from -100000 to 100000; got 1e+308."),
        ("edits", "l0.h@1=nan", "Edits must be a number from -100000 to 100000; got 'nan'."),
        ("t", "9", "Timestep must be a whole number from 1 to 5; got 9."),
    ],
)
def test_a_link_that_does_not_fit_is_one_sentence(choice: str, value: str, sentence: str) -> None:
    visitor = visit(**{choice: value})
    assert visitor.errors == [sentence] and titles(visitor)[0] == "h stays as it is, to the last digit."


def test_a_gate_of_another_cell_in_a_link_is_a_notice() -> None:
    visitor = visit(quantity="z")
    assert len(visitor.errors) == 1 and visitor.widget("quantity").value == "h"


@pytest.mark.parametrize(
    ("widget", "sent"),
    [
        ("edit_value", {"double_value": 1e308}),
        ("edit_unit", {"string_value": "<b>"}),
        ("edit_span", {"string_array_value": ["<b>"]}),
        ("edit_kind", {"string_array_value": ["<b>"]}),
    ],
)
def test_what_a_hostile_browser_sends_is_no_traceback(widget: str, sent: dict[str, Any]) -> None:
    visitor = visit()
    visitor.send(widget, **sent)
    assert not visitor.app.exception
    visitor.click("edit_add")
    assert not visitor.app.exception and len(visitor.errors) <= 1


def test_a_number_beyond_the_limits_is_said_and_changes_nothing() -> None:
    visitor = visit()
    visitor.set("edit_value", 1.0).click("edit_add").set("edit_value", 2e5).click("edit_add")
    assert visitor.choices["edits"] == "l0.h@1=1" and visitor.widget("edit_value").value == 2e5
    assert visitor.errors == ["Edits must be a number from -100000 to 100000; got 200000.0."]


def clicked(visitor: Visitor, figure: str, customdata: object) -> Visitor:
    """A point of a figure is chosen."""
    sent = {
        "selection": {"points": [{"customdata": customdata}], "point_indices": [], "box": [], "lasso": []}
    }
    return visitor.send(f"figure_whatif_{figure}", string_value=json.dumps(sent))


def test_a_click_on_a_cell_looks_at_its_timestep_and_takes_its_unit() -> None:
    visitor = visit()
    clicked(visitor, "values", [4, 3])
    assert (visitor.widget("t").value, visitor.widget("edit_unit").value) == (4, 3)
    clicked(visitor, "losses", [1])
    assert (visitor.widget("t").value, visitor.widget("edit_unit").value) == (1, 3)
    for wrong in ([999, 1], [2, 99], ["<b>", None], [None], 7, [2, [1]]):
        clicked(visitor, "values", wrong)
        assert not visitor.app.exception and visitor.widget("edit_unit").value == 3, wrong


@pytest.mark.parametrize("edits", ["", "l0.h@1=0,x@0=2,h@1>3,cut@4"])
@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_in_korean_every_word_is_korean(edits: str, cell: str) -> None:
    here, there = (visit(language, cell=cell, edits=edits) for language in ("en", "ko"))
    assert here.errors == there.errors == []
    assert [text for text in words_of(here) if korean(text)] == []
    assert [text for text in words_of(there) if english(text)] == []


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("text", ["ab", "abcabd"])
def test_the_unrolled_picture_is_of_the_visitors_text_and_counts_parameters(language: str, text: str) -> None:
    visitor = Visitor(language, page="cell", text=text, hidden_size="3", seed="51", panel="unrolled")
    assert visitor.errors == [] and not visitor.app.exception
    (element,) = [element for element in visitor.elements() if element.key == "unrolled"]
    told = json.loads(element.proto.json)
    made = trainer(0, text=text, hidden_size=3, seed=51)
    count = sum(value[0].numel() for value in made.network.named_parameters().values())
    assert told["inputs"] == list(text)[:-1] and told["targets"] == list(text)[1:]
    assert told["recurrent"] == [count] * (len(text) - 1)
    assert [korean(word) for word in told["words"].values() if word != "h"] == [language == "ko"] * (
        len(told["words"]) - 1
    )
    foreign = english if language == "ko" else korean
    shown = [word for word in words_of(visitor) if foreign(word) and word != element.proto.json]
    assert shown == []
