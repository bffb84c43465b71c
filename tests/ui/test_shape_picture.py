"""The message of the picture of a shape: its numbers are those of the frames, its words those of the reader."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.models.network import Network
from playground.studies.lesson_frame import LessonFrame
from playground.studies.lesson_run import LessonRun
from playground.tasks import TASKS, Task
from playground.tasks.own import OWN
from playground.tasks.task import NOT_A_NUMBER
from playground.ui import words
from playground.ui.shapes import picture

DIGITS = {"rtol": 10 ** (1 - picture.DIGITS), "atol": 0.0}
GRU = NetworkConfig("gru", 10)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "language", lambda: "en")


def recorded(task: Task, network: NetworkConfig = GRU, **choices: Any) -> LessonRun:
    run = LessonRun(
        TaskConfig(network, TrainingConfig(learning_rate=0.05), seed=1), task, updates=2, **choices
    )
    run.advance()
    return run


def told(run: LessonRun, **choices: Any) -> dict[str, Any]:
    return picture.message(run.frames, run.task, run.config.network, name="a lesson", **choices)


def numbers(values: Any) -> np.ndarray[Any, Any]:
    """None as NaN."""
    return np.array(values, dtype=float)


CASES = {
    "both ways": (TASKS["each step"](), replace(GRU, layers=2, bidirectional=True), {}),
    "encoder and decoder": (TASKS["delayed"](), GRU, {"has_decoder": True}),
    "dates": (TASKS["dates"](), GRU, {"has_decoder": True, "feeds_itself": True}),
    "own lines": (OWN["many-to-one"](lines="abc → x\nb → y\nca → x\nbc → y"), GRU, {}),
    "numbers": (TASKS["adding"](length=10), GRU, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_every_number_is_that_of_its_frame(case: str) -> None:
    task, network, choices = CASES[case]
    run = recorded(task, network, **choices)
    made = told(run)
    first = next(t for t, happens in enumerate(run.frames[0].reads | run.frames[0].mask) if happens)
    length = len(made["reads"])
    times = slice(first, first + length)
    kept = slice(0, made["units"])
    assert [each["step"] for each in made["frames"]] == [frame.step for frame in run.frames]
    for shown, frame in zip(made["frames"], run.frames, strict=True):
        assert shown["loss"] == frame.loss and shown["success"] == frame.success
        assert shown["read"] == list(frame.shown.read[times])
        assert shown["answered"] == list(frame.shown.answered[times])
        np.testing.assert_allclose(numbers(shown["states"]), frame.states[:, :, times, kept], **DIGITS)
        np.testing.assert_allclose(numbers(shown["gradients"]), frame.gradients[:, :, times], **DIGITS)
        np.testing.assert_allclose(numbers(shown["losses"]), frame.losses[times], **DIGITS)
        for t, outputs in enumerate(shown["outputs"]):
            whole = frame.outputs[first + t]
            assert len(outputs) == (len(made["classes"] or whole) if made["asks"][t] else 0)
            if outputs and len(outputs) == len(whole):
                np.testing.assert_allclose(numbers(outputs), whole, **DIGITS)
    last = run.frames[-1]
    assert made["reads"] == last.reads[times].tolist() and made["asks"] == last.mask[times].tolist()
    assert made["asked"] == list(last.shown.asked[times])
    assert not (last.reads | last.mask)[times.stop :].any(), "only what fills up is left out"
    if last.decoder_from is not None:
        assert made["decoder_from"] == made["reading"] == last.decoder_from - first


def test_classes_are_called_as_the_task_calls_an_answer() -> None:
    task = TASKS["many-to-one"]()
    made = told(recorded(task))
    assert list(made["classes"]) == ["negative", "positive"] and made["outputs"] == 2
    t = made["asks"].index(True)
    assert made["classes"][made["right"][t]] == made["asked"][t]
    assert [right for s, right in enumerate(made["right"]) if s != t] == [-1] * (len(made["right"]) - 1)


def test_of_many_outputs_those_are_drawn_that_are_asked_and_likely() -> None:
    run = recorded(TASKS["delayed"]())
    made = told(run)
    assert made["outputs"] == run.task.signature.output_size > picture.BARS == len(made["classes"])
    for t, asked in enumerate(made["asked"]):
        if not asked:
            continue
        assert made["classes"][made["right"][t]] == asked
        frame = run.frames[-1]
        likeliest = made["frames"][-1]["outputs"][t]
        np.testing.assert_allclose(max(likeliest), frame.outputs[t].max(), **DIGITS)
        assert made["classes"][int(np.argmax(likeliest))] == frame.shown.answered[t]


def test_words_of_ours_are_in_the_language_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    run = recorded(TASKS["many-to-one"]())
    monkeypatch.setattr(words, "language", lambda: "ko")
    made = told(run)
    assert list(made["classes"]) == ["부정", "긍정"] and set(made["asked"]) <= {"", "부정", "긍정"}
    assert made["frames"][0]["answered"][-1] in {"부정", "긍정"}
    assert made["words"]["encoder"] == "인코더" and made["title"] != run.task.title
    data = recorded(TASKS["names"]())
    assert "\u2068" not in made["title"] and told(data)["frames"][0]["read"] == list(
        data.frames[0].shown.read[: len(told(data)["reads"])]
    )


def test_a_longer_picture_draws_fewer_units_of_each_state() -> None:
    short, long = (
        told(recorded(TASKS["recall"](distractors=4))),
        told(recorded(TASKS["recall"](distractors=150))),
    )
    assert short["units"] == picture.UNITS and long["units"] == 2
    assert short["hidden"] == long["hidden"] == 10
    few = told(recorded(TASKS["recall"](distractors=4), NetworkConfig("rnn", 1)))
    assert few["units"] == few["hidden"] == 1


def test_what_is_not_finite_is_none_and_said_to_be_no_number() -> None:
    run = recorded(TASKS["many-to-one"]())
    last = run.frames[-1]

    def broken(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.where(np.isfinite(array), math.inf, array).astype(np.float32)

    shown = replace(last.shown, answered=tuple(each and NOT_A_NUMBER for each in last.shown.answered))
    wrong = replace(
        last,
        loss=math.nan,
        success=math.nan,
        shown=shown,
        states=broken(last.states),
        outputs=np.full_like(last.outputs, math.nan),
        losses=broken(last.losses),
        gradients=broken(last.gradients),
    )
    made = picture.message([*run.frames, wrong], run.task, GRU, name="it")["frames"][-1]
    t = made["answered"].index("not a number")
    assert made["loss"] is made["success"] is made["losses"][t] is made["states"][0][0][0][0] is None
    assert made["outputs"][t] == [None, None] and made["gradients"][0][0][0] is None
    alone = picture.message([wrong], run.task, GRU, name="it")
    assert list(alone["classes"]) == ["negative", "positive"] and alone["limit"] == 1.0


def test_states_that_grow_beyond_1_have_colours_up_to_their_size() -> None:
    run = recorded(TASKS["many-to-one"]())
    frame = run.frames[-1]
    grown = replace(frame, states=frame.states / np.abs(frame.states).max() * np.float32(3.14159))
    assert told(run)["limit"] == 1.0
    assert picture.message([grown, frame], run.task, GRU, name="it")["limit"] == 3.1


@pytest.mark.parametrize("layers", [1, 2])
def test_the_path_of_the_leak_is_one_on_which_the_next_symbol_is_heard(layers: int) -> None:
    """Another symbol at its beginning changes every state on it, and the output at its end; no state that reads on."""
    t = 1
    path = picture.leak(t, layers)
    assert path[0] == f"x.{t + 1}" and path[-1] == f"y.{t}"
    network = NetworkConfig("rnn", 4, layers, bidirectional=True)
    run = recorded(TASKS["language"](), network, keeps_weights=True)
    trained, batch = run.network_at(-1), run.task.held_out()
    other = batch.inputs.clone()
    other[t + 1] = (other[t + 1] + 1) % run.task.signature.input_size
    assert isinstance(trained, Network)
    before, after = (
        trained.trace(each, backward=False).copy() for each in (batch, replace(batch, inputs=other))
    )
    for box in path[1:]:
        kind, *place = box.split(".")
        if kind != "join":
            assert kind == "y" or place[1] == "1", "only the direction that reads backwards"
            name = "logits" if kind == "y" else f"l{place[0]}_reverse.h"
            assert not torch.equal(before[name][int(place[-1])], after[name][int(place[-1])]), box
    assert torch.equal(before["l0.h"][: t + 1], after["l0.h"][: t + 1])
    assert told(run, lit=path)["lit"] == list(path)


def test_what_success_means_is_said_as_the_task_judges() -> None:
    assert told(recorded(TASKS["each step"]()))["words"]["success"].startswith("held-out answers right")
    assert told(recorded(TASKS["one-to-many"]()))["words"]["success"].startswith("outputs without a mistake")
    assert told(recorded(TASKS["adding"](length=10)))["words"]["success"].startswith(
        "squared error of {n} held-out"
    )


def test_nothing_is_drawn_before_the_first_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(picture, "_mount", lambda *, key, data: drawn.append({"key": key, **data}))
    run = recorded(TASKS["one-to-one"]())
    none: list[LessonFrame] = []
    picture.draw(none, run.task, GRU, key="shape", name="it")
    assert drawn == []
    picture.draw(run.frames, run.task, GRU, key="shape", name="it", back=True)
    assert drawn[0]["key"] == "shape" and drawn[0]["back"] and drawn[0]["name"] == "it"
