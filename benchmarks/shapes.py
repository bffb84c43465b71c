"""How fast sequences of every shape are learned, and the models that came before, against the libraries people use.

    python -m benchmarks.shapes [--quick] [--json]

Every task with one network, and with stacked and bidirectional ones, beside the same network in torch.nn with autograd,
`clip_grad_norm_` and fused Adam. Baum–Welch beside hmmlearn; n-grams beside nltk, counted and asked for every symbol of
the text; a conditional random field beside python-crfsuite. A library that is not installed is left out, and that is
said.

One thread, processor time; sides take turns within one run, so a machine that is slow for a while is slow for both;
times are medians over turns, ratios those of the medians.
"""

import argparse
import importlib
import itertools
import math
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.table import Table, Target, show
from benchmarks.tasks import FEW, TorchTask, config_for, task_of
from benchmarks.texts import random_text
from benchmarks.turns import medians
from playground.config import TaskConfig, TextConfig
from playground.corpus import Corpus
from playground.models.crf import CRFConfig, CRFTrainer, Sentences
from playground.models.hmm import BaumWelch, HMMConfig
from playground.models.ngram import NGram, NGramConfig
from playground.pieces import all_of
from playground.tasks import TASKS, Tagging
from playground.training import Trainer

CELLS = ("rnn", "lstm", "gru")
DEEPER = {"2 layers": {"layers": 2}, "both ways": {"bidirectional": True}}
LEAST, TWICE = (
    1.0,
    2.0,
)  # torch.nn's time by ours, at least; twice as fast for those without a call of their own
WARM = 3  # updates before the clock starts
TEXT = TextConfig(random_text(20, 400), sequence_length=100)
STATES, RESTARTS = 8, 8
ORDER = 3
PASSES = 100  # over the sentences, of either field


def networks(names: Sequence[str], cells: Sequence[str], seconds: float) -> Table:
    """Updates a second of every task, with one layer that reads forwards."""
    table = Table(f"Every task, at most {FEW} sequences a batch: torch.nn's time by ours")
    for name, cell in itertools.product(names, cells):
        _beside_torch(table, f"{name}, {cell}", name, config_for(cell), seconds)
    return table


def deeper(names: Sequence[str], cells: Sequence[str], seconds: float) -> Table:
    """The same of stacked networks, and of those that read in both directions, on tasks that allow it."""
    table = Table("Stacked, and both ways: torch.nn's time by ours")
    for name, cell, kind in itertools.product(names, cells, DEEPER):
        config = config_for(cell)
        config = replace(config, network=replace(config.network, **DEEPER[kind]))
        _beside_torch(table, f"{name}, {cell}, {kind}", name, config, seconds)
    return table


def _beside_torch(table: Table, row: str, name: str, config: TaskConfig, seconds: float) -> None:
    """Add how many times as long torch.nn takes for one update."""
    task = task_of(name, FEW)
    theirs, ours = TorchTask(config, task), Trainer(config, task)
    took, best = _timed((theirs.update, ours.update), seconds)
    target = Target("≥", LEAST if config.network.cell == "lstm" else TWICE)
    table.add(row, took / best, "×", target, f"updates/s: {1 / best:,.0f}, torch.nn {1 / took:,.0f}")


def before(seconds: float) -> Table:
    """The models that came before recurrent networks, each beside a library that has them.

    Restarts of Baum–Welch are trained side by side, as the page has them, and counted singly. No speed is demanded of
    the random field: its rival is C throughout, and takes a tenth of a second at most.
    """
    table = Table("Models that came before: the library's time by ours")
    for row, library, sides, target, count in (
        (f"Baum–Welch, {STATES} states, an iteration", "hmmlearn", hmm_sides(1), None, 1),
        (f"the same, of {RESTARTS} restarts", "hmmlearn", hmm_sides(RESTARTS), LEAST, RESTARTS),
        (f"{ORDER}-grams, counted and asked", "nltk", ngram_sides(), LEAST, 1),
        (f"conditional random field, {PASSES} passes", "pycrfsuite", crf_sides(), None, 1),
    ):
        if sides is None:
            table.add(row, None, "×", note=f"{library} is not installed")
            continue
        took, best = _timed(sides, seconds)
        best /= count
        note = f"ms: {1000 * best:.3g}, {library} {1000 * took:.3g}"
        table.add(row, took / best, "×", Target("≥", target) if target else None, note)
    return table


def _library(name: str) -> Any:
    """A library, None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def hmm_sides(restarts: int) -> tuple[Callable[[], object], Callable[[], object]] | None:
    """One iteration of Baum–Welch over the text: of one model by hmmlearn, of several by ours, of which the first has
    the same tables. Each returns what has them. None without hmmlearn."""
    if (library := _library("hmmlearn.hmm")) is None:
        return None
    corpus = Corpus(TEXT)
    ours = BaumWelch(HMMConfig(STATES, restarts), corpus.windows, len(corpus.vocabulary))
    symbols = [[symbol] for window in corpus.windows for symbol in window]
    lengths = [len(window) for window in corpus.windows]
    theirs = library.CategoricalHMM(
        STATES, n_iter=1, tol=-math.inf, init_params="", n_features=len(corpus.vocabulary)
    )
    theirs.startprob_, theirs.transmat_, theirs.emissionprob_ = (table[0].numpy() for table in ours.tables)

    def iterate() -> BaumWelch:
        all_of(ours.iterations_in_pieces(1))
        return ours

    return lambda: theirs.fit(symbols, lengths), iterate


def ngram_sides() -> tuple[Callable[[], object], Callable[[], object]] | None:
    """Counting the text and asking how probable each symbol of it is, by nltk and by ours; each returns a list of
    these. None without nltk."""
    if (library := _library("nltk.lm")) is None:
        return None
    corpus = Corpus(TEXT)
    lines = [["⊢"] * (ORDER - 1) + [str(symbol) for symbol in window] for window in corpus.windows]
    read = [torch.tensor(window) for window in corpus.windows]

    def theirs() -> list[float]:
        model = library.MLE(ORDER)
        grams = [
            [tuple(line[end - n : end]) for end in range(ORDER, len(line) + 1) for n in range(1, ORDER + 1)]
            for line in lines
        ]
        model.fit(grams, vocabulary_text=[symbol for line in lines for symbol in line])
        return [
            model.score(line[t], line[t - ORDER + 1 : t]) for line in lines for t in range(ORDER, len(line))
        ]

    def ours() -> list[float]:
        model = NGram(NGramConfig(ORDER, "none"), corpus.windows, len(corpus.vocabulary))
        chances = [model.log_probabilities(ids[:-1]).gather(1, ids[1:, None]).exp() for ids in read]
        return torch.cat(chances)[:, 0].tolist()

    return theirs, ours


def crf_sides() -> tuple[Callable[[], object], Callable[[], object]] | None:
    """Training on the sentences of the tagging task, by python-crfsuite and by ours; None without it."""
    if (library := _library("pycrfsuite")) is None:
        return None
    task = Tagging()
    sentences, signature = Sentences.of(task.learned), task.signature
    rival = library.Trainer("lbfgs", verbose=False)
    rival.set_params({"c1": 0, "c2": 0.1, "max_iterations": PASSES, "epsilon": 0, "delta": 0})
    for words, tags in zip(sentences.words.T.tolist(), sentences.tags.T.tolist(), strict=True):
        rival.append([[str(word)] for word in words], [str(tag) for tag in tags])
    folder = tempfile.TemporaryDirectory()
    file = str(Path(folder.name) / "model")

    def ours() -> None:
        trainer = CRFTrainer(CRFConfig(), sentences, signature.input_size, signature.output_size)
        all_of(trainer.updates_in_pieces(PASSES))

    def theirs(folder: object = folder) -> None:  # which is there as long as this is
        rival.train(file)

    return theirs, ours


def _timed(sides: Sequence[Callable[[], object]], seconds: float) -> tuple[float, ...]:
    """The seconds that a call of each side takes."""
    with torch.inference_mode(False), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hmmlearn's, of what has not converged
        for side in sides:
            for _ in range(WARM):
                side()
        return medians(sides, seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed of every shape, and of the models that came before.")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("--quick", action="store_true", help="GRU only, a few seconds in all")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cells, seconds = (("gru",), 0.4) if arguments.quick else (CELLS, 1.2)
    tables = [
        networks(list(TASKS), cells, seconds),
        deeper(("each step", "many-to-one"), cells, seconds),
        before(2 * seconds),
    ]
    show(tables, as_json=arguments.json)


if __name__ == "__main__":
    main()
