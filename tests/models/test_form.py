"""Which form a pass takes, and that torch computes what has no compiled form."""

from dataclasses import replace

import pytest
import torch

from benchmarks.equations import EQUATIONS
from playground import updates
from playground.batch import Signature
from playground.cells import CELLS
from playground.cells.lstm_fast import FastLSTM
from playground.config import NetworkConfig
from playground.kernels.engine import can_compile, using
from playground.models.form import over_time, takes_loops
from playground.models.network import Network
from playground.optimizers import SGD
from tests.kinds import register
from tests.models.reference import random_batch

LANGUAGE = Signature.language(4)


class FastStandIn(FastLSTM):
    """Of a cell whose loops nobody has written for the compiler."""


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize(("replicas", "batch"), [(1, 1), (1, 64), (8, 1), (16, 64)])
def test_a_cell_is_computed_by_compiled_loops_where_they_can_be_had(
    cell: str, replicas: int, batch: int
) -> None:
    assert takes_loops(cell) == can_compile()
    assert over_time(cell, 2, replicas, batch, torch.float32).is_compiled == can_compile()
    with using(loops=False):
        assert not takes_loops(cell)
        assert not over_time(cell, 2, replicas, batch, torch.float32).is_compiled
    assert not takes_loops(cell, torch.float64)


def test_torch_computes_a_cell_without_a_compiled_form(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(CELLS["lstm"], name="stand-in", fast=FastStandIn)
    register(monkeypatch, spec, EQUATIONS["lstm", "tanh"])
    batch = random_batch(LANGUAGE, 5, 1, 2)
    network = Network(NetworkConfig("stand-in", 3, 2, bidirectional=True), LANGUAGE, seeds=(0,))
    found = network.trace(batch)
    assert not network.workspace(batch).over_time.is_compiled and not takes_loops("stand-in")
    with using(loops=False):
        expected = Network(NetworkConfig("lstm", 3, 2, bidirectional=True), LANGUAGE, seeds=(0,)).trace(batch)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


def test_torch_computes_an_optimiser_without_a_compiled_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "OPTIMIZERS", {"stand-in": SGD, "sgd": SGD})
    tensors = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, -4.0]])
    for name, is_compiled in (("stand-in", False), ("sgd", can_compile())):
        found, _ = updates.updates_for(name, "off", *tensors, updates.Book(1))
        assert isinstance(found, updates.Compiled) == is_compiled
        assert isinstance(found, updates.InTorch) != is_compiled
