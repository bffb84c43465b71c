"""One step of a cell taken apart: every product, sum and activation, forward and back.

With [W_ih | W_hh] side by side, a block of a cell meets one column, what is read above what comes from before, and its
unit u gets

    a_u = Σ_e W_ih[u, e] x_e + b_ih[u] + s_u · (Σ_j W_hh[u, j] m_j + b_hh[u])

m is h′ itself or what a gate lets through of it (`Gate.through`), s is 1 or the gate behind the product (`Gate.after`).
What the activations do then stands in the cell's wires (`playground.cells.wires`). Backwards each of these products
gets its share: a factor's is the gradient of what comes out times the other factors.

Shapes: K blocks, H units, E entries of what is read. All in the type of the weights; one sequence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from playground.cells import CellSpec
from playground.cells.hold import Hold, free
from playground.cells.weights import LayerWeights
from playground.cells.wires import Factor


@dataclass(frozen=True, slots=True)
class Way:
    """One product on the way back: ∂L/∂(what came out) times the other factors, for one factor of a wire.

    state: what came out. factor: whose share it is, through its own slope. others: what it was multiplied by. share:
    (H,), of the gate's or state's own gradient.
    """

    state: str
    factor: Factor
    others: tuple[Factor, ...]
    share: Tensor


@dataclass(frozen=True, slots=True)
class GateShare:
    """What a gate that stands before or behind a block's weights gets from there, a product of two numbers a unit.

    block: whose weights. is_behind: whether it stands behind them. arrived: (H,), what arrives at the product: at a of
    the block, or, through the weights, at the gate times h′. met: (H,), what the gate was multiplied by: W_hh m + b_hh
    of the block, or h′.
    """

    block: str
    is_behind: bool
    arrived: Tensor
    met: Tensor

    @property
    def share(self) -> Tensor:
        """(H,), of the gate's own gradient."""
        return self.arrived * self.met


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A step and its way back.

    weight: (K, H, E + H), [W_ih | W_hh]. met: (K, E + H), what each column meets. products: (K, H, E + H). biases:
    (K, H, 2), b_ih and b_hh. behind: (K, H), s above. pre: (K, H). values: gates and states by name, (H,). before: the
    states before.

    ways: the products on the way back through the wires. gate_shares: what gates get beside these, by name,
    where they stand before or behind a block's weights. gradients: the whole ∂L/∂ of gates and states by name, (H,).
    pre_gradient: (K, H). back: (K, H, E + H), each entry's share of ∂L/∂x and, through the gate before it, of ∂L/∂h′.
    read_gradient: (E,), ∂L/∂x. before_gradient: ∂L/∂ of the states before, by name. weight_share: (K, H, E + H), this
    step's part of ∂L/∂[W_ih | W_hh]. bias_share: (K, H, 2).
    """

    weight: Tensor
    met: Tensor
    products: Tensor
    biases: Tensor
    behind: Tensor
    pre: Tensor
    values: Mapping[str, Tensor]
    before: Mapping[str, Tensor]
    ways: tuple[Way, ...]
    gate_shares: Mapping[str, GateShare]
    gradients: Mapping[str, Tensor]
    pre_gradient: Tensor
    back: Tensor
    read_gradient: Tensor
    before_gradient: Mapping[str, Tensor]
    weight_share: Tensor
    bias_share: Tensor


def anatomy(
    spec: CellSpec,
    weights: LayerWeights,
    x: Tensor,
    before: Mapping[str, Tensor],
    arriving: Mapping[str, Tensor],
    *,
    nonlinearity: str = "tanh",
    hold: Hold = free,
) -> Anatomy:
    """Take a step apart.

    x: (E,). before: the states before, (H,) each. arriving: ∂L/∂ of the states after, as far as it comes from outside
    this step. hold: replaces gates and states going forward; the way back is that of the values that were used.
    """
    cell = spec.one_step(weights, nonlinearity)
    step = cell.step(x[None], *(before[name][None] for name in spec.states), hold)
    size, blocks = len(before["h"]), spec.blocks
    weight = torch.cat([weights.weight_ih, weights.weight_hh], dim=1).unflatten(0, (blocks, size))
    met = torch.cat([x.expand(blocks, -1), spec.met(step)[0]], dim=1)
    products = weight * met[:, None]
    biases = torch.stack([weights.bias_ih, weights.bias_hh], dim=1).unflatten(0, (blocks, size))
    behind = _behind(spec, step)

    grads = cell.step_backward(step, *(arriving[name][None] for name in spec.states))
    inside = grads.recurrent[0].unflatten(0, (blocks, size))  # ∂L/∂(W_hh m + b_hh)
    pre_gradient = _blocks(spec, grads.pre)
    towards = torch.cat([_columns(pre_gradient, len(x)), _columns(inside, size)], dim=2)
    let_in = torch.cat([torch.ones_like(x).expand(blocks, -1), spec.lets_in(step)[0]], dim=1)
    share = grads.weights
    return Anatomy(
        weight=weight,
        met=met,
        products=products,
        biases=biases,
        behind=behind,
        pre=_blocks(spec, step.pre),
        values={name: getattr(step, name)[0] for name in (*spec.gates, *spec.states)},
        before=dict(before),
        ways=tuple(_ways(spec, step, grads, before)),
        gate_shares=_gate_shares(
            spec, step, pre_gradient, products[:, :, len(x) :].sum(2) + biases[:, :, 1], inside, weights
        ),
        gradients={name: getattr(grads, name)[0] for name in (*spec.gates, *spec.states)},
        pre_gradient=pre_gradient,
        back=towards * weight * let_in[:, None],
        read_gradient=grads.x[0],
        before_gradient={name: each[0] for name, each in zip(spec.states, grads.before, strict=True)},
        weight_share=torch.cat([share.weight_ih, share.weight_hh], dim=1).unflatten(0, (blocks, size)),
        bias_share=torch.stack([share.bias_ih, share.bias_hh], dim=1).unflatten(0, (blocks, size)),
    )


def _blocks(spec: CellSpec, named: Mapping[str, Tensor]) -> Tensor:
    """Pre-activations, or their gradients, block by block, (K, H)."""
    return torch.stack([named[name][0] for name in spec.gates or spec.states])


def _columns(gradient: Tensor, count: int) -> Tensor:
    return gradient[:, :, None].expand(-1, -1, count)


def _behind(spec: CellSpec, step: Any) -> Tensor:
    """What each block's recurrent product is multiplied by on its way into the sum, (K, H): 1, or a gate."""
    one = torch.ones_like(step.h[0])
    gates = [gate.after for gate in spec.gates.values()] or [None]
    return torch.stack([one if name is None else getattr(step, name)[0] for name in gates])


def _gate_shares(
    spec: CellSpec, step: Any, pre_gradient: Tensor, recurrent: Tensor, inside: Tensor, weights: LayerWeights
) -> dict[str, GateShare]:
    """What gates before or behind a block's weights get from there."""
    shares: dict[str, GateShare] = {}
    rows = weights.weight_hh.unflatten(0, (spec.blocks, -1))
    for block, (name, gate) in enumerate(spec.gates.items()):
        if gate.after is not None:
            shares[gate.after] = GateShare(name, True, pre_gradient[block], recurrent[block])
        if gate.through is not None:
            arrived = inside[block] @ rows[block]
            shares[gate.through] = GateShare(name, False, arrived, step.h_before[0])
    return shares


def _ways(spec: CellSpec, step: Any, grads: Any, before: Mapping[str, Tensor]) -> list[Way]:
    """All products on the way back through the wires."""
    earlier = {name: value[None] for name, value in before.items()}
    found: list[Way] = []
    for wires in spec.wires:
        out = getattr(grads, wires.state)[0]
        for term in wires.terms:
            for place, factor in enumerate(term):
                others = (*term[:place], *term[place + 1 :])
                share = out
                for other in others:
                    share = share * other.of(step, earlier)[0]
                found.append(Way(wires.state, factor, others, share * factor.slope(step, earlier)[0]))
    return found
