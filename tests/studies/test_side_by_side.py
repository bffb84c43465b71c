"""Lessons side by side are what each is alone; weights that are kept are those of the frames."""

import numpy as np
import pytest
import torch

from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.jobs.size import held_bytes
from playground.models.network import Network
from playground.studies.lesson_run import LessonRun
from playground.studies.side_by_side import SideBySide
from playground.tasks import TASKS
from playground.training import Trainer

TASK = TASKS["each step"]()


def lesson(
    *, bidirectional: bool = False, rate: float = 0.01, updates: int = 12, keeps: bool = False
) -> LessonRun:
    network = NetworkConfig(
        "rnn", 4, bidirectional=bidirectional, nonlinearity="linear" if rate > 1 else "tanh"
    )
    training = TrainingConfig("sgd" if rate > 1 else "adam", min(rate, 10), clip="off")
    return LessonRun(TaskConfig(network, training, seed=3), TASK, updates=updates, keeps_weights=keeps)


def test_side_by_side_is_as_alone() -> None:
    together = SideBySide({"forward": lesson(), "both": lesson(bidirectional=True)})
    done: list[float] = []
    while not together.advance(0.0):
        done.append(together.progress)
    assert done == sorted(done) and len(done) >= 2 * 12 and together.progress == 1
    for name, run in together.runs.items():
        alone = lesson(bidirectional=name == "both")
        alone.advance()
        assert len(run.frames) == len(alone.frames) > 5
        for one, other in zip(run.frames, alone.frames, strict=True):
            assert (one.step, one.loss, one.success) == (other.step, other.loss, other.success)
            np.testing.assert_array_equal(one.states, other.states)


def test_one_that_ends_early_lets_the_other_go_on() -> None:
    together = SideBySide({"wild": lesson(rate=100.0, updates=300), "tame": lesson(updates=300)})
    together.advance()
    assert together.runs["wild"].explosion is not None and together.runs["wild"].frames[-1].step < 300
    assert together.runs["tame"].explosion is None and together.runs["tame"].frames[-1].step == 300


def test_weights_that_are_kept_are_those_of_the_frames() -> None:
    run = lesson(keeps=True)
    run.advance()
    trainer = Trainer(run.config, TASK)
    for place, frame in enumerate(run.frames):
        trainer.advance(frame.step - trainer.step)
        network = run.network_at(place)
        assert isinstance(network, Network) and torch.equal(network.parameters, trainer.network.parameters)
        held_out = TASK.held_out()
        outputs = network.trace(held_out, backward=False)["logits"]
        assert TASK.success(outputs, held_out).values == (frame.success,)


def test_weights_are_kept_only_where_asked_for() -> None:
    run, keeping = lesson(), lesson(keeps=True)
    run.advance()
    with pytest.raises(ValueError, match="keeps_weights=True"):
        run.network_at(0)
    assert keeping.needs - run.needs == len(run.frames) * 4 * sum(run.parameters.values())


def test_stopped_they_let_go_of_their_buffers_and_keep_their_frames() -> None:
    together = SideBySide({"forward": lesson(updates=300), "both": lesson(updates=300, bidirectional=True)})
    for _ in range(20):
        together.advance(0.0)
    before = held_bytes(together)
    together.close()
    assert held_bytes(together) < before / 2
    assert all(len(run.frames) > 2 for run in together.runs.values())
    assert together.advance() and together.progress < 1
