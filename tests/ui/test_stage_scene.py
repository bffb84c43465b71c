"""What the stage is told of earlier runs and of floors."""

from dataclasses import replace
from math import inf, log
from typing import Any

import pytest

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.pairs import pairs
from playground.presets import PRESETS
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.ui import stage, words
from playground.ui.stage.message import Heard, Scene, message
from tests.runs.reader import read_message

HELLO = ExperimentConfig()
RNN = NetworkConfig(cell="rnn")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (stage, words):
        monkeypatch.setattr(module, "language", lambda: "en")


def ghosts_after(*configs: ExperimentConfig) -> list[dict[str, Any]]:
    """The earlier runs of a viewer of these experiments, three steps each, as the last one's stage is told of them."""
    viewer = Viewer(Registry(), configs[0])
    for config in configs[1:]:
        viewer.go_to(3)
        viewer.change(config)
    return stage.scene(viewer, viewer.run)["ghosts"]


@pytest.mark.parametrize(
    ("text", "is_other"),
    [
        (TextConfig(), False),
        (TextConfig(batch_size=4), False),
        (TextConfig(text="hello world"), True),
        (TextConfig(eos=True), True),
        (TextConfig(sequence_length=2), True),
        (TextConfig(tokens="jamo"), True),
    ],
)
def test_an_earlier_run_of_another_text_is_named_without_its_curve(text: TextConfig, is_other: bool) -> None:
    (ghost,) = ghosts_after(ExperimentConfig(text=text, network=RNN), HELLO)
    assert ghost["other_text"] == is_other
    assert (len(ghost["steps"]), len(ghost["loss"])) == ((0, 0) if is_other else (4, 4))
    assert ghost["label"].startswith("RNN")


def test_back_at_its_text_it_has_its_curve_again() -> None:
    world = replace(HELLO, text=TextConfig(text="hello world"))
    first, second = ghosts_after(replace(HELLO, network=RNN), world, HELLO)
    assert (first["other_text"], second["other_text"]) == (False, True)
    run = Run(replace(HELLO, network=RNN))
    run.advance(3)
    assert first["loss"] == run.curve_points(3).loss.tolist()


@pytest.mark.parametrize(
    ("config", "perplexity"),
    [
        (HELLO, 2**0.5),
        (replace(HELLO, network=RNN), 2**0.5),
        (ExperimentConfig(text=TextConfig(text="abc")), None),  # no memory needed
        (ExperimentConfig(text=TextConfig(text="xa\nxb")), None),  # nor of use
        (ExperimentConfig(text=TextConfig(text="hello\nhello\nhello", batch_size=2)), None),  # of a batch
        (ExperimentConfig(network=NetworkConfig(layers=2, dropout=0.5)), None),  # of a pass that leaves out
    ],
)
def test_where_memory_is_proved_is_told_for_curves_of_the_whole_text(
    config: ExperimentConfig, perplexity: float | None
) -> None:
    viewer = Viewer(Registry(), config)
    viewer.go_to(80)
    viewer.settle()
    described = stage.scene(viewer, viewer.run)
    assert described["remembers"] == (None if perplexity is None else pytest.approx(perplexity, rel=1e-12))
    scene = Scene.of(described, viewer.tracks[0].recording)
    losses = viewer.run.curve_points(80).loss
    line = -inf if perplexity is None else log(perplexity) - 1e-4  # by more than rounding
    below = next((step for step, loss in enumerate(losses) if loss <= line), None)
    assert perplexity is None or below is not None, "else this test shows nothing"
    for step in (80, *(() if below is None else (below, below - 1)), 0):
        viewer.go_to(step)
        viewer.settle()
        told = read_message(message(viewer, [scene], Heard()) or b"").header
        assert told["crossed"] == (below if below is not None and below <= step else None), step


def test_the_scene_names_pairs_best_first_and_the_loss_that_is_looked_at() -> None:
    run = Run(ExperimentConfig(text=TextConfig(text="mississippi")))
    viewer = Viewer(Registry(), run.config)
    described = stage.scene(viewer, run)
    assert described["pairs"] == [{"a": a, "b": b} for a, b in pairs(run.corpus)]
    assert described["pairs"][0] == {"a": 2, "b": 3} and described["loss_at"] == 9


def test_of_many_floors_those_of_little_memory_are_sent_and_the_lowest() -> None:
    floors = stage.drawn_floors(Corpus(TextConfig(**PRESETS["gap-20"].values())))
    assert [(floor.first, floor.last) for floor in floors] == [(k, k) for k in range(5)] + [(20, None)]
    assert [floor.first for floor in stage.drawn_floors(Corpus(TextConfig(text="ybigta")))] == [0, 1]
