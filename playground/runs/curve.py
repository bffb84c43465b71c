"""The learning curve: one point per update, thinned to a bounded number without losing a clipped step."""

from dataclasses import dataclass, field

import numpy as np

from playground.training import Update

MAX_POINTS = 4096


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


@dataclass(slots=True)
class Curve:
    """Grows by one point per update; when full, every second point goes and its `clipped` mark is kept by the next."""

    _points: list[tuple[int, float, float, float, bool, float]] = field(default_factory=list)
    _stride: int = 1
    _clipped_since: bool = False

    def add(self, update: Update, replica: int = 0) -> None:
        self._clipped_since |= update.clipped[replica]
        if update.step % self._stride:
            return
        self._points.append(_row(update, replica, self._clipped_since))
        self._clipped_since = False
        if len(self._points) > MAX_POINTS:
            self._halve()

    def _halve(self) -> None:
        self._stride *= 2
        kept, clipped = [], False
        for step, perplexity, norm, clipped_norm, was_clipped, rate in self._points:
            clipped |= was_clipped
            if step % self._stride == 0:
                kept.append((step, perplexity, norm, clipped_norm, clipped, rate))
                clipped = False
        self._points = kept
        self._clipped_since = clipped

    def until(self, step: int) -> "Curve":
        """A copy with the points up to `step`."""
        return Curve([point for point in self._points if point[0] <= step], self._stride)

    def points(self, until: int, newest: Update | None = None) -> CurvePoints:
        """The points of the steps 0 … until, as columns, and after them that of `newest`, not yet part of it."""
        rows = [point for point in self._points if point[0] <= until]
        if newest is not None:
            rows.append(_row(newest, 0, self._clipped_since or newest.clipped[0]))
        columns = list(zip(*rows, strict=True)) or [()] * 6
        kinds = (np.int64, np.float64, np.float64, np.float64, np.bool_, np.float64)
        return CurvePoints(
            *(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True))
        )

    def reaches(self, perplexity: float, after: int, until: int) -> int | None:
        """The first recorded step in (after, until] at or below `perplexity`, or None."""
        for step, value, *_ in self._points:
            if after < step <= until and value <= perplexity:
                return step
        return None

    @property
    def nbytes(self) -> int:
        return 300 * len(self._points)
