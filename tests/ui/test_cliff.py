"""At the cliff: back to the last healthy step, or on from it with clipping beside without."""

from typing import Any

import pytest

from playground.analysis.health import last_healthy
from playground.presets import PRESETS
from playground.runs.viewer import Viewer
from playground.ui.fields import exact_number
from playground.variations import Clipped
from tests.ui.pages import Visitor
from tests.ui.reading import HANGUL

# Explodes after some updates, in no time.
WILD: dict[str, Any] = {
    "cell": "rnn",
    "nonlinearity": "linear",
    "optimizer": "sgd",
    "learning_rate": 2.0,
    "clip": "off",
    "seed": 3,
}


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a reader who takes a moment between two clicks."""
    monkeypatch.setattr("playground.ui.address.URL_SETTLES", 0.0)


def viewer(visitor: Visitor) -> Viewer:
    assert not visitor.app.exception
    return visitor.app.session_state["session"].viewer


def at_the_cliff(language: str = "en", **values: Any) -> Visitor:
    visitor = Visitor(language, **WILD | values)
    assert not visitor.has("healthy") and not visitor.has("part")
    viewer(visitor).go_to(2000)
    visitor.run()
    assert viewer(visitor).explosion is not None and len(visitor.errors) == 1
    return visitor


def captions(visitor: Visitor) -> str:
    return " ".join(caption.value for caption in visitor.app.caption)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_back_to_the_last_healthy_step(language: str) -> None:
    visitor = at_the_cliff(language)
    health = last_healthy(viewer(visitor).curve_points())
    assert health is not None
    assert f"{health.step:,}" in visitor.widget("healthy").label
    assert bool(HANGUL.search(visitor.widget("part").label)) is (language == "ko")
    assert exact_number(health.norm) in captions(visitor)
    end = visitor.stage.playhead
    visitor.click("healthy")
    assert visitor.stage.playhead == health.step < end and visitor.errors == []
    assert not visitor.has("healthy") and not visitor.widget("play").disabled
    assert len(viewer(visitor).tracks) == 1


def test_two_go_on_from_there_and_one_explodes_again() -> None:
    visitor = at_the_cliff()
    health = last_healthy(viewer(visitor).curve_points())
    assert health is not None
    end, before = visitor.stage.playhead, viewer(visitor).config
    visitor.click("part")
    one, other = viewer(visitor).tracks
    assert one.config == before and other.config == Clipped(health.norm, health.step).of(before)
    assert visitor.stage.playhead == health.step and visitor.stage.header["playing"] is False
    assert visitor.address["train.race"] == f"norm{health.norm!r}@{health.step}"
    assert before.training.clip == "off", "the sidebar is the first's"
    scenes = [visitor.stage.scene, visitor.stage.header["beside"][0]["scene"]]
    assert [scene["name"] for scene in scenes] == ["no clipping", "clipping by norm"]
    assert [scene["parted"] for scene in scenes] == [True, True]
    assert scenes[0]["clipping"] == {"kind": "off", "threshold": 0, "from": 0}
    assert scenes[1]["clipping"] == {"kind": "norm", "threshold": health.norm, "from": health.step}
    assert not visitor.has("race_beside") and visitor.has("alone")
    viewer(visitor).go_to(end + 20)
    visitor.run()
    assert [track.playhead for track in viewer(visitor).tracks] == [end, end + 20]
    assert len(visitor.errors) == 1 and visitor.has("healthy") and not visitor.has("part")
    assert not visitor.widget("play").disabled, "the other goes on"
    visitor.click("healthy")
    assert [track.playhead for track in viewer(visitor).tracks] == [health.step] * 2
    visitor.click("alone")
    assert [track.config for track in viewer(visitor).tracks] == [
        before
    ] and "train.race" not in visitor.address


def test_a_link_and_a_reload_hold_both_and_settings_change_both() -> None:
    visitor = at_the_cliff(seed=4).click("part")
    query = {name: value for name, value in visitor.address.items() if name != "lang"}
    again = Visitor("ko", **query)
    assert [track.config for track in viewer(again).tracks] == [t.config for t in viewer(visitor).tracks]
    assert {**again.address, "lang": ""} == {**visitor.address, "lang": ""} and again.stage.playhead == 0
    step = viewer(visitor).playhead
    again.signal("resume", {"digest": again.stage.header["digest"], "step": step, "playing": False})
    assert [track.playhead for track in viewer(again).tracks] == [step, step]
    again.set("lang", "en").set("text", "abcabd")
    texts = [(track.config.text.text, track.config.training.clip) for track in viewer(again).tracks]
    assert texts == [("abcabd", "off"), ("abcabd", "norm")]
    again.click("dice").click("reset")
    assert len(viewer(again).tracks) == 2 and not again.errors


def test_a_refused_parting_is_said_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = at_the_cliff()

    def full(*_: Any, **__: Any) -> None:
        from playground.refusal import Refusal

        raise Refusal(
            "tracks",
            "From 1 to {most} experiments can be watched side by side; got {count}.",
            most=4,
            count=5,
        )

    monkeypatch.setattr("playground.runs.leases.Leases.fork", full)
    playhead = visitor.stage.playhead
    visitor.click("part")
    assert len(visitor.errors) == 2 and "side by side" in visitor.errors[0]
    assert visitor.stage.playhead == playhead and len(viewer(visitor).tracks) == 1
    assert "train.race" not in visitor.address


def test_nothing_leads_back_before_the_first_update() -> None:
    visitor = Visitor("en", **WILD | {"initialization": "spectral", "spectral_radius": 5, "text": "ab" * 90})
    visitor.set("sequence_length", 200)
    if viewer(visitor).explosion is not None:
        assert viewer(visitor).playhead == 0 and not visitor.has("healthy") and visitor.errors


@pytest.mark.parametrize("clip", ["norm", "value"])
def test_a_run_that_is_clipped_already_has_no_unclipped_past_to_go_on_from(clip: str) -> None:
    visitor = at_the_cliff(clip=clip, clip_threshold=1000.0, learning_rate=10.0, text="hello world, hello")
    assert visitor.has("healthy") and not visitor.has("part")
    assert "rounded" not in captions(visitor) and "median" not in captions(visitor)


def test_whoever_changes_the_experiment_and_parts_in_one_message_has_changed_it() -> None:
    visitor = at_the_cliff()
    visitor.widget("clip").set_value("norm")
    visitor.widget("part").click()
    visitor.run()
    assert [track.config.training.clip for track in viewer(visitor).tracks] == ["norm"]
    assert visitor.stage.playhead == 0 and visitor.errors == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_example_leads_to_the_cliff(language: str) -> None:
    visitor = Visitor(language, seed=77).set("preset", "cliff")
    assert viewer(visitor).config.values() | PRESETS["cliff"].values() == viewer(visitor).config.values()
    assert visitor.widget("preset").value == "cliff", "and not the plain pangram"
    viewer(visitor).go_to(600)
    visitor.run()
    assert visitor.has("healthy") and visitor.has("part")
