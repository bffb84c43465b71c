"""Temporal order (Hochreiter & Schmidhuber 1997, task 6a): which came first, A or B?

The places are those of Pascanu, Mikolov & Bengio 2013.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.tasks.drawing import Drawn
from playground.tasks.task import Shape

RELEVANT = "AB"
DISTRACTORS = "cdef"
ORDERS = tuple(first + second for first in RELEVANT for second in RELEVANT)


@dataclass(frozen=True, kw_only=True)
class TemporalOrder(Drawn):
    """T = `length` symbols, two of which are A or B; at the last one their order is asked for: AA, AB, BA or BB.

    With ⌊T/10⌋ places for each, counted from 0: the first stands at one of ⌊T/10⌋, …, 2⌊T/10⌋ − 1, the other at one of
    ⌊T/2⌋, …, ⌊T/2⌋ + ⌊T/10⌋ − 1. Where T is a multiple of 10, that is the second tenth and the sixth.
    """

    length: int = 50

    name: ClassVar[str] = "temporal order"
    title: ClassVar[str] = N_("Temporal order")
    tests: ClassVar[str] = N_(
        "Choosing what to keep: two of many symbols count, and so does which came first."
    )
    shape: ClassVar[Shape] = "many-to-one"

    @property
    def signature(self) -> Signature:
        """Six symbols in, four classes out."""
        return Signature("symbols", len(RELEVANT) + len(DISTRACTORS), len(ORDERS))

    @property
    def chance(self) -> float:
        """All orders are equally frequent."""
        return 1 / len(ORDERS)

    @property
    def only_the_later(self) -> float:
        """The accuracy of who knows the later of the two alone."""
        return 1 / len(RELEVANT)

    def draw(self, generator: torch.Generator, count: int) -> Batch:
        """`count` sequences as they come."""
        tenth = self.length // 10
        symbols = torch.randint(len(DISTRACTORS), (self.length, 1, count), generator=generator) + len(
            RELEVANT
        )
        relevant = torch.randint(len(RELEVANT), (2, 1, count), generator=generator)
        starts = torch.tensor([self.length // 10, self.length // 2])[:, None, None]
        places = torch.randint(tenth, (2, 1, count), generator=generator) + starts
        inputs = symbols.scatter_(0, places, relevant)
        targets, mask = torch.zeros_like(inputs), torch.zeros_like(inputs, dtype=torch.bool)
        targets[-1], mask[-1] = relevant[0] * len(RELEVANT) + relevant[1], True
        return Batch(inputs, targets, mask)

    def symbol(self, read: int) -> str:
        """What matters is a capital."""
        return (RELEVANT + DISTRACTORS)[read]

    def answer(self, target: int) -> str:
        """The two in their order."""
        return ORDERS[target]
