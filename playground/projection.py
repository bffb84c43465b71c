"""Principal axes of a path of states that turn smoothly from one frame to the next instead of flipping.

Shapes: T timesteps, H units, k axes.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

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

    guide = None if previous is None else previous.detach().cpu().numpy()
    parts = projected(states.detach().cpu().numpy()[None], k, guide)
    return Projection(*(torch.from_numpy(part[0]).to(states.dtype) for part in parts))


class Projections(NamedTuple):
    """The parts of a `Projection` for each of N paths, in double precision."""

    axes: np.ndarray  # (N, H, k)
    mean: np.ndarray  # (N, H)
    shares: np.ndarray  # (N, k)
    points: np.ndarray  # (N, T, k)


class _Centred(NamedTuple):
    """N paths from their means, in double precision; those that do not move, or are not finite, are all zero."""

    paths: np.ndarray  # (N, T, H)
    mean: np.ndarray  # (N, H)
    total: np.ndarray  # (N,), the sum of all squares, T times the variance
    finite: np.ndarray  # (N,)
    moves: np.ndarray  # (N,)


def projected(states: np.ndarray, k: int, previous: np.ndarray | None) -> Projections:
    """`principal_axes` of N paths (N, T, H) in a row, each turned towards the one before it, the first to `previous`.

    The eigenvectors of all paths come from one call; only the turning goes from path to path.
    """
    paths, mean, total, finite, moves = centred = _centred(states)
    axes = _turned(centred, k, previous)
    points = paths @ axes
    variances = np.einsum("ntk,ntk->nk", points, points)
    shares = variances / np.where(moves, total, 1.0)[:, None]
    points[~finite] = shares[~finite] = np.nan
    return Projections(axes, mean, shares, points)


def turned_axes(states: np.ndarray, k: int, previous: np.ndarray | None) -> np.ndarray:
    """The axes of `projected` alone, (N, H, k), to the same bits."""
    return _turned(_centred(states), k, previous)


def _centred(states: np.ndarray) -> _Centred:
    paths = states.astype(np.float64)
    steps = paths.shape[1]
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is answered below
        mean = paths.sum(axis=1) / max(steps, 1)
        paths -= mean[:, None]
        total = np.einsum("nth,nth->n", paths, paths)
        finite = np.isfinite(total)
        moves = finite & (total > NOISE**2 * steps * np.einsum("nh,nh->n", mean, mean))
    if not moves.all():
        paths[~moves] = 0.0
    return _Centred(paths, mean, total, finite, moves)


def _turned(centred: _Centred, k: int, previous: np.ndarray | None) -> np.ndarray:
    """The leading axes (N, H, k), each path's turned towards those of the one before it."""
    count, _, hidden = centred.paths.shape
    bases, ranks = _subspaces(centred.paths, min(k, hidden))
    axes = np.zeros((count, hidden, k))
    guide = None if previous is None else previous.astype(np.float64)
    for number, (basis, rank) in enumerate(zip(bases, ranks.tolist(), strict=True)):
        if rank < basis.shape[1]:
            candidates = np.eye(hidden) if guide is None else np.hstack((guide, np.eye(hidden)))
            basis = _fill(basis[:, :rank], candidates, basis.shape[1])
        if guide is not None:
            basis = basis @ _turn(basis.T @ guide[:, : basis.shape[1]])
        axes[number, :, : basis.shape[1]] = basis
        guide = axes[number]
    return axes


def _turn(overlap: np.ndarray) -> np.ndarray:
    """The orthogonal matrix nearest to a square one: u vᵀ of its singular value decomposition u s vᵀ.

    Of two rows and columns it is a rotation or a reflection, whichever is nearer, and known in closed form.
    """
    if overlap.shape != (2, 2):
        u, _, v = np.linalg.svd(overlap)
        return u @ v
    (a, b), (c, d) = overlap.tolist()
    rotation, reflection = math.hypot(a + d, b - c), math.hypot(a - d, b + c)
    if rotation >= reflection:
        x, y = ((a + d) / rotation, (b - c) / rotation) if rotation else (1.0, 0.0)
        return np.array(((x, y), (-y, x)))
    x, y = (a - d) / reflection, (b + c) / reflection
    return np.array(((x, y), (y, -x)))


def _subspaces(paths: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal bases (N, H, k) of the leading directions of centred paths (N, T, H), and how many columns hold.

    Each column has its largest entry positive; the columns beyond a path's rank are arbitrary.
    """
    count, steps, hidden = paths.shape
    across = paths.transpose(0, 2, 1)
    # Of the Gram matrices T × T and H × H, which share their spectrum, the smaller one.
    values, vectors = np.linalg.eigh(paths @ across if steps < hidden else across @ paths)
    values, vectors = values[:, ::-1][:, :k], vectors[:, :, ::-1][:, :, :k]
    largest = values[:, :1] if steps else np.zeros((count, 1))
    held = (values > NOISE * largest) & (largest > 0)
    if steps < hidden:
        vectors = across @ (vectors / np.sqrt(np.where(held, values, 1.0))[:, None])
    bases = vectors
    if vectors.shape[2] < k:
        bases = np.zeros((count, hidden, k))
        bases[:, :, : vectors.shape[2]] = vectors
    is_negative = bases.max(axis=1) < -bases.min(axis=1)
    return bases * np.where(is_negative, -1.0, 1.0)[:, None], held.sum(axis=1)


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


def seen_along(paths: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Paths (…, T, H) along given orthonormal axes (…, H, k): points (…, T, k), and the share (…) of the variance that
    they show together.

    Each path is seen from its own mean. A path that does not move has points and share 0; of one that is not finite
    they are NaN.
    """
    wide = paths.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is answered below
        mean = wide.sum(axis=-2) / max(wide.shape[-2], 1)
        wide -= mean[..., None, :]
        total = np.einsum("...th,...th->...", wide, wide)
        finite = np.isfinite(total)
        moves = finite & (total > NOISE**2 * paths.shape[-2] * np.einsum("...h,...h->...", mean, mean))
    if not moves.all():
        wide[~moves] = 0.0
        total[~moves] = 1.0
    points = wide @ axes
    shares = np.minimum(np.einsum("...tk,...tk->...", points, points) / total, 1.0)
    if not finite.all():
        points[~finite] = np.nan
        shares[~finite] = np.nan
    return points, shares
