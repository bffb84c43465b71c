"""What a result holds, against sizes worked out by hand."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch

from playground.batch import Signature
from playground.config import NetworkConfig
from playground.jobs.size import held_bytes
from playground.models.network import Network
from tests.models.reference import random_batch

KILO = 1000


@dataclass(frozen=True, slots=True)
class Found:
    table: pd.DataFrame
    parts: dict[str, torch.Tensor] = field(default_factory=dict[str, torch.Tensor])


class Plain:
    def __init__(self) -> None:
        self.numbers = np.zeros(KILO)


def test_tensors_arrays_and_tables_wherever_they_are() -> None:
    whole = torch.zeros(10 * KILO)  # 40,000 bytes
    assert 40_000 <= held_bytes(whole) < 41_000
    assert 40_000 <= held_bytes({"view": whole[3:5]}) < 41_000, "a view keeps all of it alive"
    assert held_bytes([whole, whole[0], whole]) < 41_000, "each once"
    assert 8 * KILO <= held_bytes(Plain()) < 9 * KILO
    table = pd.DataFrame({"t": np.arange(KILO), "loss": np.zeros(KILO)})
    assert 16 * KILO <= held_bytes(table) < 17 * KILO
    assert 56 * KILO <= held_bytes(Found(table, {"weight": whole})) < 58 * KILO


def test_what_holds_itself_is_counted_once() -> None:
    ring: list[object] = [1.0]
    ring.append(ring)
    assert 0 < held_bytes(ring) < KILO


def test_what_only_looks_like_a_mapping_of_attributes_is_no_part() -> None:
    class Library:  # as functions of a library in C are
        def __getattribute__(self, name: str) -> object:
            return len if name == "__dict__" else object.__getattribute__(self, name)

    assert 0 < held_bytes([Library()]) < KILO


def test_what_a_library_keeps_for_the_whole_process_is_no_part() -> None:
    assert held_bytes([np, torch]) < KILO
    network = Network(NetworkConfig("gru", 3), Signature("symbols", 4, 3), seeds=[0])
    network.trace(random_batch(network.signature, 5, 1, 2))  # by compiled functions, where there are any
    assert network.nbytes < held_bytes(network) < network.nbytes + 200 * KILO
