"""The language model: a text is read symbol by symbol, and at each the next one is asked for."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.config import TextConfig
from playground.corpus import Corpus
from playground.tasks.packing import packed
from playground.tasks.task import Measure, Shape, Shown, Success, judge, shown


@dataclass(frozen=True, kw_only=True)
class Language:
    """A text as a task, `playground.corpus.Corpus` its batches. Nothing is held out: it is learned by heart."""

    text: TextConfig = field(default_factory=TextConfig)

    name: ClassVar[str] = "language"
    title: ClassVar[str] = N_("Language model")
    tests: ClassVar[str] = N_("Predicting the next symbol of a text at every timestep.")
    shape: ClassVar[Shape] = "each step"
    measure: ClassVar[Measure] = "accuracy"
    goal: ClassVar[float] = 1.0
    named: ClassVar[bool] = False

    @property
    def disjoint(self) -> bool:
        """There is one text."""
        return False

    @cached_property
    def corpus(self) -> Corpus:
        """The text as a network reads it. Raises `Refusal` for a text that nothing can be learned from."""
        return Corpus(self.text)

    @property
    def signature(self) -> Signature:
        """The same symbols in and out."""
        return self.corpus.signature

    @property
    def chance(self) -> float:
        """The share of the most frequent of all predicted symbols."""
        counts = Counter(symbol for window in self.corpus.windows for symbol in window[1:])
        return max(counts.values()) / counts.total()

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of training step `step` (from 0); if all windows fit into one batch, the same object each time."""
        return self._whole or _cut_where_filled(self.corpus.batch(seed, step))

    @cached_property
    def _whole(self) -> Batch | None:
        """The whole text as one batch, if it is that."""
        with torch.inference_mode(False):
            return _cut_where_filled(self.corpus.batch(0, 0)) if self.corpus.steps_per_epoch == 1 else None

    def held_out(self) -> Batch:
        """The whole text, a window a column: there is no other."""
        return packed([(window[:-1], window[1:]) for window in self.corpus.windows])

    def success(self, outputs: Tensor, batch: Batch) -> Success:
        """The share of symbols that are predicted right."""
        return judge(self.measure, outputs, batch)

    def symbol(self, read: int) -> str:
        """What is drawn for it."""
        return self.corpus.labels[read]

    def show(self, batch: Batch, column: int, outputs: Tensor | None = None) -> Shown:
        """One window in words."""
        return shown(batch, column, outputs, self.symbol, self.symbol)


def _cut_where_filled(batch: Batch) -> Batch:
    """The batch with states cut where a window ends and what fills it up begins: who reads backwards begins there."""
    if bool(batch.mask.all()):
        return batch
    reset = torch.zeros_like(batch.mask)
    reset[1:] = batch.mask[:-1] & ~batch.mask[1:]
    return replace(batch, reset=reset)
