"""The learning curve: what every update measured. The record keeps steps by a rule, and forgets none of them."""

from dataclasses import dataclass
from math import log

import numpy as np

from playground.kernels.table import CLIPPED, CLIPPED_NORM, CLIPS, FINITE, NLL, NORM
from playground.records import Stretch
from playground.runs.kept import kept_of
from playground.training import Update

FIRST = 16_384  # steps whose points are all kept
ROOM = 256  # points to make room for at first; it doubles


@dataclass(frozen=True, slots=True, eq=False)
class CurvePoints:
    """Columns of equal length, ascending step; a row is what the weights of its step measured on their batch.

    step: updates made before. loss: mean nats per predicted symbol. gradient_norm, clipped_norm: L2 norm over all
    parameters, before and after clipping. clipped: whether clipping changed this very update. clips: how many updates
    up to this one, itself included, were clipped. learning_rate: the one this update uses.
    """

    step: np.ndarray  # int64
    loss: np.ndarray  # float64
    gradient_norm: np.ndarray  # float64
    clipped_norm: np.ndarray  # float64
    clipped: np.ndarray  # bool
    clips: np.ndarray  # int64
    learning_rate: np.ndarray  # float64

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        norms = self.gradient_norm, self.clipped_norm
        return (self.step, self.loss, *norms, self.clipped, self.clips, self.learning_rate)

    @property
    def perplexity(self) -> np.ndarray:
        """exp(loss): the number of symbols between which the network is as good as guessing; ∞ beyond 64 bits."""
        with np.errstate(over="ignore"):
            return np.exp(self.loss)

    @property
    def clipped_share(self) -> np.ndarray:
        """Of the updates after the row before, up to this one, the part that was clipped."""
        before = np.concatenate(([0], self.clips[:-1]))
        since = np.concatenate((self.step[:1] + 1, np.diff(self.step)))
        return (self.clips - before) / since

    def followed_by(self, update: Update, most: int | None = None) -> "CurvePoints":
        """These points and after them that of a later update, all of them as `thinned(most)`."""
        size = len(self)
        if most is not None and size >= most:
            kept = _drawn(size + 1, most)[:-1]
            return CurvePoints(*(column[kept] for column in self.columns)).followed_by(update)
        columns = zip(self.columns, _row(update), strict=True)
        return CurvePoints(
            *(np.concatenate((column, [value]), dtype=column.dtype) for column, value in columns)
        )

    def last(self, count: int) -> "CurvePoints":
        """The newest points, `count` of them if there are so many."""
        return CurvePoints(*(column[max(0, len(self) - count) :] for column in self.columns))

    def thinned(self, count: int) -> "CurvePoints":
        """At most `count` points to draw, on an even axis of steps or a logarithmic one; first and newest always."""
        size = len(self.step)
        if size <= count:
            return self
        kept = _drawn(size, count)
        return CurvePoints(*(column[kept] for column in self.columns))

    def __len__(self) -> int:
        return len(self.step)


def _drawn(size: int, count: int) -> np.ndarray:
    """At most `count` of the places 0 … size − 1, both ends among them: half evenly spaced, half by their logarithm."""
    is_drawn = np.zeros(size, dtype=np.bool_)
    is_drawn[np.expm1(np.log1p(size - 1) * np.arange(count // 2) / (count // 2)).astype(np.int64)] = True
    is_drawn[_evenly(size, max(2, count - count // 2))] = True
    return np.flatnonzero(is_drawn)


def _evenly(size: int, count: int) -> np.ndarray:
    """`count` of the places 0 … size − 1, both ends among them."""
    return (np.arange(count) * (size - 1) + (count - 1) // 2) // (count - 1)


KINDS = (np.int64, np.float64, np.float64, np.float64, np.bool_, np.int64, np.float64)  # of the columns


def _row(update: Update) -> tuple[int, float, float, float, bool, int, float]:
    """The point of an update of one replica."""
    norms = update.gradient_norm[0], update.clipped_norm[0]
    return update.step, update.nll[0], *norms, update.clipped[0], update.clips[0], update.learning_rate


class Curve:
    """One point per update, as columns with room to grow.

    Points are only ever added, so whoever was handed a piece of a column may keep it, and may read without a lock.
    """

    def __init__(self) -> None:
        self._columns: tuple[np.ndarray, ...] = tuple(np.empty(0, kind) for kind in KINDS)
        self._size = 0

    def add(self, stretch: Stretch, replica: int = 0) -> None:
        """Add the points of updates, newer than all others, before which the replica has not exploded.

        The record keeps those that its rule says.
        """
        lines = stretch.lines[:, replica]
        is_kept = (lines[:, FINITE] == 1) & kept_of(stretch.step, len(stretch), FIRST)
        steps, lines = stretch.step + np.flatnonzero(is_kept), lines[is_kept]
        end = self._size + len(steps)
        while end > len(self._columns[0]):
            room = max(self._size, ROOM)
            self._columns = tuple(
                np.concatenate((column, np.empty(room, column.dtype))) for column in self._columns
            )
        measured = (lines[:, kind] for kind in (NLL, NORM, CLIPPED_NORM, CLIPPED, CLIPS))
        for column, values in zip(self._columns, (steps, *measured, stretch.learning_rate), strict=True):
            column[self._size : end] = values
        self._size = end  # last: a reader without a lock must not count more points than it finds

    def until(self, step: int) -> "Curve":
        """A copy with the points before `step`, to go on from there."""
        other = Curve()
        points = self.points(step - 1)
        other._columns = tuple(column.copy() for column in points.columns)
        other._size = len(points)
        return other

    def points(self, until: int) -> CurvePoints:
        """The points of the steps 0 … until."""
        size = self._size
        columns = self._columns
        size = int(np.searchsorted(columns[0][:size], until, side="right"))
        return CurvePoints(*(column[:size] for column in columns))

    def reaches(self, perplexity: float, after: int, until: int) -> int | None:
        """The first step in (after, until] at or below `perplexity`, or None; exact where every step is kept."""
        points = self.points(until)
        first = int(np.searchsorted(points.step, after, side="right"))
        reached = np.flatnonzero(points.loss[first:] <= log(perplexity))
        return int(points.step[first + reached[0]]) if len(reached) else None

    @property
    def nbytes(self) -> int:
        return sum(column.nbytes for column in self._columns)
