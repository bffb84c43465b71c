"""One picture of the network at one training step, small enough to send many times a second.

A frame holds what the stage draws for the watched sequence: hidden and cell states and gates as 8-bit planes, losses and
gradient magnitudes as 32-bit floats, the trajectory of every layer in two dimensions, and the likeliest next symbols.
The layout is that of `FrameLayout`; a frame's `payload` goes to the browser as it is.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.cells import CELLS
from playground.cells.nonlinearity import NONLINEARITIES
from playground.config import NetworkConfig
from playground.projection import principal_axes
from playground.trace import Trace

PLANE_BYTES = 20_000  # all planes of one frame; wider or longer networks show their first units only
LIKELIEST = 5


@dataclass(frozen=True, slots=True)
class GatePlane:
    """A gate as drawn: its name and the range of values that its bytes 0 … 255 span."""

    name: str
    low: float
    high: float


SLOPE = GatePlane("phi", 0.0, 1.0)  # stands in for the gates of a cell that has none: φ′ at the pre-activation


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture at training step `step`; `perplexity` is that of the watched sequence."""

    step: int
    perplexity: float
    payload: bytes

    @property
    def nbytes(self) -> int:
        return len(self.payload) + 100


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """Sizes of a frame's parts: `length` timesteps, `units` of the hidden units, `likeliest` symbols per timestep."""

    cell: str
    nonlinearity: str
    layers: int
    length: int
    units: int
    likeliest: int
    states: tuple[str, ...]
    gates: tuple[GatePlane, ...]

    @classmethod
    def of(cls, config: NetworkConfig, vocabulary_size: int, length: int) -> "FrameLayout":
        """The layout for a network and a watched sequence of `length` timesteps."""
        cell = CELLS[config.cell]
        gates = tuple(GatePlane(name, *cell.ranges[name]) for name in cell.gates) or (SLOPE,)
        rows = length * config.layers * (len(cell.states) + len(gates))
        units = max(4, PLANE_BYTES // rows)
        return cls(
            cell=config.cell,
            nonlinearity=config.nonlinearity,
            layers=config.layers,
            length=length,
            units=min(config.hidden_size, units),
            likeliest=min(LIKELIEST, vocabulary_size),
            states=cell.states,
            gates=gates,
        )

    @property
    def nbytes(self) -> int:
        floats = 1 + self.length  # perplexity, loss
        floats += self.layers * len(self.states) * self.length  # gradient magnitudes
        floats += self.layers * (2 * self.length + 2)  # trajectory and shares of variance
        floats += self.layers * len(self.states)  # plane scales
        planes = self.layers * (len(self.states) + len(self.gates)) * self.units * self.length
        size = 4 + 4 * floats + 3 * self.length * self.likeliest + planes
        return -(-size // 4) * 4


class Camera:
    """Takes frames of one run. It remembers the last axes of each layer so that trajectories do not flip."""

    def __init__(self, layout: FrameLayout) -> None:
        self.layout = layout
        self._axes: list[Tensor | None] = [None] * layout.layers

    def copy(self) -> "Camera":
        """A camera that goes on from the same axes."""
        other = Camera(self.layout)
        other._axes = list(self._axes)
        return other

    def take(self, step: int, trace: Trace) -> Frame:
        """The frame of a trace of the watched sequence alone (R = B = 1), its gradients included."""
        layout = self.layout
        loss = trace["loss"][:, 0, 0]
        magnitudes, trajectories, scales, planes = [], [], [], []
        for layer in range(layout.layers):
            prefix = f"l{layer}."
            states = torch.stack([trace[prefix + name][:, 0, 0] for name in layout.states])  # (S, T, H)
            gradients = torch.stack([trace[f"grad.{prefix}{name}"][:, 0, 0] for name in layout.states])
            magnitudes.append(gradients.norm(dim=-1).flatten())  # (S·T)
            trajectories.append(self._trajectory(layer, states[0]))
            shown = torch.nan_to_num(states[:, :, : layout.units].transpose(1, 2))  # (S, U, T)
            scale = shown.abs().amax(dim=(1, 2)).clamp_(min=1.0)
            scales.append(scale)
            planes.append((shown * (127 / scale[:, None, None])).round_().to(torch.int8).numpy().tobytes())
            planes.append(self._gate_bytes(trace, prefix, states[0]))
        perplexity = loss.mean().exp()
        odds, likeliest = trace["probabilities"][:, 0, 0].topk(layout.likeliest)  # (T, K)
        parts = [
            np.uint32(step).tobytes(),
            torch.cat([perplexity[None], loss, *magnitudes, *trajectories, *scales]).float().numpy().tobytes(),
            (torch.nan_to_num(odds) * 65535).round_().to(torch.int32).numpy().astype("<u2").tobytes(),
            likeliest.to(torch.uint8).numpy().tobytes(),
            *planes,
        ]
        payload = b"".join(parts)
        return Frame(step, float(perplexity), payload.ljust(layout.nbytes, b"\0"))

    def _trajectory(self, layer: int, h: Tensor) -> Tensor:
        """x and y of every timestep and the two shares of variance, in one row."""
        if not bool(torch.isfinite(h).all()):
            return h.new_full((2 * len(h) + 2,), torch.nan)
        projection = principal_axes(h, 2, self._axes[layer])
        self._axes[layer] = projection.axes
        return torch.cat([projection.points.flatten(), projection.shares])

    def _gate_bytes(self, trace: Trace, prefix: str, h: Tensor) -> bytes:
        if self.layout.gates == (SLOPE,):
            values = NONLINEARITIES[self.layout.nonlinearity].slope(h)[None]
        else:
            values = torch.stack([trace[prefix + gate.name][:, 0, 0] for gate in self.layout.gates])
        low = torch.tensor([gate.low for gate in self.layout.gates])[:, None, None]
        high = torch.tensor([gate.high for gate in self.layout.gates])[:, None, None]
        shown = torch.nan_to_num(values[:, :, : self.layout.units].transpose(1, 2))  # (G, U, T)
        return ((shown - low) / (high - low) * 255).round_().to(torch.uint8).numpy().tobytes()
