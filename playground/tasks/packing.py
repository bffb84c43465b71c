"""Sequences of numbers into batches, batches into columns and back."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from playground.batch import NOTHING, Batch

TIME, COLUMNS = 0, 2  # the dimensions of a batch


def packed(sequences: Sequence[tuple[Sequence[int], Sequence[int | None]]]) -> Batch:
    """Sequences of symbols side by side, (T, 1, B) with the T of the longest.

    sequences: of each, what is read at its timesteps, and what is asked, None where nothing is. The shorter ones are
    filled up with timesteps at which nothing is read or asked, before which their states are cut: who reads backwards
    begins with the sequence. Where all are of one length there is nothing to cut.
    """
    time = max(len(read) for read, _ in sequences)
    inputs: list[list[int]] = []
    targets: list[list[int]] = []
    mask: list[list[bool]] = []
    reset: list[list[bool]] = []
    for read, asked in sequences:
        left = time - len(read)
        inputs.append([*read, *[NOTHING] * left])
        targets.append([*(answer or 0 for answer in asked), *[0] * left])
        mask.append([*(answer is not None for answer in asked), *[False] * left])
        reset.append([t == len(read) for t in range(time)])

    cuts = _columns_of(reset) if any(map(any, reset)) else None
    return Batch(_columns_of(inputs), _columns_of(targets), _columns_of(mask), cuts)


def _columns_of(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of equal length as (T, 1, B)."""
    return torch.tensor(rows).T.unsqueeze(1).contiguous()


def columns(batch: Batch, which: Tensor) -> Batch:
    """Some columns of a batch, (B′,) of them, in the order of `which`: copies."""
    return _each(batch, lambda part: part.index_select(COLUMNS, which))


def stretch(batch: Batch, dimension: int, start: int, length: int) -> Batch:
    """Neighbouring timesteps, or neighbouring columns, of a batch: views."""
    return _each(batch, lambda part: part.narrow(dimension, start, length))


def split(batch: Batch, size: int) -> tuple[Batch, ...]:
    """The columns of a batch as batches of `size` columns: views."""
    inputs, targets, mask = (part.split(size, COLUMNS) for part in (batch.inputs, batch.targets, batch.mask))
    if batch.reset is None:
        return tuple(map(Batch, inputs, targets, mask))
    return tuple(map(Batch, inputs, targets, mask, batch.reset.split(size, COLUMNS)))


def joined(batches: Sequence[Batch]) -> Batch:
    """The columns of several batches side by side; the states of all are cut somewhere, or of none."""
    resets = [batch.reset for batch in batches if batch.reset is not None]
    return Batch(
        torch.cat([batch.inputs for batch in batches], COLUMNS),
        torch.cat([batch.targets for batch in batches], COLUMNS),
        torch.cat([batch.mask for batch in batches], COLUMNS),
        torch.cat(resets, COLUMNS) if resets else None,
    )


def _each(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """The same done to every part of a batch."""
    reset = None if batch.reset is None else change(batch.reset)
    return Batch(change(batch.inputs), change(batch.targets), change(batch.mask), reset)
