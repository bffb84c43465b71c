"""The rival of `benchmarks.tasks` does the same work: loss by loss, until float32 tells them apart."""

import json
import sys

import pytest
import torch

from benchmarks import tasks
from benchmarks.tasks import CELLS, TorchTask, config_for, task_of
from playground.tasks import TASKS
from playground.training import Trainer


@pytest.mark.parametrize("name", [name for name in TASKS if name != "dates"])  # whose fillings torch.nn reads
def test_both_sides_train_the_same(name: str) -> None:
    task, config = task_of(name, 4), config_for(CELLS[len(name) % 3])
    theirs, ours = TorchTask(config, task), Trainer(config, task)
    for _ in range(5):
        theirs.update()
    losses = [update.loss[0] for update in ours.advance(5)]
    assert theirs.losses == pytest.approx(losses, rel=1e-4)
    assert len({*losses}) == 5


def test_what_is_measured_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tasks", "recall", "--quick", "--json"])
    monkeypatch.setattr(
        tasks, "medians", lambda sides, seconds: tuple(1e-3 * n for n, _ in enumerate(sides, 1))
    )
    threads = torch.get_num_threads()
    try:
        tasks.main()
    finally:
        torch.set_num_threads(threads)
    few, replicas, *_, drawing = json.loads(capsys.readouterr().out)["tables"]
    (row,) = few["rows"]
    assert (row["name"], row["value"], row["verdict"]) == ("recall, gru, T = 21, B = 4", 0.5, "missed")
    (row,) = replicas["rows"]
    assert (row["value"], row["verdict"]) == (pytest.approx(16 / 3), "missed")
    assert drawing["rows"][0]["value"] == 1000


def test_a_task_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tasks", "recal"])
    with pytest.raises(SystemExit):
        tasks.main()
    assert "got recal" in capsys.readouterr().err
