"""All models of one text: each learns it, is measured on it and on lines that it has not seen, and writes a little.

A model's perplexity on the text is that of one which has learned all of it: this is what floors are about. For held-out
lines the same model learns anew, from the other lines alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from playground.analysis.before import HeldOut, hold_out
from playground.config import ExperimentConfig, NetworkConfig, Range
from playground.corpus import Corpus
from playground.models.bag import BagConfig, BagTrainer
from playground.models.hmm import PART, BaumWelch, HMMConfig
from playground.models.mlp import BATCH
from playground.models.model import PLACES, LanguageModel, loss_in_pieces, perplexity
from playground.models.network import Network
from playground.models.ngram import MAX_ORDER, NGram, NGramConfig
from playground.models.window import WindowConfig, WindowTrainer
from playground.passes.generation import Continuation, generate_in_pieces
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import replica_of
from playground.pieces import SMALL_BYTES, InPieces, Pieces, share
from playground.runs.size import trainer_bytes
from playground.studies.learning import TextStudy
from playground.training import Trainer

WRITTEN = 40  # symbols at most
ALLOWED_UPDATES = Range(1, 5000)  # of a fixed window
ITERATIONS = 60  # of Baum–Welch
COLUMNS = {
    "model": object,
    "memory": float,
    "numbers": float,
    "perplexity": float,
    "held_out": float,
    "given": object,
    "writes": object,
}
# What is held at once, in bytes; counted by hand and measured.
COUNTED = 160  # of a prediction: contexts of five lengths as numbers, and what is sorted
BAGGED = 6  # of a prediction and a symbol: its count, and again while lines are joined
BELIEVED = 10 * 8  # of a prediction, a state and a restart: tables of a pass there and back
READ = 10  # numbers of 32 bits of a unit and a prediction: states, gates and what they are made of

Sequences = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the models of the table are made of, and the seed of what they write. updates: of a bag and of a window."""

    smoothing: str = "none"
    alpha: float = 1.0
    bag: BagConfig = field(default_factory=BagConfig)
    window: WindowConfig = field(default_factory=WindowConfig)
    updates: int = 600
    hmm: HMMConfig = field(default_factory=HMMConfig)
    seed: int = 0


class Entry(NamedTuple):
    """A model of the table.

    memory: how many symbols it sees; None for any number. make: learns some sequences of so many symbols. weight: how
    long it takes beside the others, about, with a long text.
    """

    memory: Callable[[Settings], int | None]
    make: Callable[[Settings, Sequences, int], Pieces[LanguageModel]]
    weight: int = 1


def _ngram(order: int) -> Entry:
    def make(settings: Settings, sequences: Sequences, size: int) -> Pieces[LanguageModel]:
        yield 0.0
        return NGram(NGramConfig(order, settings.smoothing, settings.alpha), sequences, size)

    return Entry(lambda settings: order - 1, make)


def _bag(settings: Settings, sequences: Sequences, size: int) -> Pieces[LanguageModel]:
    trainer = BagTrainer(settings.bag, sequences, size)
    yield from trainer.updates_in_pieces(settings.updates)
    return trainer.model


def _window(settings: Settings, sequences: Sequences, size: int) -> Pieces[LanguageModel]:
    trainer = WindowTrainer(settings.window, sequences, size)
    yield from trainer.updates_in_pieces(settings.updates)
    return trainer.model


def _hmm(settings: Settings, sequences: Sequences, size: int) -> Pieces[LanguageModel]:
    trainer = BaumWelch(settings.hmm, sequences, size)
    yield from share(0.0, 0.98, trainer.iterations_in_pieces(ITERATIONS))
    yield from share(0.98, 1.0, trainer.measure_in_pieces())
    return trainer.model()


MODELS: Mapping[str, Entry] = MappingProxyType(
    {
        "bag": Entry(lambda settings: None, _bag),
        **{f"ngram_{order}": _ngram(order) for order in range(1, MAX_ORDER + 1)},
        "window": Entry(lambda settings: settings.window.size, _window),
        "hmm": Entry(lambda settings: None, _hmm, weight=8),
    }
)


def _bytes(settings: Settings, corpus: Corpus) -> int:
    """What the models of the table hold, one after the other: the largest of them."""
    size, hmm = len(corpus.vocabulary), settings.hmm
    numbers = min(PART, hmm.restarts * hmm.states * (corpus.predictions + len(corpus.windows)))
    largest = max(
        COUNTED * corpus.predictions,
        BAGGED * size * corpus.predictions,
        BELIEVED * numbers,
        _window_bytes(settings.window, corpus),
    )
    return SMALL_BYTES + largest


def _window_bytes(config: WindowConfig, corpus: Corpus) -> int:
    """What a fixed window holds: its weights four times, for Adam; all predictions; and what a batch of them makes."""
    size, hidden = len(corpus.vocabulary), config.hidden_size
    inputs = config.size * (config.embedding or size)
    weights = hidden * (inputs + size + 1) + size * (config.embedding + 1)
    batch = min(corpus.predictions, BATCH) * (inputs + hidden + 3 * size)
    return 4 * (4 * weights + batch + size**2) + 8 * corpus.predictions * (config.size + 1)


def _reading_bytes(network: NetworkConfig, corpus: Corpus) -> int:
    """What a network holds while it reads windows side by side to be measured."""
    of_one = READ * network.layers * network.hidden_size + 4 * len(corpus.vocabulary)
    return 4 * min(corpus.predictions, PLACES) * of_one


class _Rows(InPieces[None]):
    """Rows of the table, as far as they are measured."""

    def __init__(
        self, corpus: Corpus, parts: HeldOut | None, seed: int, pieces: Pieces[None], needs: int
    ) -> None:
        super().__init__(pieces, needs=needs)
        self.corpus, self.parts = corpus, parts
        self._seed = seed
        self._rows: list[dict[str, object]] = []

    @property
    def pending(self) -> str | None:
        """The model whose perplexity on held-out lines is not measured yet, though its row is there; None if none."""
        is_open = bool(self._rows) and self.parts is not None and "held_out" not in self._rows[-1]
        return str(self._rows[-1]["model"]) if is_open else None

    def frame(self) -> pd.DataFrame:
        """What is measured so far: model, memory, numbers, perplexity, held_out, given, writes.

        memory: how many symbols are seen, NaN for any number. numbers: how many were learned, or counted. perplexity:
        on the text. held_out: on the held-out lines, by the model made from the others; NaN where there are none, or
        not yet. given, writes: the first symbol of the text, and what comes after it.
        """
        return pd.DataFrame(self._rows, columns=list(COLUMNS)).astype(COLUMNS)

    def _measure(self, name: str, memory: int | None, model: LanguageModel) -> Pieces[None]:
        """Add the row of a model that has learned the text."""
        nats = yield from share(0.0, 0.7, loss_in_pieces(model, self.corpus.windows))
        first = self.corpus.windows[0][:1]
        wanted = Continuation(first, WRITTEN, seed=self._seed, end=self.corpus.eos_id)
        made = yield from share(0.7, 1.0, generate_in_pieces(model, wanted))
        given, drawn = self.corpus.continuation(first, made)
        row = {"model": name, "memory": memory, "numbers": model.parameter_count}
        self._rows.append(row | {"perplexity": perplexity(nats), "given": given, "writes": drawn})

    def _measure_held_out(self, model: LanguageModel) -> Pieces[None]:
        """Complete the last row, by the model that has learned the kept lines."""
        assert self.parts is not None
        nats = yield from loss_in_pieces(model, self.parts.held_out.windows)
        self._rows[-1]["held_out"] = perplexity(nats)


class Baselines(_Rows):
    """The models of the table that are not recurrent."""

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        pieces, needs = self._compare(settings), _bytes(settings, corpus)
        super().__init__(corpus, hold_out(corpus), settings.seed, pieces, needs)

    def _compare(self, settings: Settings) -> Pieces[None]:
        size, before = len(self.corpus.vocabulary), 0
        whole = sum(entry.weight for entry in MODELS.values())
        for name, entry in MODELS.items():
            at = [(before + entry.weight * part) / whole for part in (0.0, 0.4, 0.5, 0.9, 1.0)]
            before += entry.weight
            model = yield from share(at[0], at[1], entry.make(settings, self.corpus.windows, size))
            yield from share(at[1], at[2], self._measure(name, entry.memory(settings), model))
            if self.parts is not None:
                made = entry.make(settings, self.parts.kept.windows, size)
                model = yield from share(at[2], at[3], made)
                yield from share(at[3], at[4], self._measure_held_out(model))


class RecurrentRow(_Rows):
    """The row of a recurrent network: as it is after so many updates of its own training, and, for held-out lines,
    after as many updates on the others alone, by the same settings and the same seed.

    Args:
        config: its experiment. corpus: that of the experiment's text. network: as it is. step: after how many updates.
        seed: of what it writes.
    """

    def __init__(
        self, config: ExperimentConfig, corpus: Corpus, network: Network, step: int, seed: int
    ) -> None:
        needs = trainer_bytes(config, corpus) + _reading_bytes(config.network, corpus)
        super().__init__(corpus, hold_out(corpus), seed, self._measured(config, network, step), needs)

    def _measured(self, config: ExperimentConfig, network: Network, step: int) -> Pieces[None]:
        model = RecurrentModel(replica_of(network))
        yield from share(0.0, 0.1, self._measure("recurrent", None, model))
        if self.parts is None:
            return
        kept = self.parts.kept
        network = Network(config.network, kept.signature, seeds=(config.seed,))
        trainer = Trainer(config, kept, network=network)
        for made in range(step):
            if not trainer.update().finite:
                break
            yield 0.1 + 0.8 * (made + 1) / step
        yield from share(0.9, 1.0, self._measure_held_out(RecurrentModel(replica_of(network))))


class WindowStudy(TextStudy[WindowTrainer]):
    """A fixed window while it learns a text, and its weights in the end."""

    def __init__(self, config: WindowConfig, corpus: Corpus, updates: int) -> None:
        trainer = WindowTrainer(config, corpus.windows, len(corpus.vocabulary))
        super().__init__(trainer, corpus, updates, needs=_window_bytes(config, corpus))


class WindowSizes(InPieces[None]):
    """Fixed windows of several sizes, otherwise alike, after as many updates each."""

    def __init__(self, config: WindowConfig, corpus: Corpus, updates: int, sizes: Sequence[int]) -> None:
        self._rows: list[tuple[int, int, float]] = []
        needs = _window_bytes(replace(config, size=max(sizes)), corpus)
        super().__init__(self._train(config, corpus, updates, sizes), needs=needs)

    def frame(self) -> pd.DataFrame:
        """What is trained so far: memory, numbers, perplexity."""
        columns = {"memory": int, "numbers": int, "perplexity": float}
        return pd.DataFrame(self._rows, columns=list(columns)).astype(columns)

    def _train(
        self, config: WindowConfig, corpus: Corpus, updates: int, sizes: Sequence[int]
    ) -> Pieces[None]:
        for place, size in enumerate(sizes):
            trainer = WindowTrainer(replace(config, size=size), corpus.windows, len(corpus.vocabulary))
            low, high = place / len(sizes), (place + 1) / len(sizes)
            yield from share(low, high, trainer.updates_in_pieces(updates))
            nats = yield from share(high, high, loss_in_pieces(trainer.model, corpus.windows))
            self._rows.append((size, trainer.model.parameter_count, perplexity(nats)))
