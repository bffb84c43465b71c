"""Recall: the first symbol, after a stretch of others that say nothing."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.tasks.drawing import Drawn, by_hash
from playground.tasks.task import Shape

CUES = "ABCD"  # one of them comes first, and is asked for at the end
DISTRACTORS = "wxyz"


@dataclass(frozen=True, kw_only=True)
class Recall(Drawn):
    """A cue, then `distractors` symbols drawn from others; the cue is asked for at the last. T = distractors + 1."""

    distractors: int = 20

    name: ClassVar[str] = "recall"
    title: ClassVar[str] = N_("Recall")
    tests: ClassVar[str] = N_(
        "Keeping one symbol over many others: the first symbol, one of four, is asked for at the end."
    )
    shape: ClassVar[Shape] = "many-to-one"

    @property
    def signature(self) -> Signature:
        """Eight symbols in, four classes out."""
        return Signature("symbols", len(CUES) + len(DISTRACTORS), len(CUES))

    @property
    def chance(self) -> float:
        """All cues are equally frequent."""
        return 1 / len(CUES)

    def draw(self, generator: torch.Generator, count: int) -> Batch:
        """`count` sequences as they come."""
        cue = torch.randint(len(CUES), (1, 1, count), generator=generator)
        others = torch.randint(len(DISTRACTORS), (self.distractors, 1, count), generator=generator)
        inputs = torch.cat([cue, others + len(CUES)])
        targets, mask = torch.zeros_like(inputs), torch.zeros_like(inputs, dtype=torch.bool)
        targets[-1], mask[-1] = cue[0], True
        return Batch(inputs, targets, mask)

    def is_held_out(self, batch: Batch) -> Tensor:
        """Which sequences are held out, (B,) bool: by their distractors, so all cues are as frequent on both sides."""
        return by_hash(batch.inputs[1:])

    def symbol(self, read: int) -> str:
        """Cues are A, B, C, D; distractors are w, x, y, z."""
        return (CUES + DISTRACTORS)[read]
