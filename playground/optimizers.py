"""torch.optim's update rules on one flat tensor, with torch.optim's defaults.

Each keeps the parameters p (R, P), the gradients g (R, P) and its own state, all of the same shape, so one
call moves every weight of every replica. Replicas never mix: all rules act on each number by itself. The learning
rate α is one number for all of them, or a tensor (R, 1) with one for each.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from playground.kernels.engine import are_compiled
from playground.kernels.program import Instruction, is_order
from playground.private_torch import adam_update


class Term(NamedTuple):
    """One line of an update rule, of one weight: what it is called, how it is found, and what it then is."""

    symbol: str
    formula: str
    value: float
    remembers: str | None = None  # the name in `Optimizer.state` under which the next update finds it


class Optimizer:
    """One update rule. `state` holds everything that it remembers from one update to the next."""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        self.parameters, self.gradients = parameters, gradients
        self.state: dict[str, Tensor] = {}

    def step(self, learning_rate: float | Tensor) -> None:
        """Move the parameters once along the gradients."""
        raise NotImplementedError

    @staticmethod
    def terms(g: float, learning_rate: float, before: Mapping[str, float]) -> tuple[Term, ...]:
        """The rule line by line for one weight, in 64 bits; the last line is by how much the weight changes.

        g: its gradient, after clipping. before: its part of `state` before the update.
        """
        raise NotImplementedError

    def _move(self, learning_rate: float | Tensor, direction: Tensor, scale: Tensor | None = None) -> None:
        """p ← p − α direction / scale"""
        p = self.parameters
        if isinstance(learning_rate, Tensor):
            p.sub_(learning_rate * (direction if scale is None else direction / scale))
        elif scale is None:
            p.add_(direction, alpha=-learning_rate)
        else:
            p.addcdiv_(direction, scale, value=-learning_rate)

    def _zeros(self, name: str) -> Tensor:
        self.state[name] = torch.zeros_like(self.parameters)
        return self.state[name]


class SGD(Optimizer):
    """p ← p − α g"""

    def step(self, learning_rate: float | Tensor) -> None:
        self._move(learning_rate, self.gradients)

    @staticmethod
    def terms(g: float, learning_rate: float, before: Mapping[str, float]) -> tuple[Term, ...]:
        del before
        return (Term("Δw", "−α g", -learning_rate * g),)


class Momentum(Optimizer):
    """v ← 0.9 v + g;   p ← p − α v"""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.velocity = self._zeros("velocity")

    def step(self, learning_rate: float | Tensor) -> None:
        self.velocity.mul_(0.9).add_(self.gradients)
        self._move(learning_rate, self.velocity)

    @staticmethod
    def terms(g: float, learning_rate: float, before: Mapping[str, float]) -> tuple[Term, ...]:
        v = 0.9 * before["velocity"] + g
        return (
            Term("v", "0.9 v + g", v, remembers="velocity"),
            Term("Δw", "−α v", -learning_rate * v),
        )


class RMSprop(Optimizer):
    """s ← 0.99 s + 0.01 g²;   p ← p − α g / (√s + 1e−8)"""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.square_average = self._zeros("square_average")

    def step(self, learning_rate: float | Tensor) -> None:
        g = self.gradients
        self.square_average.mul_(0.99).addcmul_(g, g, value=0.01)
        self._move(learning_rate, g, self.square_average.sqrt().add_(1e-8))

    @staticmethod
    def terms(g: float, learning_rate: float, before: Mapping[str, float]) -> tuple[Term, ...]:
        s = 0.99 * before["square_average"] + 0.01 * g * g
        return (
            Term("s", "0.99 s + 0.01 g²", s, remembers="square_average"),
            Term("Δw", "−α g / (√s + 10⁻⁸)", -learning_rate * g / (math.sqrt(s) + 1e-8)),
        )


class Adagrad(Optimizer):
    """s ← s + g²;   p ← p − α g / (√s + 1e−10)"""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.square_sum = self._zeros("square_sum")

    def step(self, learning_rate: float | Tensor) -> None:
        g = self.gradients
        self.square_sum.addcmul_(g, g)
        self._move(learning_rate, g, self.square_sum.sqrt().add_(1e-10))

    @staticmethod
    def terms(g: float, learning_rate: float, before: Mapping[str, float]) -> tuple[Term, ...]:
        s = before["square_sum"] + g * g
        return (
            Term("s", "s + g²", s, remembers="square_sum"),
            Term("Δw", "−α g / (√s + 10⁻¹⁰)", -learning_rate * g / (math.sqrt(s) + 1e-10)),
        )


class Adam(Optimizer):
    """m ← 0.9 m + 0.1 g;   v ← 0.999 v + 0.001 g²;   p ← p − α m̂ / (√v̂ + 1e−8)

    m̂ = m / (1 − 0.9ⁿ) and v̂ = v / (1 − 0.999ⁿ) at the n-th update. torch's fused kernel does it in one call.
    """

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.updates = self.state["updates"] = torch.zeros(())
        self._tensors = (parameters, gradients, self._zeros("average"), self._zeros("square_average"))
        self._all = self._arguments(*self._tensors)

    def _arguments(self, *tensors: Tensor) -> tuple[list[Tensor], ...]:
        """Parameters, gradients and both averages as `adam_update` wants them."""
        return *([tensor] for tensor in tensors), [self.updates]

    def step(self, learning_rate: float | Tensor) -> None:
        self.updates.add_(1)
        if isinstance(learning_rate, Tensor):
            for replica, rate in enumerate(learning_rate.flatten().tolist()):  # the kernel takes one rate
                arguments = self._arguments(*(tensor[replica] for tensor in self._tensors))
                adam_update(*arguments, learning_rate=rate)
        else:
            adam_update(*self._all, learning_rate=learning_rate)

    @staticmethod
    def terms(g: float, learning_rate: float, before: Mapping[str, float]) -> tuple[Term, ...]:
        n = before["updates"] + 1
        m = 0.9 * before["average"] + 0.1 * g
        v = 0.999 * before["square_average"] + 0.001 * g * g
        unbiased, unbiased_square = m / (1 - 0.9**n), v / (1 - 0.999**n)
        return (
            Term("n", "n + 1", n, remembers="updates"),
            Term("m", "0.9 m + 0.1 g", m, remembers="average"),
            Term("v", "0.999 v + 0.001 g²", v, remembers="square_average"),
            Term("m̂", "m / (1 − 0.9ⁿ)", unbiased),
            Term("v̂", "v / (1 − 0.999ⁿ)", unbiased_square),
            Term("Δw", "−α m̂ / (√v̂ + 10⁻⁸)", -learning_rate * unbiased / (math.sqrt(unbiased_square) + 1e-8)),
        )


OPTIMIZERS: Mapping[str, type[Optimizer]] = MappingProxyType(
    {"sgd": SGD, "momentum": Momentum, "rmsprop": RMSprop, "adagrad": Adagrad, "adam": Adam}
)


def as_instruction(
    name: str, optimizer: Optimizer, learning_rates: Tensor, stays: Tensor
) -> Instruction | None:
    """The rule of this name for compiled loops; None where it has no such form.

    learning_rates: (R,) of 64 bits. stays: (R,) bool, which replicas keep their weights.
    """
    parameters = optimizer.parameters
    if not (are_compiled(parameters.dtype) and is_order(name)):
        return None
    tensors = (parameters, optimizer.gradients, *optimizer.state.values(), learning_rates, stays)
    return Instruction(name, parameters.shape, tensors)
