"""The readable cells against torch's own cell functions (forward) and autograd (backward), in float64."""

from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.equations import EQUATIONS, TORCH_CELLS
from playground.cells import CELLS, LSTM
from playground.cells.weights import LayerWeights
from tests.kinds import KINDS

B, E, H = 3, 5, 4
EXACT = {"rtol": 0, "atol": 1e-12}
every_kind = pytest.mark.parametrize(("kind", "phi"), KINDS)
gated = pytest.mark.parametrize("kind", [name for name, cell in CELLS.items() if cell.gates])


def make(kind: str, phi: str = "tanh", seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    rows = CELLS[kind].blocks * H

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)

    return CELLS[kind].one_step(LayerWeights(draw(rows, E), draw(rows, H), draw(rows), draw(rows)), phi)


def inputs(kind: str, seed: int = 1) -> list[Tensor]:
    """x and the states before."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(B, E), *((B, H) for _ in CELLS[kind].states)]
    return [torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes]


@every_kind
def test_step_is_its_equations(kind: str, phi: str) -> None:
    cell, (x, *states) = make(kind, phi), inputs(kind)
    step = cell.step(x, *states)
    expected = EQUATIONS[kind, phi](x, tuple(states), *cell.weights)
    assert expected.keys() == {*CELLS[kind].gates, *CELLS[kind].states}
    for name, value in expected.items():
        torch.testing.assert_close(getattr(step, name), value, **EXACT)
    for state, name in zip(step.state, CELLS[kind].states, strict=True):
        torch.testing.assert_close(state, expected[name], **EXACT)


@pytest.mark.parametrize(("kind", "phi"), TORCH_CELLS)
def test_step_is_torchs(kind: str, phi: str) -> None:
    cell, (x, *states) = make(kind, phi), inputs(kind)
    expected = TORCH_CELLS[kind, phi](x, states if len(states) > 1 else states[0], *cell.weights)
    for ours, theirs in zip(
        cell.step(x, *states).state, expected if len(states) > 1 else [expected], strict=True
    ):
        torch.testing.assert_close(ours, theirs, **EXACT)


@every_kind
def test_step_backward_is_autograds(kind: str, phi: str) -> None:
    cell, (x, *states) = make(kind, phi), inputs(kind)
    step = cell.step(x, *states)
    generator = torch.Generator().manual_seed(2)
    grads = [torch.randn(B, H, generator=generator, dtype=torch.float64) for _ in step.state]
    loss = torch.stack([(state * grad).sum() for state, grad in zip(step.state, grads, strict=True)]).sum()

    ours = cell.step_backward(step, *grads)
    gates = CELLS[kind].gates
    activations = [getattr(step, gate) for gate in gates]
    wanted = [x, *states, *cell.weights, *activations, *step.pre.values()]
    theirs = torch.autograd.grad(loss, wanted)
    mine = [
        ours.x,
        *ours.before,
        *ours.weights,
        *(getattr(ours, gate) for gate in gates),
        *ours.pre.values(),
    ]
    for our, their in zip(mine, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-9)


@every_kind
def test_recurrent_is_autograds_gradient_of_the_hidden_product(kind: str, phi: str) -> None:
    """A bias b_hh for each sequence of the batch: its gradient is that of W_hh h′ + b_hh, row by row."""
    cell, (x, *states) = make(kind, phi), inputs(kind)
    b_hh = cell.weights.bias_hh.detach().expand(B, -1).clone().requires_grad_()
    cell.weights = cell.weights._replace(bias_hh=b_hh)
    step = cell.step(x, *states)
    generator = torch.Generator().manual_seed(2)
    grads = [torch.randn(B, H, generator=generator, dtype=torch.float64) for _ in step.state]
    loss = torch.stack([(state * grad).sum() for state, grad in zip(step.state, grads, strict=True)]).sum()
    of_product, of_weight = torch.autograd.grad(loss, [b_hh, cell.weights.weight_hh])

    recurrent = cell.step_backward(step, *grads).recurrent
    exact = {"rtol": 0, "atol": 1e-9}
    torch.testing.assert_close(recurrent, of_product, **exact)
    met = CELLS[kind].met(step)  # (B, K, H)
    by_block = recurrent.unflatten(-1, met.shape[1:])
    torch.testing.assert_close(torch.einsum("bkj,bkh->kjh", by_block, met).flatten(0, 1), of_weight, **exact)
    torch.testing.assert_close(recurrent.sum(0), cell.step_backward(step, *grads).weights.bias_hh, **exact)


@every_kind
def test_step_backward_is_the_slope_of_finite_differences(kind: str, phi: str) -> None:
    """gradcheck compares the analytic gradient with (f(x + ε) − f(x − ε)) / 2ε."""

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, *rest):
            states, weights = rest[:-4], LayerWeights(*rest[-4:])
            ctx.cell = make(kind, phi)
            ctx.cell.weights = weights
            ctx.step = ctx.cell.step(x, *states)
            return ctx.step.state

        @staticmethod
        def backward(ctx, *grads):
            back = ctx.cell.step_backward(ctx.step, *grads)
            return back.x, *back.before, *back.weights

    assert torch.autograd.gradcheck(Step.apply, (*inputs(kind), *make(kind, phi).weights))


@every_kind
def test_the_gradient_of_a_state_is_whole(kind: str, phi: str) -> None:
    """Of what the step gave: of c with the part that comes through h."""
    cell, (x, *states) = make(kind, phi), inputs(kind)
    step = cell.step(x, *states)
    generator = torch.Generator().manual_seed(2)
    grads = [torch.randn(B, H, generator=generator, dtype=torch.float64) for _ in step.state]
    loss = torch.stack([(state * grad).sum() for state, grad in zip(step.state, grads, strict=True)]).sum()
    back = cell.step_backward(step, *grads)
    for name, expected in zip(CELLS[kind].states, torch.autograd.grad(loss, step.state), strict=True):
        torch.testing.assert_close(getattr(back, name), expected, rtol=0, atol=1e-9)


@every_kind
def test_what_is_held_is_what_the_equations_go_on_with(kind: str, phi: str) -> None:
    """Each gate and state in turn, against autograd's slope through it: a change of it by ε moves what follows."""
    cell, (x, *states) = make(kind, phi), inputs(kind)
    free = cell.step(x, *states)
    spec = CELLS[kind]
    for held in (*spec.gates, *spec.states):
        value = getattr(free, held).detach()
        moved = cell.step(x, *states, hold=lambda name, v, held=held: v + 1e-6 if name == held else v)
        torch.testing.assert_close(getattr(moved, held), value + 1e-6, **EXACT)
        same = cell.step(
            x, *states, hold=lambda name, v, held=held, value=value: value if name == held else v
        )
        for name in (*spec.gates, *spec.states):
            torch.testing.assert_close(getattr(same, name), getattr(free, name), rtol=0, atol=0)
        if held in spec.gates:
            (slope,) = torch.autograd.grad(free.h.sum(), getattr(free, held), retain_graph=True)
            moves = (moved.h - free.h).sum(-1) / 1e-6  # all units are moved, and may move others
            torch.testing.assert_close(moves, slope.sum(-1), rtol=0, atol=1e-4)
            assert not torch.equal(moved.h, free.h)


@gated
def test_ranges_hold(kind: str) -> None:
    step = make(kind).step(*inputs(kind))
    for name, gate in CELLS[kind].gates.items():
        low, high = gate.range
        values = getattr(step, name)
        assert low <= values.min() and values.max() <= high
        assert (values.min() < 0) == (low < 0)


@every_kind
def test_what_is_kept_is_all_that_passes_when_the_gates_do_not_move(kind: str, phi: str) -> None:
    """With every gate held at its value, nothing is left of ∂s/∂s′ but the way round the matrix."""
    cell, spec = make(kind, phi), CELLS[kind]
    x, *states = inputs(kind)
    step = cell.step(x, *states, hold=lambda name, v: v.detach() if name in spec.gates else v)
    if spec.carry is None:
        with pytest.raises(KeyError, match=kind):
            spec.kept(step)
        return
    place = spec.states.index(spec.carry.state)
    (slope,) = torch.autograd.grad(step.state[place].sum(), states[place])
    torch.testing.assert_close(slope, spec.kept(step), **EXACT)


def test_gru_keeps_the_old_state_where_z_is_one() -> None:
    cell, (x, h) = make("gru"), inputs("gru")
    with torch.no_grad():
        cell.weights.bias_ih[H : 2 * H] = 1000.0  # z = 1
    torch.testing.assert_close(cell.step(x, h).h, h, rtol=0, atol=0)


def test_lstm_forget_gate_keeps_the_given_share() -> None:
    """The source texts' example: f = [0.7, 0.4, 0.8] keeps 70 % of the first entry of c."""
    size = 3
    zeros = torch.zeros(4 * size)
    weights = LayerWeights(torch.zeros(4 * size, 1), torch.zeros(4 * size, size), zeros.clone(), zeros)
    weights.bias_ih[size : 2 * size] = torch.logit(torch.tensor([0.7, 0.4, 0.8]))
    c = torch.tensor([[1.0, 1.0, 1.0]])
    step = LSTM(weights).step(torch.zeros(1, 1), torch.zeros(1, size), c)
    torch.testing.assert_close(step.c, torch.tensor([[0.7, 0.4, 0.8]]))  # g = 0: nothing is added
