"""From the h of the highest layer to the outputs.

y_t = W h_t + b,   or   y_t = W m_t + b with m_t the mean of h_1 … h_t
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from playground.cells.fast import OverTime, Product


class RunningMean:
    """The mean of all h so far, m_t = (h_1 + … + h_t) / t; resets do not interrupt it.

    Attributes:
        mean, grad_mean: (T, R, B, W), and where ∂L/∂ it goes.
    """

    def __init__(self, over_time: OverTime, h: Tensor, grad_h: Tensor) -> None:
        width = h.shape[-1]
        self.h, self.grad_h = h, grad_h
        self.mean, self.grad_mean = over_time.zeros(width), over_time.zeros(width)
        self._count = torch.arange(1, over_time.time + 1, dtype=h.dtype)[:, None, None, None]

    def forward(self) -> None:
        """Fill `mean`."""
        torch.cumsum(self.h, 0, out=self.mean).div_(self._count)

    def backward(self) -> None:
        """∂L/∂h_t = Σ_{s ≥ t} ∂L/∂m_s / s"""
        shares = (self.grad_mean / self._count).flip(0)
        self.grad_h.copy_(shares.cumsum(0).flip(0))

    def buffers(self) -> list[Tensor]:
        """All buffers, for counting bytes."""
        return [self.mean, self.grad_mean]


class Readout:
    """The linear read-out.

    Args:
        parameters, gradients: views by name.
        h, grad_h: (T, R, B, W), what is read, and where ∂L/∂ it goes.
        outputs, grad_outputs: (T, R, B, O), the same of what is answered.
        mean: whether the running mean of h is read instead of h.

    Attributes:
        forward, backward: the calls of a pass. collect: those that then fill the gradients of the weights.
    """

    def __init__(
        self,
        over_time: OverTime,
        parameters: Mapping[str, Tensor],
        gradients: Mapping[str, Tensor],
        h: Tensor,
        grad_h: Tensor,
        outputs: Tensor,
        grad_outputs: Tensor,
        *,
        mean: bool,
    ) -> None:
        self.mean = RunningMean(over_time, h, grad_h) if mean else None
        if self.mean is not None:
            h, grad_h = self.mean.mean, self.mean.grad_mean
        weight, bias = parameters["readout.weight"], parameters["readout.bias"]
        affine = over_time.affine(h, weight, bias, outputs)
        product = over_time.product(grad_outputs, weight, grad_h)
        self.forward: list[Product] = [affine] if self.mean is None else [self.mean.forward, affine]
        self.backward: list[Product] = [product] if self.mean is None else [product, self.mean.backward]
        self.collect: list[Product] = [
            over_time.outer(grad_outputs, h, gradients["readout.weight"]),
            over_time.total(grad_outputs, gradients["readout.bias"][:, None]),
        ]

    def buffers(self) -> list[Tensor]:
        """All buffers, for counting bytes."""
        return [] if self.mean is None else self.mean.buffers()
