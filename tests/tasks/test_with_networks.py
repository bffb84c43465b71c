"""Tasks and networks together: fillings leave no trace, and every kind of task is learned, with wide margins."""

from typing import Any

import pytest
import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.config import NetworkConfig, TaskConfig, TrainingConfig
from playground.models.network import Network
from playground.tasks import TASKS, Success, Task
from playground.tasks.one_to_one import BloodPressure
from playground.tasks.own import OwnPairs, OwnTags
from playground.tasks.packing import TIME, columns, stretch
from playground.tasks.tagging import Tagging
from playground.training import Trainer

CELLS = ["rnn", "lstm", "gru"]


def outputs(network: Network, batch: Batch) -> Tensor:
    """What the read-out gives, (T, R, B, O)."""
    name = "outputs" if network.signature.loss == "squared_error" else "logits"
    return network.trace(batch, backward=False)[name]


def without_reset(batch: Batch) -> Batch:
    return Batch(batch.inputs, batch.targets, batch.mask)


def network_for(signature: Signature, **choices: Any) -> Network:
    return Network(NetworkConfig(hidden_size=5, **choices), signature, seeds=[0, 1], dtype=torch.float64)


@pytest.mark.parametrize("cell", CELLS)
def test_in_either_direction_a_short_sentence_is_read_as_if_it_were_alone(cell: str) -> None:
    task = OwnTags(lines="a/x b/y\na/y c/x b/x a/y\nc/x")
    batch = task.held_out()
    network = network_for(task.signature, cell=cell, bidirectional=True, layers=2)
    together = outputs(network, batch)
    for column, length in enumerate((2, 4, 1)):
        alone = stretch(columns(batch, torch.tensor([column])), TIME, 0, length)
        expected = outputs(network, without_reset(alone))
        torch.testing.assert_close(together[:length, :, column : column + 1], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_read_late_is_read_from_nothing(cell: str) -> None:
    task = OwnPairs(lines="ab → ba\nb → b\nabba → abba")
    batch = task.held_out()
    network = network_for(task.signature, cell=cell)
    together = outputs(network, batch)
    for column, missing in enumerate((2, 3, 0)):
        alone = columns(batch, torch.tensor([column]))
        alone = without_reset(stretch(alone, TIME, missing, len(alone.mask) - missing))
        expected = outputs(network, alone)
        torch.testing.assert_close(together[missing:, :, column : column + 1], expected, rtol=0, atol=1e-12)


def learned(
    task: Task, updates: int, rate: float = 1e-2, hidden_size: int = 16, **choices: Any
) -> tuple[Success, Success]:
    """The success of two networks on what is held out, before and after training."""
    config = TaskConfig(NetworkConfig(hidden_size=hidden_size, **choices), TrainingConfig("adam", rate))
    trainer, held_out = Trainer(config, task, seeds=[0, 1]), task.held_out()
    before = task.success(outputs(trainer.network, held_out), held_out)
    trainer.advance(updates)
    return before, task.success(outputs(trainer.network, held_out), held_out)


def test_five_distractors_are_nothing_to_an_orthogonal_network() -> None:
    before, after = learned(TASKS["recall"](distractors=5), 150, cell="rnn", initialization="orthogonal")
    assert max(before.values) < 0.7
    assert min(after.values) > 0.95


def test_ten_numbers_are_added() -> None:
    task = TASKS["adding"](length=10)
    before, after = learned(task, 400, cell="gru")
    assert min(before.values) > task.chance / 2
    assert max(after.values) < task.chance / 4


@pytest.mark.parametrize("language", ["en", "ko"])
def test_two_directions_pass_the_ceiling_of_one(language: str) -> None:
    task = Tagging(language=language)
    _, forwards = learned(task, 200, cell="rnn")
    _, both = learned(task, 200, cell="rnn", bidirectional=True)
    assert max(forwards.values) <= task.forward_ceiling + 1e-12, "no training can pass it"
    assert min(forwards.values) > task.forward_ceiling - 0.05
    assert min(both.values) > 0.99


@pytest.mark.parametrize("readout", ["each", "mean"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_order_is_learned_where_a_bag_is_stuck(language: str, readout: str) -> None:
    _, after = learned(TASKS["many-to-one"](language=language, readout=readout), 400, cell="gru")
    assert min(after.values) > 0.9


def test_names_that_were_never_seen_are_told_apart() -> None:
    task = TASKS["names"]()
    _, after = learned(task, 300, rate=5e-3, hidden_size=32, cell="gru")
    assert min(after.values) > 2.5 * task.chance


def test_a_class_is_learned_from_three_numbers() -> None:
    task = BloodPressure()
    _, after = learned(task, 400, rate=2e-2, hidden_size=2, cell="rnn")
    assert min(after.values) > (task.chance + task.ceiling) / 2


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_picture_is_named(language: str) -> None:
    before, after = learned(TASKS["one-to-many"](language=language), 300, cell="gru")
    assert max(before.values) < 0.5
    assert min(after.values) == 1


def test_what_is_read_is_written() -> None:
    _, after = learned(TASKS["delayed"](), 600, rate=5e-3, hidden_size=64, cell="rnn")
    assert min(after.values) > 0.8
