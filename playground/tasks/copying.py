"""Copy (Hochreiter & Schmidhuber 1997; as in Arjovsky, Shah & Bengio 2016): say again what was said long ago."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.tasks.drawing import Drawn
from playground.tasks.task import Shape, Success, judge

ALPHABET = "abcdefgh"
BLANK, MARKER = "·", "?"


@dataclass(frozen=True, kw_only=True)
class Copy(Drawn):
    """`symbols` letters, blanks, a marker, blanks: one step after the marker the first letter is to be said again.

    T = blanks + 2 · symbols. At every timestep something is asked: a blank before the letters.
    """

    symbols: int = 4
    blanks: int = 10  # from the last letter to the first that is asked for, the marker among them

    name: ClassVar[str] = "copy"
    title: ClassVar[str] = N_("Copy")
    tests: ClassVar[str] = N_(
        "Keeping several symbols and their order: they are to be said again after a marker."
    )
    shape: ClassVar[Shape] = "delayed"

    @property
    def signature(self) -> Signature:
        """Letters, blank and marker in; letters and blank out."""
        return Signature("symbols", len(ALPHABET) + 2, len(ALPHABET) + 1)

    @property
    def chance(self) -> float:
        """All letters are equally frequent."""
        return 1 / len(ALPHABET)

    @property
    def memoryless(self) -> float:
        """The mean loss of who knows when, but not which, letter to say: symbols · ln 8 / T, in nats."""
        return self.symbols * math.log(len(ALPHABET)) / (self.blanks + 2 * self.symbols)

    def draw(self, generator: torch.Generator, count: int) -> Batch:
        """`count` sequences as they come."""
        letters = torch.randint(len(ALPHABET), (self.symbols, 1, count), generator=generator)
        inputs = torch.full((self.blanks + 2 * self.symbols, 1, count), len(ALPHABET))
        targets = inputs.clone()
        inputs[: self.symbols] = letters
        inputs[self.symbols + self.blanks - 1] = len(ALPHABET) + 1
        targets[-self.symbols :] = letters
        return Batch(inputs, targets, torch.ones_like(inputs, dtype=torch.bool))

    def success(self, outputs: Tensor, batch: Batch) -> Success:
        """The share of letters that are right; blanks are not counted."""
        return judge(self.measure, outputs, replace(batch, mask=batch.mask & (batch.targets < len(ALPHABET))))

    def symbol(self, read: int) -> str:
        """A letter, a blank or the marker."""
        return (ALPHABET + BLANK + MARKER)[read]
