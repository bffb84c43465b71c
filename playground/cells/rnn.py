"""The vanilla recurrent network, one step forward and one step back.

    a = W_ih x + b_ih + W_hh h′ + b_hh
    h = φ(a)                                φ is tanh, ReLU, the sigmoid, or nothing at all

h′ is the state before the step. The same W_ih, W_hh and biases serve every timestep: that is why the number
of parameters does not grow with the length of the text, and why their gradient is a sum over timesteps.

Source: torch.nn.RNN (Elman 1990). Some textbooks use one bias instead of two; the sum is the same.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import linear

from playground.cells.hold import Hold, free
from playground.cells.nonlinearity import NONLINEARITIES
from playground.cells.weights import LayerWeights


class RNNStep(NamedTuple):
    """All that one step computed. Every tensor is (B, H), x is (B, E)."""

    h: Tensor
    pre: dict[str, Tensor]  # {"h": a}
    x: Tensor
    h_before: Tensor

    @property
    def state(self) -> tuple[Tensor, ...]:
        """What the next step needs."""
        return (self.h,)


class RNNGradients(NamedTuple):
    """The gradient of the loss with respect to everything one step touched."""

    x: Tensor  # (B, E)
    h: Tensor  # (B, H): the whole ∂L/∂h
    h_before: Tensor  # (B, H): goes on to the step before
    pre: dict[str, Tensor]  # {"h": (B, H)}
    recurrent: Tensor  # (B, H): of W_hh h′ + b_hh
    weights: LayerWeights  # this step's contribution

    @property
    def before(self) -> tuple[Tensor, ...]:
        """The gradients of the states before, which go on to the step before."""
        return (self.h_before,)


class RNN:
    """A vanilla RNN cell.

    weights: shapes as torch.nn.RNN's (K = 1). nonlinearity: "tanh", "relu", "sigmoid" or "linear".
    """

    def __init__(self, weights: LayerWeights, nonlinearity: str = "tanh") -> None:
        self.weights = weights
        self.phi = NONLINEARITIES[nonlinearity]

    def step(self, x: Tensor, h: Tensor, hold: Hold = free) -> RNNStep:
        """x: (B, E); h: (B, H), the state before. Returns the state after, and the pre-activation.

        hold: replaces the state by another value that goes on; `step_backward` is for what is free.
        """
        w = self.weights
        a = linear(x, w.weight_ih, w.bias_ih) + linear(h, w.weight_hh, w.bias_hh)  # (B, H)
        h_after = hold("h", self.phi.value(a))
        return RNNStep(h_after, {"h": a}, x, h)

    def step_backward(self, step: RNNStep, grad_h: Tensor) -> RNNGradients:
        """The chain rule through one step. grad_h: (B, H), the whole ∂L/∂h of this step's h.

        ∂L/∂a  = ∂L/∂h ∘ φ′(a)
        ∂L/∂h′ = W_hhᵀ ∂L/∂a            the factor that, repeated, vanishes or explodes
        ∂L/∂W_hh += ∂L/∂a h′ᵀ,   ∂L/∂W_ih += ∂L/∂a xᵀ,   ∂L/∂b += ∂L/∂a
        """
        w = self.weights
        grad_a = grad_h * self.phi.slope(step.h)  # (B, H)
        return RNNGradients(
            x=grad_a @ w.weight_ih,
            h=grad_h,
            h_before=grad_a @ w.weight_hh,
            pre={"h": grad_a},
            recurrent=grad_a,
            weights=LayerWeights(
                weight_ih=grad_a.mT @ step.x,
                weight_hh=grad_a.mT @ step.h_before,
                bias_ih=grad_a.sum(0),
                bias_hh=grad_a.sum(0),
            ),
        )
