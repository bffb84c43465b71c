"""Batches read step by step against the network's fast pass and against torch.nn, in float64."""

import ast
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks.reference import TorchModel
from playground.batch import NOTHING, Batch, Signature
from playground.cells import CELLS
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.passes.replica import Replica, copy_of
from playground.passes.unroll import States, unroll
from tests.kinds import KINDS

V, H, T, B = 5, 4, 7, 3
LANGUAGE = Signature.language(V)
EXACT = {"rtol": 0, "atol": 1e-9}
IN_TORCH = [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")]
DEPTHS = list(itertools.product((1, 2, 3), (0, 3)))  # layers, embedding


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def batch_of(*, time: int = T, nothing: bool = False, reset: bool = False) -> Batch:
    """Three sequences, a third of whose predictions are left out."""
    generator = torch.Generator().manual_seed(time)

    def symbols(low: int) -> Tensor:
        return torch.randint(low, V, (time, 1, B), generator=generator)

    inputs, targets = symbols(NOTHING if nothing else 0), symbols(0)
    mask, cuts = (torch.rand(time, 1, B, generator=generator) < share for share in (0.7, 0.3))
    return Batch(inputs, targets.where(mask, 0), mask, cuts if reset else None)


def network_of(config: NetworkConfig, signature: Signature = LANGUAGE) -> Network:
    return Network(config, signature, seeds=[3], dtype=torch.float64)


def states_of(model: Replica, batch: int = B) -> States:
    layers = [
        tuple(draw(batch, H, seed=10 * number + place) for place in range(len(model.spec.states)))
        for number in range(len(model.layers))
    ]
    return States(tuple(layers))


def assert_the_fast_pass(network: Network, batch: Batch, initial: States | None = None) -> None:
    """Every tensor that both of them name."""
    states = None if initial is None else [tuple(s[None] for s in layer) for layer in initial.layers]
    trace = network.trace(batch, reduction="sum", initial=states)
    unrolled = unroll(copy_of(network), batch, initial)
    forward = {name for name in trace if not name.startswith("grad.")}
    computed_once = {"nll", "total", *(name for name in forward if name.endswith(".slope"))}
    assert forward - computed_once <= set(unrolled.names)
    for name in forward - computed_once:
        expected = trace[name][:, 0]
        assert unrolled[name].dtype == expected.dtype
        torch.testing.assert_close(unrolled[name], expected, msg=name, **EXACT)
    outputs = "logits" if network.signature.loss == "cross_entropy" else "outputs"
    torch.testing.assert_close(unrolled.grad_outputs, trace[f"grad.{outputs}"][:, 0], **EXACT)
    torch.testing.assert_close(unrolled.losses, trace["loss"][:, 0], **EXACT)


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_every_step_is_the_fast_passes(cell: str, nonlinearity: str) -> None:
    for layers, embedding in DEPTHS:
        network = network_of(NetworkConfig(cell, H, layers, embedding, nonlinearity))
        assert_the_fast_pass(network, batch_of(nothing=embedding != layers))


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_with_states_to_begin_with_and_resets(cell: str, nonlinearity: str) -> None:
    network = network_of(NetworkConfig(cell, H, 2, nonlinearity=nonlinearity))
    for reset in (False, True):
        assert_the_fast_pass(network, batch_of(reset=reset), states_of(copy_of(network)))


@pytest.mark.parametrize("readout", ["each", "mean"])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("reads", ["symbols", "vectors"])
def test_whatever_is_read_and_answered(reads: str, loss: str, readout: str) -> None:
    signature = Signature(reads, V, 2, loss, readout)
    batch = batch_of(reset=True)
    if reads == "vectors":
        batch = replace(batch, inputs=draw(T, 1, B, V))
    targets = draw(T, 1, B, 2, seed=1) if loss == "squared_error" else batch.targets.clamp(max=1)
    for cell in CELLS:
        network = network_of(NetworkConfig(cell, H, 2), signature)
        assert_the_fast_pass(network, replace(batch, targets=targets))


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_both_directions(cell: str, nonlinearity: str) -> None:
    for layers, reset in itertools.product((1, 2), (False, True)):
        network = network_of(NetworkConfig(cell, H, layers, 3, nonlinearity, bidirectional=True))
        model, batch = copy_of(network), batch_of(reset=reset)
        assert_the_fast_pass(network, batch, states_of(model))
        assert model.layers[:2] == ("l0", "l0_reverse")
    # One that reads backwards is one that reads forwards what is written backwards, with the same weights.
    reversed_ = unroll(model, replace(batch, reset=None)).steps[1]
    own = dict(model.parameters)
    for name in own:
        if name.endswith("_l0"):
            own[name] = own[f"{name}_reverse"]
    flipped = unroll(Replica(model.config, LANGUAGE, own), Batch(*(x.flip(0) for x in _given(batch))))
    for mine, other in zip(reversed_, flipped.steps[0][::-1], strict=True):
        assert torch.equal(mine.h, other.h)


def _given(batch: Batch) -> Sequence[Tensor]:
    return batch.inputs, batch.targets, batch.mask


@pytest.mark.parametrize(("cell", "nonlinearity"), IN_TORCH)
def test_sequences_and_states_are_torchs(cell: str, nonlinearity: str) -> None:
    for layers, embedding in DEPTHS:
        model = copy_of(network_of(NetworkConfig(cell, H, layers, embedding, nonlinearity)))
        theirs = TorchModel(model.config, LANGUAGE, torch.float64)
        theirs.load_state_dict(model.parameters, strict=True)
        batch, initial = batch_of(), states_of(model)
        before = tuple(torch.stack(each) for each in zip(*initial.layers, strict=True))  # (L, B, H) each
        x = theirs.encode(batch.inputs[:, 0])
        h, after = theirs.rnn(x, before if cell == "lstm" else before[0])
        after = after if cell == "lstm" else (after,)

        unrolled = unroll(model, batch, initial)
        torch.testing.assert_close(unrolled[f"l{layers - 1}.h"], h, **EXACT)
        for state, expected in zip(zip(*unrolled.final.layers, strict=True), after, strict=True):
            torch.testing.assert_close(torch.stack(state), expected, **EXACT)
        logits = theirs.readout(h)
        torch.testing.assert_close(unrolled.outputs, logits, **EXACT)
        each = cross_entropy(logits.movedim(-1, 1), batch.targets[:, 0], reduction="none")
        torch.testing.assert_close(unrolled.losses, each * batch.mask[:, 0], **EXACT)
        grad = torch.autograd.grad((each * batch.mask[:, 0]).sum(), logits)[0]
        torch.testing.assert_close(unrolled.grad_outputs, grad, **EXACT)


@pytest.mark.parametrize("readout", ["each", "mean"])
@pytest.mark.parametrize("cell", CELLS)
def test_going_on_is_reading_at_once(cell: str, readout: str) -> None:
    model = copy_of(network_of(NetworkConfig(cell, H, 2, 3), Signature("symbols", V, V, readout=readout)))
    batch = batch_of(reset=True)
    whole = unroll(model, batch)
    states, parts = None, []
    for first, last in ((0, 1), (1, 4), (4, T)):
        part = unroll(model, Batch(*(x[first:last] for x in (*_given(batch), batch.reset))), states)
        states = part.final
        parts.append(part)
    assert states is not None and states.read == whole.final.read == T
    for name in whole.names:
        assert torch.equal(torch.cat([part[name] for part in parts]), whole[name])
    for mine, others in zip(states.layers, whole.final.layers, strict=True):
        assert all(map(torch.equal, mine, others))


def test_what_a_sequence_is_does_not_depend_on_those_beside_it() -> None:
    model, batch = copy_of(network_of(NetworkConfig("gru", H, 2))), batch_of(reset=True)
    together = unroll(model, batch)
    for b in range(B):
        alone = unroll(model, Batch(*(x[:, :, b : b + 1] for x in (*_given(batch), batch.reset))))
        for name in together.names:
            torch.testing.assert_close(alone[name][:, 0], together[name][:, b], **EXACT)


def test_states_before_each_step_are_zero_at_a_cut_and_given_at_the_first() -> None:
    model, batch = copy_of(network_of(NetworkConfig("lstm", H))), batch_of(reset=True)
    initial = states_of(model)
    unrolled = unroll(model, batch, initial)
    assert batch.reset is not None and torch.equal(unrolled.cut, batch.reset[:, 0])
    after = torch.cat([initial.layers[0][0][None], unrolled["l0.h"][:-1]])
    assert torch.equal(unrolled.before(0), after.masked_fill(unrolled.cut[..., None], 0.0))
    assert unrolled.cut.any() and not unrolled.cut.all()
    assert not unroll(model, batch_of()).cut.any()


def test_a_certain_network_keeps_its_loss() -> None:
    """Where another symbol's log-probability is −∞ in float32, the target's is still 0."""
    model = copy_of(Network(NetworkConfig("rnn", H), LANGUAGE, seeds=[0]))
    model.parameters["readout.bias"].copy_(torch.tensor([3e38, -3e38, 0, 0, 0]))
    batch = batch_of()
    unrolled = unroll(model, Batch(batch.inputs, torch.zeros_like(batch.inputs), batch.mask))
    assert not unrolled.losses.any()


def test_a_name_that_is_not_there_is_refused_with_those_that_are() -> None:
    unrolled = unroll(copy_of(network_of(NetworkConfig("gru", H))), batch_of())
    for name in ("l0.f", "l1.h", "l0", "l0.pre.h", "grad.l0.h", "outputs"):
        with pytest.raises(KeyError, match=r"it has inputs, targets, mask, l0\.x, l0\.h, l0\.r"):
            _ = unrolled[name]


def test_a_network_that_reads_backwards_does_not_go_on() -> None:
    model = copy_of(network_of(NetworkConfig("rnn", H, bidirectional=True)))
    with pytest.raises(ValueError, match="reads backwards cannot go on"):
        unroll(model, batch_of(), unroll(model, batch_of()).final)


def test_no_second_loop_takes_steps_of_a_cell() -> None:
    """A readable cell is stepped with its states unpacked: whatever takes such a step is a loop over them.

    But for `playground/analysis/anatomy.py`, which takes a single step apart.
    """
    root = Path(__file__).resolve().parents[2]
    found = [
        file.relative_to(root).as_posix()
        for file in [*(root / "playground").rglob("*.py"), *(root / "pages").rglob("*.py")]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            (node.func.attr == "step" and any(isinstance(argument, ast.Starred) for argument in node.args))
            or node.func.attr == "one_step"
        )
    ]
    loops = sorted(set(found) - {"playground/analysis/anatomy.py"})
    assert loops == ["playground/passes/replica.py", "playground/passes/unroll.py"]
