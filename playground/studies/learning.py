"""A model that learns a text prediction by prediction, and how far it has come now and then."""

from typing import Generic, TypeVar

import pandas as pd

from playground.corpus import Corpus
from playground.models.bag import BagTrainer
from playground.models.model import loss_in_pieces, perplexity
from playground.models.window import WindowTrainer
from playground.pieces import InPieces, Pieces, share

Trainer = TypeVar("Trainer", WindowTrainer, BagTrainer)


class TextStudy(InPieces[None], Generic[Trainer]):
    """A model while it learns a text: its perplexity on all of it, now and then.

    Attributes:
        trainer: the model as it is now.
    """

    def __init__(self, trainer: Trainer, corpus: Corpus, updates: int, *, needs: int) -> None:
        self.trainer = trainer
        self._rows: list[tuple[int, float]] = []
        super().__init__(self._learn(corpus, updates), needs=needs)

    def frame(self) -> pd.DataFrame:
        """What is measured so far: step, perplexity."""
        columns = {"step": int, "perplexity": float}
        return pd.DataFrame(list(self._rows), columns=list(columns)).astype(columns)

    def _learn(self, corpus: Corpus, updates: int) -> Pieces[None]:
        done, trainer = 0, self.trainer
        for step in measured_steps(updates):
            low, high = done / updates, step / updates
            yield from share(low, high, trainer.updates_in_pieces(step - done))
            nats = yield from share(high, high, loss_in_pieces(trainer.model, corpus.windows))
            self._rows.append((step, perplexity(nats)))
            done = step
            if trainer.exploded:
                break


def measured_steps(updates: int) -> list[int]:
    """After how many updates something is measured: none, one, two, three, and so on by a quarter, up to all."""
    steps = [0]
    while steps[-1] < updates:
        steps.append(min(updates, max(steps[-1] + 1, steps[-1] * 5 // 4)))
    return steps
