"""Frames by compiled loops, held to those by torch and NumPy."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor

from playground.cells import CELLS
from playground.config import NetworkConfig, TextConfig
from playground.corpus import Corpus
from playground.kernels.engine import can_compile
from playground.runs.compiled_prints import CompiledPrints
from playground.runs.layout import FrameLayout
from playground.runs.prints import TorchPrints

REPLICAS = 3
KINDS = [(cell, "tanh") for cell in CELLS] + [("rnn", "relu"), ("rnn", "sigmoid"), ("rnn", "linear")]

pytestmark = pytest.mark.skipif(not can_compile(), reason="Numba is an extra")


def layout_of(cell: str, nonlinearity: str) -> FrameLayout:
    network = NetworkConfig(cell, 9, 2, nonlinearity=nonlinearity)
    return FrameLayout.of(network, Corpus(TextConfig("hello world, hello")))


def buffers_for(layout: FrameLayout) -> dict[str, Tensor]:
    """What a pass might have computed, drawn at random; gates as parts of wider rows, as cells keep them."""
    generator = torch.Generator().manual_seed(3)
    shape = layout.length, REPLICAS, 2

    def drawn(width: int, low: float, high: float) -> Tensor:
        return torch.rand(*shape, width, generator=generator) * (high - low) + low

    buffers = {
        "loss": drawn(1, 0, 3),
        "log_probabilities": drawn(layout.vocabulary_size, -9, 3).log_softmax(-1),
    }
    for layer in range(layout.layers):
        for state in layout.states:
            lowest = 0 if layout.nonlinearity == "relu" else -1 - layer
            buffers[f"l{layer}.{state}"] = drawn(layout.hidden_size, lowest, 1 + layer)
            buffers[f"grad.l{layer}.{state}"] = drawn(layout.hidden_size, -1e-3, 1e-3)
        if CELLS[layout.cell].gates:
            wide = drawn(layout.hidden_size * len(layout.gates), 0, 1)
            parts = zip(layout.gates, wide.split(layout.hidden_size, dim=-1), strict=True)
            buffers |= {f"l{layer}.{gate.name}": part for gate, part in parts}
    return buffers


def records_of(
    kind: type[CompiledPrints] | type[TorchPrints],
    layout: FrameLayout,
    buffers: Mapping[str, Tensor],
    reduction: str = "mean",
    count: int = REPLICAS,
) -> np.ndarray:
    records = np.zeros(count, layout.dtype)
    kind(layout, buffers).write(records, reduction)
    return records


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_both_write_the_same(cell: str, nonlinearity: str, reduction: str) -> None:
    """Odds may differ where rounding decides, norms and distances in the order in which they are added."""
    layout = layout_of(cell, nonlinearity)
    buffers = buffers_for(layout)
    mine, theirs = (
        records_of(kind, layout, buffers, reduction, count=2) for kind in (CompiledPrints, TorchPrints)
    )
    assert mine["planes"].any() and mine["odds"].any() and layout.pairs
    for name in ("losses", "likeliest", "planes", "xy", "measured"):
        of = (each["layers"] if name == "xy" else each for each in (mine, theirs))
        np.testing.assert_array_equal(*(each[name] for each in of))
    np.testing.assert_allclose(mine["odds"].astype(int), theirs["odds"].astype(int), rtol=0, atol=1)
    states, expected = mine["layers"]["states"], theirs["layers"]["states"]
    np.testing.assert_array_equal(states["scale"], expected["scale"])
    np.testing.assert_allclose(states["norms"], expected["norms"], rtol=3e-7)
    np.testing.assert_allclose(mine["layers"]["apart"], theirs["layers"]["apart"], rtol=3e-7)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_has_a_byte_of_its_own(value: float) -> None:
    layout = layout_of("lstm", "tanh")
    buffers = buffers_for(layout)
    buffers["l1.h"][2, 1, 0, 3] = buffers["l0.f"][4, 0, 0, 2] = value
    mine, theirs = (records_of(kind, layout, buffers) for kind in (CompiledPrints, TorchPrints))
    np.testing.assert_array_equal(mine["planes"], theirs["planes"])
    np.testing.assert_array_equal(mine["layers"]["states"]["scale"], theirs["layers"]["states"]["scale"])


def test_odds_that_are_not_numbers_are_0_of_symbols_that_there_are() -> None:
    layout = layout_of("lstm", "tanh")
    buffers = buffers_for(layout)
    buffers["log_probabilities"][1, 0] = float("nan")
    record = records_of(CompiledPrints, layout, buffers)[0]
    assert not record["odds"][1].any() and record["odds"][2].any()
    assert len(set(record["likeliest"][1].tolist())) == layout.likeliest


def test_of_equal_odds_the_first_symbols_come_first() -> None:
    layout = layout_of("lstm", "tanh")
    buffers = buffers_for(layout)
    buffers["log_probabilities"][0, 0, 0] = -2.0
    buffers["log_probabilities"][0, 0, 0, 6] = -1.0
    record = records_of(CompiledPrints, layout, buffers)[0]
    assert record["likeliest"][0].tolist() == [6, 0, 1, 2, 3]
    assert record["odds"][0].tolist() == [24109, 8869, 8869, 8869, 8869]  # 65535/e, 65535/e²


def test_paths_are_seen_as_by_numpy() -> None:
    """One that moves, one that rests but for rounding, and one that is not finite; of each two layers."""
    layout = layout_of("lstm", "tanh")
    buffers = buffers_for(layout)
    random = np.random.default_rng(1)
    shape = 3, layout.layers, layout.length, layout.hidden_size
    paths = random.normal(size=shape).astype(np.float32)
    paths[1] = np.float32(0.3)
    paths[2, 1, 4, 5] = np.inf
    axes = np.linalg.qr(random.normal(size=(*shape[:2], layout.hidden_size, 2)))[0]
    prints = CompiledPrints(layout, buffers)
    assert len(prints.see(paths[:1], axes[:1])[0]) == 1  # more of them and fewer, one after the other
    points, shares = prints.see(paths, axes)
    expected = TorchPrints(layout, buffers).see(paths, axes)
    np.testing.assert_allclose(points, expected[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(shares, expected[1], rtol=1e-12)
    assert (shares[0] > 0.01).all() and not shares[1].any() and np.isnan(shares[2, 1]) and shares[2, 0] > 0
    assert not points[1].any() and np.isnan(points[2, 1]).all()


def test_paths_of_another_size_are_refused() -> None:
    """Compiled loops would read what is not theirs."""
    layout = layout_of("lstm", "tanh")
    prints = CompiledPrints(layout, buffers_for(layout))
    shape = 2, layout.layers, layout.length, layout.hidden_size
    axes = np.zeros((*shape[:2], layout.hidden_size, 2))
    for longer in range(1, 4):
        wrong = tuple(size + (place == longer) for place, size in enumerate(shape))
        with pytest.raises(ValueError, match="not of this layout"):
            prints.see(np.zeros(wrong, np.float32), axes)
    with pytest.raises(ValueError, match="not of this layout"):
        prints.see(np.zeros(shape, np.float32), axes[:1])
