"""Any step from a few snapshots: bit for bit the weights of a training that went straight on."""

import itertools
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.runs import checkpoints as checkpoints_module
from playground.runs import run as run_module
from playground.runs.checkpoints import Checkpoints
from playground.runs.replay import Replay
from playground.runs.run import Run
from playground.training import Snapshot, Trainer
from tests.runs.reachable import reachable
from tests.runs.straight import same_weights, straight

HELLO = ExperimentConfig()
VERSE = ExperimentConfig(
    text=TextConfig(text="the cat sat\nthe dog ran\na bird sang\n" * 3, sequence_length=6, batch_size=4),
    network=NetworkConfig(cell="gru", hidden_size=8),
    training=TrainingConfig(optimizer="rmsprop", rates=((30, 0.02), (50, 0.001))),
    seed=3,
)


def snapshot(step: int) -> Snapshot:
    return Snapshot(step, torch.zeros(1, 10), {}, frozenset(), (0,))


def filled(checkpoints: Checkpoints, steps: range) -> Checkpoints:
    for step in steps:
        checkpoints.add(snapshot(step))
    return checkpoints


@given(st.integers(1, 30), st.integers(0, 500))
def test_there_are_never_too_many_and_at_least_half_of_that(most: int, newest: int) -> None:
    checkpoints = filled(Checkpoints(most, 10**9), range(newest + 1))
    steps = list(checkpoints)
    assert steps[0] == 0 and len(steps) <= most
    assert len(steps) >= min(newest + 1, (most + 1) // 2)
    gaps = {after - before for before, after in itertools.pairwise(steps)}
    assert len(gaps) <= 1 and all(gap.bit_count() == 1 for gap in gaps)


def test_too_many_bytes_thin_them_as_well_but_step_0_stays() -> None:
    weight = Checkpoints(1, 10**9)
    weight.add(snapshot(0))
    checkpoints = filled(Checkpoints(100, 5 * weight.nbytes), range(200))
    assert 2 <= len(checkpoints) <= 5 and checkpoints.nbytes <= 5 * weight.nbytes


def test_there_is_room_for_a_few_however_heavy_they_are() -> None:
    """A step of the largest networks once was trained again from step 0, whatever its number."""
    heavy = filled(Checkpoints(100, 1), range(50))
    assert list(heavy) == [0, 16, 32, 48]
    assert heavy.thin() and list(heavy) == [0, 32]
    assert heavy.thin() and list(heavy) == [0] and not heavy.thin(), "when memory is short"
    assert list(filled(heavy, range(50, 200))) == [0]


def test_latest_is_the_one_at_or_before_a_step() -> None:
    checkpoints = filled(Checkpoints(4, 10**9), range(13))
    assert list(checkpoints) == [0, 4, 8, 12]
    assert [checkpoints.latest(step).step for step in (0, 3, 4, 11, 12, 99)] == [0, 0, 4, 8, 12, 12]


def test_until_is_a_record_of_its_own() -> None:
    checkpoints = filled(Checkpoints(4, 10**9), range(13))
    early = filled(checkpoints.until(4), range(5, 20))
    assert list(early) == [0, 8, 16] and list(checkpoints) == [0, 4, 8, 12]


def numbered(step: int) -> Snapshot:
    """A snapshot of which every number is its step."""
    optimizer = {"average": torch.full((1, 1000), float(step)), "updates": torch.tensor(float(step))}
    return Snapshot(
        step, torch.full((1, 1000), float(step)), optimizer, frozenset({0} if step % 2 else ()), (step,)
    )


def numbers_of(kept: Snapshot) -> set[float]:
    tensors = kept.parameters, *kept.optimizer.values()
    assert kept.exploded == ({0} if kept.step % 2 else set())
    return {*torch.cat([tensor.flatten() for tensor in tensors]).tolist(), *kept.clips}


def test_what_was_looked_for_stays_what_it_was() -> None:
    """Others are written to the places of those that were dropped."""
    checkpoints = Checkpoints(4, 10**9)
    looked_for = list[Snapshot]()
    for step in range(100):
        checkpoints.add(numbered(step))
        looked_for.append(checkpoints.latest(step))
    checkpoints.thin()
    assert [numbers_of(kept) for kept in looked_for] == [{kept.step} for kept in looked_for]
    assert [numbers_of(checkpoints.latest(step)) for step in checkpoints] == [{step} for step in checkpoints]


def test_looking_for_one_while_others_are_added_and_thinned() -> None:
    """A viewer that walks through the past does so beside the training: no error, and always one at or before."""
    checkpoints, found = Checkpoints(16, 10**9), list[Snapshot]()
    checkpoints.add(numbered(0))

    def look() -> None:
        for step in itertools.cycle(range(0, 500, 7)):
            found.append(checkpoints.latest(step))
            assert found[-1].step <= step and numbers_of(found[-1]) == {found[-1].step}
            if has_ended.is_set():
                return

    has_ended, before = threading.Event(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor() as pool:
            looking = pool.submit(look)
            for step in itertools.count(1):
                checkpoints.add(numbered(step))
                if step == 300:
                    checkpoints.thin()
                if looking.done() or (step > 500 and len(found) > 100):
                    break
            has_ended.set()
            looking.result()
    finally:
        sys.setswitchinterval(before)


def test_they_live_in_a_few_blocks_of_memory_however_many_they_are() -> None:
    """A snapshot of its own blocks is dropped after some hundred steps, and leaves holes between what stays."""
    few, many = (filled(Checkpoints(most, 10**9), range(most)) for most in (4, 64))
    counts = [sum(isinstance(each, Tensor) for each in reachable(record)) for record in (few, many)]
    assert len(many) == 64 and counts[0] == counts[1]


def test_bytes_are_those_that_were_ever_written_until_they_are_thinned() -> None:
    """What is dropped keeps its place for the next one."""
    checkpoints = filled(Checkpoints(8, 10**9), range(8))
    full = checkpoints.nbytes
    filled(checkpoints, range(8, 9))
    assert len(checkpoints) == 5 and checkpoints.nbytes == full
    assert checkpoints.thin() and checkpoints.nbytes == full * len(checkpoints) // 8


@pytest.mark.parametrize("config", [HELLO, VERSE], ids=["one window", "mini-batches"])
@pytest.mark.parametrize("most", [3, 16])
def test_any_step_can_be_had_back_exactly(
    config: ExperimentConfig, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "CHECKPOINTS", most)
    run = Run(config)
    run.advance(90)
    for step in (90, 0, 1, 29, 30, 31, 50, 64, 65, 89):
        assert same_weights(run, step)
        kept = run.snapshot_at(step)
        trainer = Trainer(config, Corpus(config.text))
        trainer.restore(kept)
        assert trainer.preview() == straight(config).update(step), "the optimiser's state goes on, too"
    assert torch.equal(run.network_at(64).parameters, straight(config).weights(64))


def test_a_step_can_be_trained_again_in_slices() -> None:
    run = Run(VERSE)
    run.advance(100)
    run._checkpoints = filled_from_zero(run)
    tries = 1
    while (found := run.snapshot_at(95, budget=0.0)) is None:
        tries += 1
        assert tries < 200
    assert tries > 20 and torch.equal(found.parameters, straight(VERSE).weights(95))


def filled_from_zero(run: Run) -> Checkpoints:
    """Checkpoints of step 0 alone."""
    checkpoints = Checkpoints(1, 10**9)
    checkpoints.add(run.snapshot_at(0))
    return checkpoints


@pytest.mark.parametrize("ask", [Run.snapshot_at, Run.network_at, Run.trace_at, Run.frame])
def test_a_step_that_is_not_there_is_refused_by_name(ask: Callable[..., object]) -> None:
    run = Run(HELLO)
    run.advance(5)
    for step in (-1, 6):
        with pytest.raises(ValueError, match=f"^step must be from 0 to 5; got {step}$"):
            ask(run, step)


def test_a_walk_ends_where_the_training_stopped_being_finite() -> None:
    """3.8: asked for a step beyond an update that is not finite, `snapshot_at` once looped for ever."""
    config = ExperimentConfig(
        network=NetworkConfig(cell="rnn", nonlinearity="linear"),
        training=TrainingConfig(optimizer="sgd", learning_rate=10.0, clip="off"),
    )
    run = Run(config)
    run.advance(500)
    end = run.step
    assert end < 500 and end == straight(config).last(500)
    assert same_weights(run, end) and same_weights(run, end - 1)
    walk = Replay(config, run.corpus, filled_from_zero(run))
    trainer = walk.go_to(end + 100)
    assert trainer is not None and trainer.step == end


def test_a_walk_belongs_to_one_run() -> None:
    run, other = Run(HELLO), Run(HELLO)
    walk = run.replay()
    assert run.replay(walk) is walk and other.replay(walk) is not walk


def test_rows_change_only_while_nobody_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a reader meets a row that is being written hangs on the moment, so the lock itself is asked."""
    record, is_alone = Checkpoints(8, 10**9), list[bool]()

    def watched(change: Callable[..., object]) -> Callable[..., object]:
        def changing(*args: object) -> object:
            is_alone.append(record._lock.locked())
            return change(*args)

        return changing

    shelf = checkpoints_module._Shelf
    for name in ("put", "take", "clear"):
        monkeypatch.setattr(shelf, name, watched(getattr(shelf, name)))
    filled(record, range(13))
    record.latest(9)
    record.until(8)
    assert record.thin() and len(is_alone) > 13 and all(is_alone)
