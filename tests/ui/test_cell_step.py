"""The Cell page's first panel: the worked example is computed as it is changed, and any step of the run is shown."""

import json
import math
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from playground.cells import CELLS
from playground.cells.examples import EXAMPLES
from playground.refusal import Refusal
from playground.ui.cell.kinds import ChangedNumbers, Units
from playground.ui.cell.words import WORDS
from tests.ui.pages import Visitor

WRONG = ["", "abc", "1e308", "NaN", "inf", "1,5", "0x10", "1001", "1" * 500, "١"]


def visitor(**query: Any) -> Visitor:
    return Visitor(page="cell", **query)


def sheet(seen: Visitor) -> dict[str, Any]:
    """What the sheet is told."""
    return json.loads(seen.widget("sheet").proto.json)


def send(seen: Visitor, value: Any) -> dict[str, Any]:
    """What the browser sends of the sheet; what the sheet is told then."""
    identifier = f"$$STREAMLIT_INTERNAL_KEY_{seen.widget('sheet').proto.id}__events"
    seen.run(WidgetState(id=identifier, json_trigger_value=json.dumps([{"event": "ask", "value": value}])))
    return sheet(seen)


def ask(seen: Visitor, *wishes: dict[str, Any]) -> dict[str, Any]:
    """What the sheet asks for in one message; what it is told then."""
    heard = sheet(seen)["heard"]
    return send(seen, [{**wish, "serial": heard + number} for number, wish in enumerate(wishes, start=1)])


def unheard(told: dict[str, Any]) -> dict[str, Any]:
    """The same, without how much was asked for."""
    return told | {"heard": 0}


def test_it_opens_with_the_example_of_three_entries_and_two_units() -> None:
    seen = visitor()
    told = sheet(seen)
    assert seen.errors == []
    assert [len(row) for row in told["weight"][0]] == [5, 5]
    assert told["products"][0][0] == pytest.approx([0.5, -0.5, -0.5, 0.05, -0.2])
    assert told["values"]["h"] == pytest.approx([math.tanh(-0.55), math.tanh(0.375)])
    assert set(told["words"]) == set(WORDS)


def test_the_example_is_one_of_the_cell_and_follows_it_until_another_is_chosen() -> None:
    def shows(seen: Visitor) -> tuple[str, str | None]:
        assert seen.errors == []
        return sheet(seen)["name"], seen.choices.get("example")

    for cell in CELLS:
        assert shows(Visitor.following(f"/cell?cell={cell}")) == (
            "RNN" if cell == "lstm" else cell.upper(),
            None,
        )
    seen = visitor()
    for cell, said in (("gru", None), ("lstm", "keeps"), ("rnn", None)):
        seen.set("cell", cell)
        assert shows(seen) == (cell.upper(), said)
    seen.set("example", "blends")
    assert shows(seen) == ("GRU", "blends")
    assert shows(seen.run()) == ("GRU", "blends")
    assert shows(Visitor.following("/cell?cell=gru&cell.example=entries")) == ("RNN", "entries")


def test_a_number_is_changed_in_place_and_stands_in_the_address() -> None:
    seen = visitor()
    told = ask(seen, {"name": "x.1", "text": "−2"})
    assert told["met"][0][0] == -2
    assert told["values"]["h"][0] == pytest.approx(math.tanh(-0.55 - 1.5))
    assert (told["changed"], told["complaint"]) == (["x.1"], None)
    assert seen.choices == {"numbers": "x.1:-2.0"}
    assert sheet(Visitor.following("/cell?cell.numbers=x.1:-2.0"))["values"] == told["values"]
    assert ask(seen, {"reset": True})["changed"] == []
    assert seen.choices == {}


def test_an_edit_of_nothing_changes_nothing_to_the_last_bit() -> None:
    seen = visitor(example="keeps")
    before = sheet(seen)
    number = before["biases"][1][0][0]  # with all its digits
    after = ask(seen, {"name": "b.f.1.1", "text": repr(number)})
    assert unheard(after) == unheard(before)
    changed = ask(seen, {"name": "b.f.1.1", "text": "3"})
    assert changed["values"]["f"] != before["values"]["f"]
    again = ask(seen, {"name": "b.f.1.1", "text": repr(number)})
    assert unheard(again) == unheard(before)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_is_no_number_is_said_beside_its_field_and_the_old_value_stays(language: str) -> None:
    seen = visitor(language=language)
    before = sheet(seen)
    for text in WRONG:
        told = ask(seen, {"name": "w.h.1.2", "text": text})
        assert told["complaint"]["name"] == "w.h.1.2"
        assert "1000" in told["complaint"]["sentence"]
        assert ("must be" in told["complaint"]["sentence"]) == (language == "en")
        assert unheard(told | {"complaint": None}) == unheard(before)
    assert ask(seen, {"name": "w.h.1.2", "text": "0.5"})["complaint"] is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        [],
        {"serial": 1, "name": "x.1", "text": "2"},
        [None, 1, [], {}],
        [{"name": "x.1", "text": "2"}],
        *(
            [{"serial": serial, "name": "x.1", "text": "2"}]
            for serial in (0, -1, 1.5, "1", None, 2**53 + 1, 10**400)
        ),
        [{"serial": 1, "name": "w.h.9.9", "text": "1"}],
        [{"serial": 1, "name": 1, "text": "1"}],
        [{"serial": 1, "name": "x.1", "text": 2}],
        [{"serial": 1, "way": ["back"]}, {"serial": 2, "joined": 0}],
    ],
)
def test_what_no_sheet_sends_changes_nothing(value: Any) -> None:
    seen = visitor()
    before = sheet(seen)
    assert unheard(send(seen, value)) == before
    assert seen.errors == []


def test_direction_and_matrix_stand_in_the_address() -> None:
    seen = visitor()
    assert ask(seen, {"way": "back"})["way"] == "back"
    assert ask(seen, {"joined": False})["joined"] is False
    assert seen.choices == {"way": "back", "joined": "0"}
    assert ask(seen, {"way": "sideways"})["way"] == "back"


def test_what_was_typed_is_heard_though_its_message_was_replaced_by_the_next_and_done_once() -> None:
    """Streamlit keeps the later of two messages that come close together; so each holds all that is waited for."""
    seen = visitor()
    first, second = {"serial": 1, "name": "x.1", "text": "2"}, {"serial": 2, "name": "x.2", "text": "3"}
    turned = {"serial": 3, "way": "back"}
    told = send(seen, [first, second, turned])
    assert (told["changed"], told["way"], told["heard"]) == (["x.1", "x.2"], "back", 3)
    send(seen, [{"serial": 4, "reset": True}])
    told = send(seen, [first, second, {"serial": 5, "name": "x.3", "text": "1"}])
    assert told["changed"] == ["x.3"]


def test_of_several_numbers_the_last_wrong_one_is_said_unless_it_was_mended() -> None:
    seen = visitor()
    wrong, right = {"name": "x.1", "text": "abc"}, {"name": "x.2", "text": "3"}
    told = ask(seen, wrong, right)
    assert (told["changed"], told["complaint"]["name"]) == (["x.2"], "x.1")
    assert ask(seen, wrong, wrong | {"text": "4"})["complaint"] is None
    assert ask(seen, wrong, {"reset": True})["complaint"] is None


@pytest.mark.parametrize(("typed", "value"), [("１２．５", 12.5), ("－3", -3), ("−０", 0), ("1e2", 100)])
def test_numbers_are_read_as_keyboards_write_them(typed: str, value: float) -> None:
    seen = visitor()
    told = ask(seen, {"name": "x.1", "text": typed})
    assert told["met"][0][0] == value
    assert seen.choices == {"numbers": f"x.1:{float(value)}"}  # never −0.0


@pytest.mark.parametrize(
    "numbers", ["x.9:1", "x.1:1e9", "x.1", "h.1:nan", "😀:1", "x.1:1," * 200, "w.i.1.1:2"]
)
def test_a_forged_link_shows_the_example_and_says_why(numbers: str) -> None:
    seen = visitor(numbers=numbers)
    assert sheet(seen)["changed"] == []
    assert len(seen.errors) == 1


def test_numbers_go_with_their_example() -> None:
    seen = visitor(numbers="x.1:2")
    assert sheet(seen)["changed"] == ["x.1"]
    seen.set("example", "keeps")
    assert sheet(seen)["changed"] == []
    assert seen.choices == {"example": "keeps"}


@pytest.mark.parametrize("cell", list(CELLS))
def test_every_cell_has_its_sheet_of_a_step_of_the_run(cell: str) -> None:
    seen = visitor(cell=cell, source="run", at=3, t=3, units="1,16", hidden_size=16)
    told = sheet(seen)
    assert seen.errors == []
    assert (told["units"], told["others"], told["editable"]) == ([0, 15], 14, False)
    assert told["symbols"][told["lit"]] == "l"
    assert [block["name"] for block in told["blocks"]] == list(CELLS[cell].block_names)


def test_an_embedding_is_shown_as_a_look_up() -> None:
    told = sheet(visitor(source="run", embedding=3, t=1))
    assert told["lookup"]["symbol"] == "h"
    assert told["lookup"]["row"] == told["met"][0][:3]


def test_units_and_timesteps_that_are_not_there_are_replaced() -> None:
    seen = visitor(source="run", hidden_size=2, units="7,9", t=150, layer=3)
    told = sheet(seen)
    assert told["units"] == [0, 1]


def test_lists_in_links_are_read_as_they_are_written() -> None:
    numbers, units = ChangedNumbers(), Units()
    changes = (("x.1", 0.1), ("w.h.1.2", -3e-5))
    assert numbers.parse("numbers", numbers.show(changes)) == changes
    assert units.parse("units", units.show((1, 128))) == (1, 128)
    for kind, text in ((numbers, "x.1:1:2"), (units, "1,2,3,4,5"), (units, "0"), (units, "-1"), (units, "a")):
        with pytest.raises(Refusal):
            kind.parse("numbers", text)
    for given in EXAMPLES.values():
        names = tuple((name, 1.0) for name in list(given.given().numbers)[:50])
        assert numbers.check("numbers", names) == names


def test_what_is_not_finite_after_an_explosion_is_told_as_such() -> None:
    seen = visitor(
        source="run",
        cell="rnn",
        nonlinearity="relu",
        embedding=3,
        learning_rate=10,
        optimizer="sgd",
        clip="off",
        at=5,
    )
    told = sheet(seen)
    assert seen.errors == []
    assert len(seen.app.warning) == 1
    json.dumps(told, allow_nan=False)


def test_a_step_within_the_recording_is_not_called_its_end() -> None:
    said = [caption.value for caption in visitor(source="run", at=7).app.caption]
    assert "The network after 7 updates, the step you chose." in said
    last = [caption.value for caption in visitor(source="run").app.caption]
    assert any(text.startswith("The network at the end of the recording, after ") for text in last)
