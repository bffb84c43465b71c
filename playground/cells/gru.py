"""The gated recurrent unit, one step forward and one step back.

    r = σ(W_ir x + b_ir + W_hr h′ + b_hr)           reset gate:  how much of the past the candidate sees
    z = σ(W_iz x + b_iz + W_hz h′ + b_hz)           update gate: z = 1 keeps the old state
    n = tanh(W_in x + b_in + r ∘ (W_hn h′ + b_hn))  candidate:   the new state, if z let it all through
    h = (1 − z) ∘ n + z ∘ h′

h′ is the state before the step. Two conventions are torch.nn.GRU's, and half of the textbooks do the
opposite: z = 1 keeps the old state (not the new one), and the reset gate acts after the hidden product, on
W_hn h′ + b_hn (not on h′ before it). The weights are stacked in torch's order r, z, n.

Source: torch.nn.GRU (Cho et al. 2014).
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from playground.cells.hold import Hold, free
from playground.cells.weights import LayerWeights


class GRUStep(NamedTuple):
    """All that one step computed. Every tensor is (B, H), x is (B, E)."""

    h: Tensor
    r: Tensor
    z: Tensor
    n: Tensor
    pre: dict[str, Tensor]  # before σ and tanh: {"r", "z", "n"}
    past: Tensor  # W_hn h′ + b_hn: what the reset gate lets through
    x: Tensor
    h_before: Tensor

    @property
    def state(self) -> tuple[Tensor, ...]:
        """What the next step needs."""
        return (self.h,)


class GRUGradients(NamedTuple):
    """The gradient of the loss with respect to everything one step touched."""

    x: Tensor  # (B, E)
    h: Tensor  # (B, H): the whole ∂L/∂h
    h_before: Tensor  # (B, H): goes on to the step before
    r: Tensor
    z: Tensor
    n: Tensor
    pre: dict[str, Tensor]  # of the pre-activations
    recurrent: Tensor  # (B, 3H): of W_hh h′ + b_hh, behind the reset gate
    weights: LayerWeights  # this step's contribution

    @property
    def before(self) -> tuple[Tensor, ...]:
        """The gradients of the states before, which go on to the step before."""
        return (self.h_before,)


class GRU:
    """A GRU cell. weights: shapes as torch.nn.GRU's (K = 3, blocks in the order r, z, n)."""

    def __init__(self, weights: LayerWeights) -> None:
        self.weights = weights

    def step(self, x: Tensor, h: Tensor, hold: Hold = free) -> GRUStep:
        """x: (B, E); h: (B, H), the state before. Returns the state after, the gates and pre-activations.

        hold: replaces gates and states by values with which the equations go on; `step_backward` is for what is free.
        """
        w = self.weights
        x_r, x_z, x_n = linear(x, w.weight_ih, w.bias_ih).chunk(3, dim=-1)
        h_r, h_z, past = linear(h, w.weight_hh, w.bias_hh).chunk(3, dim=-1)

        a_r = x_r + h_r
        a_z = x_z + h_z
        r = hold("r", torch.sigmoid(a_r))
        z = hold("z", torch.sigmoid(a_z))
        a_n = x_n + r * past
        n = hold("n", torch.tanh(a_n))
        h_after = hold("h", (1 - z) * n + z * h)
        return GRUStep(h_after, r, z, n, {"r": a_r, "z": a_z, "n": a_n}, past, x, h)

    def step_backward(self, step: GRUStep, grad_h: Tensor) -> GRUGradients:
        """The chain rule through one step. grad_h: (B, H), the whole ∂L/∂h of this step's h.

        ∂L/∂n = ∂L/∂h ∘ (1 − z),   ∂L/∂z = ∂L/∂h ∘ (h′ − n)
        ∂L/∂r = ∂L/∂a_n ∘ (W_hn h′ + b_hn)
        ∂L/∂h′ = ∂L/∂h ∘ z + W_hhᵀ [∂L/∂a_r, ∂L/∂a_z, ∂L/∂a_n ∘ r]      the first term passes no weight matrix
        """
        w = self.weights
        _, r, z, n, _, past, x, h_before = step

        grad_n = grad_h * (1 - z)
        grad_z = grad_h * (h_before - n)
        grad_a_n = grad_n * (1 - n**2)
        grad_r = grad_a_n * past
        pre = {"r": grad_r * r * (1 - r), "z": grad_z * z * (1 - z), "n": grad_a_n}

        grad_a = torch.cat([pre["r"], pre["z"], grad_a_n], dim=-1)  # (B, 3H), on the side of x
        grad_b = torch.cat([pre["r"], pre["z"], grad_a_n * r], dim=-1)  # (B, 3H), on the side of h′
        return GRUGradients(
            x=grad_a @ w.weight_ih,
            h=grad_h,
            h_before=grad_h * z + grad_b @ w.weight_hh,
            r=grad_r,
            z=grad_z,
            n=grad_n,
            pre=pre,
            recurrent=grad_b,
            weights=LayerWeights(
                weight_ih=grad_a.mT @ x,
                weight_hh=grad_b.mT @ h_before,
                bias_ih=grad_a.sum(0),
                bias_hh=grad_b.sum(0),
            ),
        )
