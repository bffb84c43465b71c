"""Delayed: everything is read before the first symbol is written, by one network or by an encoder and a decoder."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.batch import NOTHING, Batch, Signature
from playground.tasks.packing import TIME, stretch
from playground.tasks.task import Measure, Shape
from playground.tokens import TOKENIZERS

_LABEL = TOKENIZERS["character"].label  # of words, too


@dataclass(frozen=True, kw_only=True)
class Delayed:
    """What tasks have in common that read `reading` timesteps and then write.

    `feed` is what is read while writing: "target", the symbol that should have been written before (teacher forcing),
    or "nothing". At the first symbol nothing is read. One network reads the symbols of both alphabets, those that are
    written after those that are read; an encoder reads the former, a decoder the latter.

    Who is right at every timestep with the right symbol before is right with its own answers before, too, and the other
    way round: exact matches are those of a network that writes by itself.
    """

    feed: str = "target"

    shape: ClassVar[Shape] = "delayed"
    measure: ClassVar[Measure] = "exact"

    @property
    def read_symbols(self) -> tuple[str, ...]:
        """What is read."""
        raise NotImplementedError

    @property
    def written_symbols(self) -> tuple[str, ...]:
        """What is written."""
        raise NotImplementedError

    @property
    def reading(self) -> int:
        """How many timesteps there are to read, those of the longest text; shorter ones start later."""
        raise NotImplementedError

    @property
    def signature(self) -> Signature:
        """What one network for all of it reads and answers."""
        written = len(self.written_symbols)
        return Signature("symbols", len(self.read_symbols) + written, written)

    @property
    def encoder_signature(self) -> Signature:
        """What the encoder reads; what it answers is not asked for."""
        return Signature("symbols", len(self.read_symbols), len(self.written_symbols))

    @property
    def decoder_signature(self) -> Signature:
        """What the decoder reads, its own alphabet, and answers."""
        return Signature("symbols", len(self.written_symbols), len(self.written_symbols))

    def halves(self, batch: Batch) -> tuple[Batch, Batch]:
        """A batch for one network as one for the encoder and one for the decoder."""
        read = stretch(batch, TIME, 0, self.reading)
        written = stretch(batch, TIME, self.reading, len(batch.mask) - self.reading)
        inputs = torch.where(written.inputs == NOTHING, NOTHING, written.inputs - len(self.read_symbols))
        return read, Batch(inputs, written.targets, written.mask)

    def symbol(self, read: int) -> str:
        """A symbol of either alphabet, as it is drawn."""
        return _LABEL((*self.read_symbols, *self.written_symbols)[read])

    def answer(self, target: int) -> str:
        """A symbol that is written, as it is drawn."""
        return _LABEL(self.written_symbols[target])

    def pack(self, read: Tensor, written: Tensor, *, cut: bool) -> Batch:
        """What is read, (reading, B), and what is to be written, (longest, B), as a batch.

        Shorter sequences have NOTHING before what is read and after what is written, so all begin to write together.
        cut: with True, their states are cut before the first symbol that is read, so that NOTHING leaves no trace.
        """
        is_read, is_written = read != NOTHING, written != NOTHING
        fed = torch.full_like(written, NOTHING)
        if self.feed == "target":
            fed[1:] = torch.where(is_written[1:], written[:-1] + len(self.read_symbols), NOTHING)
        reset = torch.zeros(len(read) + len(written), *read.shape[1:], dtype=torch.bool)
        reset[1 : len(read)] = is_read[1:] & ~is_read[:-1]
        parts = (
            torch.cat([read, fed]),
            torch.cat([torch.zeros_like(read), written.clamp(min=0)]),
            torch.cat([torch.zeros_like(is_read), is_written]),
        )
        inputs, targets, mask = (part.unsqueeze(1) for part in parts)
        return Batch(inputs, targets, mask, reset.unsqueeze(1) if cut else None)
