"""Going on where a tab has been: after a reload, or on another server that knows nothing of it."""

from typing import Any

import pytest

from tests.ui.pages import Visitor


def place(visitor: Visitor, step: int, *, playing: bool = False) -> dict[str, Any]:
    return {"digest": visitor.stage.header["digest"], "step": step, "playing": playing}


def test_a_tab_that_comes_back_finds_its_step_again() -> None:
    before = Visitor(text="abcabd", seed="5")
    for _ in range(9):
        before.click("step")
    again = Visitor(text="abcabd", seed="5")
    assert (again.stage.playhead, again.stage.header["fresh"]) == (0, True)
    again.signal("resume", place(before, 9))
    assert (again.stage.playhead, again.stage.header["playing"]) == (9, False)
    assert again.stage.steps[-1] == 9 and again.stage.frames[-1] == before.stage.frames[-1]
    assert not again.stage.header["fresh"]


def test_what_played_goes_on_playing() -> None:
    visitor = Visitor(text="abcabd", seed="6")
    visitor.signal("resume", place(visitor, 12, playing=True))
    assert visitor.stage.header["playing"] and visitor.stage.playhead >= 12


def test_on_a_server_that_knows_nothing_it_is_trained_again_to_the_same() -> None:
    visitor, straight = Visitor(text="hello world", seed="7"), Visitor(text="hello world", seed="8")
    visitor.signal("resume", place(visitor, 30))
    assert visitor.stage.playhead == 30
    straight.signal("resume", place(straight, 30))
    assert visitor.stage.frames[-1] != straight.stage.frames[-1]


def test_only_who_has_just_come_is_moved() -> None:
    visitor = Visitor(text="abcabd", seed="9")
    visitor.click("step")
    visitor.signal("resume", place(visitor, 20))
    assert visitor.stage.playhead == 1


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "0" * 16},
        {"digest": None},
        {"step": -1},
        {"step": 0},
        {"step": 10**9},
        {"step": True},
        {"step": 3.0},
        {"step": "3"},
        {"playing": 1},
    ],
)
def test_what_a_forged_message_says_is_not_believed(change: dict[str, Any]) -> None:
    visitor = Visitor(text="abcabd", seed="10")
    visitor.signal("resume", place(visitor, 5) | change)
    assert visitor.stage.playhead == 0 and not visitor.errors


@pytest.mark.parametrize("event", [None, 7, "x", [], {}, {"step": 5}])
def test_nonsense_is_no_place(event: Any) -> None:
    visitor = Visitor(text="abcabd", seed="11")
    visitor.signal("resume", event)
    assert visitor.stage.playhead == 0 and not visitor.errors
