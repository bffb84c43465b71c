"""States that are given, cut, and read in both directions, against torch.nn and autograd in float64."""

import itertools

import pytest
import torch

from playground.batch import Batch, Signature
from playground.config import NetworkConfig
from playground.models.network import Network
from tests.models.reference import EXACT, assert_is_torchs, random_batch, random_states

pytestmark = pytest.mark.usefixtures("each_engine")

TORCH = ("rnn", "lstm", "gru")
SHAPES = [(5, 1, 3), (5, 3, 2), (1, 1, 1), (1, 2, 2), (2, 1, 1)]  # T, R, B
LANGUAGE = Signature.language(4)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", TORCH)
def test_initial_states_and_resets_are_torchs(cell: str, bidirectional: bool) -> None:
    sizes = ((1, 1, 3), (2, 4, 0))  # layers, hidden size, embedding
    for (time, replicas, batch), (layers, hidden, embedding), resets in itertools.product(
        SHAPES, sizes, (False, True)
    ):
        config = NetworkConfig(cell, hidden, layers, embedding, bidirectional=bidirectional)
        network = Network(config, LANGUAGE, seeds=range(replicas), dtype=torch.float64)
        own = random_batch(LANGUAGE, time, replicas, batch, resets=resets, seed=time)
        shared = random_batch(LANGUAGE, time, 1, batch, resets=resets, seed=time)
        assert_is_torchs(network, own, "sum", random_states(network, batch))
        assert_is_torchs(network, own)  # zeros again
        assert_is_torchs(network, shared, "mean", random_states(network, batch, replicas=1))


@pytest.mark.parametrize("cell", TORCH)
def test_reading_in_two_parts_is_reading_at_once(cell: str) -> None:
    network = Network(NetworkConfig(cell, 4, 2), LANGUAGE, seeds=(0, 1), dtype=torch.float64)
    whole = random_batch(LANGUAGE, 7, 1, 2)
    first, second = (
        Batch(whole.inputs[part], whole.targets[part], whole.mask[part])
        for part in (slice(3), slice(3, None))
    )
    expected = network.trace(whole, reduction="sum", backward=False).copy()
    with torch.inference_mode():
        states = network.run(first, reduction="sum", backward=False).final_states()
    trace = network.trace(second, reduction="sum", initial=states)
    for name in ("l1.h", "logits", "loss"):
        torch.testing.assert_close(trace[name], expected[name][3:], **EXACT)


@pytest.mark.parametrize("cell", TORCH)
def test_a_reset_stops_what_is_not_finite(cell: str) -> None:
    """Zeros are set, not multiplied: ∞ · 0 would be no number."""
    network = Network(NetworkConfig(cell, 3), LANGUAGE, seeds=(0,), dtype=torch.float64)
    batch = random_batch(LANGUAGE, 4, 1, 1)
    reset = torch.zeros_like(batch.mask)
    reset[2] = True
    states = [tuple(torch.full((1, 1, 3), torch.inf, dtype=torch.float64) for _ in network.cell.states)]
    cut = Batch(batch.inputs, batch.targets, batch.mask, reset)
    later = Batch(batch.inputs[2:], batch.targets[2:], batch.mask[2:])
    expected = network.trace(later).copy()
    trace = network.trace(cut, initial=states)
    assert not trace["l0.h"][:2].isfinite().all() or cell == "rnn"  # tanh(∞) is 1
    torch.testing.assert_close(trace["l0.h"][2:], expected["l0.h"], **EXACT)
    torch.testing.assert_close(trace["loss"][2:], expected["loss"], **EXACT)


@pytest.mark.parametrize("cell", TORCH)
def test_resets_that_never_come_change_nothing(cell: str) -> None:
    for bidirectional in (False, True):
        network = Network(
            NetworkConfig(cell, 4, 2, bidirectional=bidirectional),
            LANGUAGE,
            seeds=(0, 1),
            dtype=torch.float64,
        )
        batch = random_batch(LANGUAGE, 5, 1, 2)
        plain, gradients = network.trace(batch).copy(), network.gradients.clone()
        never = Batch(batch.inputs, batch.targets, batch.mask, torch.zeros_like(batch.mask))
        trace = network.trace(never)
        torch.testing.assert_close(trace["logits"], plain["logits"], **EXACT)
        torch.testing.assert_close(network.gradients, gradients, **EXACT)


def test_a_padded_sequence_is_read_backwards_as_if_it_were_alone() -> None:
    network = Network(
        NetworkConfig("gru", 4, 2, bidirectional=True), LANGUAGE, seeds=(0, 1), dtype=torch.float64
    )
    padded = random_batch(LANGUAGE, 6, 1, 2)
    mask, reset = torch.ones_like(padded.mask), torch.zeros_like(padded.mask)
    mask[4:, 0, 1], reset[4, 0, 1] = False, True  # the second sequence ends after four timesteps
    trace = network.trace(Batch(padded.inputs, padded.targets, mask, reset)).copy()
    alone = Batch(padded.inputs[:4, :, 1:], padded.targets[:4, :, 1:], mask[:4, :, 1:])
    expected = network.trace(alone)
    for name in ("logits", "loss", "l0.h", "l1_reverse.h", "l1_reverse.pre.n"):
        torch.testing.assert_close(trace[name][:4, :, 1:], expected[name], **EXACT)


def test_the_trace_of_a_reversed_layer_is_in_the_order_of_time() -> None:
    config = NetworkConfig("lstm", 4, 1, bidirectional=True)
    network = Network(config, LANGUAGE, seeds=(0,), dtype=torch.float64)
    batch = random_batch(LANGUAGE, 5, 1, 2)
    trace = network.trace(batch).copy()
    state = network.state_dict()
    turned = Network(NetworkConfig("lstm", 4), LANGUAGE, seeds=(0,), dtype=torch.float64)
    turned.load_state_dict(
        {
            **turned.state_dict(),
            **{name: state[f"{name}_reverse"] for name in state if f"{name}_reverse" in state},
        }
    )
    backwards = turned.trace(Batch(batch.inputs.flip(0), batch.targets, batch.mask))
    for name in ("h", "c", "i", "pre.f"):
        torch.testing.assert_close(trace[f"l0_reverse.{name}"].flip(0), backwards[f"l0.{name}"], **EXACT)
    # Both halves of what the read-out reads, and of the gradient that comes back to them.
    both = torch.cat([trace["l0.h"], trace["l0_reverse.h"]], -1)
    logits = both @ state["readout.weight"].T + state["readout.bias"]
    torch.testing.assert_close(trace["logits"], logits, **EXACT)
    last = trace["grad.logits"] @ state["readout.weight"]  # nothing comes through time to the last ones read
    torch.testing.assert_close(trace["grad.l0.h"][-1], last[-1, ..., :4], **EXACT)
    torch.testing.assert_close(trace["grad.l0_reverse.h"][0], last[0, ..., 4:], **EXACT)


def test_initial_states_must_be_of_every_layer() -> None:
    network = Network(NetworkConfig(hidden_size=4, layers=2), LANGUAGE, seeds=(0,), dtype=torch.float64)
    with pytest.raises(ValueError, match="initial states must be of 2 layers; got 1"):
        network.trace(random_batch(LANGUAGE, 3, 1, 1), initial=random_states(network, 1)[:1])
