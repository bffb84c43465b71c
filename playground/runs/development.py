"""From the numbers of many frames to their bytes, all frames at once.

Shapes: N frames, T timesteps, H hidden units, U of them drawn, V vocabulary, K likeliest symbols.
"""

from typing import NamedTuple

import numpy as np
import torch

from playground.cells.nonlinearity import NONLINEARITIES
from playground.projection import projected
from playground.runs.layout import FrameLayout, GatePlane


class Exposed(NamedTuple):
    """Frames as copied from the network: their steps, and their numbers (N, T, ·) in the order of `layout.parts`."""

    steps: list[int]
    numbers: np.ndarray


def develop(
    layout: FrameLayout, exposed: Exposed, previous: np.ndarray | None
) -> tuple[list[bytes], np.ndarray]:
    """The payloads of N frames, and the axes (N, layers, H, 2) of their trajectories.

    previous: (layers, H, 2), the axes that the first frame is turned towards, if any.
    """
    names, sizes = zip(*layout.parts, strict=True)
    edges = np.cumsum(sizes)[:-1]
    columns = dict(zip(names, np.split(exposed.numbers, edges, axis=2), strict=True))  # (N, T, ·) each
    loss = columns["loss"][:, :, 0]
    with np.errstate(over="ignore", invalid="ignore"):
        perplexity = np.exp(loss.mean(axis=1, keepdims=True))

    magnitudes, trajectories, scales, planes, axes = [], [], [], [], []
    for layer in range(layout.layers):
        for name in layout.states:
            gradient = columns[f"grad.l{layer}.{name}"].astype(np.float64)  # squares underflow in float32
            magnitudes.append(np.sqrt(np.einsum("nth,nth->nt", gradient, gradient)))
            plane, scale = _signed_planes(columns[f"l{layer}.{name}"][:, :, : layout.units])
            planes.append(plane)
            scales.append(scale)
        for gate in layout.gates:
            planes.append(_gate_planes(_gate(columns, layout, layer, gate), gate))
        found = projected(columns[f"l{layer}.h"], 2, None if previous is None else previous[layer])
        trajectories += [found.points, found.shares]
        axes.append(found.axes.astype(np.float32))

    odds, likeliest = torch.from_numpy(columns["log_probabilities"]).exp().topk(layout.likeliest)  # (N, T, K)
    numbers = (perplexity, loss, *magnitudes, *trajectories, *scales)
    parts = [
        np.array(exposed.steps, "<u4")[:, None],
        np.concatenate([_row(part) for part in numbers], axis=1).astype("<f4"),
        _shares(odds.numpy()),
        likeliest.numpy().astype(np.uint8),
        *planes,
    ]
    table = np.zeros((len(exposed.steps), layout.nbytes), np.uint8)
    filled = np.concatenate([_row(part).view(np.uint8) for part in parts], axis=1)
    table[:, : filled.shape[1]] = filled
    return [frame.tobytes() for frame in table], np.stack(axes, axis=1)


def _row(part: np.ndarray) -> np.ndarray:
    """The numbers of each frame one after the other: (N, ·)."""
    return np.ascontiguousarray(part).reshape(len(part), -1)


def _gate(columns: dict[str, np.ndarray], layout: FrameLayout, layer: int, gate: GatePlane) -> np.ndarray:
    """The values (N, T, U) of a gate; a cell without gates shows the slope φ′ instead, which follows from h."""
    name = f"l{layer}.{gate.name}"
    if name in columns:
        return columns[name]
    h = torch.from_numpy(columns[f"l{layer}.h"][:, :, : layout.units])
    return NONLINEARITIES[layout.nonlinearity].slope(h).numpy()


def _finite(values: np.ndarray) -> np.ndarray:
    """The values, with 0 for NaN and the largest number for ∞: bytes have no signs for these."""
    return values if np.isfinite(values).all() else np.nan_to_num(values)


def _shares(odds: np.ndarray) -> np.ndarray:
    """Probabilities as 16-bit shares of 65535."""
    return np.rint(_finite(odds) * 65535).astype("<u2")


def _signed_planes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (N, T, U) as signed bytes (N, U, T), and what 127 stands for: at least 1, so that nothing flickers."""
    values = _finite(values)
    scales = np.maximum(1.0, np.abs(values).max(axis=(1, 2)))[:, None]  # (N, 1)
    return np.rint(values.transpose(0, 2, 1) / scales[:, None] * 127).astype(np.int8), scales


def _gate_planes(values: np.ndarray, gate: GatePlane) -> np.ndarray:
    """Values (N, T, U) as bytes 0 … 255 over the gate's range, (N, U, T)."""
    shares = (_finite(values.transpose(0, 2, 1)) - gate.low) * (255 / (gate.high - gate.low))
    return np.rint(shares.clip(0, 255)).astype(np.uint8)
