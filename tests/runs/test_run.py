import gc
import weakref
from dataclasses import replace

import pytest
import torch

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.refusal import Refusal
from playground.runs.run import RECENT_FRAMES, TAPE_BYTES, TAPE_FRAMES, RateChange, Run
from playground.training import Trainer

HELLO = ExperimentConfig()
VERSE = ExperimentConfig(
    text=TextConfig(text="the cat sat\nthe dog ran\na bird sang\n" * 3, sequence_length=6, batch_size=4),
    network=NetworkConfig(cell="gru", hidden_size=8),
    seed=3,
)


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
def test_a_run_is_the_same_whatever_the_budgets_and_the_watching(config: ExperimentConfig) -> None:
    straight = Trainer(config, Corpus(config.text))
    losses = [update.nll for update in straight.advance(300)]
    run = Run(config)
    while run.step < 300:
        run.advance(300 - run.step, budget=0.003, shots=3)
    assert torch.equal(run.snapshot_at(300).parameters, straight.network.parameters)
    points = run.curve_points(299)
    assert points.perplexity.tolist() == [pytest.approx(torch.tensor(nll[0]).exp().item()) for nll in losses]


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
def test_any_step_can_be_had_back_exactly(config: ExperimentConfig) -> None:
    run = Run(config)
    run.advance(700)
    straight = Trainer(config, Corpus(config.text))
    for step in (0, 1, 200, 333, 700):
        straight.advance(step - straight.step)
        assert torch.equal(run.snapshot_at(step).parameters, straight.network.parameters)
    assert torch.equal(run.network_at(333).parameters, run.snapshot_at(333).parameters)


def test_rebuilding_a_step_can_be_done_in_slices() -> None:
    run = Run(VERSE)
    run.advance(500)
    step = 499
    tries = 1
    while (snapshot := run.snapshot_at(step, budget=0.0)) is None:
        tries += 1
    assert tries > 2
    assert torch.equal(snapshot.parameters, run.snapshot_at(step).parameters)
    with pytest.raises(ValueError, match="from 0 to 500; got 501"):
        run.snapshot_at(501)


def test_a_trace_of_a_recorded_step_gives_the_frame_of_that_step() -> None:
    run = Run(HELLO)
    run.advance(500)
    for frame in run.frames(0, 500)[::40]:
        trace = run.trace_at(frame.step)
        assert frame.perplexity == pytest.approx(trace["nll"].exp().item(), rel=1e-6)


def test_the_tape_is_bounded_in_frames_and_bytes() -> None:
    run = Run(HELLO)
    run.advance(2000)
    frames = run.frames(0, 2000)
    assert len(frames) <= TAPE_FRAMES + RECENT_FRAMES == 240
    assert [frame.step for frame in frames] == sorted({frame.step for frame in frames})
    assert frames[0].step == 0 and frames[-1].step == 2000
    widest = ExperimentConfig(
        text=TextConfig(text="".join(map(chr, range(0x4E00, 0x4E00 + 250))), sequence_length=200),
        network=NetworkConfig(hidden_size=128, layers=3),
    )
    run = Run(widest)
    assert run.layout.nbytes * 240 <= 2 * TAPE_BYTES
    run.advance(3)
    assert run.nbytes < 60_000_000


def test_every_step_of_a_short_run_is_recorded() -> None:
    run = Run(HELLO)
    run.advance(150)
    assert [frame.step for frame in run.frames(0, 150)] == list(range(151))
    assert run.spacing(0) == 1


def test_an_exploding_loss_stops_the_run_and_keeps_the_tape() -> None:
    config = replace(
        HELLO,
        network=NetworkConfig(cell="rnn", nonlinearity="linear"),
        training=TrainingConfig(optimizer="sgd", learning_rate=1.0, clip="off"),
    )
    run = Run(config)
    run.advance(3000)
    assert run.exploded_at == run.step < 3000
    assert run.advance(10) == 0
    frames = run.frames(0, run.step)
    assert frames[0].step == 0 and frames[-1].step == run.exploded_at
    assert torch.isfinite(run.snapshot_at(run.step).parameters).all()


def test_a_goal_stops_at_the_first_update_that_reaches_it() -> None:
    run = Run(HELLO)
    run.advance(1000, goal=1.2)
    points = run.curve_points(run.step)
    assert points.perplexity[-1] <= 1.2 < points.perplexity[-2]


def test_a_branch_is_the_run_with_the_rate_changed_at_that_step() -> None:
    run = Run(HELLO)
    run.advance(300)
    branch = run.branch(120, 0.003)
    assert branch.changes == (RateChange(120, 0.003),)
    assert branch.frames(0, 120) == run.frames(0, 120)
    assert branch.curve_points(119).perplexity.tolist() == run.curve_points(119).perplexity.tolist()
    branch.advance(80)
    straight = Trainer(HELLO, Corpus(HELLO.text))
    straight.advance(120)
    straight.learning_rate = 0.003
    straight.advance(80)
    assert torch.equal(branch.snapshot_at(200).parameters, straight.network.parameters)
    again = Run(HELLO, branch.changes)
    again.advance(200)
    assert torch.equal(branch.snapshot_at(170).parameters, again.snapshot_at(170).parameters)
    assert branch.curve_points(199).learning_rate.tolist() == [0.01] * 120 + [0.003] * 80


def test_samples_say_at_which_step_they_were_drawn() -> None:
    run = Run(HELLO)
    run.advance(200)
    sample = run.samples_until(200)[-1]
    assert sample.step == 200 and sample.prompt == "h"
    assert sample.text.startswith("ello")
    assert run.samples_until(199) == [] or run.samples_until(199)[-1].step < 200


def test_what_would_need_too_much_memory_is_refused_before_anything_is_made() -> None:
    text = TextConfig(
        text=("".join(map(chr, range(0x4E00, 0x4E00 + 250))) + "\n") * 64, sequence_length=200, batch_size=64
    )
    config = ExperimentConfig(text=text, network=NetworkConfig(hidden_size=128, layers=3))
    with pytest.raises(
        Refusal, match=r"need [0-9]+ MB of memory, and a run may have 96; choose a smaller batch"
    ):
        Run(config)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_size_that_is_checked_is_at_least_the_size_that_is_made(cell: str, monkeypatch) -> None:
    from playground.runs import size as module

    config = ExperimentConfig(
        text=TextConfig(text="the quick brown fox\njumps over the lazy\n" * 8, sequence_length=20),
        network=NetworkConfig(cell=cell, hidden_size=64, layers=2),
    )
    made = Run(config)._trainer
    made.update()
    monkeypatch.setattr(module, "MAX_TRAINER_BYTES", int(0.8 * made.nbytes))
    with pytest.raises(Refusal):
        Run(config)
    monkeypatch.setattr(module, "MAX_TRAINER_BYTES", 2 * made.nbytes)
    Run(config)


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
def test_a_dropped_run_is_gone_at_once(config: ExperimentConfig) -> None:
    """The server collects garbage seldom: what is dropped must not hang in a cycle of references."""
    gc.collect()
    gc.disable()
    try:
        run = Run(config)
        run.advance(30)
        held = run.frames(0, 30)[-1]
        run.trace_at(30)
        watched = [weakref.ref(part) for part in (run, run._camera, run.curve, run._trainer)]
        del run
        assert watched[0]() is None and watched[2]() is None and watched[3]() is None
        assert len(held.payload) % 4 == 0, "a frame outlives its run"
        assert watched[1]() is None
    finally:
        gc.enable()
