"""The picture of a shape, run by Node on messages that Python wrote."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.studies.lesson_run import LessonRun
from playground.tasks import TASKS
from playground.ui import words
from playground.ui.shapes import picture
from tests.web.node import node

TESTS = Path(__file__).parent / "js" / "shape"
UPDATES = 4
GRU = NetworkConfig("gru", 4)
# Of each: the task with its choices, the network, how it is learned, and how it is shown.
CASES: dict[str, tuple[tuple[str, dict[str, Any]], NetworkConfig, dict[str, Any], dict[str, Any]]] = {
    "one": (("one-to-one", {}), replace(GRU, hidden_size=2), {}, {}),
    "name": (("one-to-many", {}), replace(GRU, hidden_size=20), {}, {}),
    "sentiment": (("many-to-one", {}), GRU, {}, {}),
    "mean": (("many-to-one", {"readout": "mean"}), GRU, {}, {"back": True}),
    "back": (("many-to-one", {}), replace(GRU, layers=2), {}, {"back": True}),
    "delayed": (("delayed", {}), GRU, {"has_decoder": True, "feeds_itself": True}, {"feeds_itself": True}),
    "tags": (("each step", {}), replace(GRU, bidirectional=True, layers=2), {}, {}),
    "leak": (("language", {}), replace(GRU, bidirectional=True), {}, {"lit": picture.leak(1, 1)}),
    "numbers": (("adding", {"length": 60}), GRU, {}, {}),
}


def told(name: str) -> dict[str, Any]:
    """The message of a case."""
    (task, choices), network, learned, shown = CASES[name]
    config = TaskConfig(network, TrainingConfig(learning_rate=0.05), seed=3)
    run = LessonRun(config, TASKS[task](**choices), updates=UPDATES, **learned)
    run.advance()
    return picture.message(run.frames, run.task, network, name=name, **shown)


def exploded(message: dict[str, Any]) -> dict[str, Any]:
    """The same, but no number of the last frame is finite."""
    broken = [{**message["frames"][-1], "step": UPDATES + 1, "loss": None, "success": None}]
    for part in ("states", "outputs", "losses", "gradients"):
        broken[0][part] = (
            np.full(np.shape(broken[0][part]), None).tolist()
            if part != "outputs"
            else [[None for _ in each] for each in broken[0][part]]
        )
    return {**message, "name": "exploded", "frames": [*message["frames"], *broken]}


def test_the_picture_in_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test in js/shape; what it prints is shown when one fails."""
    monkeypatch.setattr(words, "language", lambda: "en")
    messages = {name: told(name) for name in CASES}
    messages["exploded"] = exploded(messages["back"])
    for name, message in messages.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(message, allow_nan=False), encoding="utf-8")
    done = node("--test", *sorted(TESTS.glob("*.test.js")), env={"PLAYGROUND_MESSAGES": str(tmp_path)})
    assert done.returncode == 0, done.stdout
