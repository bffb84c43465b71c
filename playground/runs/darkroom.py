"""From the weights of many training steps to their pictures: one pass for several frames at once, as replicas.

Shapes: N frames, R replicas of a pass, L layers, S states of each, T timesteps, H hidden units, V vocabulary, K
likeliest symbols.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.config import NetworkConfig
from playground.models.dropout import Draw
from playground.models.network import Network
from playground.runs.compiled_prints import CompiledPrints
from playground.runs.darkrooms import Darkrooms
from playground.runs.layout import FrameLayout
from playground.runs.prints import Prints, TorchPrints
from playground.training import Update

MOST_REPLICAS = 12  # frames of one pass: those of a tick in a full class, and the newest
PASS_BYTES = 4_000_000  # of the buffers of one pass, about


class Exposure(NamedTuple):
    """What a picture is made from: the weights (P,) of a training step, and what its update measured."""

    weights: Tensor
    update: Update


class Paths(NamedTuple):
    """Frames without their trajectories, as records of the layout, and the paths of h they still need."""

    records: np.ndarray  # (N,)
    paths: np.ndarray  # (N, L, T, H), in 32 bits


def most_replicas(layout: FrameLayout) -> int:
    """How many frames one pass gives: as many as have room in `PASS_BYTES`, about, and at least one."""
    per_position = (
        layout.layers * layout.hidden_size * (3 * len(layout.gates) + 8) + 6 * layout.vocabulary_size
    )
    return max(1, min(MOST_REPLICAS, PASS_BYTES // (8 * layout.length * per_position)))


class Darkroom:
    """Reads a sequence with the weights of several steps at once, there and back.

    Two copies of the sequence are read side by side: the losses of the first are added up, and of the second only that
    of the layout's `loss_at` counts, so one pass gives both gradients. What comes out depends on weights, sequence and
    what is left out alone. Any thread may use it, one at a time.

    Args:
        layout: what to write.
        network: the configuration whose weights will come.
    """

    def __init__(self, layout: FrameLayout, network: NetworkConfig) -> None:
        self.layout = layout
        self._lock = threading.Lock()
        replicas = most_replicas(layout)
        signature = Signature.language(layout.vocabulary_size)
        symbols = torch.arange(layout.length)[:, None, None] % layout.vocabulary_size
        self._watched = Batch(symbols, symbols.flip(0), torch.ones_like(symbols, dtype=torch.bool))
        self._twice = _twice(self._watched, layout.loss_at)
        self._network = Network(network, signature, seeds=(0,) * replicas)
        if replicas > 1 and not self._rows_agree():
            self._network = Network(network, signature, seeds=(0,))
        self._keep_buffers()

    def _rows_agree(self) -> bool:
        """Whether a pass computes the same bits in every row, tried with equal weights in all of them.

        Products may be rounded by where a row lies in memory, mostly where a width is odd. Frames are then taken one by
        one, because a frame must not depend on those beside it.
        """
        self._pass()
        buffers = self._network.workspace(self._twice).buffers_by_name().values()  # (T, R, 2, ·)
        return all(torch.equal(buffer, buffer[:, :1].expand_as(buffer)) for buffer in buffers)

    def _pass(self, draws: Sequence[Draw] | None = None) -> None:
        """There and back with the present weights, as far as states and gates; both copies leave out the same."""
        with torch.inference_mode():
            self._network.run(self._twice, reduction="sum", backward=True, of_weights=False, step=draws)

    def _keep_buffers(self) -> None:
        """What is read off the buffers that every pass fills again."""
        layout, workspace = self.layout, self._network.workspace(self._twice)
        buffers = workspace.buffers_by_name()  # (T, R, 2, ·)
        self._h = [buffers[f"l{layer}.h"][:, :, 0].transpose(0, 1).numpy() for layer in range(layout.layers)]
        make = CompiledPrints if workspace.over_time.is_compiled else TorchPrints
        self._prints: Prints = make(layout, buffers)

    def develop(
        self,
        exposures: Sequence[Exposure],
        watched: Batch,
        reduction: str,
        draws: Sequence[Draw] | None = None,
    ) -> Paths:
        """The pictures of `exposures`.

        watched: one sequence, (T, 1, 1). reduction: how its losses become the total that is trained, "mean" or "sum".
        draws: what dropout leaves out in each exposure; None where nothing is left out.
        """
        layout, replicas = self.layout, self._network.replicas
        records = np.zeros(len(exposures), layout.dtype)
        paths = np.empty((len(exposures), layout.layers, layout.length, layout.hidden_size), dtype=np.float32)
        with self._lock, torch.inference_mode():
            if watched is not self._watched and not _equal(watched, self._watched):
                self._watched, self._twice = watched, _twice(watched, layout.loss_at)
            for start in range(0, len(exposures), replicas):
                part = slice(start, start + replicas)
                weights = tuple(exposure.weights for exposure in exposures[part])
                self._write(weights, reduction, draws and draws[part], records[part], paths[part])
        _measure(records, [exposure.update for exposure in exposures])
        return Paths(records, paths)

    def see(self, paths: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Paths as `develop` gives them along axes (N, L, H, 2), in 64 bits: as `playground.projection.seen_along`."""
        with self._lock:
            return self._prints.see(paths, axes)

    def _write(
        self,
        weights: tuple[Tensor, ...],
        reduction: str,
        draws: Sequence[Draw] | None,
        records: np.ndarray,
        paths: np.ndarray,
    ) -> None:
        """One pass with these weights, and what it computed into their records and paths."""
        count = len(weights)
        torch.stack(weights, out=self._network.parameters[:count])
        self._pass(draws)
        for layer, h in enumerate(self._h):
            paths[:, layer] = h[:count]
        self._prints.write(records, reduction)

    @property
    def nbytes(self) -> int:
        """Bytes of its network and buffers."""
        return self._network.nbytes + self._prints.nbytes


def _equal(one: Batch, other: Batch) -> bool:
    """Whether two sequences are the same: then what a pass has read need not be read again."""
    return torch.equal(one.inputs, other.inputs) and torch.equal(one.targets, other.targets)


def _twice(watched: Batch, loss_at: int) -> Batch:
    """A sequence (T, 1, 1) beside itself, (T, 1, 2); in the second column only the loss at one timestep counts."""
    mask = watched.mask.expand(-1, -1, 2).clone()
    mask[:, :, 1] = False
    mask[loss_at, :, 1] = watched.mask[loss_at, :, 0]
    return Batch(watched.inputs.expand(-1, -1, 2), watched.targets.expand(-1, -1, 2), mask)


def _measure(records: np.ndarray, updates: Sequence[Update]) -> None:
    """Write down what the updates measured."""
    records["measured"] = [
        (each.step, each.nll[0], each.gradient_norm[0], each.clipped_norm[0], each.learning_rate)
        for each in updates
    ]
    records["clipped"] = [each.clipped[0] for each in updates]


darkroom: Darkrooms[Darkroom] = Darkrooms(Darkroom)  # for all runs whose frames are of a layout and network
