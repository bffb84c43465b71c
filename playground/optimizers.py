"""torch.optim's update rules on one flat tensor, with torch.optim's defaults.

Each keeps the parameters p (R, P), the gradients g (R, P) and its own state, all of the same shape, so one
call moves every weight of every replica. Replicas never mix: all rules act on each number by itself.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor


class Optimizer:
    """One update rule. `state` holds everything that it remembers from one update to the next."""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        self.parameters, self.gradients = parameters, gradients
        self.state: dict[str, Tensor] = {}

    def step(self, learning_rate: float) -> None:
        """Move the parameters once along the gradients."""
        raise NotImplementedError

    def _zeros(self, name: str) -> Tensor:
        self.state[name] = torch.zeros_like(self.parameters)
        return self.state[name]


class SGD(Optimizer):
    """p ← p − α g"""

    def step(self, learning_rate: float) -> None:
        self.parameters.add_(self.gradients, alpha=-learning_rate)


class Momentum(Optimizer):
    """v ← 0.9 v + g;   p ← p − α v"""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.velocity = self._zeros("velocity")

    def step(self, learning_rate: float) -> None:
        self.velocity.mul_(0.9).add_(self.gradients)
        self.parameters.add_(self.velocity, alpha=-learning_rate)


class RMSprop(Optimizer):
    """s ← 0.99 s + 0.01 g²;   p ← p − α g / (√s + 1e−8)"""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.square_average = self._zeros("square_average")

    def step(self, learning_rate: float) -> None:
        g = self.gradients
        self.square_average.mul_(0.99).addcmul_(g, g, value=0.01)
        self.parameters.addcdiv_(g, self.square_average.sqrt().add_(1e-8), value=-learning_rate)


class Adagrad(Optimizer):
    """s ← s + g²;   p ← p − α g / (√s + 1e−10)"""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.square_sum = self._zeros("square_sum")

    def step(self, learning_rate: float) -> None:
        g = self.gradients
        self.square_sum.addcmul_(g, g)
        self.parameters.addcdiv_(g, self.square_sum.sqrt().add_(1e-10), value=-learning_rate)


class Adam(Optimizer):
    """m ← 0.9 m + 0.1 g;   v ← 0.999 v + 0.001 g²;   p ← p − α m̂ / (√v̂ + 1e−8)

    m̂ = m / (1 − 0.9ⁿ) and v̂ = v / (1 − 0.999ⁿ) at the n-th update. torch's fused kernel does it in one call.
    """

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.updates = self.state["updates"] = torch.zeros(())
        self._arguments = (
            [parameters],
            [gradients],
            [self._zeros("average")],
            [self._zeros("square_average")],
            [],
            [self.updates],
        )

    def step(self, learning_rate: float) -> None:
        self.updates.add_(1)
        torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]
            *self._arguments,
            lr=learning_rate,
            beta1=0.9,
            beta2=0.999,
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


OPTIMIZERS: Mapping[str, Callable[[Tensor, Tensor], Optimizer]] = MappingProxyType(
    {"sgd": SGD, "momentum": Momentum, "rmsprop": RMSprop, "adagrad": Adagrad, "adam": Adam}
)
