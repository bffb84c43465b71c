"""Several actions in one message: the later one counts, on the state after the earlier one."""

from typing import Any

import numpy as np
import pytest

from playground.presets import PRESETS
from tests.ui.pages import Visitor, raw_state, trainer


def somebody(seed: int, **query: Any) -> Visitor:
    """Somebody who has made two updates."""
    visitor = Visitor("en", seed=seed, **query).click("step").click("step")
    assert visitor.stage.playhead == 2
    return visitor


def type_and_press(visitor: Visitor, field: str, value: Any, button: str) -> Visitor:
    """A field is left by pressing a button: both come in one message."""
    visitor.widget(field).set_value(value)
    return visitor.click(button)


FIELDS = {"text": "abcabd", "cell": "gru", "seed": 7, "hidden_size": 8, "clip_threshold": 0.5, "bos": True}


@pytest.mark.parametrize("field", FIELDS)
def test_what_was_typed_is_what_plays(field: str) -> None:
    visitor = type_and_press(somebody(301), field, FIELDS[field], "play")
    assert visitor.stage.header["playing"] is True and visitor.widget("play").label == "Pause"
    assert visitor.address[field] == {True: "1"}.get(FIELDS[field], str(FIELDS[field]))
    assert visitor.stage.playhead > 0 and len(visitor.stage.ghosts) == 1
    wanted = trainer(0, **{"seed": 301, field: FIELDS[field]}).advance(1)[0].nll[0]
    assert visitor.stage.curve["loss"][0] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("field", FIELDS)
def test_what_was_typed_makes_the_step(field: str) -> None:
    visitor = type_and_press(somebody(302), field, FIELDS[field], "step")
    assert visitor.stage.playhead == 1 and visitor.stage.header["playing"] is False
    wanted = [update.nll[0] for update in trainer(0, **{"seed": 302, field: FIELDS[field]}).advance(2)]
    np.testing.assert_allclose(visitor.stage.curve["loss"], wanted, rtol=1e-5)


def test_another_rate_holds_from_the_step_at_which_play_is_pressed() -> None:
    visitor = type_and_press(somebody(303), "learning_rate", 0.1, "play")
    assert visitor.stage.header["playing"] is True and visitor.stage.ghosts == []
    assert visitor.address["rates"] == "2:0.1"
    visitor.click("play")
    wanted = trainer(2, seed=303, rates=((2, 0.1),)).advance(1)[0].nll[0]
    assert visitor.stage.curve["loss"][2] == pytest.approx(wanted, rel=1e-5)


def test_a_typed_seed_is_thrown_again_by_the_dice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.ui.actions.secrets.randbelow", lambda below: below - 1)
    visitor = type_and_press(somebody(304), "seed", 5, "dice")
    assert visitor.widget("seed").value == 9999 and visitor.address["seed"] == "9999"
    assert visitor.stage.playhead == 0


def test_a_text_and_dice() -> None:
    visitor = type_and_press(somebody(305), "text", "abcabd", "dice")
    assert visitor.address["text"] == "abcabd" and visitor.address["seed"] != "305"


@pytest.mark.parametrize("button", ["play", "step"])
def test_an_example_plays(button: str) -> None:
    name = next(name for name in PRESETS if PRESETS[name].values().get("text") != "hello")
    visitor = type_and_press(somebody(306), "preset", name, button)
    assert visitor.address["text"] == PRESETS[name].values()["text"]
    assert visitor.stage.playhead > 0 and visitor.stage.header["playing"] is (button == "play")


def test_reset_and_a_typed_text_are_the_start_of_the_new_text() -> None:
    visitor = type_and_press(somebody(307), "text", "abcabd", "reset")
    assert visitor.stage.playhead == 0 and visitor.stage.scene["inputs"] == list("abcab")


def test_a_stop_that_was_just_typed_stops() -> None:
    visitor = somebody(308, speed="max")
    visitor.widget("stop_step").set_value(5)
    visitor.click("play")
    for _ in range(5):
        visitor.run()
    assert visitor.stage.playhead == 5 and visitor.stage.header["playing"] is False
    assert any("stops at step 5" in caption.value for caption in visitor.app.caption)


def test_another_language_and_play() -> None:
    visitor = somebody(309)
    visitor.widget("lang").set_value("ko")
    visitor.widget("play").click()
    visitor.run()
    assert visitor.stage.header["playing"] is True and visitor.widget("play").label == "일시 정지"


def test_another_speed_and_play() -> None:
    visitor = type_and_press(somebody(310, **{"train.stop": "never"}), "speed", "max", "play")
    assert visitor.stage.header["playing"] is True and visitor.address["speed"] == "max"


@pytest.mark.parametrize("button", ["play", "step", "reset"])
def test_a_text_that_cannot_be_used_plays_nothing(button: str) -> None:
    visitor = somebody(311)
    before = visitor.picture
    type_and_press(visitor, "text", "a", button)
    assert visitor.picture == before and visitor.errors == [visitor.beside("text")]
    assert visitor.widget("play").label == "Play" and visitor.widget("text").value == "a"
    visitor.click("step")
    assert visitor.stage.playhead == 3 and len(visitor.errors) == 1, (
        "pressed alone, a button means what is shown"
    )


def test_a_text_that_cannot_be_used_is_no_reason_not_to_pause() -> None:
    visitor = type_and_press(somebody(312).click("play"), "text", "", "play")
    assert visitor.stage.header["playing"] is False and visitor.errors == [visitor.beside("text")]


def test_pause_is_pause_also_when_a_new_text_has_paused_already() -> None:
    """The button said Pause when it was pressed."""
    visitor = type_and_press(somebody(313).click("play"), "text", "abcabd", "play")
    assert visitor.stage.header["playing"] is False and visitor.stage.playhead == 0


PRESSED = {  # two buttons, pressed in this order, and what then is: playing, and the step if that can be told
    ("play", "step"): (False, 3),
    ("step", "play"): (True, None),
    ("reset", "step"): (False, 1),
    ("step", "reset"): (False, 0),
    ("reset", "play"): (True, None),
    ("play", "reset"): (False, 0),
    ("dice", "step"): (False, 1),
    ("step", "dice"): (False, 0),
    ("dice", "play"): (True, None),
    ("play", "dice"): (False, 0),
}


@pytest.mark.parametrize("buttons", PRESSED)
def test_two_buttons_count_in_the_order_in_which_they_were_pressed(buttons: tuple[str, str]) -> None:
    playing, step = PRESSED[buttons]
    visitor = somebody(314).press(*buttons)
    assert visitor.stage.header["playing"] is playing
    assert step is None or visitor.stage.playhead == step


def test_three_buttons() -> None:
    assert somebody(315).press("step", "reset", "step").stage.playhead == 1, (
        "one button counts once in a message"
    )
    visitor = somebody(315).press("dice", "step", "play")
    assert visitor.stage.header["playing"] is True and visitor.address["seed"] != "315"


def test_the_stage_and_a_field_in_one_message() -> None:
    visitor = somebody(316)
    visitor.widget("text").set_value("abcabd")
    visitor.signal("toggle", True)
    assert visitor.stage.header["playing"] is True and visitor.stage.scene["inputs"] == list("abcab")
    visitor.click("play")
    ghost = visitor.stage.ghosts[0]["id"]
    visitor.widget("cell").set_value("gru")
    visitor.signal("ghost", {"remove": ghost})
    assert ghost not in [each["id"] for each in visitor.stage.ghosts] and visitor.address["cell"] == "gru"
    visitor.widget("cell").set_value("rnn")
    visitor.signal("study", {"step": 1})
    assert not visitor.app.exception and visitor.stage.playhead == 0, "the new run has no step 1 to study"
    assert any("after 0 updates" in caption.value for caption in visitor.app.caption)


def test_a_button_that_is_out_of_reach_does_nothing() -> None:
    """A disabled button may still be named by a forged message."""
    link = {"cell": "rnn", "nonlinearity": "linear", "optimizer": "sgd", "clip": "off", "learning_rate": "10"}
    visitor = Visitor("en", **link, speed="max").click("play")
    for _ in range(40):
        visitor.run()
    assert visitor.widget("play").disabled
    stopped = visitor.stage.playhead
    visitor.run(raw_state(visitor.widget("play").id, trigger_value=True))
    assert visitor.stage.header["playing"] is False and visitor.stage.playhead == stopped


def test_train_more_counts_from_the_new_text() -> None:
    visitor = Visitor("en", page="gradients", text="abcabd", hidden_size=4, seed=317, at=30)
    visitor.widget("seed").set_value(318)
    visitor.click("train_more")
    assert visitor.choices["at"] == "100" and visitor.address["seed"] == "318"
