"""What a job says it needs, against the tensors that are there while it is computed: never less, and not far more."""

import gc
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch

from playground.analysis.gradient_tables import Reading
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.bag import BagConfig
from playground.models.crf import CRFConfig
from playground.models.hmm import HMMConfig
from playground.models.network import Network
from playground.models.window import WindowConfig
from playground.pieces import InPieces
from playground.studies import knobs
from playground.studies.bags import BagStudy
from playground.studies.before import Baselines, RecurrentRow, Settings, WindowSizes, WindowStudy
from playground.studies.clipping import ClippingComparison, ClippingGrid
from playground.studies.knobs import Knobs
from playground.studies.states import StatesStudy, StatesSweep
from playground.studies.taggers import TaggerSettings, TaggerStudy
from playground.tasks.own import OwnTags
from playground.tasks.tagging import Tagging
from playground.ui.gradients import where
from playground.ui.gradients.knobs import _measure
from playground.ui.gradients.subject import Subject

VERSE = "the quick brown fox jumps over the lazy dog\n" * 3
TAGGED = [" ".join(f"w{(i * j) % 50}/t{(i + j) % 12}" for j in range(60)) for i in range(1, 110)]
LINES = VERSE * 5 + "how vexingly quick daft zebras jump\n"


def experiment(cell: str) -> ExperimentConfig:
    return ExperimentConfig(TextConfig(VERSE), NetworkConfig(cell, 32), TrainingConfig(clip="norm"))


def findings() -> InPieces[Any]:
    corpus = Corpus(TextConfig("abcdefghij" * 8, sequence_length=60))
    network = Network(NetworkConfig("lstm", 24, 2), corpus.signature, seeds=(1,))
    batch = corpus.window_batch(0)
    reading = Reading(batch, corpus.labels, step=0)
    subject = Subject(cast(Any, None), 0, network, batch, reading, torch.float64, ())
    return InPieces(where._find(network, batch, reading, torch.float64), needs=where._finding_bytes(subject))


def knobs_of(cell: str, length: int) -> InPieces[Any]:
    made = Knobs(cell, length=length)
    return InPieces(_measure(made), needs=knobs.needed_bytes(made))


def recurrent_row() -> InPieces[Any]:
    config = ExperimentConfig(TextConfig(LINES), NetworkConfig("lstm", 64))
    corpus = Corpus(config.text)
    return RecurrentRow(config, corpus, Network(config.network, corpus.signature, seeds=(1,)), 5, 0)


WORK: dict[str, Callable[[], InPieces[Any]]] = {
    "comparison": lambda: ClippingComparison(experiment("lstm"), updates=20),
    "grid": lambda: ClippingGrid(experiment("gru"), updates=3),
    "knobs of an RNN": lambda: knobs_of("rnn", 20),
    "knobs of an LSTM": lambda: knobs_of("lstm", 50),
    "findings": findings,
    "models before": lambda: Baselines(Corpus(TextConfig(VERSE * 5)), Settings(updates=5)),
    "recurrent row": recurrent_row,
    "window": lambda: WindowStudy(WindowConfig(8, 128), Corpus(TextConfig(VERSE)), 40),
    "bag": lambda: BagStudy(BagConfig(64), Corpus(TextConfig(LINES)), 40),
    "hidden states": lambda: StatesStudy(HMMConfig(24, restarts=16), Corpus(TextConfig(LINES)), 3),
    "numbers of states": lambda: StatesSweep(
        HMMConfig(1, restarts=16), Corpus(TextConfig(LINES)), (1, 32), 12
    ),
    "taggers": lambda: TaggerStudy(
        TaggerSettings(CRFConfig(2), "lstm", 32), Tagging(), updates=10, crf_updates=11
    ),
    "taggers of long lines": lambda: TaggerStudy(
        TaggerSettings(), OwnTags(lines="\n".join(TAGGED)), updates=3, crf_updates=3
    ),
    "window sizes": lambda: WindowSizes(WindowConfig(1, 128), Corpus(TextConfig(VERSE)), 20, (1, 8)),
}


def alive() -> dict[int, int]:
    """Bytes of every storage that a tensor holds, by its place."""
    storages = [each.untyped_storage() for each in gc.get_objects() if type(each) is torch.Tensor]
    return {each.data_ptr(): each.nbytes() for each in storages}


@pytest.mark.parametrize("name", WORK)
def test_a_job_needs_about_what_it_says(name: str) -> None:
    gc.collect()
    before, most = alive().keys(), 0
    work, pieces = WORK[name](), 0
    while not work.advance(0.0):
        pieces += 1
        if pieces % 11 == 1:
            most = max(most, sum(size for place, size in alive().items() if place not in before))
    assert most <= work.needs < 5 * most
