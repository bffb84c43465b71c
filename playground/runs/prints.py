"""What one pass has computed with the weights of several steps, written as records of a layout.

Shapes: N frames, R replicas of the pass, L layers, S states of each, T timesteps, H hidden units, K likeliest symbols.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from playground.projection import seen_along
from playground.runs.layout import FrameLayout
from playground.runs.planes import Planes


class Prints(Protocol):
    """Fields of frames, from buffers that every pass fills again.

    Of the two columns of a pass, the first is drawn; its gradients are those of all losses, those of the second of one.
    """

    def write(self, records: np.ndarray, reduction: str) -> None:
        """Write what follows from the last pass into the records (N,) of its first N replicas, but no trajectories.

        reduction: how the losses become the total of which the gradients are shown, "mean" or "sum".
        """
        ...

    def see(self, paths: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Paths (N, L, T, H), of 32 bits, along axes (N, L, H, 2): points and shares, as `seen_along`."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of its buffers."""
        ...


class TorchPrints:
    """By torch and NumPy, many frames in each call.

    Args:
        layout: what to write.
        buffers: (T, R, 2, ·) by name.
    """

    def __init__(self, layout: FrameLayout, buffers: Mapping[str, Tensor]) -> None:
        self._layout = layout
        self._planes = Planes(layout, buffers)
        self._h = [buffers[f"l{layer}.h"][:, :, 0].transpose(0, 1).numpy() for layer in range(layout.layers)]
        replicas = self._h[0].shape[0]
        shape = layout.layers, len(layout.states), layout.length, replicas, 2, layout.hidden_size
        self._gradients = torch.zeros(shape, dtype=torch.float64)
        self._gradients_from = [
            (self._gradients[layer, number], buffers[f"grad.l{layer}.{state}"])
            for layer in range(layout.layers)
            for number, state in enumerate(layout.states)
        ]
        self._losses = buffers["loss"][:, :, 0, 0].T.numpy()  # (R, T)
        self._log_odds = buffers["log_probabilities"][:, :, 0]  # (T, R, V)

    def write(self, records: np.ndarray, reduction: str) -> None:
        count, layout = len(records), self._layout
        layers = records["layers"]
        for layer, h in enumerate(self._h):
            path = h[:count].astype(np.float64)
            for number, (a, b) in enumerate(layout.pairs):
                layers["apart"][:, layer, number] = np.linalg.norm(path[:, b] - path[:, a], axis=-1)

        self._planes.read()
        records["planes"] = self._planes.numbers[:count]
        layers["states"]["scale"] = self._planes.scales[:count]
        lengths = self._lengths()[:, :, :, :count].transpose(3, 0, 1, 4, 2)  # (N, L, S, 2, T)
        if reduction == "mean":
            lengths[:, :, :, 0] /= layout.length
        layers["states"]["norms"] = lengths

        records["losses"] = self._losses[:count]
        odds, likeliest = self._log_odds.exp().topk(layout.likeliest)  # (T, R, K)
        odds.nan_to_num_().mul_(65535).round_()
        records["odds"] = odds.numpy()[:, :count].transpose(1, 0, 2)
        records["likeliest"] = likeliest.numpy()[:, :count].transpose(1, 0, 2)

    def see(self, paths: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return seen_along(paths, axes)

    def _lengths(self) -> np.ndarray:
        """L2 norms of the gradients, (L, S, T, R, 2), in 64 bits: squares underflow and overflow in 32."""
        for wide, gradient in self._gradients_from:
            wide.copy_(gradient)
        vectors = self._gradients.numpy()
        return np.sqrt(np.einsum("...h,...h->...", vectors, vectors))

    @property
    def nbytes(self) -> int:
        return self._planes.nbytes + self._gradients.nbytes
