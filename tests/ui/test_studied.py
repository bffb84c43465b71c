"""Which training step study and Gradients page show: the playhead's, until the reader asks for another."""

from typing import Any

import pytest

from playground.ui.server import REGISTRY
from tests.ui.pages import Visitor
from tests.ui.test_train_page import table


def somebody(seed: int, steps: int = 4, **query: Any) -> Visitor:
    visitor = Visitor("en", seed=seed, **query)
    for _ in range(steps):
        visitor.click("step")
    return visitor.set("view", "odds")


def shown(visitor: Visitor) -> list[int]:
    """The training step of the study's table, and what is said of it."""
    (said,) = [
        caption.value for caption in visitor.app.caption if caption.value.startswith("The network after")
    ]
    (step,) = table(visitor)["step"].unique().tolist()
    assert ("after one update" if step == 1 else f"after {step:,} updates") in said
    chosen = "you chose" in said
    assert chosen is visitor.has("follow_playhead") and chosen is not ("follows the playhead" in said)
    return [step, chosen]


def test_the_study_follows_the_playhead() -> None:
    visitor = somebody(601)
    assert shown(visitor) == [4, False]
    visitor.click("step")
    assert shown(visitor) == [5, False]
    assert shown(visitor.click("reset")) == [0, False]


def test_to_study_the_playheads_own_step_is_to_follow_it() -> None:
    """Pause at a step, study it, and play on."""
    visitor = somebody(602).signal("study", {"step": 4})
    assert shown(visitor) == [4, False]
    assert shown(visitor.click("step")) == [5, False]


def test_a_chosen_step_stays_until_it_is_let_go() -> None:
    visitor = somebody(603).signal("study", {"step": 2})
    assert shown(visitor) == [2, True]
    assert shown(visitor.click("step")) == [2, True]
    assert shown(visitor.click("follow_playhead")) == [5, False]
    assert shown(visitor.click("step")) == [6, False]


def test_another_experiment_has_no_chosen_step() -> None:
    visitor = somebody(604).signal("study", {"step": 2}).set("hidden_size", 8).click("step")
    assert shown(visitor) == [1, False]


def test_another_rate_keeps_the_chosen_step() -> None:
    visitor = somebody(605).signal("study", {"step": 2}).set("learning_rate", 0.1).click("step")
    assert shown(visitor) == [2, True]


def test_after_reset_no_step_stays_chosen() -> None:
    visitor = somebody(606).signal("study", {"step": 2}).click("reset")
    for step in (1, 2, 3):
        assert shown(visitor.click("step")) == [step, False]


def dropped(visitor: Visitor) -> None:
    """The server drops the visitor's run, as it does where memory is short."""
    viewer = visitor.app.session_state["session"].viewer
    with REGISTRY._lock:
        REGISTRY._drop(viewer.run_id)


def test_a_dropped_run_comes_back_with_the_chosen_step() -> None:
    visitor = somebody(607).signal("study", {"step": 2})
    before = visitor.stage
    dropped(visitor)
    visitor.run()
    assert shown(visitor) == [2, True]
    assert visitor.stage.playhead == 4 and visitor.stage.frames[-1] == before.frames[-1]
    assert any(caption.value.startswith("trained to step 4") for caption in visitor.app.caption)


def test_a_dropped_run_says_that_it_is_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = somebody(608)
    dropped(visitor)
    monkeypatch.setattr("playground.runs.viewer.Viewer.settle", lambda self, budget: False)
    monkeypatch.setattr("playground.ui.beat.come_back", lambda: came.append(1))
    monkeypatch.setattr("playground.ui.progress.come_back", lambda: came.append(1))
    came: list[int] = []
    visitor.run()
    assert any("Training again up to step 4" in caption.value for caption in visitor.app.caption)
    assert came and visitor.has("stage")


def gradients(visitor: Visitor) -> list[Any]:
    """The same of the Gradients page, by its widget and its address."""
    said = [caption.value for caption in visitor.app.caption if caption.value.startswith("The network after")]
    assert len(said) == 1 and f"after {visitor.widget('at').value} updates" in said[0]
    assert visitor.choices["at"] == str(visitor.widget("at").value)
    return [visitor.widget("at").value, "you chose" in said[0]]


def test_the_gradients_page_follows_the_playhead() -> None:
    visitor = somebody(609).visit("gradients")
    assert gradients(visitor) == [4, False]
    visitor.visit("train")
    visitor.app.session_state["session"].viewer.go_to(9)
    assert gradients(visitor.visit("gradients")) == [9, False]


def test_a_moved_step_stays_until_it_is_let_go() -> None:
    visitor = Visitor("en", page="gradients", seed=610, at=30, hidden_size=4)
    assert gradients(visitor) == [30, False]
    visitor.set("at", 12)
    assert gradients(visitor) == [12, True]
    viewer = visitor.app.session_state["session"].viewer
    viewer.go_to(40)
    assert gradients(visitor.run()) == [12, True]
    assert gradients(visitor.click("follow_playhead")) == [40, False]
    viewer.go_to(41)
    assert gradients(visitor.run()) == [41, False]
    assert gradients(visitor.set("at", 41)) == [41, False]


def test_the_last_step_of_the_slider_is_the_playhead() -> None:
    visitor = Visitor("en", page="gradients", seed=611, at=30, hidden_size=4).set("at", 12).set("at", 30)
    assert gradients(visitor) == [30, False]


def test_what_strangers_have_trained_is_not_offered() -> None:
    link = {"seed": 612, "hidden_size": 4}
    stranger = Visitor("en", page="gradients", at=500, **link)
    visitor = Visitor("en", page="gradients", at=30, **link)
    assert stranger.widget("at").max == 500 and visitor.widget("at").max == 30
    visitor.click("train_more")
    assert gradients(visitor) == [130, False] and visitor.widget("at").max == 130
    assert visitor.app.session_state["session"].viewer.playhead == 130


def test_more_training_lets_a_chosen_step_go() -> None:
    visitor = (
        Visitor("en", page="gradients", seed=613, at=30, hidden_size=4).set("at", 12).click("train_more")
    )
    assert gradients(visitor) == [130, False]


def test_the_study_shows_what_the_gradients_page_chose() -> None:
    visitor = Visitor("en", page="gradients", seed=614, at=30, hidden_size=4).set("at", 12)
    visitor.visit("train")
    said = [caption.value for caption in visitor.app.caption if "after 12 updates" in caption.value]
    assert len(said) == 1 and visitor.stage.playhead == 30


# Texts typed for another training text


@pytest.mark.parametrize(("field", "typed"), [("probe", "ollo"), ("prompt", "he")])
@pytest.mark.parametrize(("language", "words"), [("en", "written for another text"), ("ko", "다른 텍스트")])
def test_an_old_probe_is_no_error_when_the_text_changes(
    field: str, typed: str, language: str, words: str
) -> None:
    visitor = Visitor(language, seed=615).click("step").set(field, typed)
    assert visitor.errors == []
    visitor.set("text", "abcabd")
    assert visitor.errors == [] and visitor.widget(field).value == typed
    assert sum(words in caption.value for caption in visitor.app.caption) == 1
    visitor.set("text", "hello")
    assert visitor.errors == [] and not any(words in caption.value for caption in visitor.app.caption)
    visitor.set("text", "abcabd").set(field, typed + "x")
    assert len(visitor.errors) == 1 and visitor.beside(field) == visitor.errors[0]
    visitor.set("text", "hello").set("text", "abcabd")
    assert len(visitor.errors) == 1, "it was typed while this text was there"
