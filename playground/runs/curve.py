"""The learning curve: one point per update, thinned to a bounded number without losing a clipped step."""

from dataclasses import dataclass, replace

import numpy as np

from playground.training import Update

MAX_POINTS = 4096
FIRST_POINTS = 256  # room to begin with; it doubles
KINDS = (
    np.int64,
    np.float64,
    np.float64,
    np.float64,
    np.bool_,
    np.float64,
)  # of the columns of `CurvePoints`


@dataclass(frozen=True, slots=True)
class CurvePoints:
    """Columns of equal length, ascending step.

    step: training step whose weights were measured. perplexity: of the batch of that step. gradient_norm, clipped_norm:
    L2 norm over all parameters, before and after clipping. clipped: whether clipping changed any update since the
    previous point. learning_rate: the one the update used.
    """

    step: np.ndarray
    perplexity: np.ndarray
    gradient_norm: np.ndarray
    clipped_norm: np.ndarray
    clipped: np.ndarray
    learning_rate: np.ndarray

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return (
            self.step,
            self.perplexity,
            self.gradient_norm,
            self.clipped_norm,
            self.clipped,
            self.learning_rate,
        )

    def thinned(self, count: int) -> "CurvePoints":
        """At most about `count` points: every n-th, the newest always; `clipped` covers the points left out."""
        size = len(self.step)
        if size <= count:
            return self
        every = -(-size // (count - 1))
        kept = np.arange(size - 1, -1, -every)[::-1]
        starts = np.concatenate(([0], kept[:-1] + 1))
        return CurvePoints(
            step=self.step[kept],
            perplexity=self.perplexity[kept],
            gradient_norm=self.gradient_norm[kept],
            clipped_norm=self.clipped_norm[kept],
            clipped=np.logical_or.reduceat(self.clipped, starts),
            learning_rate=self.learning_rate[kept],
        )


def _row(update: Update, replica: int, clipped: bool) -> tuple[int, float, float, float, bool, float]:
    return (
        update.step,
        update.perplexity[replica],
        update.gradient_norm[replica],
        update.clipped_norm[replica],
        clipped,
        update.learning_rate,
    )


class Curve:
    """Grows by one point per update; when full, every second point goes and its `clipped` mark is kept by the next.

    The points are columns with room to grow. What lies before the last point never changes in place, so whoever was
    handed a piece of a column may keep it.
    """

    def __init__(self) -> None:
        self._columns: tuple[np.ndarray, ...] = tuple(np.empty(0, kind) for kind in KINDS)
        self._size = 0
        self._stride = 1
        self._clipped_since = False

    def add(self, update: Update, replica: int = 0) -> None:
        self._clipped_since |= update.clipped[replica]
        if update.step % self._stride:
            return
        if self._size == len(self._columns[0]):
            room = max(self._size, FIRST_POINTS)
            self._columns = tuple(
                np.concatenate((column, np.empty(room, column.dtype))) for column in self._columns
            )
        for column, value in zip(self._columns, _row(update, replica, self._clipped_since), strict=True):
            column[self._size] = value
        self._size += 1
        self._clipped_since = False
        if self._size > MAX_POINTS:
            self._halve()

    def _halve(self) -> None:
        self._stride *= 2
        points = CurvePoints(*(column[: self._size] for column in self._columns))
        kept = np.flatnonzero(points.step % self._stride == 0)  # step 0 is among them
        starts = np.concatenate(([0], kept[:-1] + 1))
        clipped = np.logical_or.reduceat(points.clipped[: kept[-1] + 1], starts)
        self._clipped_since = bool(points.clipped[kept[-1] + 1 :].any())
        halved = replace(CurvePoints(*(column[kept] for column in points.columns)), clipped=clipped)
        self._size = len(kept)  # first: a reader without a lock must not count more points than it finds
        self._columns = halved.columns

    def until(self, step: int) -> "Curve":
        """A copy with the points up to `step`."""
        copy = Curve()
        copy._columns = tuple(column.copy() for column in self.points(step).columns)
        copy._size, copy._stride = len(copy._columns[0]), self._stride
        return copy

    def points(self, until: int, newest: Update | None = None) -> CurvePoints:
        """The points of the steps 0 … until, as columns, and after them that of `newest`, not yet part of it."""
        columns, size = self._columns, self._size
        size = int(np.searchsorted(columns[0][:size], until, side="right"))
        points = CurvePoints(*(column[:size] for column in columns))
        if newest is None:
            return points
        row = _row(newest, 0, self._clipped_since or newest.clipped[0])
        return CurvePoints(*map(np.append, points.columns, row))

    def reaches(self, perplexity: float, after: int, until: int) -> int | None:
        """The first recorded step in (after, until] at or below `perplexity`, or None."""
        points = self.points(until)
        first = int(np.searchsorted(points.step, after, side="right"))
        reached = np.flatnonzero(points.perplexity[first:] <= perplexity)
        return int(points.step[first + reached[0]]) if len(reached) else None

    @property
    def nbytes(self) -> int:
        return sum(column.nbytes for column in self._columns)
