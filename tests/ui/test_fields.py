"""What choices and their values are called."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from playground.catalogue import N_
from playground.config import FIELDS, Choice, RateChange
from playground.models.bag import BAG_FIELDS
from playground.models.crf import CRF_FIELDS
from playground.models.hmm import HMM_FIELDS
from playground.models.ngram import NGRAM_FIELDS
from playground.models.window import WINDOW_FIELDS
from playground.refusal import Refusal
from playground.studies.knobs import KNOBS
from playground.tasks.fields import TASK_FIELDS
from playground.ui import fields
from playground.ui.choices import PAGES, PARAMETERS, QUANTITIES
from playground.ui.fields import FIELD_LABELS, HELP, OPTION_LABELS, exact_number, label, sentence, value_label
from tests.messages import sources
from tests.ui.pages import Visitor

OF_PAGES = {name: choice.kind for page in PAGES.values() for name, choice in page.items()}
TABLES: list[Mapping[str, Any]] = [
    *(FIELDS, OF_PAGES, KNOBS, TASK_FIELDS),
    *(NGRAM_FIELDS, HMM_FIELDS, WINDOW_FIELDS, BAG_FIELDS, CRF_FIELDS),
]


def refused() -> Iterator[str]:
    """Every field that the code names where it refuses or checks a value."""
    for file in sources():
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
                if name in ("Refusal", "Unreadable") or (
                    name == "check" and isinstance(call.args[0].value, str)
                ):
                    yield str(call.args[0].value)


def test_every_field_has_a_name() -> None:
    for table in TABLES:
        assert FIELD_LABELS.keys() >= table.keys()
    assert HELP.keys() <= FIELDS.keys()


def test_every_field_that_is_refused_by_name_has_one() -> None:
    found = set(refused())
    assert found >= {"text", "draws", "updates", "job", "lines", "tracks"}, "the code is not read"
    assert FIELD_LABELS.keys() >= found | {"edits"}


def test_every_option_has_a_name() -> None:
    options = {
        option
        for table in TABLES
        for kind in table.values()
        if isinstance(kind, Choice)
        for option in kind.options
    }
    named_elsewhere = {*PARAMETERS, *QUANTITIES}  # by torch, and by the words of a cell
    assert OPTION_LABELS.keys() >= options - named_elsewhere


@pytest.mark.parametrize(
    "field",
    [*TASK_FIELDS, *NGRAM_FIELDS, *HMM_FIELDS, *WINDOW_FIELDS, *BAG_FIELDS, *CRF_FIELDS, "edits", "draws"],
)
def test_what_is_refused_is_called_by_its_name(field: str) -> None:
    said = sentence(Refusal(field, "{field} is refused"))
    assert said == f"{FIELD_LABELS[field]} is refused".replace("-", r"\-")


def test_a_choice_of_one_page_may_have_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fields.FIELD_LABELS, "gradients.layer", N_("Seed"))
    assert (label("layer"), label("layer", "gradients"), label("layer", "other")) == (
        "Layer",
        "Seed",
        "Layer",
    )
    assert label("cell", "gradients") == "Cell"
    refusal = Refusal("layer", "{field} is refused")
    assert (sentence(refusal), sentence(refusal, "gradients")) == ("Layer is refused", "Seed is refused")
    visitor = Visitor("en", page="gradients", layers="2", layer="7")
    assert visitor.widget("layer").label == "Seed" and visitor.beside("layer").startswith("Seed must be")


@pytest.mark.parametrize("value", [0.01, 0.0099999999, 1e-5, 10.0, 0.30000000000000004, 1000.0, 0.1 + 0.7])
def test_no_two_numbers_look_alike(value: float) -> None:
    assert float(exact_number(value)) == value


def test_round_numbers_stay_short() -> None:
    assert [exact_number(value) for value in (0.01, 1.0, 0.3, 1000.0)] == ["0.01", "1", "0.3", "1000"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("hidden_size", 32, "Hidden size 32"),
        ("cell", "gru", "GRU"),
        ("bos", True, "BOS +"),
        ("learning_rate", 0.0099999999, "Learning rate 0.0099999999"),
        ("text", "hello", "hello"),
        ("text", "\n \nhello", "hello"),
        ("text", "hello\nhallo", "hello…"),
        ("text", "the quick brown fox", "the quick brown…"),
        ("text", "family of 👨‍👩‍👧‍👦 four", "family of …"),
        ("rates", (), "learning rate never changed"),
        ("rates", (RateChange(81, 0.1),), "learning rate 0.1 from step 81"),
        (
            "rates",
            (RateChange(81, 0.1), RateChange(1550, 0.01), RateChange(2000, 0.1)),
            "learning rate 0.1 from step 81, learning rate 0.01 from step 1,550 …",
        ),
    ],
)
def test_a_value_in_a_few_words(field: str, value: object, words: str) -> None:
    assert value_label(field, value) == words
