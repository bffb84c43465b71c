"""However many updates one call makes, the steps that a rule wants are recorded: checkpoints, samples, frames."""

from dataclasses import replace

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.kernels.table import COLUMNS, FINITE
from playground.records import Stretch
from playground.runs.checkpoints import Checkpoints
from playground.runs.curve import Curve
from playground.runs.kept import is_kept, kept_of, last_kept, next_kept
from playground.runs.run import CHECKPOINT_BYTES, CHECKPOINTS, Run
from playground.runs.tape import FIRST_SAMPLES
from playground.training import Trainer

HELLO = ExperimentConfig(TextConfig("hello"), NetworkConfig("rnn", 4))
STEPS = 300


def test_every_step_that_a_rule_wants_is_recorded() -> None:
    run = Run(HELLO)
    run.advance(STEPS)
    expected, snapshot = Checkpoints(CHECKPOINTS, CHECKPOINT_BYTES), Trainer(HELLO, run.corpus).snapshot()
    for step in range(STEPS + 1):
        expected.add(replace(snapshot, step=step))
    assert list(run._checkpoints) == list(expected)
    tape = run.tapes[0]
    for recorded, first in (
        (list(tape.drafts), FIRST_SAMPLES),
        ([frame.step for frame in tape.kept_frames_after(-1, STEPS)], tape.album.first),
    ):
        assert recorded == [step for step in range(STEPS + 1) if is_kept(step, first)]


def test_as_many_frames_are_taken_in_between_as_a_viewer_wants() -> None:
    """Beyond the steps that are kept anyway: at full speed those are far apart."""
    run = Run(HELLO)
    run.advance(2000)
    assert run.advance(200, shots=20) == 200
    taken = [frame.step for frame in run.frames(2001, 2200)]
    assert set(range(2010, 2201, 10)) <= set(taken)


@example(64, 64, 64)
@given(st.integers(0, 5000), st.integers(1, 64), st.integers(1, 40).map(lambda half: 2 * half))
def test_the_rule_in_bulk_and_from_step_to_step_is_the_rule(step: int, count: int, first: int) -> None:
    steps = range(step, step + count)
    assert kept_of(step, count, first).tolist() == [is_kept(each, first) for each in steps]
    following = next_kept(step, first)
    assert is_kept(following, first) and not any(is_kept(each, first) for each in range(step + 1, following))
    last = last_kept(step, first)
    assert is_kept(last, first) and not any(is_kept(each, first) for each in range(last + 1, step + 1))


def test_an_update_in_which_a_replica_has_exploded_is_no_point_of_its_curve() -> None:
    lines = np.zeros((3, 2, COLUMNS))
    lines[:, :, FINITE] = [[1, 1], [1, 1], [0, 1]]
    for replica, steps in enumerate(([5, 6], [5, 6, 7])):
        curve = Curve()
        curve.add(Stretch(5, 0.1, lines, is_mean=True), replica)
        assert curve.points(9).step.tolist() == steps
