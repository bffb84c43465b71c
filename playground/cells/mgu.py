"""The minimal gated unit, one step forward and one step back.

    f = σ(W_if x + b_if + W_hf h′ + b_hf)               forget gate: f = 0 keeps the old state
    n = tanh(W_in x + b_in + W_hn (f ∘ h′) + b_hn)      candidate:   the new state, if f let it all through
    h = (1 − f) ∘ h′ + f ∘ n

h′ is the state before the step. One gate does the work of the GRU's two: it says how much of the past the candidate
sees, and how much of the candidate is taken. Two conventions are the paper's: f = 1 takes the new state (in an LSTM
f = 1 keeps the old), and the gate acts before the hidden product, on h′ (in torch's GRU after it). torch.nn has no MGU;
the weights are named and stacked as it would, in the order f, n, with both biases. The paper calls the candidate h̃.

Source: Zhou, Wu, Zhang & Zhou 2016, "Minimal gated unit for recurrent neural networks".
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from playground.cells.hold import Hold, free
from playground.cells.weights import LayerWeights


class MGUStep(NamedTuple):
    """All that one step computed. Every tensor is (B, H), x is (B, E)."""

    h: Tensor
    f: Tensor
    n: Tensor
    pre: dict[str, Tensor]  # before σ and tanh: {"f", "n"}
    seen: Tensor  # f ∘ h′: what the candidate sees of the past
    x: Tensor
    h_before: Tensor

    @property
    def state(self) -> tuple[Tensor, ...]:
        """What the next step needs."""
        return (self.h,)


class MGUGradients(NamedTuple):
    """The gradient of the loss with respect to everything one step touched."""

    x: Tensor  # (B, E)
    h: Tensor  # (B, H): the whole ∂L/∂h
    h_before: Tensor  # (B, H): goes on to the step before
    f: Tensor
    n: Tensor
    pre: dict[str, Tensor]  # of the pre-activations
    recurrent: Tensor  # (B, 2H): of W_hf h′ + b_hf and of W_hn (f ∘ h′) + b_hn
    weights: LayerWeights  # this step's contribution

    @property
    def before(self) -> tuple[Tensor, ...]:
        """The gradients of the states before, which go on to the step before."""
        return (self.h_before,)


class MGU:
    """An MGU cell. weights: K = 2, blocks in the order f, n; shapes as torch.nn's would be."""

    def __init__(self, weights: LayerWeights) -> None:
        self.weights = weights

    def step(self, x: Tensor, h: Tensor, hold: Hold = free) -> MGUStep:
        """x: (B, E); h: (B, H), the state before. Returns the state after, gates and pre-activations.

        hold: replaces gates and states by values with which the equations go on; `step_backward` is for what is free.
        """
        w = self.weights
        x_f, x_n = linear(x, w.weight_ih, w.bias_ih).chunk(2, dim=-1)
        weight_f, weight_n = w.weight_hh.chunk(2)
        bias_f, bias_n = w.bias_hh.chunk(2, dim=-1)

        a_f = x_f + linear(h, weight_f, bias_f)
        f = hold("f", torch.sigmoid(a_f))
        seen = f * h
        a_n = x_n + linear(seen, weight_n, bias_n)
        n = hold("n", torch.tanh(a_n))
        h_after = hold("h", (1 - f) * h + f * n)
        return MGUStep(h_after, f, n, {"f": a_f, "n": a_n}, seen, x, h)

    def step_backward(self, step: MGUStep, grad_h: Tensor) -> MGUGradients:
        """The chain rule through one step. grad_h: (B, H), the whole ∂L/∂h of this step's h.

        ∂L/∂n = ∂L/∂h ∘ f
        ∂L/∂seen = W_hnᵀ ∂L/∂a_n                            seen is f ∘ h′
        ∂L/∂f = ∂L/∂h ∘ (n − h′) + ∂L/∂seen ∘ h′            the gate decides twice
        ∂L/∂h′ = ∂L/∂h ∘ (1 − f) + ∂L/∂seen ∘ f + W_hfᵀ ∂L/∂a_f     the first term passes no weight matrix
        """
        w = self.weights
        _, f, n, _, seen, x, h_before = step
        weight_f, weight_n = w.weight_hh.chunk(2)

        grad_n = grad_h * f
        grad_a_n = grad_n * (1 - n**2)
        grad_seen = grad_a_n @ weight_n
        grad_f = grad_h * (n - h_before) + grad_seen * h_before
        grad_a_f = grad_f * f * (1 - f)

        grad_a = torch.cat([grad_a_f, grad_a_n], dim=-1)  # (B, 2H)
        return MGUGradients(
            x=grad_a @ w.weight_ih,
            h=grad_h,
            h_before=grad_h * (1 - f) + grad_seen * f + grad_a_f @ weight_f,
            f=grad_f,
            n=grad_n,
            pre={"f": grad_a_f, "n": grad_a_n},
            recurrent=grad_a,
            weights=LayerWeights(
                weight_ih=grad_a.mT @ x,
                weight_hh=torch.cat([grad_a_f.mT @ h_before, grad_a_n.mT @ seen]),
                bias_ih=grad_a.sum(0),
                bias_hh=grad_a.sum(0),
            ),
        )
