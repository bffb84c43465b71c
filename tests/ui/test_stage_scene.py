"""What the stage is told of earlier runs, of floors, and of text that the network wrote."""

from dataclasses import replace
from typing import Any

import pytest

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.presets import PRESETS
from playground.runs.registry import Registry
from playground.runs.run import Run, Sample
from playground.runs.viewer import Viewer
from playground.ui import stage, words
from playground.ui.stage.samples import sample_told

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


def test_of_many_floors_those_of_little_memory_are_sent_and_the_lowest() -> None:
    floors = stage.drawn_floors(Corpus(TextConfig(**PRESETS["gap-20"].values())))
    assert [(floor.first, floor.last) for floor in floors] == [(k, k) for k in range(5)] + [(20, None)]
    assert [floor.first for floor in stage.drawn_floors(Corpus(TextConfig(text="ybigta")))] == [0, 1]


@pytest.mark.parametrize(
    ("config", "prompt", "written", "within", "beyond"),
    [
        (TextConfig(text="hello"), "h", "elloooo", "ello", "ooo"),
        (TextConfig(text="hello"), "h", "ell", "ell", ""),
        (TextConfig(text="hello"), "h", "", "", ""),
        (TextConfig(text="hello", bos=True, eos=True), "", "hellohel", "helloh", "el"),  # 7 symbols with both
        (TextConfig(text="abcdefgh", sequence_length=3), "a", "bcdefgh", "bcd", "efgh"),
        (TextConfig(text="the cat sat", tokens="word"), "the", " cat sat sat cat", " cat sat", " sat cat"),
        (TextConfig(text="한글", tokens="jamo"), "", "한글한", "한글", "한"),
        (
            TextConfig(text="한하나", tokens="jamo"),
            "",
            "하나하한하",
            "하나하",
            "한하",
        ),  # the 7th of 7 is in 한
    ],
)
def test_a_sample_is_parted_where_no_window_has_reached(
    config: TextConfig, prompt: str, written: str, within: str, beyond: str
) -> None:
    told = sample_told(Corpus(config), Sample(7, prompt, written))
    assert told == {"step": 7, "prompt": prompt, "text": within, "beyond": beyond}


def test_samples_of_a_run_are_parted_and_whole() -> None:
    config = ExperimentConfig(text=TextConfig(text="the cat sat on the mat\nthe dog sat", tokens="word"))
    run = Run(config)
    run.advance(64)
    samples = run.samples(64)
    assert samples
    for sample in samples:
        told = sample_told(run.corpus, sample)
        assert told["prompt"] + told["text"] + told["beyond"] == sample.prompt + sample.text
        assert len((told["prompt"] + told["text"]).split(" ")) == 6 and told["beyond"].startswith(" ")
