"""Sequences as points: the last hidden state of each, the map of them all, and which of them are near.

The state in which a sequence ends is all that an answer at its end is read out of; it is the sequence's embedding.

Shapes: F steps of a training, N sequences, H units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from playground.batch import Batch
from playground.models.network import Network
from playground.projection import projected

AXES = 2
EQUAL = 1e-12  # cosines of 64 bits that differ by less are one, but for rounding
Array = np.ndarray[Any, Any]


def last_states(network: Network, batch: Batch) -> tuple[Array, Array]:
    """Of every sequence, (T, 1, N): the h of the highest layer at its last answer, (N, H), and the answer, (N,).

    The answer is the class with the largest logit. The network is the first replica, and reads forwards.
    """
    trace = network.trace(batch, backward=False)
    time = torch.arange(len(batch.mask))[:, None]
    last = torch.where(batch.mask[:, 0], time, -1).amax(0)  # (N,)
    columns = torch.arange(len(last))
    h = trace[f"l{network.config.layers - 1}.h"][last, 0, columns]
    return h.float().numpy(), trace["logits"][last, 0, columns].argmax(-1).numpy()


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """All sequences at several steps of a training, each step seen along its two principal axes.

    The axes of a step are turned towards those of the step before, so that the map moves and does not flip
    (`playground.projection`).

    Attributes:
        steps: how many updates each map has seen, in order.
        states: (F, N, H). axes: (F, H, 2). mean: (F, H). shares: (F, 2) of the variance. points: (F, N, 2).
    """

    steps: tuple[int, ...]
    states: Array
    axes: Array
    mean: Array
    shares: Array
    points: Array

    @classmethod
    def of(cls, steps: Sequence[int], states: Sequence[Array]) -> "Embedding":
        """The maps of states (N, H), one for every step."""
        stacked = np.stack(states)
        maps = projected(stacked, AXES, None)
        return cls(tuple(steps), stacked, maps.axes, maps.mean, maps.shares, maps.points)

    def place(self, at: int, state: Array) -> Array:
        """Where another state (H,) stands on the map of step number `at`, from 0: (2,)."""
        return (state - self.mean[at]) @ self.axes[at]

    def nearest(self, at: int, state: Array, *, count: int, but: int | None = None) -> pd.DataFrame:
        """The sequences whose states point most nearly the same way: number, from 0, and cosine; nearest first.

        cosine = h · h′ / (‖h‖ ‖h′‖), NaN and last where one of them is zero. but: a sequence to leave out, itself.
        """
        cosines = cosine(self.states[at], state)
        order = np.argsort(-np.where(np.isnan(cosines), -np.inf, cosines), kind="stable")
        order = order[order != but][:count] if but is not None else order[:count]
        return pd.DataFrame({"number": order, "cosine": cosines[order]})


def cosine(states: Array, state: Array) -> Array:
    """The cosine of the angle between each of the states (N, H) and one, (H,): (N,), NaN where one of them is zero."""
    wide, one = states.astype(np.float64), state.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return wide @ one / (np.linalg.norm(wide, axis=1) * np.linalg.norm(one))


def same_class(embedding: Embedding, at: int, classes: Array) -> float:
    """The share of the sequences whose nearest other one, by cosine, is of the same class, at step number `at`.

    classes: (N,). Of several that are equally near, as all are where there is one unit, their share of the class
    counts. A state of zeros has no neighbour and does not count as right.
    """
    wide = embedding.states[at].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        directions = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -np.inf)
    has_direction = np.isfinite(directions).all(1)
    cosines[:, ~has_direction] = -np.inf
    cosines = np.where(np.isnan(cosines), -np.inf, cosines)
    nearest = cosines >= cosines.max(axis=1, keepdims=True) - EQUAL
    alike = (nearest & (classes == classes[:, None])).sum(axis=1) / nearest.sum(axis=1)
    has_neighbour = has_direction & (has_direction.sum() > 1)
    return float(np.where(has_neighbour, alike, 0.0).mean())
