"""How a training was before it exploded: the last step that was as usual, and how long gradients usually were."""

from dataclasses import dataclass

import numpy as np

from playground.config import FIELDS, Range
from playground.runs.curve import CurvePoints

FEW = 5  # steps before the end, at least: what is about to break may look whole
USUAL = 2  # times the median that a usual gradient is long at most
DIGITS = 2  # of a threshold


@dataclass(frozen=True, slots=True)
class Health:
    """The last healthy step of a training that explodes.

    step: some steps before the end, its gradient not unusually long; 0 where there is none. norm: the median of the
    gradients' lengths up to it, rounded to two digits and moved into what a threshold of clipping may be.
    is_healthy: whether there is such a step. is_median: whether the norm had to be moved nowhere.
    """

    step: int
    norm: float
    is_healthy: bool = True
    is_median: bool = True


def last_healthy(points: CurvePoints) -> Health | None:
    """The last healthy step of a curve that ends in an explosion; None if it ends before any update."""
    end = int(points.step[-1])
    if end == 0:
        return None
    norms = points.gradient_norm
    usual = USUAL * float(np.median(norms[np.isfinite(norms)]))
    healthy = np.flatnonzero((norms <= usual) & (points.step <= end - FEW))
    last = int(healthy[-1]) if len(healthy) else 0
    median = float(f"{np.median(norms[: last + 1]):.{DIGITS}g}")
    threshold = _threshold(median)
    return Health(int(points.step[last]), threshold, len(healthy) > 0, threshold == median)


def _threshold(norm: float) -> float:
    """The nearest that a threshold of clipping may be."""
    kind = FIELDS["clip_threshold"]
    assert isinstance(kind, Range)
    return min(max(norm, kind.low), kind.high)
