"""From the weights of many training steps to their pictures: one pass for several frames at once, as replicas.

Shapes: N frames, T timesteps, H hidden units, U of them drawn, V vocabulary, K likeliest symbols.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.cells.nonlinearity import NONLINEARITIES
from playground.config import NetworkConfig
from playground.models.network import Network, Workspace
from playground.runs.layout import NOT_FINITE_GATE, NOT_FINITE_STATE, SLOPE, FrameLayout, GatePlane
from playground.training import Update

MOST_REPLICAS = 8  # frames of one pass
PASS_BYTES = 4_000_000  # of the buffers of one pass, about
KEPT = 8  # kinds of networks whose darkroom stays


class Exposure(NamedTuple):
    """What a picture is made from: the weights (P,) of a training step, and what its update measured."""

    weights: Tensor
    update: Update


class Paths(NamedTuple):
    """Frames without their trajectories, as records of the layout, and the paths of h they still need."""

    records: np.ndarray  # (N,)
    paths: list[np.ndarray]  # (N, T, H) of each layer


class Darkroom:
    """Reads a sequence with the weights of several steps at once, there and back.

    Two copies of the sequence are read side by side: the losses of the first are added up, and of the second only the
    last one counts, so one pass gives both gradients. What comes out depends on weights and sequence alone. Any thread
    may use it, one at a time.

    Args:
        layout: what to write.
        network: the configuration whose weights will come.
    """

    def __init__(self, layout: FrameLayout, network: NetworkConfig) -> None:
        self.layout = layout
        self._lock = threading.Lock()
        per_position = (
            layout.layers * layout.hidden_size * (3 * len(layout.gates) + 8) + 6 * layout.vocabulary_size
        )
        replicas = max(1, min(MOST_REPLICAS, PASS_BYTES // (8 * layout.length * per_position)))
        signature = Signature.language(layout.vocabulary_size)
        self._network = Network(network, signature, seeds=(0,) * replicas)
        if not self._rows_agree():
            self._network = Network(network, signature, seeds=(0,))
        self._workspace: Workspace | None = None
        self._arrays: dict[str, np.ndarray] = {}

    def _rows_agree(self) -> bool:
        """Whether a pass computes the same bits in every row, tried with equal weights in all of them.

        Products may be rounded by where a row lies in memory, mostly where a width is odd. Frames are then taken one by
        one, because a frame must not depend on those beside it.
        """
        symbols = torch.arange(self.layout.length)[:, None, None] % self.layout.vocabulary_size
        batch = _twice(Batch(symbols, symbols.flip(0), torch.ones_like(symbols, dtype=torch.bool)))
        with torch.inference_mode():
            workspace = self._network.run(batch, reduction="sum", backward=True)
            buffers = workspace.buffers_by_name().values()  # (T, R, 2, ·)
            return all(torch.equal(buffer, buffer[:, :1].expand_as(buffer)) for buffer in buffers)

    def develop(self, exposures: Sequence[Exposure], watched: Batch, reduction: str) -> Paths:
        """The pictures of `exposures`.

        watched: one sequence, (T, 1, 1). reduction: how its losses become the total that is trained, "mean" or "sum".
        """
        replicas = self._network.replicas
        records = np.zeros(len(exposures), self.layout.dtype)
        paths = [
            np.empty((len(exposures), self.layout.length, self.layout.hidden_size), np.float32)
            for _ in range(self.layout.layers)
        ]
        batch = _twice(watched)
        with self._lock, torch.inference_mode():
            for start in range(0, len(exposures), replicas):
                part = slice(start, start + replicas)
                self._write(exposures[part], batch, reduction, records[part], [path[part] for path in paths])
        _measure(records, [exposure.update for exposure in exposures])
        return Paths(records, paths)

    def _write(
        self,
        exposures: Sequence[Exposure],
        batch: Batch,
        reduction: str,
        records: np.ndarray,
        paths: list[np.ndarray],
    ) -> None:
        """One pass, and what it computed into the records and paths of these exposures."""
        count, layout, network = len(exposures), self.layout, self._network
        for row, exposure in zip(network.parameters, exposures, strict=False):
            row.copy_(exposure.weights)
        of = self._buffers(network.run(batch, reduction="sum", backward=True))
        divisor = layout.length if reduction == "mean" else 1
        for layer in range(layout.layers):
            paths[layer][:] = of[f"l{layer}.h"][:, :count, 0].transpose(1, 0, 2)
            for state in layout.states:
                lengths = _lengths(of[f"grad.l{layer}.{state}"][:, :count])  # (T, N, 2)
                records[f"l{layer}.sum.{state}"] = lengths[:, :, 0].T / divisor
                records[f"l{layer}.last.{state}"] = lengths[:, :, 1].T
                plane, scale = _signed_planes(self._units(of[f"l{layer}.{state}"], count))
                records[f"l{layer}.{state}"], records[f"l{layer}.scale.{state}"] = plane, scale
            for gate in layout.gates:
                if gate == SLOPE:  # it follows from h
                    h = torch.as_tensor(self._units(of[f"l{layer}.h"], count))
                    values = NONLINEARITIES[layout.nonlinearity].slope(h).numpy()
                else:
                    values = self._units(of[f"l{layer}.{gate.name}"], count)
                records[f"l{layer}.{gate.name}"] = _gate_planes(values, gate)
        log_odds = of["log_probabilities"][:, :count, 0]  # (T, N, V)
        targets = batch.targets[:, :, :1].numpy()  # (T, 1, 1)
        records["losses"] = -np.take_along_axis(
            log_odds, np.broadcast_to(targets, (*log_odds.shape[:2], 1)), 2
        )[:, :, 0].T
        odds, likeliest = torch.as_tensor(log_odds).exp().topk(layout.likeliest)  # (T, N, K)
        records["odds"] = np.rint(np.nan_to_num(odds.numpy()) * 65535).transpose(1, 0, 2)
        records["likeliest"] = likeliest.numpy().transpose(1, 0, 2)

    def _buffers(self, workspace: Workspace) -> dict[str, np.ndarray]:
        """The buffers (T, R, 2, ·) of a pass by name, which every pass fills again."""
        if workspace is not self._workspace:
            self._workspace = workspace
            self._arrays = {name: tensor.numpy() for name, tensor in workspace.buffers_by_name().items()}
        return self._arrays

    def _units(self, buffer: np.ndarray, count: int) -> np.ndarray:
        """The units drawn of the first `count` frames, as planes are stored: (N, U, T)."""
        return buffer[:, :count, 0, : self.layout.units].transpose(1, 2, 0)


@lru_cache(maxsize=KEPT)
def darkroom(layout: FrameLayout, network: NetworkConfig) -> Darkroom:
    """The darkroom for all runs whose frames are of this kind."""
    return Darkroom(layout, network)


def _twice(watched: Batch) -> Batch:
    """A sequence (T, 1, 1) beside itself, (T, 1, 2); in the second column only the last loss counts."""
    mask = watched.mask.expand(-1, -1, 2).clone()
    mask[:-1, :, 1] = False
    return Batch(watched.inputs.expand(-1, -1, 2), watched.targets.expand(-1, -1, 2), mask)


def _measure(records: np.ndarray, updates: Sequence[Update]) -> None:
    """Write down what the updates measured."""
    records["step"] = [update.step for update in updates]
    records["loss"] = [update.nll[0] for update in updates]
    records["gradient_norm"] = [update.gradient_norm[0] for update in updates]
    records["clipped_norm"] = [update.clipped_norm[0] for update in updates]
    records["learning_rate"] = [update.learning_rate for update in updates]
    records["clipped"] = [update.clipped[0] for update in updates]


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """L2 norms of the vectors in the last axis, in 64 bits: squares underflow and overflow in 32."""
    wide = vectors.astype(np.float64)
    return np.sqrt(np.einsum("...h,...h->...", wide, wide))


def _signed_planes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (N, U, T) as signed bytes, and what 127 stands for: at least 1, so that nothing flickers."""
    finite = np.isfinite(values)
    is_finite = finite.all()
    known = values if is_finite else np.where(finite, values, 0.0)
    scales = np.maximum(1.0, np.abs(known).max(axis=(1, 2)))  # (N,)
    planes = np.rint(known / scales[:, None, None] * 127).astype(np.int8)
    if not is_finite:
        planes[~finite] = NOT_FINITE_STATE
    return planes, scales


def _gate_planes(values: np.ndarray, gate: GatePlane) -> np.ndarray:
    """Values (N, U, T) as bytes 0 … 254 over the gate's range."""
    most = NOT_FINITE_GATE - 1
    finite = np.isfinite(values)
    is_finite = finite.all()
    shares = ((values if is_finite else np.where(finite, values, gate.low)) - gate.low) * (
        most / (gate.high - gate.low)
    )
    planes = np.rint(shares.clip(0, most)).astype(np.uint8)
    if not is_finite:
        planes[~finite] = NOT_FINITE_GATE
    return planes
