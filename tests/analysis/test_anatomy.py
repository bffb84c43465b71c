"""One step taken apart: the parts add up to the step, and the shares on the way back to what autograd says."""

import pytest
import torch
from torch import Tensor

from playground.analysis.anatomy import Anatomy, anatomy
from playground.cells import CELLS, LayerWeights

SIZE, READ = 4, 3
every_cell = pytest.mark.parametrize("cell", list(CELLS))


def taken_apart(cell: str) -> tuple[Anatomy, dict[str, Tensor], LayerWeights, Tensor, dict[str, Tensor]]:
    """A step of random numbers in float64, what arrives from outside, and what autograd is asked about."""
    spec = CELLS[cell]
    draw = torch.Generator().manual_seed(1)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    rows = spec.blocks * SIZE
    weights = LayerWeights(numbers(rows, READ), numbers(rows, SIZE), numbers(rows), numbers(rows))
    x, before = numbers(READ), {state: numbers(SIZE) for state in spec.states}
    arriving = {state: numbers(SIZE) for state in spec.states}
    return anatomy(spec, weights, x, before, arriving), arriving, weights, x, before


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@every_cell
def test_products_and_biases_add_up_to_the_pre_activations(cell: str) -> None:
    parts, *_ = taken_apart(cell)
    read, past = parts.products[:, :, :READ].sum(2), parts.products[:, :, READ:].sum(2)
    close(read + parts.biases[:, :, 0] + parts.behind * (past + parts.biases[:, :, 1]), parts.pre)
    assert parts.products.shape == (CELLS[cell].blocks, SIZE, READ + SIZE)


@every_cell
def test_the_way_back_is_what_autograd_says(cell: str) -> None:
    spec = CELLS[cell]
    parts, arriving, weights, x, before = taken_apart(cell)
    leaves = [x, *before.values(), *weights]
    for leaf in leaves:
        leaf.requires_grad_()
    step = spec.one_step(weights, "tanh").step(x[None], *(value[None] for value in before.values()))
    names = (*spec.gates, *spec.states)
    loss = sum((getattr(step, state)[0] * arriving[state]).sum() for state in spec.states)
    asked = [getattr(step, name) for name in names]
    read, *rest = torch.autograd.grad(loss, [*leaves, *asked])
    states, rest = rest[: len(before)], rest[len(before) :]
    (ih, hh, bias_ih, bias_hh), values = rest[:4], rest[4:]
    close(parts.read_gradient, read)
    for name, gradient in zip(before, states, strict=True):
        close(parts.before_gradient[name], gradient)
    close(parts.weight_share.flatten(0, 1), torch.cat([ih, hh], dim=1))
    close(parts.bias_share.flatten(0, 1), torch.stack([bias_ih, bias_hh], dim=1))
    for name, gradient in zip(names, values, strict=True):
        close(parts.gradients[name], gradient[0])


@every_cell
def test_the_shares_on_the_way_back_add_up(cell: str) -> None:
    spec = CELLS[cell]
    parts, arriving, *_ = taken_apart(cell)
    close(parts.back[:, :, :READ].sum((0, 1)), parts.read_gradient)
    for name in spec.states:
        direct = [way.share for way in parts.ways if way.factor.name == name and way.factor.is_before]
        through = [parts.back[:, :, READ:].sum((0, 1))] if name == "h" else []
        close(torch.stack([*direct, *through]).sum(0), parts.before_gradient[name])
    for name in (*spec.gates, *spec.states):
        shares = [way.share for way in parts.ways if way.factor.name == name and not way.factor.is_before]
        shares += [parts.gate_shares[name].share] if name in parts.gate_shares else []
        shares += [arriving[name]] if name in arriving else []
        close(torch.stack(shares).sum(0), parts.gradients[name])


def test_the_worked_example_of_two_units_that_read_three_entries() -> None:
    # [W_ih | W_hh] is 2 × 5: row 1 meets three entries of x and two of h.
    weights = LayerWeights(
        torch.tensor([[0.5, -1.0, 2.0], [1.0, 0.0, -0.5]]).double(),
        torch.tensor([[0.1, 0.2], [-0.3, 0.4]]).double(),
        torch.tensor([0.1, 0.0]).double(),
        torch.tensor([0.0, -0.2]).double(),
    )
    x, h = torch.tensor([1.0, 0.5, -0.25]).double(), torch.tensor([0.5, -1.0]).double()
    parts = anatomy(CELLS["rnn"], weights, x, {"h": h}, {"h": torch.ones(2).double()})
    assert parts.weight.shape == (1, 2, 5)
    assert parts.products[0, 0].tolist() == pytest.approx([0.5, -0.5, -0.5, 0.05, -0.2])
    assert parts.pre[0].tolist() == pytest.approx([-0.55, 0.375])  # with the biases
    assert parts.values["h"].tolist() == pytest.approx(
        torch.tanh(torch.tensor([-0.55, 0.375]).double()).tolist()
    )
