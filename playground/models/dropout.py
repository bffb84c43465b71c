"""Dropout between layers: training leaves out numbers at random, and makes up for it in those that stay."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from playground.cells.fast import OverTime, Product
from playground.config import NetworkConfig
from playground.seeding import seeded


class Place(NamedTuple):
    """Where a sequence stands in a batch of `batch` columns, each `time` timesteps long."""

    time: int
    batch: int
    column: int


class Draw(NamedTuple):
    """What training leaves out in one replica.

    seed: the replica's. step: of the training, counted from 0. place: where the sequence that is read here, in every
    column, stood in the batch that was trained on; None where that batch itself is read.
    """

    seed: int
    step: int
    place: Place | None = None

    def numbers(self, factors: Tensor, generator: torch.Generator) -> Tensor:
        """Random numbers of 0 … 1 for factors (T, B, W), as they are or one column for all."""
        width = factors.shape[-1]
        if self.place is None:
            return torch.rand(factors.shape, generator=generator)
        time, batch, column = self.place
        return torch.rand(time, batch, width, generator=generator)[: len(factors), column, None]


# What a pass leaves out: what the training step of this number does; or of each replica its own; or nothing.
LeftOut = int | Sequence[Draw] | None


def leaves_out(config: NetworkConfig) -> bool:
    """Whether training leaves anything out: a single layer has nothing above it that would miss it."""
    return config.dropout > 0 and config.layers > 1


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
        self.p = p
        self.factors = over_time.zeros(width)
        self.x, self.grad_x = over_time.zeros(width), over_time.zeros(width)
        self._forward = over_time.multiply(h, self.factors, self.x)
        self._backward = over_time.multiply(self.grad_x, self.factors, grad_h)

    def calls(self) -> tuple[list[Product], list[Product]]:
        """The calls of a pass: the one that fills `x`, and the one that fills the ∂L/∂h of the layer below."""
        return [self._forward], [self._backward]

    def buffers(self) -> list[Tensor]:
        """All buffers, for counting bytes."""
        return [self.factors, self.x, self.grad_x]


def draw(dropouts: Sequence[Dropout], seeds: Sequence[int], step: LeftOut, of: str = "") -> None:
    """Fill the factors of all dropouts of a network: what a replica leaves out depends on its seed and step alone.

    of: whose dropouts, where there are several networks; each leaves out something else.
    step: of the training, counted from 0; None where nothing is trained and nothing is left out. Or the draws of the
    first replicas; the others stay as they are.
    """
    if step is None:
        for dropout in dropouts:
            dropout.factors.fill_(1)
        return
    draws = [Draw(seed, step) for seed in seeds] if isinstance(step, int) else step
    for replica, each in enumerate(draws):
        fill([dropout.factors[:, replica] for dropout in dropouts], dropouts[0].p, each, of)


def fill(factors: Sequence[Tensor], p: float, draw: Draw, of: str = "") -> None:
    """Fill the factors (T, B, W) of one replica, of every dropout of its network from the lowest up."""
    generator = seeded(f"{of}dropout", draw.seed, draw.step)
    for each in factors:
        # Drawn in single precision, whatever is computed in: the same is left out.
        keeps = draw.numbers(each, generator) >= p
        each.copy_(keeps).div_(1 - p)
