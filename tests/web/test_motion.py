"""The player of one update, run by Node on messages that Python wrote."""

import json
from pathlib import Path

import pytest

from playground.analysis.slow_motion import Weight, slow_motion
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.training import Trainer
from playground.ui import lesson, words
from playground.ui.cell.motion import message
from tests.web.node import node

TESTS = Path(__file__).parent / "js" / "motion"
CASES = {
    "one": ExperimentConfig(TextConfig(text="hello world")),
    "several": ExperimentConfig(
        TextConfig(text="<b> a b\n<b> b", tokens="word"),
        NetworkConfig("gru", hidden_size=3, layers=2),
        TrainingConfig(optimizer="sgd", clip="value", clip_threshold=1e-3, reduction="sum"),
    ),
    "short": ExperimentConfig(TextConfig(text="ab"), NetworkConfig("rnn", hidden_size=2)),
}


def test_the_player_in_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lesson, words):
        monkeypatch.setattr(module, "language", lambda: "en")
    for name, config in CASES.items():
        corpus = Corpus(config.text)
        trainer = Trainer(config, corpus)
        trainer.advance(5)
        told = message(
            slow_motion(trainer, Weight("rnn.weight_hh_l0", 1, 0)), corpus, config.training.optimizer
        )
        (tmp_path / f"{name}.json").write_text(json.dumps(told, allow_nan=False), encoding="utf-8")
    done = node("--test", *sorted(TESTS.glob("*.test.js")), env={"PLAYGROUND_MESSAGES": str(tmp_path)})
    assert done.returncode == 0, done.stdout
