"""Networks of compiled loops: against torch in 64 bits at any size, and the same bits however they are computed."""

import copy
import gc
import math
import pickle
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.kernels.engine import can_compile, using
from playground.kernels.program import Instruction, Program
from playground.models.network import Network
from playground.training import Trainer, Update
from tests.kinds import KINDS
from tests.models.reference import random_batch, random_states

if not can_compile():
    pytest.skip("there are no compiled loops: see requirements-fast.txt", allow_module_level=True)

GRADIENTS = 5e-7  # of the largest: by how much they may be off in 32 bits
SMALL = 0.5  # or of this: softmax − one_hot is as far off as numbers near 1 are, however little is left of it
LANGUAGE = Signature.language(4)
TEXT = TextConfig("hello\nworld\nabc\nfour", batch_size=1)


def in_torch(network: Network) -> Network:
    """The same network in torch, in 64 bits."""
    with using(loops=False):
        other = Network(network.config, network.signature, seeds=network.seeds, dtype=torch.float64)
    for replica in range(network.replicas):
        other.load_state_dict(network.state_dict(replica), replica)
    return other


def trainer(
    cell: str = "lstm", seeds: tuple[int, ...] = (0,), dtype: torch.dtype = torch.float32, **training: object
) -> Trainer:
    config = ExperimentConfig(TEXT, NetworkConfig(cell, 5, 2, dropout=0.3), TrainingConfig(**training))
    return Trainer(config, Corpus(TEXT), seeds=seeds, dtype=dtype)


@settings(max_examples=60)
@given(data=st.data())
def test_gradients_are_torchs_at_any_size(data: st.DataObject) -> None:
    draw = data.draw
    kind, nonlinearity = draw(st.sampled_from(KINDS))
    time, batch, size = draw(st.integers(1, 9)), draw(st.integers(1, 5)), draw(st.integers(1, 19))
    replicas, symbols = draw(st.sampled_from([1, 1, 2, 3])), draw(st.integers(2, 12))
    reads, loss = (
        draw(st.sampled_from(["symbols", "vectors"])),
        draw(st.sampled_from(["cross_entropy", "squared_error"])),
    )
    signature = Signature(
        reads, symbols, draw(st.integers(2, 9)), loss, draw(st.sampled_from(["each", "mean"]))
    )
    config = NetworkConfig(
        kind,
        size,
        draw(st.integers(1, 3)),
        embedding=draw(st.sampled_from([0, 1, 3])) if reads == "symbols" else 0,
        nonlinearity=nonlinearity,
        bidirectional=draw(st.booleans()),
        dropout=draw(st.sampled_from([0.0, 0.4])),
    )
    shape = (time, draw(st.sampled_from([1, replicas])), batch)
    given_batch = random_batch(
        signature,
        *shape,
        resets=draw(st.booleans()),
        nothing=draw(st.booleans()),
        seed=draw(st.integers(0, 99)),
    )
    step = draw(st.sampled_from([None, 3]))
    network = Network(config, signature, seeds=range(replicas))
    initial = random_states(network, batch) if draw(st.booleans()) else None
    exact = in_torch(network)
    reduction = draw(st.sampled_from(["mean", "sum"]))
    ours, theirs = (
        each.trace(given_batch, reduction=reduction, initial=initial, step=step) for each in (network, exact)
    )
    assert network.workspace(given_batch).over_time.is_compiled
    assert ours.keys() == theirs.keys()
    for name in ("loss", "total"):
        torch.testing.assert_close(ours[name].double(), theirs[name], rtol=1e-5, atol=1e-6, msg=name)
    difference = (network.gradients.double() - exact.gradients).abs().max()
    assert difference <= GRADIENTS * exact.gradients.abs().max().clamp(min=SMALL)


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
    """Of one sequence at a time; those of a batch are summed in another order beside other replicas."""
    seeds = tuple(range(8))
    together = trainer(cell, seeds)
    updates = together.advance(30)
    for replica in seeds:
        alone = trainer(cell, (replica,))
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
