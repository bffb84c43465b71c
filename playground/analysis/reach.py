"""What becomes of a gradient on its way back through time, in one word and a number or two: what a sentence can say.

Everything here is read from the columns of the tables that the figures are drawn from, so a sentence and its figure
cannot part.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

HEARD = 0.01  # of the gradient at the loss's own timestep: with less, a state is as good as not heard
GROWS = 10.0  # times as large: no longer what it was, but more
TINIEST = 5e-324  # of the positive numbers in 64 bits: what is not 0 has no share of 0
ALIKE = 0.1  # a change by less than this part is none to speak of


class Fate(Enum):
    """What becomes of a gradient."""

    ALONE = "alone"  # there is no timestep before the loss's own
    BROKEN = "broken"  # some of it is no finite number
    SILENT = "silent"  # there is none to begin with: it is exactly 0 at the loss's own timestep
    GROWS = "grows"
    ARRIVES = "arrives"  # the first state is heard
    FADES = "fades"


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one loss's gradient back through the states.

    farthest: the largest number of timesteps back at which it is still heard. share: what arrives at the first state,
    as a part of what there is at the loss's own timestep; largest, at: the largest such part of all states, and how
    many timesteps back that is. Parts are ∞ where they are beyond 64 bits, and NaN where there is nothing to be a
    part of.
    """

    fate: Fate
    farthest: int
    share: float
    largest: float
    at: int


def way_back(norms: np.ndarray) -> Way:
    """The way of a gradient whose norms are given from the loss's own timestep back to the first state, (t,), t ≥ 1."""
    values = np.asarray(norms, dtype=np.float64)
    if len(values) == 0:
        raise ValueError("norms must hold at least that of the loss's own timestep; got none")
    if not np.isfinite(values).all():
        return Way(Fate.BROKEN, 0, np.nan, np.nan, 0)
    own = values[0]
    if own == 0:
        return Way(Fate.SILENT, 0, np.nan, np.nan, 0)
    with np.errstate(over="ignore"):
        shares = np.where(values > 0, np.maximum(values / own, TINIEST), 0.0)
    farthest, at = int(np.flatnonzero(shares >= HEARD)[-1]), int(shares.argmax())
    if len(values) == 1:
        fate = Fate.ALONE
    elif shares[at] >= GROWS:
        fate = Fate.GROWS
    else:
        fate = Fate.ARRIVES if farthest == len(values) - 1 else Fate.FADES
    return Way(fate, farthest, float(shares[-1]), float(shares[at]), at)


def share_left(terms: np.ndarray, total: float) -> float:
    """‖Σ terms‖ as a part of Σ ‖terms‖: 1 where all point the same way, 0 where they cancel; NaN without a term.

    terms: the norms of all terms, of which total is the norm of the sum. Not finite where they are not.
    """
    together = float(np.sum(terms))
    return float(total) / together if together != 0 else float("nan")


def change(first: float, last: float) -> float:
    """`last` as a multiple of `first`, both not negative: ∞ beyond 64 bits, NaN from nothing or from no number."""
    if not (np.isfinite(first) and np.isfinite(last)) or first == 0:
        return float("nan")
    with np.errstate(over="ignore"):
        return float(np.float64(last) / np.float64(first))


def crossing(places: np.ndarray, values: np.ndarray, level: float = 1.0) -> tuple[float | None, float | None]:
    """Between which two places a curve first comes up to a level: (before, at).

    before is None where it is there from the first place on, at is None where it never is. places ascend.
    """
    above = np.flatnonzero(np.asarray(values, dtype=np.float64) >= level)
    if not len(above):
        return float(places[-1]), None
    first = int(above[0])
    return (float(places[first - 1]) if first else None), float(places[first])
