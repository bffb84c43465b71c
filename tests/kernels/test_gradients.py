"""What compiled loops record and the gradients they come to, in 32 bits, against torch in 64: how far off they may be.

The rule: no number by more than 5e-7 of the largest that it stands among. Those of a gradient are its entries, and the
∂total/∂outputs that every entry sums up, timestep by timestep and sequence by sequence: where these cancel, what is
left is as far off as they are rounded, in torch as well. Of 1,500 drawn networks no number was off by more than three
quarters of that. By the entries alone 7 gradients of 2,900 were off by more than 5e-7 of the largest, by 1.4e-6 at
most; as many were by torch's own arithmetic in 32 bits, by 2.4e-6 at most.
"""

from collections.abc import Mapping

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from playground.batch import Signature
from playground.cells import CELLS
from playground.config import NetworkConfig
from playground.kernels.engine import can_compile, using
from playground.models.network import Network
from tests.kinds import KINDS
from tests.models.reference import random_batch, random_states

if not can_compile():
    pytest.skip("there are no compiled loops: see requirements-fast.txt", allow_module_level=True)

OFF = 5e-7  # of the largest


def in_torch(network: Network) -> Network:
    """The same network in torch, in 64 bits."""
    with using(loops=False):
        other = Network(network.config, network.signature, seeds=network.seeds, dtype=torch.float64)
    for replica in range(network.replicas):
        other.load_state_dict(network.state_dict(replica), replica)
    return other


def summed(grad_outputs: Tensor) -> float:
    """The largest sum of |∂total/∂ one output| over timesteps and batch, of (T, R, B, O)."""
    return grad_outputs.abs().sum((0, 2)).max().item()


def off(ours: Tensor, exact: Tensor, largest: float) -> float:
    """By how much at most, in parts of the largest."""
    return ((ours.double() - exact.double()).abs().max() / largest).item()


@settings(max_examples=60)
@given(data=st.data())
def test_every_number_of_a_pass_is_torchs_at_any_size(data: st.DataObject) -> None:
    draw = data.draw
    kind, nonlinearity = draw(st.sampled_from(KINDS))
    time, batch, size = draw(st.integers(1, 9)), draw(st.integers(1, 5)), draw(st.integers(1, 19))
    replicas, symbols = draw(st.sampled_from([1, 1, 2, 3])), draw(st.integers(2, 12))
    reads = draw(st.sampled_from(["symbols", "vectors"]))
    loss = draw(st.sampled_from(["cross_entropy", "squared_error"]))
    readout = draw(st.sampled_from(["each", "mean"]))
    signature = Signature(reads, symbols, draw(st.integers(2, 9)), loss, readout)
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
    hold(network, exact, ours, theirs)


def hold(network: Network, exact: Network, ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Each to the rule: what goes forward among its like, or beside 1; what comes back among all that does."""
    assert ours.keys() == theirs.keys()
    back = {name: value for name, value in theirs.items() if name.startswith("grad.")}
    (of_outputs,) = back.keys() & {"grad.logits", "grad.outputs"}
    largest = max(summed(back[of_outputs]), *(value.abs().max().item() for value in back.values()))
    for name, value in theirs.items():
        among = largest if name in back else max(1.0, value.double().abs().max().item())
        assert off(ours[name], value, among) <= OFF, name
    entries = max(summed(back[of_outputs]), exact.gradients.abs().max().item())
    assert off(network.gradients, exact.gradients, entries) <= OFF


@pytest.mark.parametrize(("time", "replicas", "batch"), [(200, 1, 32), (200, 3, 7)])
@pytest.mark.parametrize("cell", list(CELLS))
def test_thousands_of_timesteps_are_summed_without_loss(
    cell: str, time: int, replicas: int, batch: int
) -> None:
    """By the entries of the gradient alone; one after the other, so many rows would be off by four times that."""
    signature = Signature.language(27)
    network = Network(NetworkConfig(cell, 16), signature, seeds=range(replicas))
    exact, long = in_torch(network), random_batch(signature, time, 1, batch)
    torch.testing.assert_close(
        network.trace(long)["total"].double(), exact.trace(long)["total"], rtol=2e-7, atol=0
    )
    for ours, theirs in zip(network.gradients, exact.gradients, strict=True):
        assert off(ours, theirs, theirs.abs().max().item()) <= OFF
