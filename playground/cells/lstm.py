"""The long short-term memory, one step forward and one step back.

    i = σ(W_ii x + b_ii + W_hi h′ + b_hi)       input gate:  how much of the candidate is written
    f = σ(W_if x + b_if + W_hf h′ + b_hf)       forget gate: 0 erases the cell state, 1 keeps it
    g = tanh(W_ig x + b_ig + W_hg h′ + b_hg)    candidate:   what could be written
    o = σ(W_io x + b_io + W_ho h′ + b_ho)       output gate: how much of the cell state is shown
    c = f ∘ c′ + i ∘ g                          cell state:  the complete record
    h = o ∘ tanh(c)                             hidden state: the part of it that is shown

h′ and c′ are the states before the step. The weights are stacked in torch's order i, f, g, o (some texts
write i, f, o, g), so W_ih is (4H, E) and W_hh is (4H, H).

Source: torch.nn.LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from playground.cells.hold import Hold, free
from playground.cells.weights import LayerWeights


class LSTMStep(NamedTuple):
    """All that one step computed. Every tensor is (B, H), x is (B, E)."""

    h: Tensor
    c: Tensor
    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    pre: dict[str, Tensor]  # before σ and tanh: {"i", "f", "g", "o"}
    x: Tensor
    h_before: Tensor
    c_before: Tensor

    @property
    def state(self) -> tuple[Tensor, ...]:
        """What the next step needs."""
        return self.h, self.c


class LSTMGradients(NamedTuple):
    """The gradient of the loss with respect to everything one step touched."""

    x: Tensor  # (B, E)
    h: Tensor  # (B, H): the whole ∂L/∂h
    c: Tensor  # (B, H): the whole ∂L/∂c, with the part that came through h
    h_before: Tensor  # (B, H): goes on to the step before
    c_before: Tensor  # (B, H): so does this
    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    pre: dict[str, Tensor]  # of the pre-activations
    recurrent: Tensor  # (B, 4H): of W_hh h′ + b_hh
    weights: LayerWeights  # this step's contribution

    @property
    def before(self) -> tuple[Tensor, ...]:
        """The gradients of the states before, which go on to the step before."""
        return self.h_before, self.c_before


class LSTM:
    """An LSTM cell. weights: shapes as torch.nn.LSTM's (K = 4, blocks in the order i, f, g, o)."""

    def __init__(self, weights: LayerWeights) -> None:
        self.weights = weights

    def step(self, x: Tensor, h: Tensor, c: Tensor, hold: Hold = free) -> LSTMStep:
        """x: (B, E); h, c: (B, H), the states before. Returns the states after, gates and pre-activations.

        hold: replaces gates and states by values with which the equations go on; `step_backward` is for what is free.
        """
        w = self.weights
        a = linear(x, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh)  # (B, 4H)
        a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)

        i = hold("i", torch.sigmoid(a_i))
        f = hold("f", torch.sigmoid(a_f))
        g = hold("g", torch.tanh(a_g))
        o = hold("o", torch.sigmoid(a_o))
        c_after = hold("c", f * c + i * g)
        h_after = hold("h", o * torch.tanh(c_after))
        return LSTMStep(h_after, c_after, i, f, g, o, {"i": a_i, "f": a_f, "g": a_g, "o": a_o}, x, h, c)

    def step_backward(self, step: LSTMStep, grad_h: Tensor, grad_c: Tensor) -> LSTMGradients:
        """The chain rule through one step.

        grad_h: (B, H), the whole ∂L/∂h. grad_c: (B, H), the part of ∂L/∂c that comes from the step after.

            ∂L/∂o  = ∂L/∂h ∘ tanh(c)
            ∂L/∂c += ∂L/∂h ∘ o ∘ (1 − tanh²(c))
            ∂L/∂i  = ∂L/∂c ∘ g,   ∂L/∂f = ∂L/∂c ∘ c′,   ∂L/∂g = ∂L/∂c ∘ i
            ∂L/∂c′ = ∂L/∂c ∘ f              no weight matrix here: the gradient survives while f is near 1
            ∂L/∂h′ = W_hhᵀ ∂L/∂a
        """
        w = self.weights
        _, c, i, f, g, o, _, x, h_before, c_before = step
        tanh_c = torch.tanh(c)

        grad_o = grad_h * tanh_c
        grad_c = grad_c + grad_h * o * (1 - tanh_c**2)
        grad_i = grad_c * g
        grad_f = grad_c * c_before
        grad_g = grad_c * i

        pre = {
            "i": grad_i * i * (1 - i),
            "f": grad_f * f * (1 - f),
            "g": grad_g * (1 - g**2),
            "o": grad_o * o * (1 - o),
        }
        grad_a = torch.cat(list(pre.values()), dim=-1)  # (B, 4H)
        return LSTMGradients(
            x=grad_a @ w.weight_ih,
            h=grad_h,
            c=grad_c,
            h_before=grad_a @ w.weight_hh,
            c_before=grad_c * f,
            i=grad_i,
            f=grad_f,
            g=grad_g,
            o=grad_o,
            pre=pre,
            recurrent=grad_a,
            weights=LayerWeights(
                weight_ih=grad_a.mT @ x,
                weight_hh=grad_a.mT @ h_before,
                bias_ih=grad_a.sum(0),
                bias_hh=grad_a.sum(0),
            ),
        )
