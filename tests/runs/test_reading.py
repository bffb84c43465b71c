"""What is asked about one step beside its frame: held to the fast pass, to the frame, and to what can be worked out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.passes.edit_list import EDITS
from playground.refusal import Refusal
from playground.runs.reader import Reader, moment
from playground.runs.reading import Question, Reading
from playground.runs.registry import Registry
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.trace import Trace
from tests.kinds import KINDS
from tests.runs.reader import read_frame

WORD = "hello"


def asked(edits: str = "", loss_at: int | None = None) -> Question:
    return Question(EDITS.parse("edits", edits), loss_at)


def watching(step: int = 12, **network) -> Viewer:
    """A viewer whose playhead stands on a step."""
    viewer = Viewer(Registry(), ExperimentConfig(network=NetworkConfig(hidden_size=6, **network)))
    assert viewer.go_to(step) and viewer.settle()
    return viewer


def answer(viewer: Viewer, question: Question, step: int) -> Reading:
    (reading,) = Reader(viewer).at(question, step)
    assert reading is not None and reading.step == step
    return reading


def frame_of(viewer: Viewer, step: int) -> dict:
    frame = viewer.run.frame(step)
    assert frame is not None
    return read_frame(frame.payload, viewer.run.layout.fields)


def edited(viewer: Viewer, text: str, step: int) -> dict:
    reading = answer(viewer, asked(text), step)
    assert reading.edited is not None and reading.beam is None
    return read_frame(reading.edited, viewer.run.layout.fields)


@pytest.mark.parametrize("step", [0, 7, 12])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_an_edit_that_changes_nothing_gives_the_frame_again(cell: str, nonlinearity: str, step: int) -> None:
    """The whole picture, but for what 64 bits round otherwise than 32."""
    viewer = watching(cell=cell, nonlinearity=nonlinearity, layers=2)
    own, found = frame_of(viewer, step), edited(viewer, "cut@0", step)
    assert found.keys() == own.keys()
    for name, value in own.items():
        near = np.asarray(found[name], float), np.asarray(value, float)
        if (
            name.startswith(("l0.", "l1."))
            and name.count(".") == 1
            and np.ndim(value) == 2
            and "xy" not in name
        ):
            np.testing.assert_allclose(*near, atol=1, err_msg=name)  # bytes
        elif name == "likeliest":  # of symbols that are equally likely the order is nobody's
            assert [sorted(row) for row in near[0]] == [sorted(row) for row in near[1]]
        else:
            np.testing.assert_allclose(*near, rtol=2e-3, atol=3e-5 if name != "odds" else 3, err_msg=name)


def test_the_state_of_one_l_answers_at_the_other() -> None:
    viewer = watching(200, cell="lstm")
    own, found = frame_of(viewer, 200), edited(viewer, "h@2>3", 200)
    corpus, top = viewer.run.corpus, lambda frame, t: frame["likeliest"][t][0]
    assert [corpus.labels[top(own, t)] for t in (2, 3)] == ["l", "o"], "it has learned the word"
    assert corpus.labels[top(found, 3)] == "l", "with the state of the first l it answers what follows that"
    assert found["odds"][3] == found["odds"][2]
    np.testing.assert_allclose(found["losses"][:3], own["losses"][:3], rtol=1e-4)
    assert found["losses"][3] > 1 > own["losses"][3]
    for plane in ("l0.h", "l0.c"):
        assert [row[3] for row in found[plane]] == [row[2] for row in found[plane]]


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_held_stands_in_the_picture(cell: str) -> None:
    viewer = watching(cell=cell)
    found = edited(viewer, "l0.h.2@1-=0", 12)
    assert found["l0.h"][2][1:] == [0, 0, 0] and found["l0.h"][2][0] != 0 and found["l0.h"][3][1] != 0
    if not CELLS[cell].gates:
        assert found["l0.phi"][2][1:] == [0, 0, 0] and found["l0.phi"][3][1] > 0, (
            "no gradient passes what is held"
        )
    for name, gate in CELLS[cell].gates.items():
        held = edited(viewer, f"l0.{name}@2={gate.range[1]}", 12)
        assert {row[2] for row in held[f"l0.{name}"]} == {254}


def by_one_loss(viewer: Viewer, step: int, t: int) -> Trace:
    """The network's own pass, by hand in 64 bits, of which only one loss counts."""
    run = viewer.run
    network = run.network_at(step)
    assert network is not None
    batch = run.watched
    mask = torch.zeros_like(batch.mask)
    mask[t] = batch.mask[t]
    wide = type(network)(network.config, network.signature, seeds=(0,), dtype=torch.float64)
    wide.parameters.copy_(network.parameters)
    return wide.trace(replace(batch, mask=mask), reduction="sum")


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_the_beam_is_the_gradient_of_the_chosen_loss(cell: str, nonlinearity: str) -> None:
    """Written by hand in the fast pass, found by autograd here."""
    viewer = watching(cell=cell, nonlinearity=nonlinearity, layers=2)
    for t in range(viewer.run.layout.length):
        reading, trace = answer(viewer, asked(loss_at=t), 12), by_one_loss(viewer, 12, t)
        assert reading.edited is None and reading.beam is not None and reading.beam.dtype == np.float64
        for layer in range(2):
            for number, state in enumerate(CELLS[cell].states):
                expected = trace[f"grad.l{layer}.{state}"][:, 0, 0].norm(dim=-1).numpy()
                np.testing.assert_allclose(reading.beam[layer, number], expected, rtol=1e-9, atol=1e-300)
        assert not reading.beam[:, :, t + 1 :].any() and reading.beam[1, 0, t] > 0


def test_what_hardly_arrives_is_a_number_still() -> None:
    """10⁻¹⁹⁰, whose square no number of 64 bits is."""
    config = ExperimentConfig(
        text=TextConfig(text="ab" * 101, sequence_length=200),
        network=NetworkConfig("rnn", 4, initialization="spectral", spectral_radius=0.1),
    )
    viewer = Viewer(Registry(), config)
    beam = answer(viewer, asked(loss_at=199), 0).beam
    assert beam is not None
    norms = beam[0, 0]
    assert (norms > 0).all() and norms[0] < 1e-170
    assert (norms[1:] / norms[:-1] > 2).all(), "it falls by a factor at every step, to the very first"


def test_with_edits_the_beam_is_of_what_is_read_then() -> None:
    viewer = watching(cell="lstm")
    plain, cut, open_ = (
        answer(viewer, asked(text, 3), 12).beam for text in ("", "cut@2", "l0.f@0-=1,l0.i@0-=0")
    )
    assert plain is not None and cut is not None and open_ is not None
    assert plain[0, :, :2].all() and not cut[0, :, :2].any() and cut[0, 0, 3] > 0
    np.testing.assert_allclose(
        open_[0, 1], open_[0, 1, 3], rtol=0.6
    )  # nothing but f carries c: it arrives whole
    assert (open_[0, 1] > 0).all()


def test_a_network_that_leaves_numbers_out_leaves_out_the_same() -> None:
    viewer = watching(cell="gru", layers=3, dropout=0.5)
    for step in (0, 5, 12):
        own, found = frame_of(viewer, step), edited(viewer, "cut@0", step)
        np.testing.assert_allclose(found["losses"], own["losses"], rtol=1e-4)
        np.testing.assert_allclose(found["l0.sum.h"], own["l0.sum.h"], rtol=1e-3)
        moved = edited(viewer, "h@1>3", step)
        assert moved["likeliest"][3] == found["likeliest"][1], "what is planted was read so as well"
        assert [row[3] for row in moved["l2.h"]] == [row[1] for row in found["l2.h"]]
    losses = [frame_of(viewer, step)["losses"] for step in (0, 5)]
    assert losses[0] != losses[1]


def test_a_run_that_exploded_is_read_at_its_end() -> None:
    config = ExperimentConfig(
        network=NetworkConfig("rnn", 6, nonlinearity="linear"), training=TrainingConfig("sgd", 2.0, "off")
    )
    viewer = Viewer(Registry(), config)
    viewer.go_to(2_000)
    assert viewer.explosion is not None and viewer.settle()
    (reading,) = Reader(viewer).at(asked("h@1>2", 3), viewer.playhead)
    assert reading is not None and reading.step == viewer.playhead and reading.edited is not None
    read_frame(reading.edited, viewer.run.layout.fields)


def test_every_track_is_read_each_with_its_own_network() -> None:
    viewer = Viewer(Registry(), ExperimentConfig())
    configs = [replace(viewer.config, network=NetworkConfig(cell, 6)) for cell in ("rnn", "lstm")]
    viewer.race(configs)
    assert viewer.go_to(9) and viewer.settle()
    found = Reader(viewer).at(asked("h@2>3", 2), 9)
    for reading, track in zip(found, viewer.tracks, strict=True):
        assert reading is not None and reading.step == 9 and reading.edited is not None
        frame = read_frame(reading.edited, track.run.layout.fields)
        own = read_frame(track.run.frame(9).payload, track.run.layout.fields)
        np.testing.assert_allclose(frame["losses"][:3], own["losses"][:3], rtol=1e-4)
        assert reading.beam is not None and reading.beam.shape == (
            1,
            len(CELLS[track.config.network.cell].states),
            4,
        )


def test_steps_of_the_past_are_read_with_their_own_weights() -> None:
    """Also those that are trained again from a checkpoint, in whatever order they are asked about."""
    viewer = watching(600, cell="gru")
    reader = Reader(viewer)
    for step in (599, 3, 333, 0, 600, 332):
        (reading,) = reader.at(asked(loss_at=2), step)
        while reading is None:
            (reading,) = reader.at(asked(loss_at=2), step)
        expected = by_one_loss(viewer, step, 2)["grad.l0.h"][:, 0, 0].norm(dim=-1).numpy()
        assert reading.step == step and reading.beam is not None
        np.testing.assert_allclose(reading.beam[0, 0], expected, rtol=1e-9)


def test_while_playing_the_newest_frame_is_read_as_far_as_there_is_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("playground.runs.reader.time.monotonic", lambda: now[0])
    viewer = watching(cell="gru")
    reader, run = Reader(viewer), viewer.run
    frames = [run.frames(0, 12)]
    (first,) = reader.newest(asked("h@1>2"), moment(viewer.tracks), frames, playing=True)
    assert first is not None and first.step == 12
    read = Reader._look_up
    monkeypatch.setattr(Reader, "_look_up", lambda *given: (now.__setitem__(0, now[0] + 1), read(*given))[1])
    answers = []
    for _ in range(10):
        (each,) = reader.newest(asked("h@1>2"), moment(viewer.tracks), frames, playing=True)
        answers.append(each is not None)
        now[0] += 1
    assert answers[0] and not answers[1] and sum(answers) == 2, "it rests six times as long as it has worked"
    (each,) = reader.newest(asked("h@1>2"), moment(viewer.tracks), frames, playing=False)
    assert each is not None, "a frame that no other follows is always read"


def test_nobody_asks_and_nothing_is_read() -> None:
    viewer = watching(cell="gru")
    assert Reader(viewer).at(Question(), 5) == [None]
    with pytest.raises(Refusal):
        EDITS.parse("edits", "h@1")


@pytest.mark.parametrize(
    "question", [asked(loss_at=4), asked("x@4=1"), asked("h@4>1"), asked("cut@4"), asked("x@1=9")]
)
def test_a_question_about_a_text_of_a_moment_ago_has_no_answer(question: Question) -> None:
    """The page may go over to a shorter text between the question and the reading."""
    viewer = watching(0)
    reader, (track,) = Reader(viewer), viewer.tracks
    assert reader.at(question, 0) == [None]
    frames = [track.frames_to_send(playing=False)]
    assert reader.newest(question, moment(viewer.tracks), frames, playing=False) == [None]


def test_a_dropped_run_is_had_again_for_a_question() -> None:
    viewer = watching(cell="gru")
    registry = viewer._registry
    registry._drop(viewer.run_id)
    found = Reader(viewer).at(asked(loss_at=1), 5)
    assert len(found) == 1 and (found[0] is None or found[0].step <= 5)


def test_a_reading_costs_little() -> None:
    """A count, not a time: three ways back of the unrolled word, and no training where the weights are at hand."""
    viewer = watching(cell="gru")
    reader, updates = Reader(viewer), Run.advance
    calls = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Run, "advance", lambda *given, **more: (calls.append(given), updates(*given, **more))[1]
        )
        grad = torch.autograd.grad
        patch.setattr(
            torch.autograd, "grad", lambda *given, **more: (calls.append("back"), grad(*given, **more))[1]
        )
        assert reader.at(asked("h@1>2", 3), 12)[0] is not None
    assert calls == ["back"] * 3
