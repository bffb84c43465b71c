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

    step: some steps before the end, its gradient not unusually long. norm: the median of the gradients' lengths up to
    it, rounded to two digits and moved into what a threshold of clipping may be.
    """

    step: int
    norm: float


def last_healthy(points: CurvePoints) -> Health | None:
    """The last healthy step of a curve that ends in an explosion; None if it ends before any update."""
    end = int(points.step[-1])
    if end == 0:
        return None
    norms = points.gradient_norm
    usual = USUAL * float(np.median(norms[np.isfinite(norms)]))
    healthy = np.flatnonzero((norms <= usual) & (points.step <= end - FEW))
    last = int(healthy[-1]) if len(healthy) else 0
    return Health(int(points.step[last]), _threshold(float(np.median(norms[: last + 1]))))


def _threshold(norm: float) -> float:
    kind = FIELDS["clip_threshold"]
    assert isinstance(kind, Range)
    return min(max(float(f"{norm:.{DIGITS}g}"), kind.low), kind.high)
