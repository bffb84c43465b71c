"""Networks of compiled loops have the same bits however they are computed, and harm nobody."""

import copy
import gc
import math
import pickle
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TaskConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.kernels.engine import can_compile, using
from playground.kernels.program import Instruction, Program
from playground.models.network import Network
from playground.optimizers import OPTIMIZERS
from playground.training import Trainer, Update
from tests.models.reference import random_batch

if not can_compile():
    pytest.skip("there are no compiled loops: see requirements-fast.txt", allow_module_level=True)

LANGUAGE = Signature.language(4)


def trainer(
    cell: str = "lstm",
    seeds: tuple[int, ...] = (0,),
    dtype: torch.dtype = torch.float32,
    sequences: int = 1,
    **training: object,
) -> Trainer:
    text = TextConfig("hello\nworld\nabc\nfour", batch_size=sequences)
    config = ExperimentConfig(text, NetworkConfig(cell, 5, 2, dropout=0.3), TrainingConfig(**training))
    return Trainer(config, Corpus(text), seeds=seeds, dtype=dtype)


def test_a_program_keeps_what_it_works_on() -> None:
    """Nobody else has these tensors; their memory must not be another's."""
    a, out = torch.full((1000,), 3.0), torch.zeros(1000)
    program = Program([Instruction("multiply", (1000,), (a, a, out))])
    kept = weakref.ref(a)
    del a
    gc.collect()
    assert kept() is not None
    program()
    assert out.tolist() == [9.0] * 1000
    del program
    assert kept() is None


def test_a_network_and_its_buffers_go_when_nobody_has_them() -> None:
    """Programs are part of no cycle, so nothing waits for a full collection, which takes long."""
    gc.collect()
    gc.disable()
    try:
        made = trainer()
        made.update()
        kept = weakref.ref(made.network)
        del made
        assert kept() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("cell", list(CELLS))
def test_replicas_are_bit_for_bit_what_each_is_alone(cell: str) -> None:
    """Whatever comes before the weights as well, which the curve does not show: through dropout, both ways, cut."""
    config = NetworkConfig(cell, 5, 2, embedding=3, bidirectional=True, dropout=0.3)
    for sequences, time in ((1, 20), (3, 9), (7, 2), (33, 3)):
        together = Network(config, LANGUAGE, seeds=(4, 5, 6))
        batch = random_batch(LANGUAGE, time, 3, sequences, resets=True)
        traced = together.trace(batch, step=2)
        assert together.workspace(batch).over_time.is_compiled
        for replica, seed in enumerate(together.seeds):
            alone = Network(config, LANGUAGE, seeds=(seed,))
            parts = (batch.inputs, batch.targets, batch.mask, batch.reset)
            own = Batch(*(part[:, replica, None] for part in parts if part is not None))
            for name, value in alone.trace(own, step=2).items():
                axis = 1 if value.dim() > 1 else 0  # of replicas
                assert torch.equal(traced[name].select(axis, replica), value.select(axis, 0)), name
            assert torch.equal(together.gradients[replica], alone.gradients[0])


@pytest.mark.parametrize("sequences", [1, 3])
@pytest.mark.parametrize("cell", list(CELLS))
def test_replicas_train_bit_for_bit_as_each_does_alone(cell: str, sequences: int) -> None:
    seeds = tuple(range(8))
    together = trainer(cell, seeds, sequences=sequences)
    updates = together.advance(30)
    for replica in seeds:
        alone = trainer(cell, (replica,), sequences=sequences)
        for ours, theirs in zip(alone.advance(30), updates, strict=True):
            assert (ours.loss[0], ours.gradient_norm[0]) == (
                theirs.loss[replica],
                theirs.gradient_norm[replica],
            )
        assert torch.equal(alone.network.parameters[0], together.network.parameters[replica])


def test_two_threads_give_what_one_gives() -> None:
    def train(cell: str) -> list[Update]:
        return trainer(cell).advance(150)

    cells = ["lstm", "gru", "lstm", "rnn"]
    expected = [train(cell) for cell in cells]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(train, cells)) == expected


def test_networks_that_another_thread_makes_meanwhile_change_nothing() -> None:
    """Nor does the training change what they compute: compiled loops run at the same time, and share nothing."""
    config = NetworkConfig("lstm", 9, 2, bidirectional=True)

    def make_and_look(seed: int) -> Tensor:
        network = Network(config, LANGUAGE, seeds=(seed, seed + 1))
        for length in (2, 30, 2, 7):  # buffers are made, kept, made again
            network.trace(random_batch(LANGUAGE, length, 1, 3), step=seed)
        return network.gradients.clone()

    expected, looked = trainer("gru").advance(150), [make_and_look(seed) for seed in range(10)]
    with ThreadPoolExecutor(2) as threads:
        training = threads.submit(trainer("gru").advance, 150)
        meanwhile = [threads.submit(make_and_look, seed) for seed in range(10)]
        assert training.result() == expected
        assert all(torch.equal(each.result(), alone) for each, alone in zip(meanwhile, looked, strict=True))


@pytest.mark.parametrize("cell", list(CELLS))
def test_what_was_evicted_and_is_made_again_gives_the_same_bits(cell: str) -> None:
    at_once = trainer(cell).advance(40)
    first = trainer(cell)
    updates = first.advance(17)
    for length in (3, 4, 5):  # buffers of other shapes take the places of those of the training
        first.network.trace(random_batch(first.network.signature, length, 1, 1), backward=False)
    updates += first.advance(3)
    again = trainer(cell)
    again.restore(first.snapshot())
    assert updates + again.advance(20) == at_once


@pytest.mark.parametrize("optimizer", ["momentum", "rmsprop", "adagrad", "adam"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_restored_optimiser_goes_on_as_it_would_have(optimizer: str, dtype: torch.dtype) -> None:
    with using(loops=True, checking=True):
        made = trainer(dtype=dtype, optimizer=optimizer, learning_rate=0.01)
        made.advance(5)
        before = made.snapshot()
        expected = made.advance(5)
        assert all(state.count_nonzero() for state in made.snapshot().optimizer.values())
        made.restore(before)
        assert made.advance(5) == expected


def test_a_batch_that_is_refused_is_read_by_nobody() -> None:
    network = Network(NetworkConfig("rnn", 3), LANGUAGE, seeds=(0,))
    good = random_batch(LANGUAGE, 3, 1, 1)
    expected = network.trace(good)["loss"].clone()
    bad = Batch(good.inputs, torch.full_like(good.targets, 10**9), torch.ones_like(good.mask))
    with pytest.raises(RuntimeError):
        network.trace(bad)
    assert torch.equal(network.trace(good)["loss"], expected)


def test_a_target_beyond_the_outputs_is_nan_and_reads_nobodys_memory() -> None:
    """A criterion refuses it before; if one did not, it would be seen."""
    outputs, targets = torch.zeros(4, 3), torch.tensor([0, 3, -1, 10**11])
    logs, silent, loss = torch.zeros(4, 3), torch.zeros(4, dtype=torch.bool), torch.zeros(4)
    Instruction("cross_entropy", (4, 3), (outputs, logs, targets, silent, loss))()
    assert loss[0] == pytest.approx(math.log(3)) and loss[1:].isnan().all()
    weights, grads = -torch.eye(4, 3), torch.zeros(4, 3)
    Instruction("cross_entropy_back", (4, 3), (weights, logs, targets, grads))()
    torch.testing.assert_close(grads[0], torch.tensor([-2.0, 1.0, 1.0]) / 3)
    assert grads[1:].isnan().all()


@pytest.mark.parametrize(("optimizer", "names"), [("adam", 2), ("rmsprop", 1), ("momentum", 1)])
def test_what_an_optimiser_remembers_is_never_a_denormal(optimizer: str, names: int) -> None:
    """Once nothing is left to learn, averages shrink for ever; a processor is slow with numbers below the normal."""
    text = TextConfig("ab")
    config = ExperimentConfig(text, NetworkConfig("rnn", 4), TrainingConfig(optimizer, 1e-5, clip="off"))
    made = Trainer(config, Corpus(text))
    averages = [state for state in made._optimizer.state.values() if state.dim()]
    assert len(averages) == names
    for average in averages:
        average.fill_(1.5e-30)
    made.network.parameters.fill_(0)
    made.network.load_state_dict(  # one symbol is certain: no gradient
        {
            name: torch.full_like(value, 0) if name != "readout.bias" else torch.tensor([-400.0, 400.0])
            for name, value in made.network.state_dict().items()
        }
    )
    updates = made.advance(100)
    assert updates[-1].loss[0] == 0
    for average in averages:
        left = average[average != 0].abs()
        assert (left >= 1e-30).all()
    assert averages[0].count_nonzero() == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e38])
@pytest.mark.parametrize("cell", list(CELLS))
def test_what_is_not_finite_reaches_the_trainer_as_in_torch(cell: str, value: float) -> None:
    found = []
    for loops in (False, True):
        with using(loops=loops):
            made = trainer(cell, (0, 1), clip="norm")
            made.advance(2)
            made.network.named_parameters()["rnn.weight_hh_l0"][0, 0, 0] = value
            made.network.passes += 1
            updates = made.advance(3)
            explosion = made.explosion()
            found.append((made.exploded, [update.finite for update in updates], explosion and explosion.what))
            state = [tensor for tensor in made._optimizer.state.values() if tensor.dim()]
            assert all(tensor[1].isfinite().all() for tensor in (made.network.parameters, *state))
    assert found[0] == found[1]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_program_is_not_copied(copied: Callable[[Program], object]) -> None:
    """The copy would write where tensors were that nobody keeps."""
    numbers = torch.zeros(3)
    with pytest.raises(TypeError, match="a program cannot be copied"):
        copied(Program([Instruction("multiply", (3,), (numbers, numbers, numbers))]))


@dataclass(frozen=True)
class Spoilt:
    """Numbers to answer with numbers; from step 3 on, the batches of seed 1 have one that is none, or too large."""

    part: str  # of a batch
    value: float

    @property
    def signature(self) -> Signature:
        return Signature("vectors", 2, 1, "squared_error")

    def batch(self, seed: int, step: int) -> Batch:
        batch = random_batch(self.signature, 4, 1, 1, seed=100 * seed + step)
        if seed == 1 and step >= 3:
            getattr(batch, self.part)[-1] = self.value
        return batch


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("inputs", math.nan),
        ("inputs", math.inf),
        ("targets", math.nan),
        ("targets", -math.inf),
        ("targets", 1e30),
    ],
)
def test_an_optimiser_is_not_fed_with_what_is_not_finite(part: str, value: float, optimizer: str) -> None:
    """Weights and all that is remembered stay as they were, bit for bit; the replica beside goes on as if alone."""
    for cell, clip in (("rnn", "norm"), ("lstm", "value"), ("gru", "off"), ("mgu", "norm")):
        config = TaskConfig(NetworkConfig(cell, 3), TrainingConfig(optimizer, 0.01, clip, 0.1))
        source = Spoilt(part, value)
        alone, spoilt, both = (Trainer(config, source, seeds=seeds) for seeds in ((0,), (1,), (0, 1)))
        updates, expected = both.advance(3), alone.advance(7)
        assert all(update.finite for update in updates)
        before = [tensor[1].clone() for tensor in (both.network.parameters, *remembered(both))]
        updates += both.advance(4)
        assert [update.finite for update in updates] == [True] * 3 + [False] * 4 and both.exploded == {1}
        after = [tensor[1] for tensor in (both.network.parameters, *remembered(both))]
        assert all(torch.equal(*pair) for pair in zip(before, after, strict=True))
        assert {update.clips[1] for update in updates[2:]} == {updates[2].clips[1]}, (
            "what is left is not clipped"
        )
        assert [update.loss[0] for update in updates] == [update.loss[0] for update in expected]
        assert torch.equal(both.network.parameters[0], alone.network.parameters[0])
        assert not spoilt.advance(7)[-1].finite and spoilt.step == 3
        assert torch.equal(spoilt.network.parameters[0], both.network.parameters[1])


def remembered(made: Trainer) -> list[Tensor]:
    """What the optimiser keeps of every weight."""
    return [state for state in made.snapshot().optimizer.values() if state.dim()]
