"""A run: the same whatever the budgets and the watching, bounded, and honest about its size."""

import gc
import math
import weakref
from dataclasses import replace

import pytest
import torch

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.refusal import Refusal
from playground.runs import run as run_module
from playground.runs import size as size_module
from playground.runs.kept import is_kept
from playground.runs.run import Run
from playground.runs.tape import FIRST_SAMPLES
from playground.training import Trainer, Update
from tests.runs.straight import Clock, same_weights, straight

HELLO = ExperimentConfig()
VERSE = ExperimentConfig(
    text=TextConfig(text="the cat sat\nthe dog ran\na bird sang\n" * 3, sequence_length=6, batch_size=4),
    network=NetworkConfig(cell="gru", hidden_size=8),
    seed=3,
)
EXPLOSIVE = ExperimentConfig(
    network=NetworkConfig(cell="rnn", nonlinearity="linear"),
    training=TrainingConfig(optimizer="sgd", learning_rate=1.0, clip="off"),
)


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
def test_a_run_is_the_same_whatever_the_budgets_and_the_watching(
    config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock().replace_in(monkeypatch.setattr, run_module)
    hurried, patient = Run(config), Run(config)
    turns = 0
    while hurried.step < 150:
        hurried.advance(150 - hurried.step, budget=0.004 * (1 + turns % 5), shots=turns % 4)
        assert len(hurried.frame(hurried.step // 2).payload) == hurried.layout.nbytes
        hurried.trace_at(hurried.step // 3)
        turns += 1
    patient.advance(150)
    assert 8 < turns < 150, "else this test shows nothing"
    for run in (hurried, patient):
        assert same_weights(run, 150) and same_weights(run, 77)
        losses = [update.nll[0] for update in straight(config).updates(150)]
        assert run.curve_points(150).loss.tolist() == losses
    assert hurried.samples(150) == patient.samples(150)
    assert {f.step: f.payload for f in hurried.frames(0, 150)}.items() >= {
        f.step: f.payload for f in patient.frames(0, 150) if is_kept(f.step, patient.tapes[0].album.first)
    }.items()


def test_a_turn_makes_at_least_one_update_and_then_keeps_to_its_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Clock().replace_in(monkeypatch.setattr, run_module)
    run = Run(HELLO)
    assert run.advance(100, budget=0.0) == 1
    assert 5 <= run.advance(1000, budget=0.02) <= 20
    assert run.advance(7) == 7 and run.advance(0) == 0


def test_a_trace_of_a_recorded_step_gives_the_loss_of_that_step() -> None:
    run = Run(HELLO)
    run.advance(120)
    for step in (0, 33, 120):
        expected = straight(HELLO).update(step).nll[0]
        assert run.trace_at(step)["nll"].item() == pytest.approx(expected, rel=1e-6)


def test_the_record_grows_with_the_logarithm_of_the_training() -> None:
    run = Run(replace(HELLO, network=NetworkConfig("rnn", 2)))
    run.advance(64)
    sizes = []
    for _ in range(3):
        run.advance(run.step)
        sizes.append(len([f for f in run.frames(0, run.step) if is_kept(f.step, 64)]))
    assert sizes == [97, 129, 161], "32 frames a doubling"
    assert len(run.frames(0, run.step)) <= 161 + 96


def test_the_widest_network_is_bounded_too() -> None:
    widest = ExperimentConfig(
        text=TextConfig(text="".join(map(chr, range(0x4E00, 0x4E00 + 250))), sequence_length=200),
        network=NetworkConfig(hidden_size=128, layers=3),
    )
    run = Run(widest)
    assert run.layout.nbytes * 240 <= 16_000_000
    run.advance(2)
    assert run.nbytes < 60_000_000


@pytest.mark.parametrize("rate", [1.0, 10.0])
def test_an_explosion_stops_the_run_and_keeps_the_record(rate: float) -> None:
    config = replace(EXPLOSIVE, training=replace(EXPLOSIVE.training, learning_rate=rate))
    run = Run(config)
    run.advance(5000)
    end = straight(config).last(5000)
    assert run.step == end < 5000 and run.explosion.step == end
    assert run.advance(10) == 0 and run.step == end
    frames = run.frames(0, run.step)
    assert frames[0].step == 0 and frames[-1].step == end
    assert torch.isfinite(run.snapshot_at(end).parameters).all() and same_weights(run, end)
    points = run.curve_points(end)
    assert points.step[-1] == end and all(map(math.isfinite, points.loss[:-1]))


@pytest.mark.parametrize("goal", [2.5, 1.2])
def test_a_goal_stops_at_the_first_update_that_reaches_it(goal: float) -> None:
    run = Run(HELLO)
    run.advance(1000, goal=goal)
    losses = [update.nll[0] for update in straight(HELLO).updates(run.step)]
    assert losses[-1] <= math.log(goal) and min(losses[:-1]) > math.log(goal)
    assert run.advance(1000, goal=goal) >= 1, "a goal that is reached already stops nobody"


def test_a_goal_is_the_same_where_it_is_trained_and_where_it_is_recorded() -> None:
    """The perplexity of a step itself as the goal: exp and log round, and both must say the same."""
    recorded = Run(HELLO)
    recorded.advance(60)
    for step in range(20, 60, 3):
        goal = straight(HELLO).update(step).perplexity[0]
        trained = Run(HELLO)
        trained.advance(100, goal=goal)
        assert recorded.tapes[0].reaches(goal, 0, 60) == trained.step


def test_3_2_a_fork_of_a_long_run_has_every_step_of_its_own() -> None:
    """3.2: a branch at step 0 of a run of 17,555 steps kept 10 frames and 20 points of its first 150 steps."""
    run = Run(replace(HELLO, network=NetworkConfig("rnn", 2)))
    run.advance(700)
    changed = replace(run.config, training=run.config.training.changed(5, 0.1))
    forked = run.fork(changed, 5)
    forked.advance(60 - forked.step)
    assert [frame.step for frame in forked.frames(0, 60)] == list(range(61))
    assert forked.curve_points(60).step.tolist() == list(range(61))
    assert same_weights(forked, 60) and same_weights(forked, 3)


@pytest.mark.parametrize("at", [1, 10, 40, 64, 70])
def test_a_fork_is_the_run_with_the_rate_changed_at_that_step(at: int) -> None:
    run = Run(VERSE)
    run.advance(70)
    changed = replace(VERSE, training=VERSE.training.changed(at, 0.2))
    forked = run.fork(changed, at)
    forked.advance(at + 12 - forked.step)
    for step in (0, at - 1, at, at + 1, at + 12):
        assert same_weights(forked, step)
    assert forked.curve_points(at + 11).learning_rate.tolist() == [0.01] * at + [0.2] * 12
    assert forked.samples(at) == run.samples(at)
    assert same_weights(run, 70), "the old run goes on as if nothing had been"


def test_a_fork_measures_its_step_and_nothing_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass of a large network takes as long as an update."""
    run = Run(VERSE)
    run.advance(30)
    steps: list[int] = []
    measured = Trainer.preview

    def preview(trainer: Trainer) -> Update:
        steps.append(trainer.step)
        return measured(trainer)

    monkeypatch.setattr(Trainer, "preview", preview)
    forked = run.fork(replace(VERSE, training=VERSE.training.changed(30, 0.2)), 30)
    assert steps == [30]
    assert forked._at_work().network.passes == Run(VERSE)._at_work().network.passes, "one pass, as a new run"


def test_3_7_samples_thin_as_they_grow_old_and_the_first_stay() -> None:
    """3.7: samples were first in first out: at step 17,555 the oldest was of 6,690."""
    run = Run(replace(HELLO, network=NetworkConfig("rnn", 2)))
    run.advance(400)
    steps = [sample.step for sample in run.samples(400)]
    assert steps == [step for step in range(401) if is_kept(step, FIRST_SAMPLES)]
    assert steps[:3] == [0, 1, 2] and len(steps) < 60
    assert run.samples(17) == run.samples(400)[: len(run.samples(17))]


def test_a_sample_is_drawn_by_the_network_of_its_step() -> None:
    run, early = Run(HELLO), Run(HELLO)
    run.advance(200)
    early.advance(24)
    assert run.samples(24) == early.samples(24)
    last = run.samples(200)[-1]
    assert last.prompt == "h" and last.text.startswith("ello")


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
def test_a_run_that_was_put_away_goes_on_as_if_nothing_had_been(config: ExperimentConfig) -> None:
    run = Run(config)
    run.advance(30)
    before = run.nbytes
    assert run.park() and not run.park() and run.nbytes < before
    assert run.step == 30 and len(run.curve_points(30)) == 31
    assert same_weights(run, 30) and run.frame(30).step == 30 and run.is_parked, "looking needs no trainer"
    assert run.advance(10) == 10 and same_weights(run, 40) and same_weights(run, 35)


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
def test_the_size_that_is_checked_is_at_least_the_size_that_is_made(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ExperimentConfig(
        text=TextConfig(text="the quick brown fox\njumps over the lazy\n" * 8, sequence_length=20),
        network=NetworkConfig(cell=cell, hidden_size=64, layers=2),
    )
    made = Trainer(config, Run(config).corpus)
    made.update()
    monkeypatch.setattr(size_module, "MAX_TRAINER_BYTES", int(0.8 * made.nbytes))
    with pytest.raises(Refusal):
        Run(config)
    monkeypatch.setattr(size_module, "MAX_TRAINER_BYTES", 2 * made.nbytes)
    Run(config)


def test_a_runs_bytes_are_counted_honestly() -> None:
    """The registry's bound is worth as much as `nbytes`: held to what the frames, weights and text weigh."""
    config = ExperimentConfig(
        network=NetworkConfig(hidden_size=64, layers=2), text=TextConfig(text="abc " * 5000)
    )
    run = Run(config)
    run.advance(20)
    frames = sum(len(frame.payload) for frame in run.frames(0, 20))
    weights = run.snapshot_at(20).nbytes
    assert run.nbytes >= frames + 2 * weights + len(config.text.text)


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
def test_a_dropped_run_is_gone_at_once(config: ExperimentConfig) -> None:
    """The server collects garbage seldom: what is dropped must not hang in a cycle of references."""
    gc.collect()
    gc.disable()
    try:
        run = Run(config)
        run.advance(30)
        held = run.frames(0, 30)[-1]
        run.trace_at(17)
        watched = [weakref.ref(part) for part in (run, run.tapes[0].album, run.tapes[0]._curve, run._trainer)]
        del run
        assert watched[0]() is None and watched[2]() is None and watched[3]() is None
        assert len(held.payload) % 8 == 0, "a frame outlives its run"
        assert watched[1]() is None
    finally:
        gc.enable()
