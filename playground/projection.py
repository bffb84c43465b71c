"""Principal axes of a path of states that turn smoothly from one frame to the next instead of flipping.

Shapes: T timesteps, H units, k axes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

NOISE = 1e-12  # directions below this part of the largest variance are rounding, not movement


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A path of states seen along k axes: points = (states - mean) @ axes."""

    axes: Tensor  # (H, k), orthonormal columns; the columns beyond H are zero
    mean: Tensor  # (H,)
    shares: Tensor  # (k,), part of the variance along each returned axis; all zero when nothing moves
    points: Tensor  # (T, k)


def principal_axes(states: Tensor, k: int = 2, previous: Tensor | None = None) -> Projection:
    """The k-dimensional view of `states` (T, H) that keeps the most variance (PCA, Pearson 1901).

    PCA fixes a subspace, not a basis of it: an axis may change its sign, and two axes change places where
    their variances cross. With `previous` (H, k), the axes of the frame before, the basis inside the subspace
    is the one nearest to it in the least-squares sense (orthogonal Procrustes, Schönemann 1966); without it
    the axes are the eigenvectors by falling variance, each with its largest entry positive.

    States that do not span k dimensions (T ≤ k, or no movement at all) leave coordinates of zero; their axes
    are filled up from `previous`, then from the unit vectors. States that are not finite have no projection:
    points and shares are NaN and the axes are kept, so the next finite frame goes on from them.

    Raises ValueError when the shapes do not fit.
    """
    if states.ndim != 2 or states.shape[1] == 0:
        raise ValueError(f"states must have the shape (T, H) with H ≥ 1; got {tuple(states.shape)}")
    hidden = states.shape[1]
    if previous is not None and tuple(previous.shape) != (hidden, k):
        raise ValueError(f"previous must have the shape {(hidden, k)}; got {tuple(previous.shape)}")

    path = states.detach().cpu().numpy().astype(np.float64)  # (T, H)
    guide = None if previous is None else previous.detach().cpu().numpy().astype(np.float64)  # (H, k)
    mean = path.sum(axis=0) / max(len(path), 1)
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is answered below
        path = path - mean
        total = float(np.vdot(path, path))

    finite = np.isfinite(total)
    moves = finite and total > NOISE**2 * len(path) * float(mean @ mean)
    axes = _subspace(path if moves else path[:0], k, guide)
    if guide is not None:
        u, _, v = np.linalg.svd(axes.T @ guide[:, : axes.shape[1]])
        axes = axes @ (u @ v)
    if hidden < k:
        axes = np.hstack((axes, np.zeros((hidden, k - hidden))))

    points = path @ axes if moves else np.full((len(path), k), 0.0 if finite else np.nan)
    variances = (points * points).sum(axis=0)
    shares = variances / total if moves else variances
    dtype = states.dtype
    return Projection(*(torch.from_numpy(part).to(dtype) for part in (axes, mean, shares, points)))


def _subspace(path: np.ndarray, k: int, guide: np.ndarray | None) -> np.ndarray:
    """An orthonormal basis (H, min(k, H)) of the leading directions of a centred path (T, H)."""
    steps, hidden = path.shape
    k = min(k, hidden)
    if steps < hidden:  # the T × T Gram matrix has the same spectrum and is the smaller one
        values, vectors = np.linalg.eigh(path @ path.T) if steps else (np.zeros(0), path.T[:0])
    else:
        values, vectors = np.linalg.eigh(path.T @ path)
    values, vectors = values[::-1][:k], vectors[:, ::-1][:, :k]
    rank = int((values > NOISE * values[0]).sum()) if len(values) and values[0] > 0 else 0
    basis = vectors[:, :rank]
    if steps < hidden:
        basis = path.T @ basis / np.sqrt(values[:rank])
    basis = (
        basis * np.where(basis.max(axis=0) < -basis.min(axis=0), -1.0, 1.0) if rank else np.zeros((hidden, 0))
    )
    if rank == k:
        return basis
    candidates = np.eye(hidden) if guide is None else np.hstack((guide, np.eye(hidden)))
    return _fill(basis, candidates, k)


def _fill(basis: np.ndarray, candidates: np.ndarray, k: int) -> np.ndarray:
    """`basis` (H, r) filled up to k columns with what the candidates (H, n) add to it, in their order."""
    for candidate in candidates.T:
        if basis.shape[1] == k:
            break
        for _ in range(2):  # once leaves rounding along the basis, twice is enough
            candidate = candidate - basis @ (basis.T @ candidate)
        length = np.linalg.norm(candidate)
        if length > 1e-3:
            basis = np.column_stack((basis, candidate / length))
    return basis
