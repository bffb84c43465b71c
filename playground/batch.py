"""What one pass reads and is asked, and what a network for it must look like.

Shapes: T time, R replicas (1: shared by all), B batch, E input size, O output size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

import torch
from torch import Tensor

NOTHING = -1  # the symbol that stands for no symbol: the network reads zeros

READS = ("symbols", "vectors")
LOSSES = ("cross_entropy", "squared_error")
READOUTS = ("each", "mean")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one pass reads and should answer. Where `mask` is False there is no loss: a shape is a mask.

    is_only: whether its source has no other, whatever the seed and the step.
    """

    inputs: Tensor  # (T, R, B) int64 symbols, NOTHING for none; or (T, R, B, E) numbers
    targets: Tensor  # (T, R, B) int64 symbols or classes, 0 where masked; or (T, R, B, O) numbers
    mask: Tensor  # (T, R, B) bool
    # (T, R, B) bool: the states are zero before this timestep, and no state passes backwards from it either: where one
    # sequence ends and another begins, or what fills up the shorter ones.
    reset: Tensor | None = None
    is_only: bool = field(default=False, kw_only=True)


def side_by_side(batches: Sequence[Batch]) -> Batch:
    """The batches (T, 1, B) of several replicas as one, (T, R, B)."""

    def joined(parts: Iterable[Tensor]) -> Tensor:
        return torch.cat(tuple(parts), 1)

    reset = None
    if any(batch.reset is not None for batch in batches):
        reset = joined(
            torch.zeros_like(batch.mask) if batch.reset is None else batch.reset for batch in batches
        )
    return Batch(
        joined(batch.inputs for batch in batches),
        joined(batch.targets for batch in batches),
        joined(batch.mask for batch in batches),
        reset,
    )


@dataclass(frozen=True, slots=True)
class Signature:
    """What a network reads and answers.

    reads: "symbols" (one-hot, or looked up in an embedding) or "vectors". input_size: how many symbols, or how long the
    vectors. output_size: how many classes, or how many numbers. loss: "cross_entropy" of classes, or "squared_error" of
    numbers. readout: what the answer at a timestep is read out of: "each", the h of this timestep, or "mean", that of
    all timesteps so far. (An answer at the last timestep alone is a mask.)

    Raises ValueError for what is none of these.
    """

    reads: str
    input_size: int
    output_size: int
    loss: str = "cross_entropy"
    readout: str = "each"

    def __post_init__(self) -> None:
        for name, options in (("reads", READS), ("loss", LOSSES), ("readout", READOUTS)):
            if getattr(self, name) not in options:
                allowed = ", ".join(map(repr, options))
                raise ValueError(f"{name} must be one of {allowed}; got {getattr(self, name)!r}")
        for name in ("input_size", "output_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; got {getattr(self, name)}")

    @classmethod
    def language(cls, vocabulary_size: int) -> Self:
        """A language model: it reads symbols and predicts the next one of the same vocabulary."""
        return cls("symbols", vocabulary_size, vocabulary_size)


class Source(Protocol):
    """Where a trainer gets its batches: a corpus, a task."""

    @property
    def signature(self) -> Signature:
        """What a network for these batches reads and answers."""
        ...

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of training step `step` (from 0), (T, 1, B): always the same for the same seed and step."""
        ...
