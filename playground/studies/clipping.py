"""Clipping: what it does to each gradient, and what it makes of a training run.

A gradient g is clipped in one of two ways, both torch.nn.utils':

    by norm    g · threshold / ‖g‖₂ where ‖g‖₂ is above the threshold: the direction stays
    by value   every entry cut off at ±threshold: the direction changes, by the angle measured here

Both experiments below train piece by piece and give a table of what is done so far.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from playground.config import (
    FIELDS,
    Choice,
    ExperimentConfig,
    NetworkConfig,
    Range,
    TextConfig,
    TrainingConfig,
)
from playground.corpus import Corpus
from playground.models.model import perplexity
from playground.pieces import InPieces, Pieces, share
from playground.presets import PRESETS
from playground.runs.size import check_size, trainer_bytes
from playground.training import Trainer

UPDATES = 300  # that both runs, and all of a grid, make
ALLOWED_UPDATES = Range(1, 2000)
MAX_AXIS = 8  # values on either axis of a grid
CLIPS = Choice(("norm", "value"))
ROW_BYTES = 400  # of a step of a run, as Python keeps it (measured)

_TYGER = (
    "Tyger Tyger, burning bright, In the forests of the night; "
    "What immortal hand or eye, Could frame thy fearful symmetry?"
)  # William Blake, 1794, in one line, so that it is read in windows of 50

CASES: Mapping[str, ExperimentConfig] = MappingProxyType(
    {
        # Free, the spectral radius of W_hh grows from 0.6 to 6 in fifty updates; then a gradient on its way through
        # 50 timesteps grows 10¹⁹-fold, and with the next weights the loss is no number any more.
        "exploding": ExperimentConfig(
            TextConfig(_TYGER),
            NetworkConfig("rnn", 16, nonlinearity="relu"),
            TrainingConfig("momentum", 0.3, clip="norm", clip_threshold=0.3),
            seed=1,
        ),
        # The last symbol depends on the first, 50 timesteps before: hardly any gradient comes from there to be clipped.
        "vanishing": ExperimentConfig(
            TextConfig(**PRESETS["gap-50"].values()),
            NetworkConfig("rnn", 16),
            TrainingConfig("momentum", 0.1, clip="norm", clip_threshold=1.0),
            seed=1,
        ),
    }
)
# A grid that shows where only clipping helps.
LEARNING_RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
THRESHOLDS = (0.1, 0.3, 1.0, 3.0, 10.0, math.inf)

RUN_COLUMNS = {
    "variant": object,
    "step": np.int64,
    "loss": float,
    "gradient_norm": float,
    "clipped_norm": float,
    "clipped": bool,
    "angle": float,
    "perplexity": float,
    "learning_rate": float,
}
GRID_COLUMNS = {
    "learning_rate": float,
    "threshold": float,
    "loss": float,
    "perplexity": float,
    "start": float,
    "outcome": object,
}


class ClippingComparison(InPieces[None]):
    """The same run twice, without clipping and with it: same seed, text and settings.

    A run whose loss or gradient stops being finite ends there, and the other goes on.

    Args:
        config: the clipped run; `config.training.clip` must be "norm" or "value".
        updates: how many updates both make, 1 … 2000.
        corpus: the text, where that has been read already.

    Raises:
        Refusal: if the text, the way of clipping or the number of updates cannot be used, or it would take too
            much memory.
    """

    def __init__(
        self, config: ExperimentConfig, *, updates: int = UPDATES, corpus: Corpus | None = None
    ) -> None:
        CLIPS.check("clip", config.training.clip)
        ALLOWED_UPDATES.check("updates", updates)
        corpus = corpus or Corpus(config.text)
        check_size(config, corpus, replicas=2)
        self._rows: dict[str, list[tuple]] = {"free": [], "clipped": []}
        needs = 2 * (trainer_bytes(config, corpus) + (updates + 1) * ROW_BYTES)
        super().__init__(_compare(config, corpus, updates, self._rows), needs=needs)

    def frame(self) -> pd.DataFrame:
        """One row per variant ("free" or "clipped") and step, what is measured before the update of that step.

        The last step has been measured only: its loss is what all updates led to. Columns: variant, step, loss (mean
        nats per symbol of the step's batch), gradient_norm, clipped_norm (what the optimiser got), clipped, angle
        (degrees between the gradient and what the optimiser got, nan if they are not finite), perplexity,
        learning_rate (of the update). Where a run ended early, its last row has a value that is not finite.
        """
        rows = [row for of_variant in self._rows.values() for row in list(of_variant)]
        return _table(rows, RUN_COLUMNS)


def _compare(
    config: ExperimentConfig, corpus: Corpus, updates: int, rows: Mapping[str, list[tuple]]
) -> Pieces[None]:
    """Train both variants one update at a time; one more update measures what the last one led to."""
    free = replace(config, training=replace(config.training, clip="off"))
    trainers = {"free": Trainer(free, corpus), "clipped": Trainer(config, corpus)}
    for step in range(updates + 1):
        measured = []
        for variant, trainer in list(trainers.items()):
            if measured:
                yield (step + 0.5) / (updates + 1)
            measured.append((variant, *_measured(trainer)))
            if trainer.exploded:
                del trainers[variant]
        for row in measured:  # of both or of none: they are compared
            rows[row[0]].append(row)
        yield (step + 1) / (updates + 1)
        if not trainers:
            return


def _measured(trainer: Trainer) -> tuple:
    """Make an update; what a row of `ClippingComparison.frame` says of it."""
    trainer.measure()
    gradient = trainer.network.gradients[0].clone()
    update = trainer.update()
    turn = angle(gradient, trainer.network.gradients[0]) if update.clipped[0] else 0.0
    columns = (update.nll, update.gradient_norm, update.clipped_norm, update.clipped)
    numbers = [of_all_replicas[0] for of_all_replicas in columns]
    rest = turn if update.finite else math.nan, update.perplexity[0], update.learning_rate
    return (update.step, *numbers, *rest)


def angle(a: Tensor, b: Tensor) -> float:
    """Degrees between two vectors, 0 … 180; nan if one of them has no direction.

    With u = a/‖a‖ and v = b/‖b‖ it is 2 atan2(‖u − v‖, ‖u + v‖) (W. Kahan), in float64: the arc cosine of u·v would
    lose half of the digits of a small angle.
    """
    u, v = (each.double() / torch.linalg.vector_norm(each.double()) for each in (a, b))
    apart, along = torch.linalg.vector_norm(u - v).item(), torch.linalg.vector_norm(u + v).item()
    return math.degrees(2 * math.atan2(apart, along))


@dataclass(slots=True)
class _Losses:
    """Mean nats per symbol of the whole text: untrained, and of every replica as far as it has come."""

    start: float = math.nan
    reached: Sequence[float] = ()


class ClippingGrid(InPieces[None]):
    """Every pair of a learning rate and a clipping threshold, from the same weights on the same batches, all at once.

    Args:
        config: what all runs share; `config.training.clip`, "norm" or "value", is how they clip. Its learning rate
            and the changes of it are not read.
        learning_rates: 1 … 8 different ones.
        thresholds: 1 … 8 different ones; ∞ for no clipping.
        updates: how many updates each makes, 1 … 2000.
        corpus: the text, where that has been read already.

    Raises:
        Refusal: if a setting is not allowed or all runs together would take too much memory.
        ValueError: if an axis is too long, empty, or repeats a value.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        *,
        learning_rates: Sequence[float] = LEARNING_RATES,
        thresholds: Sequence[float] = THRESHOLDS,
        updates: int = UPDATES,
        corpus: Corpus | None = None,
    ) -> None:
        CLIPS.check("clip", config.training.clip)
        ALLOWED_UPDATES.check("updates", updates)
        for name, values in (("learning_rates", learning_rates), ("thresholds", thresholds)):
            if not 1 <= len(values) <= MAX_AXIS or len(set(values)) < len(values):
                raise ValueError(f"{name} must be 1 to {MAX_AXIS} different numbers; got {values}")
        for rate in learning_rates:
            FIELDS["learning_rate"].check("learning_rate", rate)
        for threshold in thresholds:
            if threshold != math.inf:
                FIELDS["clip_threshold"].check("clip_threshold", threshold)
        self._pairs = tuple(itertools.product(learning_rates, thresholds))
        corpus = corpus or Corpus(config.text)
        check_size(config, corpus, replicas=len(self._pairs))
        self._losses = _Losses()
        needs = trainer_bytes(config, corpus, replicas=len(self._pairs))
        super().__init__(_train_all(config, corpus, self._pairs, updates, self._losses), needs=needs)

    def frame(self) -> pd.DataFrame:
        """One row per pair; none before the loss of the untrained network is known.

        Columns: learning_rate, threshold (∞: no clipping), loss and perplexity after the last update, start (loss of
        the untrained network), and outcome: "diverged" if loss or gradient stopped being finite, and then the loss is
        nan; "worse" if the loss is above the start; else "learned". Losses are mean nats per symbol of the whole text;
        before all is done, of the newest update's batch.
        """
        start, reached = self._losses.start, self._losses.reached
        rows = [
            (*pair, loss, perplexity(loss), start, _outcome(loss, start))
            for pair, loss in zip(self._pairs, reached, strict=False)
        ]
        return _table(rows, GRID_COLUMNS)


def _train_all(
    config: ExperimentConfig,
    corpus: Corpus,
    pairs: Sequence[tuple[float, float]],
    updates: int,
    losses: _Losses,
) -> Pieces[None]:
    """Measure, train and measure again all pairs as replicas of one trainer, a batch at a time."""
    rates, thresholds = zip(*pairs, strict=True)
    seeds = [config.seed] * len(pairs)
    trainer = Trainer(config, corpus, seeds=seeds, learning_rates=rates, clip_thresholds=thresholds)
    all_batches = updates + 2 * corpus.steps_per_epoch
    low, high = corpus.steps_per_epoch / all_batches, (corpus.steps_per_epoch + updates) / all_batches
    untrained = yield from share(0.0, low, _whole_text(trainer, corpus))
    losses.start, losses.reached = untrained[0], untrained
    for done in range(updates):
        update = trainer.update()
        losses.reached = _without(trainer.exploded, update.nll)
        yield low + (high - low) * (done + 1) / updates
        if len(trainer.exploded) == len(pairs):
            return
    losses.reached = _without(trainer.exploded, (yield from share(high, 1.0, _whole_text(trainer, corpus))))


def _whole_text(trainer: Trainer, corpus: Corpus) -> Pieces[tuple[float, ...]]:
    """Mean nats per symbol of every replica at its present weights, over all batches of an epoch, one at a time."""
    total = torch.zeros(len(trainer.seeds), dtype=torch.float64)
    for index in range(corpus.steps_per_epoch):
        batch = corpus.batch(trainer.config.seed, index)
        workspace = trainer.network.run(batch, reduction="sum", backward=False)
        total += workspace.total
        yield (index + 1) / corpus.steps_per_epoch
    return tuple((total / corpus.predictions).tolist())


def _without(exploded: frozenset[int], losses: Sequence[float]) -> tuple[float, ...]:
    """The losses, nan where a replica has exploded."""
    return tuple(math.nan if r in exploded else loss for r, loss in enumerate(losses))


def _outcome(loss: float, start: float) -> str:
    if not math.isfinite(loss):
        return "diverged"
    return "worse" if loss > start else "learned"


def _table(rows: Sequence[tuple], columns: Mapping[str, type]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns)).astype(dict(columns))
