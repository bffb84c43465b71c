"""A link of the Train page that names a place in a run: training step, timestep and layer."""

import pytest

from tests.ui.pages import Visitor

HERE = {"text": "abcabd", "seed": "11"}


def test_a_link_with_a_step_brings_the_run_there_and_waits() -> None:
    before = Visitor(**HERE)
    for _ in range(7):
        before.click("step")
    opened = Visitor(**HERE, **{"train.at": "7"})
    assert (opened.stage.playhead, opened.stage.header["playing"]) == (7, False)
    assert opened.stage.frames[-1] == before.stage.frames[-1]
    assert opened.choices == {"at": "7"}, "Back comes here again, and a reload too"


def test_the_step_leaves_the_address_with_the_playhead() -> None:
    visitor = Visitor(**HERE, **{"train.at": "5"})
    visitor.click("step")
    assert visitor.stage.playhead == 6 and visitor.choices == {}
    again = Visitor(**HERE, **{"train.at": "5"})
    again.click("play")
    assert again.stage.header["playing"] and "at" not in again.choices


def test_timestep_and_layer_stay_in_the_address_while_this_experiment_is_watched() -> None:
    visitor = Visitor(**HERE, layers="2", **{"train.at": "3", "train.t": "4", "train.layer": "1"})
    visitor.click("step")
    assert visitor.choices == {"t": "4", "layer": "1"}
    visitor.click("dice")
    assert visitor.choices == {}


def test_a_link_to_step_0_of_the_first_visit_shows_step_0() -> None:
    assert Visitor(cell="lstm", text="hello", **{"train.at": "0"}).stage.playhead == 0


@pytest.mark.parametrize("bad", ["-1", "1e9", "seven", "", "99999999999999999999", "3.5", "<b>"])
def test_nonsense_in_such_a_link_is_no_place(bad: str) -> None:
    visitor = Visitor(**HERE, **{"train.at": bad, "train.t": bad, "train.layer": bad})
    assert visitor.stage.playhead == 0 and visitor.choices == {}


def test_a_step_beyond_the_end_of_a_run_leads_to_its_end() -> None:
    experiment = {
        "cell": "rnn",
        "nonlinearity": "linear",
        "optimizer": "sgd",
        "learning_rate": "1",
        "clip": "off",
    }
    visitor = Visitor(text="hello", **experiment, **{"train.at": "5000"})
    while visitor.stage.header["explosion"] is None:  # it is trained in turns
        visitor.run()
    assert visitor.stage.header["explosion"]["step"] == visitor.stage.playhead < 5000
    visitor.run()
    assert visitor.choices == {}
