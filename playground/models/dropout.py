"""Dropout between layers: training leaves out numbers at random, and makes up for it in those that stay."""

from collections.abc import Sequence

import torch
from torch import Tensor

from playground.cells.fast import OverTime
from playground.seeding import seeded


class Dropout:
    """Between the h of one layer and the x of the next, as torch.nn puts it there.

    A number of h is 0 with probability p, otherwise multiplied by 1 / (1 − p), so its mean stays what it is. Every
    timestep and sequence has draws of its own.

    Attributes:
        factors: (T, R, B, W), 0 or 1 / (1 − p); 1 everywhere where a network is evaluated.
        x, grad_x: (T, R, B, W), what the next layer reads, and where its ∂L/∂x goes.
    """

    def __init__(self, over_time: OverTime, p: float, h: Tensor, grad_h: Tensor) -> None:
        width = h.shape[-1]
        self.p, self.h, self.grad_h = p, h, grad_h
        self.factors = over_time.zeros(width)
        self.x, self.grad_x = over_time.zeros(width), over_time.zeros(width)

    def forward(self) -> None:
        """Fill `x`."""
        torch.mul(self.h, self.factors, out=self.x)

    def backward(self) -> None:
        """Fill the ∂L/∂h of the layer below."""
        torch.mul(self.grad_x, self.factors, out=self.grad_h)

    def buffers(self) -> list[Tensor]:
        """All buffers, for counting bytes."""
        return [self.factors, self.x, self.grad_x]


def draw(dropouts: Sequence[Dropout], seeds: Sequence[int], step: int | None, of: str = "") -> None:
    """Fill the factors of all dropouts of a network: what a replica leaves out depends on its seed and step alone.

    of: whose dropouts, where there are several networks; each leaves out something else.
    step: of the training, counted from 0; None where nothing is trained and nothing is left out.
    """
    if step is None:
        for dropout in dropouts:
            dropout.factors.fill_(1)
        return
    for replica, seed in enumerate(seeds):
        generator = seeded(f"{of}dropout", seed, step)
        for dropout in dropouts:
            of_replica = dropout.factors[:, replica]
            # Drawn in single precision, whatever is computed in: the same is left out.
            keeps = torch.rand(of_replica.shape, generator=generator) >= dropout.p
            of_replica.copy_(keeps).div_(1 - dropout.p)
