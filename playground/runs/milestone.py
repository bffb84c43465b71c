"""A milestone: a loss that a training reaches at one step, the same for whoever watches, and does not reach again."""

from collections.abc import Callable
from dataclasses import dataclass
from math import fsum

import numpy as np

from playground.corpus import Corpus
from playground.runs.curve import CurvePoints

ROUNDING = 1e-9  # nats by which a difference of two long sums may be wrong


# How many predictions the batches of these steps have, by which their mean losses count.
Predictions = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Milestone:
    """The mean loss of so many updates, one after the other, has come down to `loss`.

    loss: nats per predicted symbol. updates: how many, so that one lucky batch is none. every: of how many batches a
    pass through the text is made, which `updates` is a multiple of: it is looked at where a pass ends, or else some
    windows would count twice and others not at all.
    """

    loss: float
    updates: int
    every: int = 1

    def mean_at(self, points: CurvePoints, step: int, predictions: Predictions) -> float:
        """Mean loss of the updates up to and including a step, as many as it takes: nats per predicted symbol."""
        inside = (points.step > step - self.updates) & (points.step <= step)
        return float(np.average(points.loss[inside], weights=predictions(points.step[inside])))

    def first_in(self, points: CurvePoints, after: int, predictions: Predictions) -> int | None:
        """The first step beyond `after` at which it is reached, as far as these points go.

        Of a curve that has left out steps, the mean is over the points that are there.
        """
        steps = points.step
        ends = np.arange(int(np.searchsorted(steps, after, side="right")), len(steps))
        ends = ends[(steps[ends] >= self.updates - 1) & ((steps[ends] + 1) % self.every == 0)]
        if not len(ends):
            return None
        weights = predictions(steps)
        sums = np.concatenate(([0.0], np.cumsum(points.loss * weights)))
        counts = np.concatenate(([0], np.cumsum(weights)))
        starts = np.searchsorted(steps, steps[ends] - self.updates, side="right")
        means = (sums[ends + 1] - sums[starts]) / (counts[ends + 1] - counts[starts])
        for near in np.flatnonzero(means <= self.loss + ROUNDING):
            inside = slice(starts[near], ends[near] + 1)
            # The same wherever the points begin.
            if fsum(points.loss[inside] * weights[inside]) <= self.loss * weights[inside].sum():
                return int(steps[ends[near]])
        return None


# What a viewer is to stop at, by the text that is read; None where there is no such thing.
MilestoneOf = Callable[[Corpus], Milestone | None]
