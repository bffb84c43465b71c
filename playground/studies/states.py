"""Hidden Markov models that learn a text, of one size and of many."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from playground.corpus import Corpus
from playground.models.hmm import HMM, PART, BaumWelch, HMMConfig
from playground.models.model import loss_in_pieces, perplexity
from playground.pieces import SMALL_BYTES, InPieces, Pieces, share
from playground.studies.before import ITERATIONS

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24)
PASS_BYTES = 12 * 8 * PART  # of a pass there and back: tables of so many 64-bit numbers (measured)


def _needs(config: HMMConfig, corpus: Corpus) -> int:
    """Bytes of a training: what a pass holds, which is bounded, and less for a short text."""
    numbers = config.restarts * config.states * (corpus.predictions + len(corpus.windows))
    tables = 8 * 4 * config.restarts * config.states * (config.states + len(corpus.vocabulary))
    return SMALL_BYTES + min(PASS_BYTES, 12 * 8 * numbers) + tables


class StatesStudy(InPieces[None]):
    """One hidden Markov model while it learns a text.

    Attributes:
        trainer: all restarts as they are now. perplexity: of the best one on the text; None before the end.
    """

    def __init__(self, config: HMMConfig, corpus: Corpus, iterations: int = ITERATIONS) -> None:
        self.trainer = BaumWelch(config, corpus.windows, len(corpus.vocabulary))
        self.perplexity: float | None = None
        super().__init__(self._train(corpus, iterations), needs=_needs(config, corpus))

    @property
    def model(self) -> HMM:
        """The best restart as it is now."""
        return self.trainer.model()

    def frame(self) -> pd.DataFrame:
        """What is measured so far: iteration, restart (both from 1), log_likelihood of the text before it, in nats.

        In the end also before one iteration more, which is not made: of the tables that are shown.
        """
        rows = [
            (iteration, restart, nats)
            for iteration, restarts in enumerate(list(self.trainer.log_likelihoods), 1)
            for restart, nats in enumerate(restarts, 1)
        ]
        return pd.DataFrame(rows, columns=["iteration", "restart", "log_likelihood"])

    def _train(self, corpus: Corpus, iterations: int) -> Pieces[None]:
        yield from share(0.0, 0.9, self.trainer.iterations_in_pieces(iterations))
        yield from share(0.9, 0.95, self.trainer.measure_in_pieces())
        nats = yield from share(0.95, 1.0, loss_in_pieces(self.model, corpus.windows))
        self.perplexity = perplexity(nats)


class StatesSweep(InPieces[None]):
    """Hidden Markov models of several sizes, otherwise alike."""

    def __init__(
        self,
        config: HMMConfig,
        corpus: Corpus,
        sizes: Sequence[int] = SIZES,
        iterations: int = ITERATIONS,
    ) -> None:
        self._rows: list[tuple[int, float, int, float]] = []
        largest = replace(config, states=max(sizes))
        super().__init__(self._train(config, corpus, sizes, iterations), needs=_needs(largest, corpus))

    def frame(self) -> pd.DataFrame:
        """What is trained so far: states, bits (log₂ of them), numbers (how many were learned), perplexity."""
        columns = {"states": int, "bits": float, "numbers": int, "perplexity": float}
        return pd.DataFrame(list(self._rows), columns=list(columns)).astype(columns)

    def _train(
        self, config: HMMConfig, corpus: Corpus, sizes: Sequence[int], iterations: int
    ) -> Pieces[None]:
        done, total = 0, sum(sizes)  # a pass costs about as much as there are states
        for size in sizes:
            low, high = done / total, (done + size) / total
            study = StatesStudy(replace(config, states=size), corpus, iterations)
            yield from share(low, high, study.pieces())
            assert study.perplexity is not None
            self._rows.append((size, math.log2(size), study.model.parameter_count, study.perplexity))
            done += size
