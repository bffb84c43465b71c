"""Clipping that holds from a step on: before it the run is the unclipped one, after it that of whoever clips there."""

from dataclasses import replace

import pytest
import torch

from playground.config import (
    ExperimentConfig,
    NetworkConfig,
    TextConfig,
    TrainingConfig,
    from_query,
    to_query,
)
from playground.corpus import Corpus
from playground.refusal import Refusal
from playground.runs.run import Run
from playground.training import Trainer, Update

FROM = 23
FREE = ExperimentConfig(
    TextConfig("hello world", batch_size=2),
    NetworkConfig("rnn", 8),
    TrainingConfig("momentum", 0.1, "off", clip_threshold=0.2),
    seed=3,
)


def clipped(clip: str, step: int = FROM) -> ExperimentConfig:
    threshold = {"norm": 0.2, "value": 0.02}[clip]
    training = replace(FREE.training, clip=clip, clip_threshold=threshold, clip_from=step)
    return replace(FREE, training=training)


def trained(config: ExperimentConfig, updates: int) -> tuple[Trainer, list[Update]]:
    trainer = Trainer(config, Corpus(config.text))
    return trainer, trainer.advance(updates)


@pytest.mark.parametrize("clip", ["norm", "value"])
def test_up_to_its_step_it_is_the_unclipped_run_bit_for_bit(clip: str) -> None:
    free, free_updates = trained(FREE, FROM)
    late, late_updates = trained(clipped(clip), FROM)
    assert late_updates == free_updates and not any(update.clipped[0] for update in late_updates)
    assert torch.equal(late.network.parameters, free.network.parameters)
    assert late.preview().clipped == (True,) and free.preview().clipped == (False,)
    late.update()
    free.update()
    assert not torch.equal(late.network.parameters, free.network.parameters)


@pytest.mark.parametrize("clip", ["norm", "value"])
def test_from_there_it_is_a_trainer_that_was_put_there_and_always_clips(clip: str) -> None:
    free, _ = trained(FREE, FROM)
    always = Trainer(clipped(clip, 0), Corpus(FREE.text))
    always.restore(free.snapshot())
    late, _ = trained(clipped(clip), FROM)
    assert late.advance(40) == always.advance(40)
    assert torch.equal(late.network.parameters, always.network.parameters)


def test_an_update_that_is_clipped_reports_it_before_it_is_made() -> None:
    trainer = Trainer(clipped("norm"), Corpus(FREE.text))
    for step in range(FROM + 3):
        preview = trainer.preview()
        assert preview == trainer.update() and preview.clipped == (step >= FROM,)


def test_any_step_is_had_again_from_a_checkpoint_bit_for_bit() -> None:
    run, config = Run(clipped("norm")), clipped("norm")
    run.advance(FROM + 30)
    run.thin_checkpoints()
    for step in (FROM - 1, FROM, FROM + 1, FROM + 20):
        snapshot = run.snapshot_at(step)
        assert snapshot is not None
        assert torch.equal(snapshot.parameters, trained(config, step)[0].network.parameters)


def test_a_run_that_forks_into_it_is_it() -> None:
    run = Run(FREE)
    run.advance(FROM + 20)
    forked = run.fork(clipped("norm"), FROM)
    forked.advance(FROM + 40 - forked.step)
    alone = Run(clipped("norm"))
    alone.advance(FROM + 40)
    for one, other in zip(
        forked.curve_points(FROM + 40).columns, alone.curve_points(FROM + 40).columns, strict=True
    ):
        assert one.tolist() == other.tolist()
    ours, theirs = forked.frame(FROM + 40), alone.frame(FROM + 40)
    assert ours is not None and theirs is not None and ours.payload == theirs.payload


def test_it_stands_in_a_link_and_what_is_no_step_is_refused() -> None:
    config = clipped("norm")
    query = to_query(config)
    assert query["clip_from"] == "23" and from_query(query) == (config, ())
    assert "clip_from" not in to_query(clipped("norm", 0))
    for wrong in ("-1", "x", "1.5", "99999999999"):
        plain, (refusal,) = from_query(query | {"clip_from": wrong})
        assert refusal.field == "clip_from" and plain.training.clip_from == 0
    with pytest.raises(Refusal, match="clip_from must be a whole number"):
        TrainingConfig(clip_from=-1)
