"""The readable cells against torch's own cell functions (forward) and autograd (backward), in float64."""

from typing import Any

import pytest
import torch
from torch import Tensor

from playground.cells import CELLS, LSTM, RNN
from playground.cells.weights import LayerWeights

B, E, H = 3, 5, 4
KINDS = ["tanh", "relu", "sigmoid", "linear", "lstm", "gru"]


def make(kind: str, seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    blocks = {"lstm": 4, "gru": 3}.get(kind, 1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)

    weights = LayerWeights(draw(blocks * H, E), draw(blocks * H, H), draw(blocks * H), draw(blocks * H))
    return CELLS[kind].one_step(weights, "tanh") if kind in CELLS else RNN(weights, kind)


def inputs(kind: str, seed: int = 1) -> list[Tensor]:
    """x and the states before."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(B, E), (B, H), *([(B, H)] if kind == "lstm" else [])]
    return [torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes]


@pytest.mark.parametrize("kind", ["tanh", "relu", "lstm", "gru"])
def test_step_is_torchs(kind: str) -> None:
    cell, (x, *states) = make(kind), inputs(kind)
    function = {
        "tanh": torch.rnn_tanh_cell,
        "relu": torch.rnn_relu_cell,
        "lstm": torch.lstm_cell,
        "gru": torch.gru_cell,
    }[kind]
    expected = function(x, states if kind == "lstm" else states[0], *cell.weights)
    for ours, theirs in zip(
        cell.step(x, *states).state, expected if kind == "lstm" else [expected], strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_sigmoid_and_linear_steps_are_their_equations() -> None:
    x, h = inputs("sigmoid")
    w = make("sigmoid").weights
    a = x @ w.weight_ih.T + w.bias_ih + h @ w.weight_hh.T + w.bias_hh
    torch.testing.assert_close(make("sigmoid").step(x, h).h, 1 / (1 + torch.exp(-a)))
    torch.testing.assert_close(make("linear").step(x, h).h, a)


@pytest.mark.parametrize("kind", KINDS)
def test_step_backward_is_autograds(kind: str) -> None:
    cell, (x, *states) = make(kind), inputs(kind)
    step = cell.step(x, *states)
    generator = torch.Generator().manual_seed(2)
    grads = [torch.randn(B, H, generator=generator, dtype=torch.float64) for _ in step.state]
    loss = torch.stack([(state * grad).sum() for state, grad in zip(step.state, grads, strict=True)]).sum()

    ours = cell.step_backward(step, *grads)
    gates = CELLS[kind if kind in CELLS else "rnn"].gates
    activations = [getattr(step, gate) for gate in gates]
    wanted = [x, *states, *cell.weights, *activations, *step.pre.values()]
    theirs = torch.autograd.grad(loss, wanted)
    mine = [
        ours.x,
        ours.h_before,
        *([ours.c_before] if isinstance(cell, LSTM) else []),
        *ours.weights,
        *(getattr(ours, gate) for gate in gates),
        *ours.pre.values(),
    ]
    for our, their in zip(mine, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_recurrent_is_autograds_gradient_of_the_hidden_product(kind: str) -> None:
    """A bias b_hh for each sequence of the batch: its gradient is that of W_hh h′ + b_hh, row by row."""
    cell, (x, *states) = make(kind), inputs(kind)
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
    torch.testing.assert_close(recurrent.mT @ states[0], of_weight, **exact)
    torch.testing.assert_close(recurrent.sum(0), cell.step_backward(step, *grads).weights.bias_hh, **exact)


@pytest.mark.parametrize("kind", KINDS)
def test_step_backward_is_the_slope_of_finite_differences(kind: str) -> None:
    """gradcheck compares the analytic gradient with (f(x + ε) − f(x − ε)) / 2ε."""

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, *rest):
            states, weights = rest[:-4], LayerWeights(*rest[-4:])
            ctx.cell = make(kind)
            ctx.cell.weights = weights
            ctx.step = ctx.cell.step(x, *states)
            return ctx.step.state

        @staticmethod
        def backward(ctx, *grads):
            back = ctx.cell.step_backward(ctx.step, *grads)
            states = [back.h_before, *([back.c_before] if kind == "lstm" else [])]
            return back.x, *states, *back.weights

    assert torch.autograd.gradcheck(Step.apply, (*inputs(kind), *make(kind).weights))


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_ranges_hold(kind: str) -> None:
    step = make(kind).step(*inputs(kind))
    for gate in CELLS[kind].gates:
        low, high = CELLS[kind].ranges[gate]
        values = getattr(step, gate)
        assert low <= values.min() and values.max() <= high
        assert (values.min() < 0) == (low < 0)


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
