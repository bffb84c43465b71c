"""One picture of the network at one training step, small enough to send many times a second.

A frame holds what the stage draws for the watched sequence: states and gates as 8-bit planes, losses and gradient
magnitudes as 32-bit floats, the trajectory of every layer in two dimensions, and the likeliest next symbols.
The layout is that of `FrameLayout`; a frame's `payload` goes to the browser as it is.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from playground.cells import CELLS
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


SLOPE = GatePlane(
    "phi", 0.0, 1.0
)  # stands in for the gates of a cell that has none: φ′ at the pre-activation


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
        loss = _column(trace, "loss")  # (T,)
        with np.errstate(over="ignore"):
            perplexity = float(np.exp(loss.mean()))
        magnitudes, trajectories, scales, planes = [], [], [], []
        for layer in range(layout.layers):
            prefix = f"l{layer}."
            for name in layout.states:
                gradient = _column(trace, f"grad.{prefix}{name}").astype(
                    np.float64
                )  # squares underflow in float32
                magnitudes.append(np.sqrt(np.einsum("th,th->t", gradient, gradient)))
                plane, scale = _signed_plane(_column(trace, prefix + name)[:, : layout.units])
                planes.append(plane)
                scales.append([scale])
            for gate in layout.gates:
                name = "slope" if gate == SLOPE else gate.name
                planes.append(_gate_plane(_column(trace, prefix + name)[:, : layout.units], gate))
            projection = principal_axes(trace[prefix + "h"][:, 0, 0], 2, self._axes[layer])
            self._axes[layer] = projection.axes
            trajectories += [projection.points.numpy().ravel(), projection.shares.numpy()]
        odds, likeliest = trace["probabilities"][:, 0, 0].topk(layout.likeliest)  # (T, K)
        numbers = np.concatenate([[perplexity], loss, *magnitudes, *trajectories, *scales])
        payload = b"".join(
            [
                np.uint32(step).tobytes(),
                numbers.astype("<f4").tobytes(),
                _shares(odds.numpy()),
                likeliest.numpy().astype(np.uint8).tobytes(),
                *planes,
            ]
        )
        return Frame(step, perplexity, payload.ljust(layout.nbytes, b"\0"))


def _column(trace: Trace, name: str) -> np.ndarray:
    """The only replica and sequence of a trace: (T,) or (T, …)."""
    return trace[name][:, 0, 0].numpy()


def _finite(values: np.ndarray) -> np.ndarray:
    """The values, with 0 for NaN and the largest number for ∞: bytes have no signs for these."""
    return values if np.isfinite(values).all() else np.nan_to_num(values)


def _shares(odds: np.ndarray) -> bytes:
    """Probabilities as 16-bit shares of 65535."""
    return np.rint(_finite(odds) * 65535).astype("<u2").tobytes()


def _signed_plane(values: np.ndarray) -> tuple[bytes, float]:
    """Values (T, U) as signed bytes, unit by unit, and what 127 stands for: at least 1, so that nothing flickers."""
    values = _finite(values)
    scale = max(1.0, float(np.abs(values).max()))
    return np.rint(values.T / scale * 127).astype(np.int8).tobytes(), scale


def _gate_plane(values: np.ndarray, gate: GatePlane) -> bytes:
    """Values (T, U) as bytes 0 … 255 over the gate's range, unit by unit."""
    share = (_finite(values.T) - gate.low) * (255 / (gate.high - gate.low))
    return np.rint(share.clip(0, 255)).astype(np.uint8).tobytes()
