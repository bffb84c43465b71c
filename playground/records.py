"""What updates measure: of one, and of several in a row."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from playground.kernels.table import FINITE
from playground.models.model import perplexity


class Update(NamedTuple):
    """What one update measured. The tuples have one entry per replica.

    Loss and gradient are those of the weights *before* the update, so `step` is how many updates they had
    seen: the first Update has step 0 and the loss of the untrained network.
    """

    step: int
    loss: tuple[float, ...]  # what was differentiated: nll, or with reduction "sum" the sum over predictions
    nll: tuple[float, ...]  # mean loss per prediction: nats, or the squared error
    gradient_norm: tuple[float, ...]  # ‖∂loss/∂parameters‖₂ before clipping
    clipped_norm: tuple[float, ...]  # after clipping: what the optimiser got
    clipped: tuple[bool, ...]  # whether clipping changed the gradient
    learning_rate: float  # the config's at this step; replicas with rates of their own keep to those
    clips: tuple[int, ...]  # how many updates, this one included, were clipped so far
    finite: (
        bool  # False: loss or gradient of a replica is not a number any more; that replica was not updated
    )

    @property
    def perplexity(self) -> tuple[float, ...]:
        """exp(nll), the number of symbols between which the network is as good as guessing; ∞ beyond 64 bits."""
        return tuple(map(perplexity, self.nll))


def updates_of(lines: np.ndarray, first: int, learning_rate: float, *, is_mean: bool) -> list[Update]:
    """What lines (N, R, 7) of a table say, whose columns are those of `playground.kernels.table`.

    first: the step of the first. learning_rate: of all of them. is_mean: whether the mean loss was differentiated, or
    the sum.
    """
    updates: list[Update] = []
    for step, line in enumerate(lines.tolist(), first):
        nll, total, norm, clipped_norm, clipped, clips, finite = zip(*line, strict=True)
        loss = nll if is_mean else total
        is_clipped, so_far = tuple([each == 1 for each in clipped]), tuple([int(each) for each in clips])
        is_finite = 0 not in finite
        updates.append(
            Update(step, loss, nll, norm, clipped_norm, is_clipped, learning_rate, so_far, is_finite)
        )
    return updates


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What updates in a row measured, all with one learning rate.

    step: that of the first. learning_rate: as in `Update`. lines: (N, R, 7), one for each update, with the columns of
    `playground.kernels.table`. is_mean: whether the mean loss was differentiated, or the sum.
    """

    step: int
    learning_rate: float
    lines: np.ndarray
    is_mean: bool

    def update(self, number: int) -> Update:
        """One of them, counted from 0."""
        lines = self.lines[number : number + 1]
        return updates_of(lines, self.step + number, self.learning_rate, is_mean=self.is_mean)[0]

    @property
    def is_finite(self) -> bool:
        """Whether no replica has exploded; of the updates before the last, none has just then."""
        return bool(self.lines[-1, :, FINITE].all())

    def __len__(self) -> int:
        return len(self.lines)
