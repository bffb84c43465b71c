"""However many updates one call makes, the steps that a rule wants are recorded: checkpoints, samples, frames."""

from dataclasses import replace

from playground.config import ExperimentConfig, NetworkConfig, TextConfig
from playground.runs.checkpoints import Checkpoints
from playground.runs.kept import is_kept
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
