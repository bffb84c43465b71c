"""The fast twins against the readable ones: the same numbers under the same names, at every timestep."""

import math

import pytest
import torch
from torch import Tensor

from playground.cells import CELLS
from playground.cells.fast import FastLayer
from playground.cells.weights import LayerWeights, ReplicatedWeights
from playground.kernels.engine import using
from playground.models.compiled_layers import COMPILED
from playground.models.form import over_time
from tests.kinds import KINDS

pytestmark = pytest.mark.usefixtures("each_engine")

T, B, E, H = 5, 2, 3, 4
LONG, WIDE = 40, 17  # more rows and columns than compiled products take at once


def draw(*shape: int, generator: torch.Generator) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def make_fast(
    kind: str, nonlinearity: str, replicas: int, reset: Tensor | None, time: int = T, size: int = H
) -> tuple[FastLayer, ReplicatedWeights]:
    """A layer with random weights and input, and where it puts its weight gradients."""
    generator = torch.Generator().manual_seed(0)
    rows = CELLS[kind].blocks * size
    shapes = [(replicas, rows, E), (replicas, rows, size), (replicas, 2, rows)]
    drawn = (draw(*shape, generator=generator) for shape in shapes)
    weights = ReplicatedWeights(*(weight / math.sqrt(size) for weight in drawn))  # nothing explodes
    gradients = ReplicatedWeights(*(torch.zeros_like(weight) for weight in weights))
    shape, spec = over_time(kind, time, replicas, B, torch.float64), CELLS[kind]
    form = COMPILED[spec.fast] if shape.is_compiled else spec.fast
    x = draw(time, replicas, B, E, generator=generator)
    layer = form(weights, gradients, x, torch.zeros_like(x), shape, nonlinearity, reset=reset)
    return layer, gradients


@pytest.mark.parametrize("replicas", [1, 8])
@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("starts", [False, True])
@pytest.mark.parametrize(("kind", "nonlinearity"), KINDS)
def test_fast_is_readable(kind: str, nonlinearity: str, starts: bool, resets: bool, replicas: int) -> None:
    held_to_readable(kind, nonlinearity, starts, resets, replicas, T, H)


@pytest.mark.parametrize(("kind", "nonlinearity"), KINDS)
def test_fast_is_readable_where_products_take_several_blocks(kind: str, nonlinearity: str) -> None:
    held_to_readable(kind, nonlinearity, True, True, 1, LONG, WIDE)


def held_to_readable(
    kind: str, nonlinearity: str, starts: bool, resets: bool, replicas: int, time: int, size: int
) -> None:
    """Everything of a pass there and back, and of a second one in the same buffers."""
    generator = torch.Generator().manual_seed(1)
    reset = torch.rand(time, replicas, B, 1, generator=generator) < (0.4 if resets else 0)
    layer, gradients = make_fast(kind, nonlinearity, replicas, reset if resets else None, time, size)
    from_above = draw(time, replicas, B, size, generator=generator)
    number = len(CELLS[kind].states)
    initial = draw(number, replicas, B, size, generator=generator) * starts
    layer.begin(draw(number, 1, B, size, generator=generator).unbind())
    forward, backward = layer.calls()
    for _ in range(2):  # the second pass must not see anything of the first
        for call in forward:
            call()
        layer.begin(initial.unbind() if starts else None)
        layer.grad_h.copy_(from_above)
        for call in backward:
            call()
        for product in layer.collect:
            product()
    assert layer.grad_x is not None
    fast = {**layer.tensors(), **{name: compute() for name, compute in layer.derived().items()}}
    fast_grad = {
        **layer.gradients(),
        **{name: compute() for name, compute in layer.derived_gradients().items()},
    }

    weight_ih, weight_hh, _ = layer.weights
    for r in range(replicas):
        weights = LayerWeights(weight_ih[r], weight_hh[r], layer.bias_ih[r], layer.bias_hh[r])
        cell = CELLS[kind].one_step(weights, nonlinearity)

        states = initial[:, r].unbind()
        steps = []
        for t in range(time):
            steps.append(cell.step(layer.x[t, r], *(torch.where(reset[t, r], 0, state) for state in states)))
            states = steps[-1].state
            named = {f"pre.{name}": value for name, value in steps[-1].pre.items()}
            named |= {name: getattr(steps[-1], name) for name in (*CELLS[kind].states, *CELLS[kind].gates)}
            assert named.keys() | {"slope"} == fast.keys() | {"slope"}
            for name, value in named.items():
                torch.testing.assert_close(fast[name][t, r], value, rtol=0, atol=1e-9)

        total = LayerWeights(*map(torch.zeros_like, weights))
        through_time = [torch.zeros(B, size, dtype=torch.float64) for _ in states]
        for t in reversed(range(time)):
            grad_h = from_above[t, r] + through_time[0]
            back = cell.step_backward(steps[t], grad_h, *through_time[1:])
            through_time = [torch.where(reset[t, r], 0, grad) for grad in back.before]
            total = LayerWeights(*(a + b for a, b in zip(total, back.weights, strict=True)))
            named = {state: getattr(back, state) for state in CELLS[kind].states}
            named |= {f"pre.{name}": value for name, value in back.pre.items()}
            named |= {gate: getattr(back, gate) for gate in CELLS[kind].gates}
            assert named.keys() == fast_grad.keys()
            for name, value in named.items():
                torch.testing.assert_close(fast_grad[name][t, r], value, rtol=0, atol=1e-9)
            torch.testing.assert_close(layer.grad_x[t, r], back.x, rtol=0, atol=1e-9)

        for ours, theirs in zip(layer.initial_gradients(), through_time, strict=True):
            torch.testing.assert_close(ours[r], theirs, rtol=0, atol=1e-9)
        for ours, theirs in zip(layer.final_states(), states, strict=True):
            torch.testing.assert_close(ours[r], theirs, rtol=0, atol=1e-9)

        fast_total = [gradients.weight_ih[r], gradients.weight_hh[r], *gradients.biases[r]]
        for ours, theirs in zip(fast_total, total, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("kind", "nonlinearity"), KINDS)
def test_a_layer_keeps_about_as_many_views_of_a_timestep_as_are_reckoned(
    kind: str, nonlinearity: str
) -> None:
    """Weights and sizes decide what a tensor's numbers take; its Python object takes as much in every network."""
    with using(loops=False):  # compiled loops need none
        layer, _ = make_fast(kind, nonlinearity, 1, None)
        layer.loops()
    used = [*vars(layer)["forward_steps"][0], *vars(layer)["backward_steps"][0]]
    tensors = {id(getattr(each, "__self__", each)) for each in used if each is not None}
    assert abs(len(tensors) - CELLS[kind].views) <= 3
