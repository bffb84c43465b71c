"""Several people on one run, each at a pace of their own."""

from contextlib import contextmanager

import pytest

from playground.config import ExperimentConfig
from playground.runs.registry import Registry
from playground.runs.viewer import Viewer
from tests.runs.straight import Clock


@pytest.fixture(autouse=True)
def one_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick goes as far on every machine."""
    Clock().replace_for_viewers(monkeypatch.setattr)


def test_a_fast_viewer_is_not_held_back_by_a_slow_one_on_the_same_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Speed max ended every tick where a neighbour at normal speed had trained to, and never got ahead."""
    registry = Registry()
    slow, fast = Viewer(registry, ExperimentConfig()), Viewer(registry, ExperimentConfig())
    slow.speed, fast.speed = "normal", "max"
    monkeypatch.setattr(slow, "_steps_due", lambda: (0.2, 6))
    monkeypatch.setattr(fast, "_steps_due", lambda: (0.2, None))
    for viewer in (slow, fast):
        viewer.play()
    for _ in range(5):
        slow.tick()
        fast.tick()
        assert fast.playhead > slow.playhead
    assert slow.playhead == 30


def test_what_is_due_is_made_also_where_others_have_trained_a_part_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = Registry()
    ahead, behind = Viewer(registry, ExperimentConfig()), Viewer(registry, ExperimentConfig())
    monkeypatch.setattr(behind, "_steps_due", lambda: (0.2, 6))
    ahead.go_to(4)
    behind.play()
    behind.tick()
    assert behind.playhead == 6


def test_who_waits_for_a_turn_while_others_train_moves_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    viewer, other = Viewer(registry, ExperimentConfig()), Viewer(registry, ExperimentConfig())
    monkeypatch.setattr(viewer, "_steps_due", lambda: (0.2, 6))
    turn, waited = registry.turn, []

    @contextmanager
    def while_others_train(run=None):
        if not waited:
            waited.append(True)
            other.run.advance(2)
        with turn(run) as budget:
            yield budget

    monkeypatch.setattr(registry, "turn", while_others_train)
    viewer.play()
    viewer.tick()
    assert waited and viewer.playhead == 6
