"""What a reader changes in the text read: in links, on the stage, and when it fits no longer."""

from typing import Any

import pytest

from playground.ui import choices
from playground.ui.state import PageChoices
from tests.ui.pages import Visitor

EDITED = "h@2>3,l0.h.4@1-=0"


def question(visitor: Visitor) -> str | None:
    """What the stage is told that is asked."""
    asked = visitor.header().get("question")
    return asked and asked["key"]


def reading(visitor: Visitor) -> dict[str, Any] | None:
    return visitor.header()["tracks"][0]["reading"]


def test_a_link_asks_and_is_kept_in_the_address() -> None:
    visitor = Visitor(seed="31", edits=EDITED, loss_at="4")
    assert question(visitor) == f"{EDITED}|3"
    assert reading(visitor) == {"step": 0, "edited": len(visitor.stage.frames[0]), "beam": [1, 2, 4]}
    assert visitor.choices == {"edits": EDITED, "loss_at": "4"} and visitor.errors == []
    visitor.click("step")
    assert question(visitor) == f"{EDITED}|3" and reading(visitor)["step"] == 1
    assert Visitor(seed="31").header().get("question") is None


def test_the_stage_makes_edits_and_takes_them_back() -> None:
    visitor = Visitor(seed="32")
    for change, edits in (
        ({"add": "h@2>3"}, "h@2>3"),
        ({"add": "cut@1"}, "h@2>3,cut@1"),
        ({"add": "h@0>3"}, "cut@1,h@0>3"),  # of the same timestep: in its place
        ({"add": "l0.f@1-=1"}, "cut@1,h@0>3,l0.f@1-=1"),
        ({"add": "l0.f@2-=0"}, "cut@1,h@0>3,l0.f@2-=0"),
        ({"remove": "h@0>3"}, "cut@1,l0.f@2-=0"),
        ({"remove": "h@0>3"}, "cut@1,l0.f@2-=0"),
        ({"clear": "all"}, ""),
    ):
        visitor.signal("edits", change)
        assert question(visitor) == (f"{edits}|None" if edits else None)
        assert visitor.choices.get("edits", "") == edits and visitor.errors == []


@pytest.mark.parametrize(
    ("forged", "sentence"),
    [
        ({"add": "h@2>2"}, "Edits: h@2>2 puts a state where it is already, which changes nothing."),
        ({"add": "h@2>7"}, "Edits: the timesteps of h@2>7 must be from 0 to 3."),
        ({"add": "l0.z@1=1"}, "Edits: what l0.z@1 holds must be one of h, c, i, f, g, o."),
        ({"add": "x@1=9"}, "Edits: the symbol of x@1 must be from 0 to 3; got 9."),
        ({"add": "<b>"}, "Edits must be edits such as l0.f@2-5=1,x@1=4,h@2>3,cut@3; got '<b>'."),
        ({"add": ",".join(f"cut@{t}" for t in range(40))}, "Edits must be at most 32; got 40."),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_the_rest_stays(forged: Any, sentence: str) -> None:
    visitor = Visitor(seed="33", edits="h@1>3")
    visitor.signal("edits", forged)
    assert visitor.errors == [sentence] and question(visitor) == "h@1>3|None"
    visitor.signal("edits", {"add": "cut@2"})
    assert visitor.errors == [] and question(visitor) == "h@1>3,cut@2|None"


def test_what_could_not_be_is_said_as_long_as_it_could_not() -> None:
    """The sentence speaks of the text that was there."""
    visitor = Visitor(seed="33", edits="h@1>3")
    visitor.signal("edits", {"add": "h@2>7"})
    visitor.run()
    assert visitor.errors == ["Edits: the timesteps of h@2>7 must be from 0 to 3."]
    visitor.set("text", "mississippi")
    assert visitor.errors == [] and question(visitor) == "h@1>3|None"


@pytest.mark.parametrize(
    ("event", "value"), [("edits", {"add": "cut@1"}), ("loss", {"at": 2}), ("present", {"panels": ["tiles"]})]
)
def test_what_the_stage_chooses_changes_no_other_page(event: str, value: Any) -> None:
    """Until another page has come, the browser shows the stage, and sends what is clicked on it."""
    visitor = Visitor(seed="33")
    session = visitor.app.session_state["session"]
    session.page = "gradients"
    session.choices["gradients"] = PageChoices(dict(choices.from_link("gradients", {})[0]))
    before = dict(session.choices["gradients"].chosen)
    visitor.signal(event, value)
    assert not visitor.app.exception and visitor.errors == []
    assert session.choices["gradients"].chosen == before
    assert all(f"gradients.{name}" not in visitor.app.session_state for name in ("loss_at", "present"))


@pytest.mark.parametrize(
    "forged", [None, 3, "h@2>3", {}, {"add": 3}, {"add": None}, {"remove": ["h@1>3"]}, [{"add": "x"}]]
)
def test_nonsense_changes_nothing(forged: Any) -> None:
    visitor = Visitor(seed="33", edits="h@1>3")
    visitor.signal("edits", forged)
    assert visitor.errors == [] and question(visitor) == "h@1>3|None"


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"at": 2}, 2), ({"at": 0}, 0), ({"at": None}, None), ({"at": True}, 1), ({"at": -1}, 1), ({"at": 10**9}, 1),
     ({"at": "2"}, 1), ({}, 1), (None, 1), ({"at": 4}, None)],
)  # fmt: skip
def test_a_loss_is_looked_back_from(asked: Any, told: int | None) -> None:
    visitor = Visitor(seed="34", loss_at="2")
    visitor.signal("loss", asked)
    assert question(visitor) == (None if told is None else f"|{told}")
    assert visitor.choices.get("loss_at") == (None if told is None else str(told + 1))


def test_edits_survive_playing_and_another_seed() -> None:
    visitor = Visitor(seed="35", edits=EDITED)
    visitor.click("play").run()
    assert visitor.stage.playhead > 0 and question(visitor) == f"{EDITED}|None"
    visitor.set("seed", 36)
    assert question(visitor) == f"{EDITED}|None" and visitor.choices["edits"] == EDITED


@pytest.mark.parametrize(
    ("field", "value", "kept", "sentence"),
    [
        ("text", "hi!", "l0.h.4@1-=0", "Edits: the timesteps of h@2>3 must be from 0 to 1."),
        ("hidden_size", 4, "h@2>3", "Edits: the unit of l0.h.4@1- must be from 0 to 3."),
    ],
)
def test_what_fits_no_longer_is_taken_back_with_a_sentence(
    field: str, value: Any, kept: str, sentence: str
) -> None:
    visitor = Visitor(seed="37", edits=EDITED, settings="full")
    visitor.set(field, value)
    assert visitor.errors == [sentence] and question(visitor) == f"{kept}|None"
    assert visitor.choices["edits"] == kept
    visitor.run()
    assert visitor.errors == [sentence], "as long as that is watched"
    visitor.set("seed", 38)
    assert visitor.errors == [] and question(visitor) == f"{kept}|None"


@pytest.mark.parametrize("edits", ["nonsense", "h@2>2", "h@2>99", "l7.h@1=0", "h@2>3" * 999, "h@2>3,", "%00"])
def test_a_link_with_nonsense_is_one_sentence(edits: str) -> None:
    visitor = Visitor(seed="39", edits=edits)
    assert len(visitor.errors) == 1 and visitor.errors[0].startswith("Edits")
    assert question(visitor) is None and "edits" not in visitor.choices


def test_where_there_is_no_feed_the_page_is_asked_about_a_step() -> None:
    visitor = Visitor(seed="40", edits="h@2>3")
    for _ in range(5):
        visitor.click("step")
    visitor.signal("reading", {"step": 3})
    assert reading(visitor)["step"] == 3
    for forged in (None, {"step": 99}, {"step": -1}, {"step": True}, {"step": "3"}, 3):
        visitor.signal("reading", forged)
        assert reading(visitor)["step"] == 5 and visitor.errors == []
