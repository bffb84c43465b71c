"""What is said where playing stops by itself: of one run, of several, and where the curve proves nothing."""

import re

import pytest

from playground.analysis.learned import learned, remembers
from playground.config import DEFAULTS, ExperimentConfig
from playground.runs.viewer import Viewer
from playground.ui import stops
from tests.runs.straight import calm_registry

LINES = "\n".join(["abab", "acab", "abac"])


def viewer_of(*experiments: dict[str, object]) -> Viewer:
    configs = [ExperimentConfig.from_values(DEFAULTS | values) for values in experiments]
    viewer = Viewer(calm_registry(), configs[0])
    if len(configs) > 1:
        viewer.race(configs)
    viewer.speed = "max"
    return viewer


def played_to_rest(viewer: Viewer) -> str:
    """What is said where it stops."""
    viewer.play()
    for _ in range(500):
        if not viewer.tick():
            break
    assert not viewer.playing
    while not viewer.settle():
        pass
    return stops.reached(viewer)


def test_of_a_race_it_is_said_who_has_learned_and_when() -> None:
    viewer = viewer_of({"cell": "lstm"}, {"cell": "rnn"})
    viewer.stop_when = learned
    said = played_to_rest(viewer)
    steps = [track.first_at(learned) for track in viewer.tracks]
    assert steps[1] is not None and steps[0] == viewer.playhead > steps[1]
    assert said == f"Learned: LSTM at step {steps[0]}, RNN at step {steps[1]}. Play goes on from here."


def test_and_runs_that_differ_in_the_seed_are_told_apart() -> None:
    viewer = viewer_of({"cell": "rnn", "seed": 0}, {"cell": "rnn", "seed": 1})
    viewer.stop_when = remembers
    said = played_to_rest(viewer)
    names = re.findall(r"[:,] ([^,]+?) at step", said)
    assert said.startswith("Crossed k = 1: ") and len(set(names)) == 2, said


@pytest.mark.parametrize(
    ("values", "is_proof"),
    [
        ({}, True),
        ({"text": LINES, "batch_size": 2}, False),
        ({"layers": 2, "dropout": 0.1}, False),
        ({"layers": 1, "dropout": 0.1}, True),  # nothing is left out
    ],
)
def test_memory_is_called_proved_only_where_it_is(values: dict[str, object], is_proof: bool) -> None:
    viewer = viewer_of({"cell": "gru", "learning_rate": 0.03, **values})
    viewer.stop_when = remembers
    said = played_to_rest(viewer)
    assert ("From here on it remembers." in said) is is_proof
    assert ("not yet a proof" in said) is not is_proof
