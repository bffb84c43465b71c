"""Tape: what one replica of a run has recorded, up to its newest step."""

from collections.abc import Callable
from math import isfinite, log

from torch import Tensor

from playground.kernels.table import FINITE
from playground.records import Stretch
from playground.runs.album import Album, Frame
from playground.runs.curve import Curve, CurvePoints
from playground.runs.kept import Kept
from playground.runs.milestone import Milestone, Predictions
from playground.runs.sample import Sample
from playground.training import Explosion, Update

FIRST_SAMPLES = 8  # steps after each of which a sample is drawn; then ever more rarely: one costs ten updates
SAMPLE_BYTES = 400
WAITING_BYTES = 500_000  # of a tape among many: weights of samples that nobody has read yet


Draw = Callable[[int, Tensor], Sample]  # from a step and the weights (P,) of its network


class Draft:
    """A sample that is drawn when it is first read. Any thread may read it: each would draw the same."""

    __slots__ = ("_sample", "_step", "_weights")

    def __init__(self, step: int, weights: Tensor) -> None:
        self._step = step
        self._weights: Tensor | None = weights
        self._sample: Sample | None = None

    def read(self, draw: Draw) -> Sample:
        """The sample."""
        if (weights := self._weights) is not None:
            self._sample = draw(self._step, weights)
            self._weights = None  # last: whoever sees no weights finds the sample
        assert self._sample is not None
        return self._sample

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the weights that it is still to be drawn from."""
        weights = self._weights
        return 0 if weights is None else weights.nbytes


class Tape:
    """The record of one replica. It grows only while its run advances; any thread may read it meanwhile.

    Args:
        album: its frames.
        waits: whether samples are drawn when they are read: of many replicas, most are not.

    Attributes:
        album: its frames. drafts: its samples.
        explosion: what stopped being a finite number at its newest step, if anything has: it goes no further.
        newest: what its newest step measures.
    """

    newest: Update

    def __init__(self, album: Album, *, waits: bool = False) -> None:
        self.album = album
        self._waits = waits
        self.explosion: Explosion | None = None
        self._curve = Curve()
        self.drafts: Kept[Draft] = Kept(FIRST_SAMPLES)
        # Up to which step each was looked for, and where it is.
        self._milestones: dict[Milestone, tuple[int, int | None]] = {}

    @property
    def step(self) -> int:
        """The newest step that can be shown."""
        return self.newest.step

    def add_sample(self, step: int, weights: Tensor, draw: Draw) -> None:
        """Keep the sample of `step`, to be drawn from a copy of its weights (P,)."""
        self.drafts.add(step, Draft(step, weights))
        if not self._waits or self._waiting_bytes > WAITING_BYTES:
            self.samples(step, draw)

    def add(self, stretch: Stretch, replica: int, weights: Tensor | None) -> None:
        """The points of updates in a row and, if there is a copy of the weights (P,) before the first, their frame.

        At a step at which the replica explodes it is looked at.
        """
        self._curve.add(stretch, replica)
        if weights is not None and stretch.lines[0, replica, FINITE]:
            self.album.expose(weights, of_replica(stretch.update(0), replica))

    def look(self, newest: Update, weights: Tensor) -> None:
        """Stand on the step of `newest`, with a copy of its weights (P,)."""
        self.album.expose(weights, newest)
        self.newest = newest  # last: whoever reads without a lock finds all that belongs to it

    def until(self, step: int) -> "Tape":
        """A new tape with what is recorded before `step`, and its sample, to go on from there.

        Frame and point of `step` itself tell the learning rate from there on.
        """
        other = Tape(self.album.until(step - 1), waits=self._waits)
        if self.explosion is not None and self.explosion.step < step:
            other.explosion, other.newest = self.explosion, self.newest
        other._curve = self._curve.until(step)
        other.drafts = self.drafts.until(step)
        return other

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""
        return self.album.nbytes + self._curve.nbytes + len(self.drafts) * SAMPLE_BYTES + self._waiting_bytes

    @property
    def _waiting_bytes(self) -> int:
        return sum(draft.waiting_bytes for draft in self.drafts.values()) if self._waits else 0

    def curve_points(self, until: int, own: Update | None = None, *, most: int | None = None) -> CurvePoints:
        """The learning curve up to and including step `until`.

        own: what that step measured, where it may not be among the points that are kept. most: of how many points, if
        there are more: evenly spaced, to draw.
        """
        newest = self.newest
        is_own = own is not None and own.step == until
        last = newest if newest.step <= until else own if is_own else None
        points = self._curve.points(until if last is None else last.step - 1)
        if last is not None:
            return points.followed_by(last, most)
        return points if most is None else points.thinned(most)

    def reaches(self, perplexity: float, after: int, until: int) -> int | None:
        """The first recorded step in (after, until] at or below `perplexity`, or None; the newest is one of them."""
        newest = self.newest
        reached = self._curve.reaches(perplexity, after, until)
        if reached is None and after < newest.step <= until and newest.nll[0] <= log(perplexity):
            return newest.step
        return reached

    def first_at(self, milestone: Milestone, predictions: Predictions) -> int | None:
        """The first recorded step at which a milestone is reached, or None so far.

        predictions: of the batches that it was trained on.
        """
        looked, found = self._milestones.get(milestone, (-1, None))
        newest = self.newest
        if found is None and looked < newest.step:
            points = self._curve.points(newest.step - 1).last(milestone.updates + newest.step - looked)
            found = milestone.first_in(points.followed_by(newest), looked, predictions)
            self._milestones[milestone] = newest.step, found
        return found

    def frames(self, first: int, last: int) -> list[Frame]:
        """Frames of the steps first … last that are there, oldest first: all that are kept, and recent ones."""
        return self.album.between(first, last)

    def kept_frames_after(self, step: int, most: int) -> list[Frame]:
        """The next kept frames after `step`, oldest first."""
        return self.album.kept_after(step, self.step, most)

    def samples(self, until: int, draw: Draw) -> list[Sample]:
        """Samples of the steps up to `until`, oldest first."""
        return [draft.read(draw) for draft in self.drafts.between(0, until)]


def of_replica(update: Update, replica: int) -> Update:
    """What an update measured of one replica, as if it were alone."""
    if len(update.nll) == 1:
        return update
    loss, norm = update.loss[replica], update.gradient_norm[replica]
    is_finite = isfinite(loss) and isfinite(norm)
    return Update(
        step=update.step,
        loss=(loss,),
        nll=(update.nll[replica],),
        gradient_norm=(norm,),
        clipped_norm=(update.clipped_norm[replica] if is_finite else norm,),
        clipped=(update.clipped[replica],),
        learning_rate=update.learning_rate,
        clips=(update.clips[replica],),
        finite=is_finite,
    )
