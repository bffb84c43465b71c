"""What a job says it needs, against the tensors that are there while it is computed: never less, and not far more."""

import gc
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch

from playground.analysis.gradient_tables import Reading
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.models.network import Network
from playground.pieces import InPieces
from playground.studies import knobs
from playground.studies.clipping import ClippingComparison, ClippingGrid
from playground.studies.knobs import Knobs
from playground.ui.gradients import where
from playground.ui.gradients.knobs import _measure
from playground.ui.gradients.subject import Subject

VERSE = "the quick brown fox jumps over the lazy dog\n" * 3


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


WORK: dict[str, Callable[[], InPieces[Any]]] = {
    "comparison": lambda: ClippingComparison(experiment("lstm"), updates=20),
    "grid": lambda: ClippingGrid(experiment("gru"), updates=3),
    "knobs of an RNN": lambda: knobs_of("rnn", 20),
    "knobs of an LSTM": lambda: knobs_of("lstm", 50),
    "findings": findings,
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
