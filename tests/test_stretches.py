"""Several updates by one call are, bit for bit, what one at a time gives; and they end where somebody has to look."""

import math
from dataclasses import replace

import pytest
import torch

from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, RateChange, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.kernels.engine import are_compiled
from playground.kernels.table import NLL
from playground.optimizers import OPTIMIZERS
from playground.records import Stretch
from playground.training import Trainer
from playground.updates import LINES

pytestmark = pytest.mark.usefixtures("each_engine")

UPDATES = 40
KINDS = [(optimizer, clip) for optimizer in OPTIMIZERS for clip in ("off", "norm", "value")]


def experiment(
    cell: str = "rnn", optimizer: str = "adam", clip: str = "norm", **training: object
) -> ExperimentConfig:
    threshold = {"off": 1.0, "norm": 0.3, "value": 0.03}[clip]
    chosen = {"learning_rate": 0.02, "clip_threshold": threshold, **training}
    return ExperimentConfig(
        TextConfig("hello"), NetworkConfig(cell, 5), TrainingConfig(optimizer, clip=clip, **chosen)
    )


def trainer(
    config: ExperimentConfig, replicas: int = 1, dtype: torch.dtype = torch.float32, **own: object
) -> Trainer:
    return Trainer(config, Corpus(config.text), seeds=range(replicas), dtype=dtype, **own)


def assert_same(at_once: Trainer, one_by_one: Trainer, updates: int = UPDATES) -> None:
    """In several calls of several updates as in one call each; NaN is NaN."""
    made = []
    while len(made) < updates and len(at_once.exploded) < len(at_once.seeds):
        made += at_once.advance(min(17, updates - len(made)))
    expected = [one_by_one.update() for _ in made]
    assert repr(made) == repr(expected) and at_once.step == one_by_one.step
    ours, theirs = at_once.snapshot(), one_by_one.snapshot()
    assert (ours.exploded, ours.clips) == (theirs.exploded, theirs.clips)
    for one, other in (
        (ours.parameters, theirs.parameters),
        *zip(ours.optimizer.values(), theirs.optimizer.values(), strict=True),
    ):
        assert one.numpy().tobytes() == other.numpy().tobytes()


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize(("optimizer", "clip"), KINDS)
def test_every_rule_and_way_of_clipping(optimizer: str, clip: str, replicas: int) -> None:
    config = experiment("lstm", optimizer, clip)
    for dtype in (torch.float32, torch.float64):
        assert_same(trainer(config, replicas, dtype), trainer(config, replicas, dtype))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("cell", list(CELLS))
def test_every_cell_and_reduction(cell: str, reduction: str) -> None:
    config = experiment(cell, reduction=reduction)
    assert_same(trainer(config, 2), trainer(config, 2))


def test_what_changes_at_a_step_and_what_is_drawn_for_each() -> None:
    rates = (RateChange(7, 0.05), RateChange(8, 0.01), RateChange(30, 0.1))
    config = experiment(rates=rates, clip_from=19)
    assert_same(trainer(config, 2), trainer(config, 2))
    own = {"learning_rates": (0.01, 0.1), "clip_thresholds": (0.05, math.inf)}
    assert_same(trainer(config, 2, **own), trainer(config, 2, **own))
    drawn = replace(config, network=replace(config.network, layers=2, dropout=0.4))
    assert_same(trainer(drawn), trainer(drawn))
    batches = replace(config, text=TextConfig("hello\nworld\nabc", batch_size=2))
    assert_same(trainer(batches, 2), trainer(batches, 2))


@pytest.mark.parametrize("rates", [(10.0, 0.1, 3.0), (10.0, 5.0, 3.0)], ids=["one goes on", "none"])
def test_replicas_that_explode(rates: tuple[float, ...]) -> None:
    config = experiment("rnn", "sgd", "off")
    config = replace(config, network=replace(config.network, nonlinearity="linear"))
    at_once, one_by_one = (trainer(config, 3, learning_rates=rates) for _ in range(2))
    assert_same(at_once, one_by_one, 300)
    assert len(at_once.exploded) >= 2


def test_a_snapshot_in_between_goes_on_as_it_would_have() -> None:
    first, again = trainer(experiment(), 2), trainer(experiment(), 2)
    first.advance(11)
    again.restore(first.snapshot())
    assert first.advance(30) == again.advance(30)
    first.restore(again.snapshot())
    assert_same(first, again, 20)


def test_a_call_ends_before_the_update_that_would_leave_a_goal() -> None:
    expected = trainer(experiment()).advance(120)
    losses = [update.nll[0] for update in expected]
    goal = losses[70]
    first = next(step for step, loss in enumerate(losses) if loss <= goal)
    made = trainer(experiment())
    stretches: list[Stretch] = []
    while made.step < len(expected) and (not stretches or len(stretches[-1])):
        stretches.append(made.stretch(1000, goal))
    assert made.step == first and sum(map(len, stretches)) == first
    assert [nll for stretch in stretches for nll in stretch.lines[:, 0, NLL]] == losses[:first]
    assert made.preview() == expected[first], "that it was looked at changes nothing"
    assert made.advance(120 - first) == expected[first:]


def test_compiled_loops_make_many_by_one_call() -> None:
    made = trainer(experiment())
    assert len(made.stretch(1000)) == (LINES if are_compiled(torch.float32) else 1)
    made.preview()
    assert len(made.stretch(1000)) == 1, "its pass was there already"
    drawn = trainer(replace(experiment(), network=NetworkConfig("rnn", 5, 2, dropout=0.4)))
    assert len(drawn.stretch(1000)) == 1
