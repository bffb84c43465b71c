"""A bag of symbols that learns a text, and what another order of the same symbols changes for it and for others."""

from collections.abc import Mapping, Sequence

import pandas as pd
import torch

from playground.analysis.bag import bag_floor_in_pieces
from playground.corpus import Corpus
from playground.models.bag import BagConfig, BagTrainer
from playground.models.mlp import BATCH
from playground.models.model import LanguageModel
from playground.pieces import Pieces, share
from playground.studies.learning import TextStudy

LEAST_BYTES = 50_000  # of what is not reckoned
COUNT_BYTES = 4  # of a symbol before a prediction: its count, and again while those of all lines are joined
DRAWS = 50  # of an order: of two different symbols, all of these would be the old one once in 2⁵⁰ times
ODDS_COLUMNS = {"model": object, "order": object, "token": object, "probability": float}


class BagStudy(TextStudy[BagTrainer]):
    """A bag while it learns a text.

    Attributes:
        floor: the lowest perplexity on the text that any bag can reach; None until that is known.
    """

    def __init__(self, config: BagConfig, corpus: Corpus, updates: int) -> None:
        self.floor: float | None = None
        trainer = BagTrainer(config, corpus.windows, len(corpus.vocabulary))
        numbers = min(corpus.predictions, BATCH) * (config.hidden_size + len(corpus.vocabulary))
        numbers += 4 * trainer.model.parameter_count
        needs = LEAST_BYTES + 4 * numbers + COUNT_BYTES * corpus.predictions * len(corpus.vocabulary)
        super().__init__(trainer, corpus, updates, needs=needs)

    def _learn(self, corpus: Corpus, updates: int) -> Pieces[None]:
        self.floor = yield from share(0.0, 0.1, bag_floor_in_pieces(corpus))
        yield from share(0.1, 1.0, super()._learn(corpus, updates))


def reordered(ids: Sequence[int], seed: int) -> tuple[int, ...]:
    """The same symbols in another order, drawn from a seed; the same order where there is no other."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(DRAWS if len(set(ids)) > 1 else 0):
        order = tuple(ids[place] for place in torch.randperm(len(ids), generator=generator).tolist())
        if order != tuple(ids):
            return order
    return tuple(ids)


def odds(
    models: Mapping[str, LanguageModel], orders: Mapping[str, Sequence[int]], labels: Sequence[str]
) -> pd.DataFrame:
    """What each model expects after each order of some symbols: model, order, token, probability; a row each."""
    rows = [
        (name, order, label, p)
        for name, model in models.items()
        for order, ids in orders.items()
        for label, p in zip(
            labels, model.log_probabilities(torch.tensor(ids))[-1].double().exp().tolist(), strict=True
        )
    ]
    return pd.DataFrame(rows, columns=list(ODDS_COLUMNS)).astype(ODDS_COLUMNS)


def moved(table: pd.DataFrame, model: str) -> float:
    """How much of a model's probability goes elsewhere when the order is another one: 0 … 1.

    It is the total variation distance, ½ Σ |p − q|, of the two orders in a table of `odds`.
    """
    p, q = (rows.to_numpy() for _, rows in table[table["model"] == model].groupby("order")["probability"])
    return float(abs(p - q).sum() / 2)
