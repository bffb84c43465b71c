"""Adding (Hochreiter & Schmidhuber 1997, task 4; as in Le, Jaitly & Hinton 2015): the sum of two marked numbers."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.tasks.drawing import Drawn
from playground.tasks.task import Measure, Shape, Shown, in_words


@dataclass(frozen=True, kw_only=True)
class Adding(Drawn):
    """T = `length` numbers from 0 to 1, each with a marker, 1 at one number in each half and 0 elsewhere.

    The sum of the two marked ones is asked for at the end.
    """

    length: int = 50

    name: ClassVar[str] = "adding"
    title: ClassVar[str] = N_("Adding")
    tests: ClassVar[str] = N_("Choosing and keeping numbers: the sum of the two marked ones is asked for.")
    shape: ClassVar[Shape] = "many-to-one"
    measure: ClassVar[Measure] = "error"
    goal: ClassVar[float] = 0.01

    @property
    def signature(self) -> Signature:
        """A number and its marker in, one number out."""
        return Signature("vectors", 2, 1, loss="squared_error")

    @property
    def chance(self) -> float:
        """The error of always answering 1, the mean: the variance of a sum of two numbers, 2 · 1/12."""
        return 1 / 6

    @property
    def memoryless(self) -> float:
        """The least error of who sees the last timestep alone: one number is known if it is marked, once in T/2."""
        return 1 / 6 - 1 / 12 / (self.length - self.length // 2)

    def draw(self, generator: torch.Generator, count: int) -> Batch:
        """`count` sequences as they come."""
        half = self.length // 2
        values = torch.rand(self.length, 1, count, generator=generator)
        first = torch.randint(half, (1, 1, count), generator=generator)
        second = torch.randint(half, self.length, (1, 1, count), generator=generator)
        places = torch.cat([first, second])
        markers = torch.zeros_like(values).scatter_(0, places, 1)
        targets, mask = torch.zeros(*values.shape, 1), torch.zeros(values.shape, dtype=torch.bool)
        targets[-1, ..., 0], mask[-1] = values.gather(0, places).sum(0), True
        return Batch(torch.stack([values, markers], -1), targets, mask)

    def show(self, batch: Batch, column: int, outputs: Tensor | None = None) -> Shown:
        """Numbers with two digits, the marked ones in brackets."""
        read = batch.inputs[:, 0, column].tolist()
        silent = ("",) * (len(read) - 1)
        return Shown(
            tuple(f"[{value:.2f}]" if marker else f"{value:.2f}" for value, marker in read),
            (*silent, f"{batch.targets[-1, 0, column].item():.2f}"),
            (*silent, "" if outputs is None else in_words(outputs[-1, 0, column], _two_digits)),
        )


def _two_digits(output: Tensor) -> str:
    """One number (1,)."""
    return f"{output.item():.2f}"
