"""How the weights start, as it is chosen in the sidebar and in a link."""

import numpy as np
import pytest

from playground.cells import CELLS
from playground.config import FIELDS
from tests.ui.pages import Visitor, trainer
from tests.ui.reading import HANGUL

NO_GATES = {"en": "no gates", "ko": "게이트가 없어"}
FORGET = {"en": "forget-gate bias", "ko": "망각 게이트 편향"}
RELU = {"en": "The identity is meant with ReLU", "ko": "단위행렬은 ReLU와"}


def captions(visitor: Visitor) -> str:
    return " ".join(caption.value for caption in visitor.app.caption)


@pytest.mark.parametrize(
    ("initialization", "field", "value"),
    [("chrono", "longest_memory", 20), ("spectral", "spectral_radius", 1.5)],
)
def test_what_belongs_to_a_start_is_offered_with_it(initialization: str, field: str, value: float) -> None:
    visitor = Visitor("en", seed="40")
    assert not visitor.has(field)
    visitor.set("initialization", initialization)
    visitor.set(field, value)
    assert not visitor.app.exception and visitor.errors == []
    expected = {"initialization": initialization, field: FIELDS[field].show(value)}
    assert expected.items() <= visitor.address.items()
    visitor.click("step")
    update = trainer(0, seed=40, initialization=initialization, **{field: value}).advance(1)[0]
    assert visitor.stage.curve["perplexity"][0] == pytest.approx(np.exp(update.nll[0]), rel=1e-5)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_chrono_is_said_to_do_nothing_where_there_are_no_gates(language: str) -> None:
    visitor = Visitor(language, cell="rnn", initialization="chrono")
    assert not visitor.app.exception and visitor.errors == []
    assert visitor.widget("initialization").value == "chrono" and not visitor.has("longest_memory")
    said = captions(visitor)
    assert NO_GATES[language] in said and bool(HANGUL.search(said)) is (language == "ko")
    for cell in CELLS.keys() - {"rnn"}:
        visitor.set("cell", cell)
        assert visitor.has("longest_memory") and NO_GATES[language] not in captions(visitor)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_identity_asks_for_relu_where_there_is_a_choice(language: str) -> None:
    visitor = Visitor(language, cell="rnn", initialization="identity")
    assert RELU[language] in captions(visitor)
    visitor.set("nonlinearity", "relu")
    assert RELU[language] not in captions(visitor)
    visitor = Visitor(language, cell="gru", initialization="identity")
    assert not visitor.app.exception and RELU[language] not in captions(visitor)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("cell", [cell for cell, spec in CELLS.items() if "forget_bias" in spec.biases])
def test_a_forget_bias_in_a_link_is_said_to_do_nothing_where_the_start_sets_it(
    language: str, cell: str
) -> None:
    visitor = Visitor(language, cell=cell, initialization="chrono", forget_bias="1.5")
    assert not visitor.app.exception and visitor.errors == []
    assert not visitor.has("forget_bias") and "1.5" in captions(visitor)
    assert visitor.address["forget_bias"] == "1.5", "it is there again with another start"
    visitor.set("initialization", "default")
    assert visitor.widget("forget_bias").value == 1.5 and "1.5" not in captions(visitor)
    visitor.set("forget_bias", 0.0)
    visitor.set("initialization", "identity")
    assert not visitor.has("forget_bias") and FORGET[language] not in captions(visitor)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_memory_that_is_not_allowed_is_refused_beside_its_field(language: str) -> None:
    visitor = Visitor(language, initialization="chrono", longest_memory="1")
    assert visitor.errors == [visitor.beside("longest_memory")] and "2" in visitor.errors[0]
    assert visitor.widget("longest_memory").value == 50
